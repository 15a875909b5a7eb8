#include "cc/layout/table_expr.h"

#include "cc/layout/fit.h"

namespace tilescale::layout {
namespace {

ir::Expr Int32(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

// The sum of the digits of `number` times their strides.
ir::Expr Apply(const Layout& modes, const ir::Expr& number) {
  ir::Expr sum = Int32(0);
  int64_t place = 1;
  const std::vector<StaticMode> leaves = StaticModes(modes, "registers");
  for (size_t i = 0; i < leaves.size(); ++i) {
    const StaticMode& mode = leaves[i];
    ir::Expr digit = place == 1 ? number : ir::FloorDiv(number, Int32(place));
    if (i + 1 < leaves.size()) digit = ir::FloorMod(digit, Int32(mode.shape));
    if (mode.shape > 1 && mode.stride != 0) sum = sum + digit * Int32(mode.stride);
    place *= mode.shape;
  }
  return sum;
}

// Any table, as a chain of choices that unrolled code decides: runs of consecutive registers.
ir::Expr Choose(const std::vector<int64_t>& table, const ir::Expr& value) {
  std::vector<size_t> starts = {0};
  for (size_t v = 1; v < table.size(); ++v) {
    if (table[v] != table[v - 1] + 1) starts.push_back(v);
  }
  ir::Expr result = Int32(0);
  for (size_t i = starts.size(); i-- > 0;) {
    const int64_t first = static_cast<int64_t>(starts[i]);
    ir::Expr here = value + Int32(table[starts[i]] - first);
    const bool last = i + 1 == starts.size();
    result = last
                 ? here
                 : ir::MakeSelect(value < Int32(static_cast<int64_t>(starts[i + 1])), here, result);
  }
  return result;
}

}  // namespace

ir::Expr LookUp(const std::vector<int64_t>& table, int64_t inner_extent, const ir::Expr& outer,
                const ir::Expr& inner) {
  const int64_t outer_extent = static_cast<int64_t>(table.size()) / inner_extent;
  auto fitted =
      FitLayout({inner_extent, outer_extent}, [&](int64_t i) { return table[i] - table[0]; });
  if (!fitted) return Choose(table, outer * Int32(inner_extent) + inner);
  return Apply((*fitted)[1], outer) + Apply((*fitted)[0], inner) + Int32(table[0]);
}

}  // namespace tilescale::layout
