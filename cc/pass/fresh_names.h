#ifndef TILESCALE_CC_PASS_FRESH_NAMES_H_
#define TILESCALE_CC_PASS_FRESH_NAMES_H_

#include <unordered_map>

#include "cc/ir/mutator.h"

namespace tilescale::pass {

/// Copies statements so that the copy declares names and buffers of its own. Statements of one
/// sequence are copied by one object.
class FreshNames : public ir::Mutator {
 public:
  /// With `keep`, statements stay as they are.
  explicit FreshNames(bool keep) : keep_(keep) {}

  ir::Expr MutateExpr(const ir::Expr& e) override {
    const auto* var = e.as<ir::VarObj>();
    if (!var) return DefaultExpr(e);
    auto it = vars_.find(var);
    return it == vars_.end() ? e : ir::Expr(it->second);
  }

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    if (keep_) return s;
    if (const auto* alloc = s.as<ir::AllocObj>()) Declare(alloc->buffer);
    if (const auto* view = s.as<ir::ViewObj>()) Declare(view->buffer);
    if (const auto* tensor = s.as<ir::DeclTensorObj>()) Declare(tensor->buffer);
    if (const auto* bind = s.as<ir::BindObj>()) {
      // The value first: it cannot mention the name.
      ir::Expr value = MutateExpr(bind->value);
      return ir::Bind(MutateVarDef(bind->var), value, bind->span);
    }
    return DefaultStmt(s);
  }

  ir::Buffer MutateBuffer(const ir::Buffer& buffer) override {
    auto it = buffers_.find(buffer.get());
    return it == buffers_.end() ? buffer : it->second;
  }

  ir::Var MutateVarDef(const ir::Var& var) override {
    ir::Var fresh(var->name, var.dtype());
    vars_.insert_or_assign(var.get(), fresh);
    return fresh;
  }

 private:
  void Declare(const ir::Buffer& buffer) {
    buffers_.insert_or_assign(buffer.get(), ir::Buffer(buffer->name, buffer->dtype, buffer->shape,
                                                       buffer->strides, buffer->scope));
  }

  bool keep_;
  std::unordered_map<const ir::VarObj*, ir::Var> vars_;
  std::unordered_map<const ir::BufferObj*, ir::Buffer> buffers_;
};

}  // namespace tilescale::pass

#endif  // TILESCALE_CC_PASS_FRESH_NAMES_H_
