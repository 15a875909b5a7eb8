// Layouts that nothing but speed asks for.
#include <algorithm>

#include "cc/pass/fragment_layouts.h"

namespace tilescale::pass {
namespace {

int64_t NextPowerOfTwo(int64_t n) {
  int64_t power = 1;
  while (power < n) power *= 2;
  return power;
}

// Lanes that share a row of `chunks` vectors.
int64_t LanesFor(int64_t rows, int64_t chunks, int64_t threads) {
  const int64_t warp = lower::cuda::kWarpSize;
  const int64_t lanes = NextPowerOfTwo(chunks);
  const int64_t share = threads / rows / warp * warp;
  if (lanes > warp && share > warp) return std::min((chunks + warp - 1) / warp * warp, share);
  int64_t fits = 1;
  while (fits * 2 <= std::min(threads, warp)) fits *= 2;
  return std::min(lanes, fits);
}

}  // namespace

bool IsLoopLayout(const layout::Fragment& fragment, int64_t threads) {
  const bool closed = fragment->thread_value.has_value() || layout::FindDealing(fragment);
  return closed && fragment->num_threads <= threads && layout::HasFirstOwners(fragment);
}

std::optional<layout::Fragment> DealLines(const std::vector<int64_t>& shape, int64_t vector,
                                          int64_t threads) {
  size_t inner = shape.size() - 1, outer = 0;
  while (inner > 0 && shape[inner] == 1) --inner;
  while (outer < inner && shape[outer] == 1) ++outer;
  int64_t rows = 1;
  for (size_t d = 0; d < inner; ++d) rows *= shape[d];
  while (shape[inner] % vector != 0) vector /= 2;
  const int64_t chunks = shape[inner] / vector;
  const int64_t lanes = LanesFor(rows, chunks, threads);
  const int64_t teams = std::min(threads / lanes, rows);
  const int64_t row_rounds = (rows + teams - 1) / teams;
  const int64_t chunk_rounds = (chunks + lanes - 1) / lanes;
  // Rows beyond the tile continue its first dimension above 1. Where they end inside it, rounds and
  // dimensions do not divide each other, and no shape:stride map deals the rows.
  std::vector<int64_t> box = shape;
  box[inner] = chunk_rounds * lanes * vector;
  const int64_t per_outer = outer < inner ? rows / shape[outer] : 1;
  if (row_rounds * teams % per_outer != 0) return std::nullopt;
  if (outer < inner) box[outer] = (row_rounds * teams + per_outer - 1) / per_outer;
  layout::PointMap identity{{}, box, {}, shape};
  for (size_t d = 0; d < shape.size(); ++d) {
    identity.indices.push_back({static_cast<int64_t>(d), 0, std::nullopt});
  }
  std::vector<int64_t> table;
  for (int64_t t = 0; t < teams * lanes; ++t) {
    for (int64_t v = 0; v < row_rounds * chunk_rounds * vector; ++v) {
      const int64_t chunk = v / vector % chunk_rounds * lanes + t % lanes;
      int64_t row = v / vector / chunk_rounds * teams + t / lanes;
      int64_t flat = 0;
      std::vector<int64_t> point(shape.size(), 0);
      point[inner] = chunk * vector + v % vector;
      for (size_t d = inner; d-- > 0;) {
        point[d] = d == outer ? row : row % box[d];
        row = d == outer ? 0 : row / box[d];
      }
      for (size_t d = shape.size(); d-- > 0;) flat = flat * box[d] + point[d];
      table.push_back(flat);
    }
  }
  const int64_t values = row_rounds * chunk_rounds * vector;
  const int64_t size = box[inner] * (outer < inner ? box[outer] * per_outer : 1);
  if (*std::max_element(table.begin(), table.end()) >= size) return std::nullopt;
  layout::Fragment whole =
      layout::Fragment::FromTable(ffi::Shape(box), teams * lanes, values, table);
  if (!whole->thread_value.has_value()) return std::nullopt;
  return layout::Fragment(ffi::Shape(shape), whole->thread_value.value(), ffi::Shape(box));
}

}  // namespace tilescale::pass
