// What matrix instructions ask of the layouts of their operands.
#include "cc/lower/cuda/gemm_load.h"
#include "cc/lower/cuda/layout_demand.h"

namespace tilescale::lower::cuda {
namespace {

std::string Name(const MmaPlan& plan, const char* operand) {
  return std::string(operand) + " of " + plan.atom->name + " on " + std::to_string(plan.a.warps) +
         " x " + std::to_string(plan.b.warps) + " warps";
}

void Demand(const ir::Region& region, std::optional<layout::Fragment> fragment, std::string by,
            const ir::Span& span, std::vector<LayoutDemand>* demands) {
  if (!fragment) return;
  demands->push_back({region->buffer, std::move(fragment), {}, std::move(by), span});
}

void DemandShared(const MmaPlan& plan, const GemmOperand& operand, const Context& context,
                  std::string by, const ir::Span& span, std::vector<LayoutDemand>* demands) {
  if (!CanLoadMatrices(plan, operand, context)) return;
  std::vector<layout::TileAccess> accesses = MatrixAccesses(plan, operand);
  if (accesses.empty()) return;
  demands->push_back(
      {operand.region->buffer, std::nullopt, std::move(accesses), std::move(by), span});
}

std::vector<LayoutDemand> DemandsOfGemm(const ir::TileOp& op, const Context& context) {
  const auto* gemm = op.as<op::GemmObj>();
  std::optional<MmaPlan> plan = PlanMma(gemm, context);
  std::vector<LayoutDemand> demands;
  if (!plan) return demands;
  Demand(plan->c, AccumulatorFragment(*plan), Name(*plan, "the accumulator"), op->span, &demands);
  Demand(plan->a.region, OperandFragment(*plan, plan->a), Name(*plan, "operand A"), op->span,
         &demands);
  Demand(plan->b.region, OperandFragment(*plan, plan->b), Name(*plan, "operand B"), op->span,
         &demands);
  DemandShared(*plan, plan->a, context, Name(*plan, "operand A"), op->span, &demands);
  DemandShared(*plan, plan->b, context, Name(*plan, "operand B"), op->span, &demands);
  return demands;
}

[[maybe_unused]] const bool kRegistered =
    RegisterLayoutDemand(op::GemmObj::_type_key, DemandsOfGemm);

}  // namespace
}  // namespace tilescale::lower::cuda
