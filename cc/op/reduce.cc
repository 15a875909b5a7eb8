#include "cc/op/reduce.h"

#include <limits>

#include "cc/ir/intrinsic.h"
#include "cc/op/verify.h"

namespace tilescale::op {

const char* ReduceKindName(ReduceKind kind) {
  constexpr const char* kNames[] = {"sum",    "max",    "min",   "abssum",
                                    "absmax", "bitand", "bitor", "bitxor"};
  return kNames[static_cast<size_t>(kind)];
}

namespace {

ir::Expr Lowest(ir::DType t) {
  if (ir::dtype::IsFloat(t)) return ir::FloatImm(t, -std::numeric_limits<double>::infinity());
  return ir::MakeInt(t, ir::dtype::MinInt(t));
}

ir::Expr Highest(ir::DType t) {
  if (ir::dtype::IsFloat(t)) return ir::FloatImm(t, std::numeric_limits<double>::infinity());
  bool unsigned64 = ir::dtype::IsUInt(t) && t.bits == 64;
  return ir::MakeInt(t, unsigned64 ? -1 : ir::dtype::MaxInt(t));
}

ir::Expr AllOnes(ir::DType t) {
  if (ir::dtype::IsBool(t)) return ir::MakeBool(true);
  bool narrow_unsigned = ir::dtype::IsUInt(t) && t.bits < 64;
  return ir::MakeInt(t, narrow_unsigned ? ir::dtype::MaxInt(t) : -1);
}

ir::Expr Abs(const ir::Expr& x) {
  if (ir::dtype::IsUInt(x.dtype()) || ir::dtype::IsBool(x.dtype())) return x;
  return ir::MakeCall("abs", {x}, {}, x.dtype());
}

bool IsBitwise(ReduceKind kind) {
  return kind == ReduceKind::kBitAnd || kind == ReduceKind::kBitOr || kind == ReduceKind::kBitXor;
}

}  // namespace

ir::Expr ReduceIdentity(ReduceKind kind, ir::DType dtype) {
  switch (kind) {
    case ReduceKind::kMax:
      return Lowest(dtype);
    case ReduceKind::kMin:
      return Highest(dtype);
    case ReduceKind::kBitAnd:
      return AllOnes(dtype);
    default:
      return ir::MakeConst(dtype, 0);
  }
}

ir::Expr ReduceCombine(ReduceKind kind, ir::Expr acc, ir::Expr element) {
  using B = ir::BinaryKind;
  switch (kind) {
    case ReduceKind::kSum:
      return acc + element;
    case ReduceKind::kMax:
      return ir::Max(acc, element);
    case ReduceKind::kMin:
      return ir::Min(acc, element);
    case ReduceKind::kAbsSum:
      return acc + Abs(element);
    case ReduceKind::kAbsMax:
      return ir::Max(acc, Abs(element));
    case ReduceKind::kBitAnd:
      return ir::MakeBinary(B::kBitAnd, acc, element);
    case ReduceKind::kBitOr:
      return ir::MakeBinary(B::kBitOr, acc, element);
    default:
      return ir::MakeBinary(B::kBitXor, acc, element);
  }
}

namespace {

Effects ReduceEffects(const ir::TileOp& op) {
  const auto* reduce = op.as<ReduceObj>();
  Effects effects;
  effects.reads = {reduce->src};
  (reduce->clear ? effects.writes : effects.accumulates).push_back(reduce->dst);
  return effects;
}

// src's extents with 1 in place of the reduced dimension, 1s dropped.
std::vector<ir::Expr> KeptExtents(const ReduceObj* reduce) {
  std::vector<ir::Expr> kept;
  for (size_t i = 0; i < reduce->src->extents.size(); ++i) {
    const ir::Expr& extent = reduce->src->extents[i];
    bool reduced = static_cast<int64_t>(i) == reduce->dim;
    if (!reduced && !ir::IsConstInt(extent, 1)) kept.push_back(extent);
  }
  return kept;
}

void VerifyShape(const ir::TileOp& op) {
  const auto* reduce = op.as<ReduceObj>();
  auto rank = static_cast<int64_t>(reduce->src->extents.size());
  if (reduce->dim < 0 || reduce->dim >= rank) {
    ErrorAt("ReduceDimError", op)
        .Message("`T.reduce_" + std::string(ReduceKindName(reduce->kind)) +
                 "` reduces a dimension that its source does not have")
        .Expected("a dimension from 0 to " + std::to_string(rank - 1))
        .Got(std::to_string(reduce->dim))
        .Remedy("pass dim= of the source's dimensions; -1 is the last one")
        .Throw();
  }
  if (!MayBeEqual(KeptExtents(reduce), SqueezedExtents(reduce->dst))) {
    ErrorAt("ReduceShapeError", op)
        .Message("`T.reduce_" + std::string(ReduceKindName(reduce->kind)) +
                 "` has a destination of another shape than the reduced source")
        .Expected(ExtentsText(KeptExtents(reduce)) + ", extents of 1 apart")
        .Got(ExtentsText(reduce->dst) + " for source " + ExtentsText(reduce->src) +
             ", dim=" + std::to_string(reduce->dim))
        .Remedy("allocate the destination with the source's extents without `dim`")
        .Throw();
  }
}

void VerifyReduce(const ir::TileOp& op) {
  VerifyShape(op);
  const auto* reduce = op.as<ReduceObj>();
  ir::DType src = reduce->src->buffer->dtype;
  ir::DType dst = reduce->dst->buffer->dtype;
  if (IsBitwise(reduce->kind) && (ir::dtype::IsFloat(src) || ir::dtype::IsFloat(dst))) {
    ErrorAt("ReduceDTypeError", op)
        .Message("bitwise reductions need integers")
        .Expected("integer or bool source and destination")
        .Got(ir::dtype::Name(src) + " and " + ir::dtype::Name(dst))
        .Remedy("cast the tile to an integer type first")
        .Throw();
  }
}

ir::TileOp RenumberReduce(const ir::TileOp& op, const ir::TileOp& before) {
  const auto* reduce = op.as<ReduceObj>();
  const int64_t dim = reduce->dim + AddedDims(reduce->src, before.as<ReduceObj>()->src);
  return Reduce(reduce->src, reduce->dst, dim, reduce->kind, reduce->clear, reduce->nan_propagate,
                reduce->attrs, reduce->span);
}

[[maybe_unused]] const bool kRegistered =
    RegisterOp(ReduceObj::_type_key, {"reduce", ReduceEffects, VerifyReduce, RenumberReduce});

}  // namespace
}  // namespace tilescale::op
