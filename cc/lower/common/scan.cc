#include "cc/op/scan.h"

#include "cc/lower/common/elementwise.h"
#include "cc/lower/common/loops.h"
#include "cc/op/reduce.h"

namespace tilescale::lower {

ir::Stmt LowerScan(const ir::TileOp& op, const Context& context) {
  const auto* scan = op.as<op::ScanObj>();
  const ir::Span& span = scan->span;
  ir::DType type = scan->dst->buffer->dtype;
  std::vector<ir::Expr> extents(scan->src->extents.begin(), scan->src->extents.end());
  std::vector<ir::Var> vars = LoopVars(extents);
  ir::Var step("s", extents[scan->dim].dtype());
  bool reverse = scan->reverse != context.Has(PlantedBug::kReversedScan);
  std::vector<ir::Expr> point = AsExprs(vars);
  point[scan->dim] = reverse ? extents[scan->dim] - 1 - step : ir::Expr(step);

  // The running value lives in a scalar, not in dst: what is written outside dst is dropped, and
  // src may be dst.
  ir::Buffer acc = ScalarVar("acc", type);
  bool sum = scan->kind == op::ScanKind::kSum;
  auto kind = sum ? op::ReduceKind::kSum : op::ReduceKind::kMax;
  ir::Expr element = ir::MakeCast(type, ir::Load(scan->src->buffer, IndicesAt(scan->src, point)));
  ir::Expr running = ir::Load(acc, {});
  ir::Stmt body =
      ir::Seq({ir::Store(acc, {}, op::ReduceCombine(kind, running, element), span),
               ir::Store(scan->dst->buffer, IndicesAt(scan->dst, point), running, span)},
              span);
  ir::Stmt line = ir::Seq({ir::Alloc(acc, op::ReduceIdentity(kind, type), span),
                           LoopOver(step, extents[scan->dim], body, span)},
                          span);
  vars.erase(vars.begin() + scan->dim);
  extents.erase(extents.begin() + scan->dim);
  return ParallelOver(vars, extents, line, span);
}

}  // namespace tilescale::lower
