#include "cc/lower/common/reducer.h"

#include "cc/ir/intrinsic.h"
#include "cc/lower/common/loops.h"
#include "cc/support/diagnostic.h"

namespace tilescale::lower {
namespace {

using Kind = op::ReduceKind;

const char* AtomicOf(Kind kind) {
  switch (MergeKind(kind)) {
    case Kind::kSum:
      return "atomic_add";
    case Kind::kMax:
      return "atomic_max";
    case Kind::kMin:
      return "atomic_min";
    case Kind::kBitAnd:
      return "atomic_and";
    case Kind::kBitOr:
      return "atomic_or";
    case Kind::kBitXor:
      return "atomic_xor";
    default:
      break;
  }
  TILESCALE_FAIL("no atomic operation combines as reduction " << static_cast<int64_t>(kind));
}

}  // namespace

Kind MergeKind(Kind kind) {
  if (kind == Kind::kAbsSum) return Kind::kSum;
  return kind == Kind::kAbsMax ? Kind::kMax : kind;
}

ir::Stmt StoreIdentity(const ir::Buffer& buffer, Kind kind, const ir::Span& span) {
  std::vector<ir::Expr> extents(buffer->shape.begin(), buffer->shape.end());
  std::vector<ir::Var> vars = LoopVars(extents);
  ffi::Array<ir::Expr> indices(vars.begin(), vars.end());
  ir::Expr identity = op::ReduceIdentity(kind, buffer->dtype);
  return ParallelOver(vars, extents, ir::Store(buffer, indices, identity, span), span);
}

ir::Stmt UpdateElement(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices,
                       const ir::Expr& value, Kind kind, const ir::Span& span) {
  ir::Expr element = ir::MakeCast(buffer->dtype, value);
  ir::Expr old = ir::Load(buffer, indices);
  return ir::Store(buffer, indices, op::ReduceCombine(kind, old, element), span);
}

ir::Stmt UpdateAtomically(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices,
                          const ir::Expr& value, Kind kind, const ir::Span& span) {
  const ir::DType type = buffer->dtype;
  ir::Expr element = ir::MakeCast(type, value);
  if (MergeKind(kind) != kind) element = ir::MakeCall("abs", {element}, {}, type);
  ir::Expr address = ir::AddressOf(buffer, indices);
  return ir::Evaluate(ir::MakeCall(AtomicOf(kind), {address, element}, {}, type), span);
}

ir::Stmt CopyResults(const ir::Buffer& buffer, const ir::Region& dst, const ir::Span& span) {
  if (dst->buffer.same_as(buffer)) return ir::Seq(ffi::Array<ir::Stmt>());
  ir::Region whole = ir::Region::Full(buffer);
  std::vector<ir::Expr> extents = op::SqueezedExtents(whole);
  std::vector<ir::Var> vars = LoopVars(extents);
  std::vector<ir::Expr> point = AsExprs(vars);
  ir::Expr value =
      ir::MakeCast(dst->buffer->dtype, ir::Load(buffer, SqueezedIndicesAt(whole, point)));
  ir::Stmt store = ir::Store(dst->buffer, SqueezedIndicesAt(dst, point), value, span);
  return ParallelOver(vars, extents, store, span);
}

}  // namespace tilescale::lower
