#include "cc/pass/exact.h"

namespace tilescale::pass {
namespace {

using K = ir::BinaryKind;

bool IsIndexArithmetic(K kind) {
  switch (kind) {
    case K::kAdd:
    case K::kSub:
    case K::kMul:
    case K::kFloorDiv:
    case K::kFloorMod:
    case K::kTruncDiv:
    case K::kTruncMod:
    case K::kMin:
    case K::kMax:
      return true;
    default:
      return false;
  }
}

}  // namespace

ir::Expr Exact64(const ir::Expr& e) {
  const auto* binary = e.as<ir::BinaryObj>();
  if (binary && ir::dtype::IsInt(e.dtype()) && IsIndexArithmetic(binary->kind)) {
    return ir::MakeBinary(binary->kind, Exact64(binary->a), Exact64(binary->b));
  }
  return ir::MakeCast(ir::dtype::Int(64), e);
}

std::vector<ir::Expr> ExactStrides(const ir::Buffer& buffer) {
  std::vector<ir::Expr> strides;
  for (const ir::Expr& stride : buffer->strides) strides.push_back(Exact64(stride));
  if (!strides.empty()) return strides;
  ir::Expr step = ir::MakeInt(ir::dtype::Int(64), 1);
  for (size_t i = buffer->shape.size(); i-- > 0;) {
    strides.insert(strides.begin(), step);
    step = Exact64(buffer->shape[i]) * step;
  }
  return strides;
}

}  // namespace tilescale::pass
