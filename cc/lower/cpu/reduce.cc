#include "cc/op/reduce.h"

#include "cc/ir/intrinsic.h"
#include "cc/lower/cpu/lowering.h"

namespace tilescale::lower::cpu {
namespace {

// The loops of one reduction: over the kept dimensions, and over the reduced one.
struct Plan {
  const op::ReduceObj* op;
  std::vector<ir::Var> kept;
  std::vector<ir::Expr> kept_extents;
  ir::Var reduced;
  ir::Expr reduced_extent;
  ffi::Array<ir::Expr> src;
  ffi::Array<ir::Expr> dst;
  // The reduced dimension is the innermost one with an extent other than 1.
  bool innermost;
};

Plan MakePlan(const op::ReduceObj* reduce, const Context& context) {
  ir::Expr length = reduce->src->extents[reduce->dim];
  ir::Expr first = ir::MakeInt(length.dtype(), context.Has(PlantedBug::kReduceWrongDim) ? 1 : 0);
  Plan plan{reduce, {}, {}, ir::Var("r", length.dtype()), length - first, {}, {}, true};
  for (size_t i = 0; i < reduce->src->extents.size(); ++i) {
    const ir::Expr& extent = reduce->src->extents[i];
    if (static_cast<int64_t>(i) == reduce->dim || ir::IsConstInt(extent, 1)) continue;
    plan.kept_extents.push_back(extent);
    if (static_cast<int64_t>(i) > reduce->dim) plan.innermost = false;
  }
  plan.kept = LoopVars(plan.kept_extents);
  size_t next = 0;
  for (size_t i = 0; i < reduce->src->extents.size(); ++i) {
    const ir::Expr& min = reduce->src->mins[i];
    if (static_cast<int64_t>(i) == reduce->dim) {
      plan.src.push_back(min + plan.reduced + first);
    } else if (ir::IsConstInt(reduce->src->extents[i], 1)) {
      plan.src.push_back(min);
    } else {
      plan.src.push_back(min + plan.kept[next++]);
    }
  }
  plan.dst = SqueezedIndicesAt(reduce->dst, AsExprs(plan.kept));
  return plan;
}

ir::Expr Combine(const op::ReduceObj* reduce, const ir::Expr& acc, const ir::Expr& element) {
  ir::Expr combined = op::ReduceCombine(reduce->kind, acc, element);
  bool order_matters =
      reduce->nan_propagate && ir::dtype::IsFloat(acc.dtype()) &&
      (reduce->kind == op::ReduceKind::kMax || reduce->kind == op::ReduceKind::kMin ||
       reduce->kind == op::ReduceKind::kAbsMax);
  if (!order_matters) return combined;
  ir::Expr either_nan = ir::MakeBinary(ir::BinaryKind::kNe, acc, acc) ||
                        ir::MakeBinary(ir::BinaryKind::kNe, element, element);
  return ir::MakeSelect(either_nan, acc + element, combined);
}

ir::Expr Start(const Plan& plan, const Context& context) {
  const op::ReduceObj* reduce = plan.op;
  ir::DType type = reduce->dst->buffer->dtype;
  bool old = !reduce->clear && !context.Has(PlantedBug::kReduceIgnoresOld);
  if (old) return ir::Load(reduce->dst->buffer, plan.dst);
  if (context.Has(PlantedBug::kReduceWrongIdentity)) return ir::MakeConst(type, 0);
  return op::ReduceIdentity(reduce->kind, type);
}

ir::Expr Element(const Plan& plan) {
  const op::ReduceObj* reduce = plan.op;
  return ir::MakeCast(reduce->dst->buffer->dtype, ir::Load(reduce->src->buffer, plan.src));
}

// How OpenMP combines partial results.
const char* ReductionOperator(op::ReduceKind kind) {
  switch (kind) {
    case op::ReduceKind::kSum:
    case op::ReduceKind::kAbsSum:
      return "+";
    case op::ReduceKind::kMin:
      return "min";
    case op::ReduceKind::kMax:
    case op::ReduceKind::kAbsMax:
      return "max";
    case op::ReduceKind::kBitAnd:
      return "&";
    case op::ReduceKind::kBitOr:
      return "|";
    default:
      return "^";
  }
}

// The order of a reduction is free, so that the C compiler may keep one partial result per vector
// lane; narrow types, rounded at each step, and NaN handling do not vectorise.
ir::AttrMap ReductionAttrs(const op::ReduceObj* reduce, const ir::Buffer& acc) {
  bool narrow = ir::dtype::Bits(acc->dtype) < 32;
  if (narrow || reduce->nan_propagate) return {};
  return {{"reduction", ffi::String(ReductionOperator(reduce->kind))}, {"accumulator", acc}};
}

// Along the innermost dimension: a scalar accumulator, which the C compiler keeps in registers.
ir::Stmt LowerInner(const Plan& plan, const Context& context) {
  const ir::Span& span = plan.op->span;
  ir::Buffer acc = ScalarVar("acc", plan.op->dst->buffer->dtype);
  ir::Expr value = ir::Load(acc, {});
  ir::Stmt step = ir::Store(acc, {}, Combine(plan.op, value, Element(plan)), span);
  ir::Stmt loop = ir::For(plan.reduced, ir::MakeInt(plan.reduced.dtype(), 0), plan.reduced_extent,
                          ir::MakeInt(plan.reduced.dtype(), 1), ir::ForKind::kSerial, step,
                          ReductionAttrs(plan.op, acc), span);
  ir::Stmt body = ir::Seq({ir::Alloc(acc, Start(plan, context), span), loop,
                           ir::Store(plan.op->dst->buffer, plan.dst, value, span)},
                          span);
  return ParallelOver(plan.kept, plan.kept_extents, body, span);
}

// Along an outer dimension: whole rows are combined, so that the inner loop is contiguous.
ir::Stmt LowerOuter(const Plan& plan, const Context& context) {
  const ir::Span& span = plan.op->span;
  const ir::Buffer& dst = plan.op->dst->buffer;
  ir::Expr old = ir::Load(dst, plan.dst);
  ir::Stmt step = ir::Store(dst, plan.dst, Combine(plan.op, old, Element(plan)), span);
  ir::Stmt rows = LoopOver(plan.reduced, plan.reduced_extent,
                           ParallelOver(plan.kept, plan.kept_extents, step, span), span);
  ir::Expr start = Start(plan, context);
  if (start.as<ir::LoadObj>()) return rows;
  std::vector<ir::Var> vars = LoopVars(plan.kept_extents);
  ir::Stmt init = ir::Store(dst, SqueezedIndicesAt(plan.op->dst, AsExprs(vars)), start, span);
  return ir::Seq({ParallelOver(vars, plan.kept_extents, init, span), rows}, span);
}

ir::Stmt LowerReduce(const ir::TileOp& op, const Context& context) {
  Plan plan = MakePlan(op.as<op::ReduceObj>(), context);
  return plan.innermost ? LowerInner(plan, context) : LowerOuter(plan, context);
}

[[maybe_unused]] const bool kRegistered = RegisterLowering(op::ReduceObj::_type_key, LowerReduce);

}  // namespace
}  // namespace tilescale::lower::cpu
