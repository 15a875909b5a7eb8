#ifndef TILESCALE_CC_IR_MUTATOR_H_
#define TILESCALE_CC_IR_MUTATOR_H_

#include <unordered_map>

#include "cc/ir/buffer.h"
#include "cc/ir/function.h"
#include "cc/ir/stmt.h"

namespace tilescale::ir {

/// Rebuilds a tree by reflection, copying a node only if a child changed.
///
/// Override the hooks of interest, test the node with `as<T>()`, and call the base method (or
/// `MutateFields`) to rewrite the children. A statement that disappears is replaced by an empty
/// `Seq`, which the enclosing `Seq` drops.
class Mutator {
 public:
  virtual ~Mutator() = default;
  virtual Expr MutateExpr(const Expr& expr);
  virtual Stmt MutateStmt(const Stmt& stmt);
  virtual Region MutateRegion(const Region& region);
  /// Replaces mentions of a buffer, declarations included. Default: unchanged.
  virtual Buffer MutateBuffer(const Buffer& buffer) { return buffer; }
  /// Replaces the declared variable of Bind, For, Parallel, TileLoop. Default: unchanged.
  virtual Var MutateVarDef(const Var& var) { return var; }
  ffi::Any Mutate(const ffi::Any& value);

 protected:
  ffi::ObjectRef MutateFields(const ffi::ObjectRef& node);
  ffi::Any MutateDefs(const ffi::Any& value);
  Expr DefaultExpr(const Expr& e) { return MutateFields(e).as_or_throw<Expr>(); }
  Stmt DefaultStmt(const Stmt& s);
};

/// Replaces variables by expressions (and folds constants on the way up).
using VarMap = std::unordered_map<const VarObj*, Expr>;
Expr Substitute(const Expr& e, const VarMap& map);
Stmt Substitute(const Stmt& s, const VarMap& map);

}  // namespace tilescale::ir

#endif  // TILESCALE_CC_IR_MUTATOR_H_
