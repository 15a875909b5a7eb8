#include "cc/op/gemm.h"

#include "cc/op/verify.h"

namespace tilescale::op {
namespace {

Effects GemmEffects(const ir::TileOp& op) {
  const auto* gemm = op.as<GemmObj>();
  Effects effects;
  effects.reads = {gemm->a, gemm->b};
  (gemm->clear_accum ? effects.writes : effects.accumulates).push_back(gemm->c);
  return effects;
}

// Leading extents of 1 are ignored, inner ones are real (a one-column tile).
std::vector<ir::Expr> MatrixExtents(const ir::Region& region) {
  std::vector<ir::Expr> extents = Extents(region);
  while (extents.size() > 2 && ir::IsConstInt(extents.front(), 1)) extents.erase(extents.begin());
  return extents;
}

std::string ShapesText(const GemmObj* gemm) {
  return "A " + ExtentsText(gemm->a) + (gemm->trans_a ? " transposed" : "") + ", B " +
         ExtentsText(gemm->b) + (gemm->trans_b ? " transposed" : "") + ", C " +
         ExtentsText(gemm->c);
}

[[noreturn]] void ThrowShape(const ir::TileOp& op, const std::string& message) {
  ErrorAt("GemmShapeError", op)
      .Message("`T.gemm` " + message)
      .Expected("A (M, K), B (K, N), C (M, N), each transposed where asked")
      .Got(ShapesText(op.as<GemmObj>()))
      .Remedy("check the tile shapes and transpose_A / transpose_B")
      .Throw();
}

void VerifyShapes(const ir::TileOp& op) {
  const auto* gemm = op.as<GemmObj>();
  std::vector<ir::Expr> a = MatrixExtents(gemm->a);
  std::vector<ir::Expr> b = MatrixExtents(gemm->b);
  std::vector<ir::Expr> c = MatrixExtents(gemm->c);
  if (a.size() != 2 || b.size() != 2 || c.size() != 2) ThrowShape(op, "needs 2-D operands");
  if (!MayBeEqual(a[gemm->trans_a ? 0 : 1], b[gemm->trans_b ? 1 : 0])) {
    ThrowShape(op, "has operands with different K");
  }
  if (!MayBeEqual(a[gemm->trans_a ? 1 : 0], c[0])) ThrowShape(op, "has A and C of different M");
  if (!MayBeEqual(b[gemm->trans_b ? 0 : 1], c[1])) ThrowShape(op, "has B and C of different N");
}

void VerifyTypes(const ir::TileOp& op) {
  const auto* gemm = op.as<GemmObj>();
  ir::DType a = gemm->a->buffer->dtype;
  ir::DType b = gemm->b->buffer->dtype;
  ir::DType c = gemm->c->buffer->dtype;
  auto kind_of = [](ir::DType t) { return ir::dtype::IsFloat(t); };
  bool same_kind = kind_of(a) == kind_of(b) && (!kind_of(a) || kind_of(c));
  bool numeric = !ir::dtype::IsBool(c) && !ir::dtype::IsHandle(c);
  bool wide = ir::dtype::Bits(c) >= ir::dtype::Bits(a) && ir::dtype::Bits(c) >= ir::dtype::Bits(b);
  if (same_kind && numeric && wide) return;
  ErrorAt("GemmDTypeError", op)
      .Message("`T.gemm` cannot combine these element types")
      .Expected("A and B both floating or both integer, and an accumulator that holds their sums")
      .Got("A " + ir::dtype::Name(a) + ", B " + ir::dtype::Name(b) + ", C " + ir::dtype::Name(c))
      .Remedy("use a float32 accumulator for floating operands, int32 for integer ones")
      .Throw();
}

void VerifyGemm(const ir::TileOp& op) {
  VerifyShapes(op);
  VerifyTypes(op);
}

[[maybe_unused]] const bool kRegistered =
    RegisterOp(GemmObj::_type_key, {"gemm", GemmEffects, VerifyGemm});

}  // namespace
}  // namespace tilescale::op
