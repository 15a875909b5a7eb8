#include "cc/op/transpose.h"

#include "cc/lower/common/elementwise.h"
#include "cc/lower/common/loops.h"

namespace tilescale::lower {
namespace {

// The indices of element (row, col) of the last two dimensions; leading extents are 1.
ffi::Array<ir::Expr> MatrixIndices(const ir::Region& region, const ir::Expr& row,
                                   const ir::Expr& col) {
  ffi::Array<ir::Expr> indices = region->mins;
  size_t rank = indices.size();
  indices.Set(rank - 2, indices[rank - 2] + row);
  indices.Set(rank - 1, indices[rank - 1] + col);
  return indices;
}

}  // namespace

ir::Stmt LowerTranspose(const ir::TileOp& op, const Context& context) {
  const auto* transpose = op.as<op::TransposeObj>();
  const ir::Region& src = transpose->src;
  const ir::Region& dst = transpose->dst;
  size_t rank = src->extents.size();
  std::vector<ir::Expr> extents = {src->extents[rank - 2], src->extents[rank - 1]};
  std::vector<ir::Var> vars = LoopVars(extents);
  bool exchange = !context.Has(PlantedBug::kSwappedTranspose);
  ir::Expr value =
      ir::MakeCast(dst->buffer->dtype, ir::Load(src->buffer, MatrixIndices(src, vars[0], vars[1])));
  ffi::Array<ir::Expr> to =
      exchange ? MatrixIndices(dst, vars[1], vars[0]) : MatrixIndices(dst, vars[0], vars[1]);
  return ParallelOver(vars, extents, ir::Store(dst->buffer, to, value, op->span), op->span);
}

}  // namespace tilescale::lower
