#include "cc/pass/check_loop_layouts.h"

#include <algorithm>
#include <string>
#include <vector>

#include "cc/ir/span.h"
#include "cc/ir/spec.h"
#include "cc/ir/visitor.h"
#include "cc/pass/fragment_layouts.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

std::string TextOf(const ffi::Array<ir::Expr>& extents) {
  std::string text;
  for (const ir::Expr& n : extents) {
    text += (text.empty() ? "(" : ", ") + std::to_string(*ir::AsConstInt(n));
  }
  return text + ")";
}

class Checker : public ir::Visitor {
 public:
  explicit Checker(int64_t threads) : threads_(threads) {}

  void VisitStmt(const ir::Stmt& stmt) override {
    if (const auto* box = stmt.as<ir::ParallelObj>()) {
      auto given = box->attrs.find("loop_layout");
      if (given != box->attrs.end()) Check(box, (*given).second.as<layout::Fragment>().value());
    }
    VisitFields(stmt);
  }

 private:
  void Check(const ir::ParallelObj* box, const layout::Fragment& given) const {
    const int64_t points = ConstSize(box->extents);
    if (points <= 0 || points > ir::kMaxMappedPoints) {
      Throw(box, "constant extents of up to " + std::to_string(ir::kMaxMappedPoints) + " points",
            "a loop that is larger, or known at run time only");
    }
    const std::string got =
        given.ToString() + " on " + std::to_string(given->num_threads) + " threads";
    const bool fits = std::equal(
        box->extents.begin(), box->extents.end(), given->shape.begin(), given->shape.end(),
        [](const ir::Expr& extent, int64_t n) { return *ir::AsConstInt(extent) == n; });
    if (!fits || given->num_threads > threads_) {
      Throw(box,
            "a layout of " + TextOf(box->extents) + " on at most " + std::to_string(threads_) +
                " threads",
            got);
    }
    if (!IsLoopLayout(given, threads_)) {
      Throw(box, "threads and values that are digits of the indices, by // and %", got);
    }
    if (!IsReplicable(box->body) && given.Replication() != 1) {
      Throw(box, "one thread for each iteration, as it changes more than a tile", got);
    }
  }

  [[noreturn]] static void Throw(const ir::ParallelObj* box, const std::string& expected,
                                 const std::string& got) {
    support::UserError("LayoutConflictError")
        .Message("a loop over a tile is given a `loop_layout` that does not fit")
        .Expected(expected)
        .Got(got)
        .Remedy("make the Fragment of the loop's extents, on the threads of T.Kernel")
        .At(ir::ToLocation(box->span))
        .Throw();
  }

  int64_t threads_;
};

}  // namespace

ir::PrimFunc CheckLoopLayouts(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  Checker(context.threads).VisitStmt(func->body);
  return func;
}

}  // namespace tilescale::pass
