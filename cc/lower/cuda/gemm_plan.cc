#include "cc/lower/cuda/gemm_plan.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

namespace tilescale::lower::cuda {
namespace {

using layout::Fragment;
using tvm::ffi::Shape;

enum Policy : int64_t { kSquare = 0, kFullRow = 1, kFullCol = 2 };

int64_t Ceil(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Fewer is better, from left to right.
std::tuple<int64_t, int64_t, int64_t, int64_t> Cost(const WarpGrid& grid, int64_t atoms_m,
                                                    int64_t atoms_n, const layout::MmaAtom& atom,
                                                    int64_t policy) {
  const int64_t rows = Ceil(atoms_m, grid.m), columns = Ceil(atoms_n, grid.n);
  const int64_t work = rows * columns;
  const int64_t traffic = rows * atom.m + columns * atom.n;
  if (policy == kFullRow) return {rows, work, traffic, grid.m * grid.n};
  if (policy == kFullCol) return {columns, work, traffic, grid.m * grid.n};
  return {work, traffic, grid.m * grid.n, 0};
}

int64_t ConstExtent(const ir::Region& region, int from_end) {
  const int64_t* extent = ir::AsConstInt(region->extents[region->extents.size() - from_end]);
  return extent ? *extent : -1;
}

// One fragment buffer: coordinates (outer, inner) of a slot in the last two dimensions, which lie
// the other way round in memory if `swapped`.
struct Tiling {
  bool swapped;
  int64_t outer, inner;  // what is covered
  int64_t warps, values;
  std::function<std::pair<int64_t, int64_t>(int64_t warp, int64_t lane, int64_t value)> place;
};

// Position of a row-major leading index in the flat order of a fragment: first dimension fastest.
int64_t LeadingFlat(int64_t index, const std::vector<int64_t>& leading) {
  int64_t flat = 0, size = 1, rest = index;
  for (int64_t extent : leading) size *= extent;
  std::vector<int64_t> point(leading.size());
  for (size_t i = leading.size(); i-- > 0;) {
    point[i] = rest % leading[i];
    rest /= leading[i];
  }
  int64_t stride = 1;
  for (size_t i = 0; i < leading.size(); ++i) {
    flat += point[i] * stride;
    stride *= leading[i];
  }
  return flat;
}

// The flat coordinate in a box of `rows` x `columns` of each slot, -1 outside.
std::vector<int64_t> MakeTable(const Tiling& tiling, const std::vector<int64_t>& leading,
                               int64_t rows, int64_t columns) {
  int64_t copies = 1;
  for (int64_t extent : leading) copies *= extent;
  std::vector<int64_t> table;
  for (int64_t thread = 0; thread < tiling.warps * kWarpSize; ++thread) {
    for (int64_t slot = 0; slot < copies * tiling.values; ++slot) {
      auto [x, y] = tiling.place(thread / kWarpSize, thread % kWarpSize, slot % tiling.values);
      if (tiling.swapped) std::swap(x, y);
      const int64_t at = x + rows * y;
      bool inside = x < rows && y < columns;
      table.push_back(inside ? LeadingFlat(slot / tiling.values, leading) + copies * at : -1);
    }
  }
  return table;
}

std::optional<Fragment> Build(const ir::Region& region, const Tiling& tiling) {
  const ir::Buffer& buffer = region->buffer;
  if (!buffer.IsScope(ir::scope::kFragment)) return std::nullopt;
  std::vector<int64_t> shape;
  for (const ir::Expr& extent : buffer->shape) {
    const int64_t* size = ir::AsConstInt(extent);
    if (!size) return std::nullopt;
    shape.push_back(*size);
  }
  const size_t rank = shape.size();
  for (size_t i = rank - 2; i < rank; ++i) {
    bool whole = ir::IsConstInt(region->mins[i], 0) && ir::IsConstInt(region->extents[i], shape[i]);
    if (!whole) return std::nullopt;
  }
  const std::vector<int64_t> leading(shape.begin(), shape.end() - 2);
  std::vector<int64_t> padded = shape;
  padded[rank - 2] = tiling.swapped ? tiling.inner : tiling.outer;
  padded[rank - 1] = tiling.swapped ? tiling.outer : tiling.inner;
  int64_t slots = tiling.values;
  for (int64_t extent : leading) slots *= extent;
  const int64_t threads = tiling.warps * kWarpSize;
  Fragment box =
      Fragment::FromTable(Shape(padded), threads, slots,
                          MakeTable(tiling, leading, padded[rank - 2], padded[rank - 1]));
  if (padded == shape) return box;
  if (box->thread_value.has_value()) {
    return Fragment(Shape(shape), *box->thread_value, Shape(padded));
  }
  return Fragment::FromTable(Shape(shape), threads, slots,
                             MakeTable(tiling, leading, shape[rank - 2], shape[rank - 1]));
}

// (row, column) of each slot of an atom's fragment.
std::vector<std::pair<int64_t, int64_t>> AtomPlaces(const Fragment& atom) {
  std::vector<std::pair<int64_t, int64_t>> places;
  const int64_t rows = atom->shape[0];
  for (int64_t flat : atom.Table()) places.emplace_back(flat % rows, flat / rows);
  return places;
}

GemmOperand MakeOperand(const op::GemmObj* gemm, const layout::MmaAtom& atom, bool is_a) {
  const ir::Region& region = is_a ? gemm->a : gemm->b;
  const bool depth_rows = is_a ? gemm->trans_a : !gemm->trans_b;
  const int64_t extent = ConstExtent(region, depth_rows ? 1 : 2);
  return {region, is_a, depth_rows, extent, is_a ? atom.m : atom.n, 0, 0, is_a ? atom.a : atom.b};
}

void Spread(GemmOperand* operand, int64_t warps) {
  operand->warps = warps;
  operand->atoms = Ceil(Ceil(operand->extent, operand->atom_extent), warps);
}

}  // namespace

WarpGrid ChooseWarps(int64_t atoms_m, int64_t atoms_n, const layout::MmaAtom& atom, int64_t warps,
                     int64_t policy) {
  WarpGrid best{1, 1};
  for (int64_t m = 1; m <= std::min(warps, atoms_m); ++m) {
    for (int64_t n = 1; n <= std::min(warps / m, atoms_n); ++n) {
      WarpGrid grid{m, n};
      bool better =
          Cost(grid, atoms_m, atoms_n, atom, policy) < Cost(best, atoms_m, atoms_n, atom, policy);
      if (better) best = grid;
    }
  }
  return best;
}

std::optional<MmaPlan> PlanMma(const op::GemmObj* gemm, const Context& context) {
  const int64_t depth = ConstExtent(gemm->a, gemm->trans_a ? 2 : 1);
  const int64_t m = ConstExtent(gemm->c, 2), n = ConstExtent(gemm->c, 1);
  const int64_t warps = context.threads / kWarpSize;
  if (depth < 1 || m < 1 || n < 1 || warps < 1) return std::nullopt;
  const layout::MmaAtom* atom = ChooseInstruction(gemm, depth, context);
  if (!atom) return std::nullopt;
  MmaPlan plan{atom, depth, MakeOperand(gemm, *atom, true), MakeOperand(gemm, *atom, false),
               gemm->c};
  if (plan.a.extent != m || plan.b.extent != n) return std::nullopt;
  auto it = gemm->attrs.find("policy");
  const int64_t policy = it == gemm->attrs.end() ? kSquare : (*it).second.cast<int64_t>();
  WarpGrid grid = ChooseWarps(Ceil(m, atom->m), Ceil(n, atom->n), *atom, warps, policy);
  Spread(&plan.a, grid.m);
  Spread(&plan.b, grid.n);
  return plan;
}

std::optional<Fragment> AccumulatorFragment(const MmaPlan& plan) {
  const auto places = AtomPlaces(plan.atom->c);
  const int64_t values = plan.atom->c->num_values, atoms_n = plan.b.atoms;
  const int64_t m = plan.atom->m, n = plan.atom->n;
  Tiling tiling{false,        plan.a.warps * plan.a.atoms * m, plan.b.warps * atoms_n * n,
                plan.Warps(), plan.a.atoms * atoms_n * values, nullptr};
  tiling.place = [&](int64_t warp, int64_t lane, int64_t value) {
    auto [row, column] = places[lane * values + value % values];
    const int64_t atom = value / values;
    return std::make_pair((warp % plan.a.warps * plan.a.atoms + atom / atoms_n) * m + row,
                          (warp / plan.a.warps * atoms_n + atom % atoms_n) * n + column);
  };
  return Build(plan.c, tiling);
}

std::optional<Fragment> OperandFragment(const MmaPlan& plan, const GemmOperand& operand) {
  const auto places = AtomPlaces(operand.atom);
  const int64_t values = operand.atom->num_values, steps = plan.Steps();
  Tiling tiling{operand.depth_rows,
                operand.warps * operand.atoms * operand.atom_extent,
                steps * plan.atom->k,
                plan.Warps(),
                operand.atoms * steps * values,
                nullptr};
  tiling.place = [&](int64_t warp, int64_t lane, int64_t value) {
    auto [outer, depth] = places[lane * values + value % values];
    if (!operand.is_a) std::swap(outer, depth);
    const int64_t atom = value / values;
    const int64_t mine = operand.is_a ? warp % plan.a.warps : warp / plan.a.warps;
    return std::make_pair((mine * operand.atoms + atom / steps) * operand.atom_extent + outer,
                          atom % steps * plan.atom->k + depth);
  };
  return Build(operand.region, tiling);
}

}  // namespace tilescale::lower::cuda
