#include "cc/op/fill.h"

#include "cc/lower/common/elementwise.h"
#include "cc/lower/common/loops.h"

namespace tilescale::lower {

ir::Stmt LowerFill(const ir::TileOp& op, const Context&) {
  const auto* fill = op.as<op::FillObj>();
  std::vector<ir::Expr> extents = op::SqueezedExtents(fill->dst);
  std::vector<ir::Var> vars = LoopVars(extents);
  ir::DType type = fill->dst->buffer->dtype;
  // Converted once, before the loops: the value may be a load from the destination.
  ir::Var value("value", type);
  ir::Expr converted = ir::MakeCast(type, fill->value);
  bool constant = converted.as<ir::IntImmObj>() || converted.as<ir::FloatImmObj>();
  ir::Stmt store = ir::Store(fill->dst->buffer, SqueezedIndicesAt(fill->dst, AsExprs(vars)),
                             constant ? converted : value, fill->span);
  ir::Stmt loops = ParallelOver(vars, extents, std::move(store), fill->span);
  if (constant) return loops;
  return ir::Seq({ir::Bind(value, converted, fill->span), loops}, fill->span);
}

}  // namespace tilescale::lower
