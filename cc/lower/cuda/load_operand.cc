// Operands of matrix instructions, loaded ahead of the product that reads them.
#include "cc/op/load_operand.h"

#include <algorithm>

#include "cc/lower/cuda/gemm_load.h"
#include "cc/lower/cuda/gemm_mma.h"
#include "cc/lower/cuda/layout_demand.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/support/diagnostic.h"

namespace tilescale::lower::cuda {
namespace {

const layout::MmaAtom& AtomOf(const op::LoadOperandObj* load) {
  const std::string name = load->attrs.at("instruction").cast<std::string>();
  const std::vector<layout::MmaAtom>& atoms = layout::MmaAtoms();
  auto found = std::find_if(atoms.begin(), atoms.end(),
                            [&](const layout::MmaAtom& atom) { return atom.name == name; });
  TILESCALE_CHECK(found != atoms.end(), "no instruction " << name);
  return *found;
}

ir::Region Tile(const char* name, ir::DType dtype, int64_t rows, int64_t columns) {
  return ir::Region::Full(
      ir::Buffer(name, dtype, {Index(rows), Index(columns)}, {}, ir::scope::kFragment));
}

// How the product that the operand is for is spread over the warps.
MmaPlan PlanOf(const op::LoadOperandObj* load, const Context& context) {
  const layout::MmaAtom& atom = AtomOf(load);
  ir::Region a = load->is_a ? load->src : Tile("a", atom.a_type, load->m, atom.k);
  ir::Region b = load->is_a ? Tile("b", atom.b_type, atom.k, load->n) : load->src;
  op::Gemm gemm(a, b, Tile("c", atom.c_type, load->m, load->n), load->is_a && load->transposed,
                !load->is_a && load->transposed, false, load->attrs, load->span);
  std::optional<MmaPlan> plan = PlanMma(gemm.as<op::GemmObj>(), context);
  TILESCALE_CHECK(plan, "an operand of no matrix instruction");
  return *plan;
}

std::vector<LayoutDemand> Demands(const ir::TileOp& op, const Context& context) {
  const auto* load = op.as<op::LoadOperandObj>();
  MmaPlan plan = PlanOf(load, context);
  const GemmOperand& operand = load->is_a ? plan.a : plan.b;
  const std::string by = std::string("operand ") + (load->is_a ? "A" : "B") + " of " +
                         plan.atom->name + ", loaded ahead";
  std::vector<LayoutDemand> demands;
  GemmOperand held = operand;
  held.region = load->dst;
  if (auto fragment = OperandFragment(plan, held)) {
    demands.push_back({load->dst->buffer, std::move(fragment), {}, by, load->span});
  }
  if (!CanLoadMatrices(plan, operand, context)) return demands;
  std::vector<layout::TileAccess> accesses = MatrixAccesses(plan, operand);
  if (accesses.empty()) return demands;
  demands.push_back({load->src->buffer, std::nullopt, std::move(accesses), by, load->span});
  return demands;
}

ir::Stmt LowerLoadOperand(const ir::TileOp& op, const Context& context) {
  const auto* load = op.as<op::LoadOperandObj>();
  MmaPlan plan = PlanOf(load, context);
  const GemmOperand& operand = load->is_a ? plan.a : plan.b;
  const ir::Buffer* registers = context.layouts->FindRegisters(load->dst->buffer);
  TILESCALE_CHECK(registers, "an operand that is loaded ahead is in registers");
  ir::Expr start = LeadingStart(load->dst, operand.atoms * operand.atom->num_values);
  WarpPlace place;
  const bool matrices = CanLoadMatrices(plan, operand, context);
  ir::Stmt body = matrices
                      ? LoadMatrices(plan, operand, place, *registers, Index(0), start)
                      : LoadElements(plan, operand, place, *registers, Index(0), start, context);
  return OfWarps(plan, place, body, load->span, context);
}

[[maybe_unused]] const bool kRegistered[] = {
    RegisterLayoutDemand(op::LoadOperandObj::_type_key, Demands),
    RegisterLowering(op::LoadOperandObj::_type_key, LowerLoadOperand),
};

}  // namespace
}  // namespace tilescale::lower::cuda
