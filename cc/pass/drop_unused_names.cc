#include "cc/pass/drop_unused_names.h"

#include <unordered_map>

#include "cc/ir/mutator.h"
#include "cc/ir/visitor.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;

// How often expressions mention each variable; a declaration is no mention.
void CountUses(const ir::Stmt& body, std::unordered_map<const ffi::Object*, int64_t>* uses) {
  struct Counter : ir::Visitor {
    std::unordered_map<const ffi::Object*, int64_t>* uses;
    void VisitExpr(const ir::Expr& e) override {
      if (e.as<ir::VarObj>()) ++(*uses)[e.get()];
      VisitFields(e);
    }
    void VisitStmt(const ir::Stmt& s) override {
      const auto* bind = s.as<ir::BindObj>();
      return bind ? VisitExpr(bind->value) : VisitFields(s);
    }
  } counter;
  counter.uses = uses;
  counter.VisitStmt(body);
}

}  // namespace

ir::PrimFunc DropUnusedNames(const ir::PrimFunc& func, const lower::cuda::Context&) {
  struct Dropper : ir::Mutator {
    std::unordered_map<const ffi::Object*, int64_t> uses;
    ir::Stmt MutateStmt(const ir::Stmt& s) override {
      const auto* bind = s.as<ir::BindObj>();
      bool pure = bind != nullptr;
      if (bind) {
        ir::ForEachExpr(bind->value,
                        [&](const ir::Expr& e) { pure = pure && !e.as<ir::CallObj>(); });
      }
      return pure && uses.count(bind->var.get()) == 0 ? ir::Seq(ffi::Array<ir::Stmt>())
                                                      : DefaultStmt(s);
    }
  };
  ir::PrimFunc result = func;
  // A name may be used by the value of another unused one only.
  for (size_t before = 0, now = 1; before != now;) {
    Dropper dropper;
    before = now;
    ir::ForEachStmt(result->body, [&](const ir::Stmt& s) {
      const auto* bind = s.as<ir::BindObj>();
      if (bind) dropper.uses.emplace(bind->var.get(), 0);
    });
    const size_t names = dropper.uses.size();
    dropper.uses.clear();
    CountUses(result->body, &dropper.uses);
    result = result.WithBody(dropper.MutateStmt(result->body));
    now = names;
  }
  return result;
}

}  // namespace tilescale::pass
