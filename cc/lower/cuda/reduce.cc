#include "cc/lower/cuda/reduce.h"

#include "cc/ir/intrinsic.h"
#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/lane_groups.h"
#include "cc/lower/cuda/layout_demand.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/lower/cuda/relayout.h"

namespace tilescale::lower::cuda {
namespace {

// One reduction: `outputs` independent results, each from `length` elements.
struct Plan {
  const op::ReduceObj* op;
  std::vector<ir::Var> kept;
  std::vector<ir::Expr> kept_extents;
  ir::Expr length;

  ir::DType dtype() const { return op->dst->buffer->dtype; }
  ir::Expr Element(const std::vector<ir::Expr>& point, const ir::Expr& r) const;
  ffi::Array<ir::Expr> To(const std::vector<ir::Expr>& point) const {
    return SqueezedIndicesAt(op->dst, point);
  }
};

Plan MakePlan(const op::ReduceObj* reduce) {
  Plan plan{reduce, {}, {}, reduce->src->extents[reduce->dim]};
  for (size_t i = 0; i < reduce->src->extents.size(); ++i) {
    const ir::Expr& extent = reduce->src->extents[i];
    if (static_cast<int64_t>(i) == reduce->dim || ir::IsConstInt(extent, 1)) continue;
    plan.kept_extents.push_back(extent);
  }
  plan.kept = LoopVars(plan.kept_extents);
  return plan;
}

ir::Expr Plan::Element(const std::vector<ir::Expr>& point, const ir::Expr& r) const {
  ffi::Array<ir::Expr> from;
  size_t next = 0;
  for (size_t i = 0; i < op->src->extents.size(); ++i) {
    const ir::Expr& min = op->src->mins[i];
    if (static_cast<int64_t>(i) == op->dim) {
      from.push_back(min + r);
    } else if (ir::IsConstInt(op->src->extents[i], 1)) {
      from.push_back(min);
    } else {
      from.push_back(min + point[next++]);
    }
  }
  return ir::MakeCast(dtype(), ir::Load(op->src->buffer, from));
}

ir::Expr CombineAs(op::ReduceKind kind, const op::ReduceObj* reduce, const ir::Expr& acc,
                   const ir::Expr& element) {
  ir::Expr combined = op::ReduceCombine(kind, acc, element);
  bool picks = kind == op::ReduceKind::kMax || kind == op::ReduceKind::kMin ||
               kind == op::ReduceKind::kAbsMax;
  if (!picks || !reduce->nan_propagate || !ir::dtype::IsFloat(acc.dtype())) return combined;
  ir::Expr either_nan = ir::MakeBinary(ir::BinaryKind::kNe, acc, acc) ||
                        ir::MakeBinary(ir::BinaryKind::kNe, element, element);
  return ir::MakeSelect(either_nan, acc + element, combined);
}

ir::Expr Start(const Plan& plan, const std::vector<ir::Expr>& point) {
  if (plan.op->clear) return op::ReduceIdentity(plan.op->kind, plan.dtype());
  return ir::Load(plan.op->dst->buffer, plan.To(point));
}

// One thread for each result.
ir::Stmt LowerToThreads(const Plan& plan) {
  const ir::Span& span = plan.op->span;
  ir::Buffer acc = ScalarVar("acc", plan.dtype());
  ir::Var r("r", plan.length.dtype());
  std::vector<ir::Expr> point = AsExprs(plan.kept);
  ir::Expr value = ir::Load(acc, {});
  ir::Stmt step = ir::Store(acc, {}, CombineElement(plan.op, value, plan.Element(point, r)), span);
  ir::Stmt body =
      ir::Seq({ir::Alloc(acc, Start(plan, point), span), LoopOver(r, plan.length, step, span),
               ir::Store(plan.op->dst->buffer, plan.To(point), value, span)},
              span);
  if (!plan.kept.empty()) return ParallelOver(plan.kept, plan.kept_extents, body, span);
  ir::Var one("i", ir::dtype::Int(32));
  return ir::Parallel({one}, {ir::MakeInt(one.dtype(), 1)}, body, {}, span);
}

// The coordinates of result number `n`.
std::vector<ir::Expr> Unflatten(const Plan& plan, ir::Expr n) {
  std::vector<ir::Expr> point(plan.kept_extents.size(), n);
  for (size_t i = point.size(); i-- > 0;) {
    point[i] = i == 0 ? n : ir::FloorMod(n, plan.kept_extents[i]);
    n = ir::FloorDiv(n, plan.kept_extents[i]);
  }
  return point;
}

// What one group does for result `n`; all lanes of a warp take part in each exchange.
ir::Stmt GroupBody(const Plan& plan, const ir::Var& n, int64_t outputs, int64_t length,
                   int64_t group, const Context& context) {
  const ir::Span& span = plan.op->span;
  const ir::DType i32 = ir::dtype::Int(32);
  ir::Buffer acc = ScalarVar("acc", plan.dtype());
  ir::Expr value = ir::Load(acc, {});
  ir::Expr lane = ir::FloorMod(context.thread, ir::MakeInt(i32, group));
  std::vector<ir::Expr> point = Unflatten(plan, n);
  ir::Var r("r", i32);
  ir::Var step("step", i32);
  ir::Expr exists = n < ir::MakeInt(i32, outputs);
  ir::Stmt add =
      ir::If(exists && ir::Expr(r) < ir::MakeInt(i32, length),
             ir::Store(acc, {}, CombineElement(plan.op, value, plan.Element(point, r)), span),
             std::nullopt, span);
  ir::Stmt element = ir::Seq({ir::Bind(r, step * ir::MakeInt(i32, group) + lane, span), add}, span);
  ffi::Array<ir::Stmt> stmts = {
      ir::Alloc(acc, op::ReduceIdentity(plan.op->kind, plan.dtype()), span),
      LoopOver(step, ir::MakeInt(i32, (length + group - 1) / group), element, span)};
  for (int64_t distance = group / 2; distance > 0; distance /= 2) {
    ir::Var other("other", plan.dtype());
    stmts.push_back(ir::Bind(other, FromLane(value, distance, context), span));
    stmts.push_back(ir::Store(acc, {}, MergePartials(plan.op, value, other), span));
  }
  ir::Expr result = plan.op->clear ? value : MergePartials(plan.op, Start(plan, point), value);
  stmts.push_back(ir::If(exists && ir::Equal(lane, ir::MakeInt(i32, 0)),
                         ir::Store(plan.op->dst->buffer, plan.To(point), result, span),
                         std::nullopt, span));
  return ir::Seq(stmts, span);
}

// Groups of lanes, each for one result at a time.
ir::Stmt LowerToGroups(const Plan& plan, int64_t outputs, int64_t length, int64_t group,
                       const Context& context) {
  const ir::Span& span = plan.op->span;
  const ir::DType i32 = ir::dtype::Int(32);
  const int64_t groups = context.threads / group;
  ir::Var round("round", i32), n("n", i32);
  ir::Expr number =
      round * ir::MakeInt(i32, groups) + ir::FloorDiv(context.thread, ir::MakeInt(i32, group));
  ir::Stmt body = ir::Seq(
      {ir::Bind(n, number, span), GroupBody(plan, n, outputs, length, group, context)}, span);
  return ir::For(round, ir::MakeInt(i32, 0), ir::MakeInt(i32, (outputs + groups - 1) / groups),
                 ir::MakeInt(i32, 1), ir::ForKind::kSerial, body, {{kThreadLevel, true}}, span);
}

// Sources in shared memory.
ir::Stmt LowerToMemory(const op::ReduceObj* reduce, const Context& context) {
  Plan plan = MakePlan(reduce);
  int64_t outputs = 1;
  const int64_t* length = ir::AsConstInt(plan.length);
  for (const ir::Expr& extent : plan.kept_extents) {
    const int64_t* value = ir::AsConstInt(extent);
    outputs = value && outputs > 0 ? outputs * *value : 0;
  }
  if (!length || outputs <= 0) return LowerToThreads(plan);
  const int64_t group = LanesPerLine(outputs, *length, context);
  return group == 1 ? LowerToThreads(plan) : LowerToGroups(plan, outputs, *length, group, context);
}

ir::Region In(const ir::Buffer& buffer, const ir::Region& region) {
  return ir::Region(buffer, region->mins, region->extents);
}

ir::Buffer Staged(const ir::Buffer& buffer) {
  return ir::Buffer(std::string(buffer->name) + "_s", buffer->dtype, buffer->shape, {},
                    ir::scope::kShared);
}

// Fragments whose layouts allow nothing better go through shared memory.
ir::Stmt LowerStaged(const op::ReduceObj* reduce, const Context& context) {
  const ir::Span& span = reduce->span;
  ir::Region src = reduce->src, dst = reduce->dst;
  const layout::Fragment* from = context.layouts->FindFragment(src->buffer);
  const layout::Fragment* to = context.layouts->FindFragment(dst->buffer);
  ffi::Array<ir::Stmt> stmts, behind;
  if (from) {
    src = In(Staged(src->buffer), src);
    stmts.push_back(ir::Alloc(src->buffer, std::nullopt, span));
    stmts.push_back(CopyLoop(reduce->src->buffer, src->buffer, *from, span));
  }
  if (to) {
    dst = In(Staged(dst->buffer), dst);
    stmts.push_back(ir::Alloc(dst->buffer, std::nullopt, span));
    stmts.push_back(CopyLoop(reduce->dst->buffer, dst->buffer, *to, span));
    behind.push_back(CopyLoop(dst->buffer, reduce->dst->buffer, *to, span));
  }
  op::Reduce staged(src, dst, reduce->dim, reduce->kind, reduce->clear, reduce->nan_propagate,
                    reduce->attrs, span);
  stmts.push_back(LowerToMemory(staged.as<op::ReduceObj>(), context));
  for (const ir::Stmt& s : behind) stmts.push_back(s);
  return stmts.size() == 1 ? stmts[0] : ir::Seq(stmts, span);
}

ir::Stmt LowerReduce(const ir::TileOp& op, const Context& context) {
  const auto* reduce = op.as<op::ReduceObj>();
  auto in_registers = LowerReduceInRegisters(reduce, context);
  return in_registers ? *in_registers : LowerStaged(reduce, context);
}

[[maybe_unused]] const bool kRegistered = RegisterLowering(op::ReduceObj::_type_key, LowerReduce);

}  // namespace

ir::Expr CombineElement(const op::ReduceObj* reduce, const ir::Expr& acc, const ir::Expr& element) {
  return CombineAs(reduce->kind, reduce, acc, element);
}

ir::Expr MergePartials(const op::ReduceObj* reduce, const ir::Expr& a, const ir::Expr& b) {
  op::ReduceKind kind = reduce->kind;
  if (kind == op::ReduceKind::kAbsSum) kind = op::ReduceKind::kSum;
  if (kind == op::ReduceKind::kAbsMax) kind = op::ReduceKind::kMax;
  return CombineAs(kind, reduce, a, b);
}

ir::Expr FromLane(const ir::Expr& value, int64_t distance, const Context& context) {
  return ShuffleLanes("shfl_xor", value, distance, kWarpSize, context);
}

}  // namespace tilescale::lower::cuda
