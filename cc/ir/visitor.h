#ifndef TILESCALE_CC_IR_VISITOR_H_
#define TILESCALE_CC_IR_VISITOR_H_

#include "cc/ir/buffer.h"
#include "cc/ir/function.h"
#include "cc/ir/stmt.h"

namespace tilescale::ir {

/// Walks a tree by reflection: a new node or tile operator needs no edit here.
///
/// Override the hooks of interest, test the node with `as<T>()`, and call the base method to go on
/// into the children. Annotation values (`attrs`, layouts) are walked too where they hold IR.
class Visitor {
 public:
  virtual ~Visitor() = default;
  virtual void VisitExpr(const Expr& expr) { VisitFields(expr); }
  virtual void VisitStmt(const Stmt& stmt) { VisitFields(stmt); }
  virtual void VisitRegion(const Region& region) { VisitFields(region); }
  /// Called for each mention of a buffer, its declaration included. Does not enter the shape.
  virtual void VisitBuffer(const Buffer&) {}
  /// Dispatches any value to the hook of its kind; arrays and maps element by element.
  void Visit(const ffi::Any& value);

 protected:
  /// Visits each reflected field in declaration order.
  void VisitFields(const ffi::ObjectRef& node);
};

/// Calls `fn` for every expression / statement below `root`, parents first.
template <typename Fn>
void ForEachExpr(const ffi::Any& root, Fn fn) {
  struct Walker : Visitor {
    Fn& fn;
    explicit Walker(Fn& fn) : fn(fn) {}
    void VisitExpr(const Expr& e) override {
      fn(e);
      VisitFields(e);
    }
  } walker(fn);
  walker.Visit(root);
}
template <typename Fn>
void ForEachStmt(const ffi::Any& root, Fn fn) {
  struct Walker : Visitor {
    Fn& fn;
    explicit Walker(Fn& fn) : fn(fn) {}
    void VisitExpr(const Expr&) override {}
    void VisitStmt(const Stmt& s) override {
      fn(s);
      VisitFields(s);
    }
  } walker(fn);
  walker.Visit(root);
}

}  // namespace tilescale::ir

#endif  // TILESCALE_CC_IR_VISITOR_H_
