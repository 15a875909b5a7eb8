#include "cc/op/gemm.h"

#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/gemm_mma.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/lower/cuda/operator_atom.h"
#include "cc/support/diagnostic.h"

namespace tilescale::lower::cuda {
namespace {

// The indices of element (row, col) of the matrix that a region's last two dimensions hold.
ffi::Array<ir::Expr> At(const ir::Region& region, bool transposed, ir::Expr row, ir::Expr col) {
  ffi::Array<ir::Expr> indices = region->mins;
  const size_t rank = indices.size();
  if (transposed) std::swap(row, col);
  indices.Set(rank - 2, indices[rank - 2] + row);
  indices.Set(rank - 1, indices[rank - 1] + col);
  return indices;
}

// Any types and extents: each element of C is the sum of one thread, in a register. Rounding to C's
// type at each step is what the operator means.
std::optional<ir::Stmt> LowerToElements(const ir::TileOp& op, const Context& context) {
  const auto* gemm = op.as<op::GemmObj>();
  if (PlanMma(gemm, context)) return std::nullopt;
  const ir::Span& span = gemm->span;
  const ir::Buffer& c = gemm->c->buffer;
  const size_t rank = gemm->a->extents.size();
  ir::Expr depth = gemm->a->extents[rank - (gemm->trans_a ? 2 : 1)];
  const size_t c_rank = gemm->c->extents.size();
  std::vector<ir::Expr> extents = {gemm->c->extents[c_rank - 2], gemm->c->extents[c_rank - 1]};
  std::vector<ir::Var> vars = {ir::Var("i", extents[0].dtype()), ir::Var("j", extents[1].dtype())};
  ir::Var k("k", depth.dtype());
  ir::Expr a = ir::Load(gemm->a->buffer, At(gemm->a, gemm->trans_a, vars[0], k));
  ir::Expr b = ir::Load(gemm->b->buffer, At(gemm->b, gemm->trans_b, k, vars[1]));
  ir::Expr product = ir::MakeCast(c->dtype, a) * ir::MakeCast(c->dtype, b);
  ir::Buffer acc = ScalarVar("acc", c->dtype);
  ir::Expr sum = ir::Load(acc, {});
  ffi::Array<ir::Expr> to = At(gemm->c, false, vars[0], vars[1]);
  ir::Expr start = gemm->clear_accum ? ir::MakeConst(c->dtype, 0) : ir::Expr(ir::Load(c, to));
  ir::Stmt body = ir::Seq({ir::Alloc(acc, start, span),
                           LoopOver(k, depth, ir::Store(acc, {}, sum + product, span), span),
                           ir::Store(c, to, sum, span)},
                          span);
  return ParallelOver(vars, extents, body, span);
}

ir::Stmt LowerGemm(const ir::TileOp& op, const Context& context) {
  const auto* gemm = op.as<op::GemmObj>();
  std::optional<MmaPlan> plan = PlanMma(gemm, context);
  TILESCALE_CHECK(plan, "the other products are elementwise");
  return LowerToMma(gemm, *plan, context);
}

std::string AtomText(const ir::TileOp& op, const Context& context) {
  std::optional<MmaPlan> plan = PlanMma(op.as<op::GemmObj>(), context);
  if (!plan) return "fma of single threads";
  return std::string(plan->atom->name) + " on " + std::to_string(plan->a.warps) + " x " +
         std::to_string(plan->b.warps) + " warps";
}

[[maybe_unused]] const bool kRegistered[] = {
    RegisterOperatorAtom(op::GemmObj::_type_key, AtomText),
    RegisterElementwise(op::GemmObj::_type_key, LowerToElements),
    RegisterLowering(op::GemmObj::_type_key, LowerGemm),
};

}  // namespace
}  // namespace tilescale::lower::cuda
