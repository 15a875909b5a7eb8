#include "cc/pass/serialize_loops.h"

#include <set>
#include <vector>

#include "cc/ir/mutator.h"
#include "cc/ir/schedule.h"
#include "cc/ir/span.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;

[[noreturn]] void ThrowOrder(const ir::ForObj* loop, const std::string& message,
                             const std::string& expected, const std::string& got) {
  support::UserError("PipelineOrderError")
      .Message("`T.Pipelined` " + message)
      .Expected(expected)
      .Got(got)
      .Remedy("leave `order` and `stage` out to let the compiler choose them")
      .At(ir::ToLocation(loop->span))
      .Throw();
}

std::optional<std::vector<int64_t>> IntList(const ir::ForObj* loop, const char* key) {
  auto it = loop->attrs.find(key);
  if (it == loop->attrs.end()) return std::nullopt;
  auto list = (*it).second.try_cast<ffi::Array<int64_t>>();
  if (!list) return std::nullopt;
  return std::vector<int64_t>(list->begin(), list->end());
}

class LoopSerializer : public ir::Mutator {
 public:
  explicit LoopSerializer(const lower::Context& context) : context_(context) {}

  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    const auto* loop = stmt.as<ir::ForObj>();
    if (!loop) return DefaultStmt(stmt);
    bool pipelined = loop->kind == ir::ForKind::kPipelined;
    if (pipelined) CheckPipelined(loop);
    ir::Stmt body = MutateStmt(loop->body);
    ir::Expr extent = loop->extent;
    if (pipelined && context_.Has(lower::PlantedBug::kMissedLastIteration)) {
      extent = ir::Max(extent - 1, ir::MakeInt(extent.dtype(), 1));
    }
    ir::AttrMap attrs;
    // What the loop is still to be after it has lost its stages.
    for (const char* key : {lower::cuda::kThreadLevel, "unroll_factor"}) {
      auto it = loop->attrs.find(key);
      if (it != loop->attrs.end()) attrs.Set(key, (*it).second);
    }
    return ir::For(loop->var, loop->min, extent, loop->step,
                   pipelined ? ir::ForKind::kSerial : loop->kind, body, attrs, loop->span);
  }

 private:
  const lower::Context& context_;
};

}  // namespace

void CheckPipelined(const ir::ForObj* loop) {
  auto order = IntList(loop, "order");
  auto stage = IntList(loop, "stage");
  if (!order && !stage) return;
  size_t count = 0;
  for (const ir::Stmt& s : ir::StatementsOf(loop->body)) count += ir::IsOperator(s) ? 1 : 0;
  std::string expected = std::to_string(count) + " entries, one for each statement";
  for (const auto& list : {order, stage}) {
    if (!list || list->empty() || list->size() == count) continue;
    ThrowOrder(loop, "has an `order` or `stage` of another length than its body", expected,
               std::to_string(list->size()) + " entries");
  }
  if (order && std::set<int64_t>(order->begin(), order->end()).size() != order->size()) {
    ThrowOrder(loop, "names a position twice in `order`", "a permutation of the statements",
               "repeated entries");
  }
  for (int64_t s : stage.value_or(std::vector<int64_t>())) {
    if (s < 0) ThrowOrder(loop, "has a negative stage", "stages from 0", std::to_string(s));
  }
}

ir::PrimFunc SerializeLoops(const ir::PrimFunc& func, const lower::Context& context) {
  return func.WithBody(LoopSerializer(context).MutateStmt(func->body));
}

}  // namespace tilescale::pass
