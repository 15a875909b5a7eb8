// Rules of the mapped stage: what layout inference has decided stands in the text.
#include <set>

#include "cc/ir/spec.h"
#include "cc/ir/visitor.h"

namespace tilescale::ir {
namespace {

bool IsFragment(const Buffer& buffer) { return buffer.IsScope(scope::kFragment); }

// Every fragment has a layout, and a name for the registers of one thread.
void CheckFragments(const PrimFunc& func, const Report& report) {
  std::set<const BufferObj*> laid_out, named;
  ForEachStmt(func->body, [&](const Stmt& s) {
    const auto* note = s.as<AnnotateObj>();
    if (note && note->key == "layout" && note->target.has_value()) {
      bool first = laid_out.insert(note->target.value().get()).second;
      if (!first) report(std::string(note->target.value()->name) + " has two layouts");
    }
    const auto* view = s.as<ViewObj>();
    if (view && view->buffer.IsScope(scope::kLocal)) named.insert(view->source.get());
  });
  ForEachStmt(func->body, [&](const Stmt& s) {
    const auto* alloc = s.as<AllocObj>();
    if (!alloc || !IsFragment(alloc->buffer)) return;
    const std::string name(alloc->buffer->name);
    if (!laid_out.count(alloc->buffer.get())) report(name + " has no layout");
    if (!named.count(alloc->buffer.get())) report(name + " has no registers");
  });
}

class LoopWalker : public Visitor {
 public:
  explicit LoopWalker(const Report& report) : report_(report) {}
  void VisitExpr(const Expr&) override {}
  void VisitStmt(const Stmt& s) override {
    const auto* box = s.as<ParallelObj>();
    if (!box) return VisitFields(s);
    // Beyond this size a loop is dealt out by formula; docs/ir.md.
    int64_t points = 1;
    for (const Expr& extent : box->extents) {
      const int64_t* value = AsConstInt(extent);
      points = value && points <= kMaxMappedPoints ? points * *value : kMaxMappedPoints + 1;
    }
    const bool tabled = points > 0 && points <= kMaxMappedPoints;
    if (tabled && box->attrs.count("loop_layout") == 0) report_("a Parallel without a layout");
  }

 private:
  const Report& report_;
};

void CheckLoops(const PrimFunc& func, const Report& report) {
  LoopWalker(report).VisitStmt(func->body);
}

}  // namespace

std::vector<SpecRule> MappedRules() {
  return {
      {"fragment-layout", "each fragment has one layout, and a view of the registers of a thread",
       false, false, false, CheckFragments, true},
      {"loop-layout", "an outermost Parallel of constant extents has a layout of its points", false,
       false, false, CheckLoops, true},
  };
}

}  // namespace tilescale::ir
