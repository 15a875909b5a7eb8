#include "cc/lower/common/loops.h"

#include <algorithm>

#include "cc/support/diagnostic.h"

namespace tilescale::lower {

std::vector<ir::Var> LoopVars(const std::vector<ir::Expr>& extents) {
  constexpr const char* kNames[] = {"i", "j", "k", "l", "m", "n"};
  std::vector<ir::Var> vars;
  for (size_t i = 0; i < extents.size(); ++i) {
    vars.emplace_back(kNames[std::min<size_t>(i, 5)], extents[i].dtype());
  }
  return vars;
}

std::vector<ir::Expr> AsExprs(const std::vector<ir::Var>& vars) {
  return {vars.begin(), vars.end()};
}

ffi::Array<ir::Expr> IndicesAt(const ir::Region& region, const std::vector<ir::Expr>& point) {
  ffi::Array<ir::Expr> indices = region->mins;
  const size_t common = std::min(point.size(), indices.size());
  for (size_t back = 1; back <= common; ++back) {
    const size_t at = indices.size() - back;
    indices.Set(static_cast<int64_t>(at), region->mins[at] + point[point.size() - back]);
  }
  return indices;
}

ffi::Array<ir::Expr> SqueezedIndicesAt(const ir::Region& region,
                                       const std::vector<ir::Expr>& point) {
  ffi::Array<ir::Expr> indices;
  size_t next = 0;
  for (size_t i = 0; i < region->mins.size(); ++i) {
    bool single = ir::IsConstInt(region->extents[i], 1);
    indices.push_back(single ? region->mins[i] : region->mins[i] + point[next++]);
  }
  TILESCALE_CHECK(next == point.size(), "one coordinate for each extent that is not 1");
  return indices;
}

ir::Stmt ParallelOver(const std::vector<ir::Var>& vars, const std::vector<ir::Expr>& extents,
                      ir::Stmt body, const ir::Span& span) {
  if (vars.empty()) return body;
  return ir::Parallel(ffi::Array<ir::Var>(vars.begin(), vars.end()),
                      ffi::Array<ir::Expr>(extents.begin(), extents.end()), std::move(body), {},
                      span);
}

ir::Stmt LoopOver(const ir::Var& var, const ir::Expr& extent, ir::Stmt body, const ir::Span& span) {
  return ir::For(var, ir::MakeInt(var.dtype(), 0), extent, ir::MakeInt(var.dtype(), 1),
                 ir::ForKind::kSerial, std::move(body), {}, span);
}

ir::Buffer ScalarVar(const std::string& name, ir::DType dtype) {
  return ir::Buffer(name, dtype, {}, {}, ir::scope::kVar);
}

}  // namespace tilescale::lower
