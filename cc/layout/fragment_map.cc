#include "cc/layout/fragment_map.h"

#include <algorithm>
#include <map>

#include "cc/layout/expr_table.h"
#include "cc/layout/fit.h"

namespace tilescale::layout {

using tvm::ffi::Shape;

namespace {

using Table = std::vector<int64_t>;

int64_t SizeOf(const std::vector<int64_t>& shape) {
  int64_t size = 1;
  for (int64_t extent : shape) size *= extent;
  return size;
}

std::vector<int64_t> ToVector(const Shape& shape) { return {shape.begin(), shape.end()}; }

// Slots of a fragment -> flat coordinates in its box, first dimension fastest; beyond the tile too.
Table PaddedTable(const Fragment& fragment) {
  if (!fragment->thread_value.has_value()) return fragment.Table();
  Table threads = Enumerate((*fragment->thread_value)[0], "fragment");
  Table values = Enumerate((*fragment->thread_value)[1], "fragment");
  Table table;
  table.reserve(threads.size() * values.size());
  for (int64_t thread : threads) {
    for (int64_t value : values) table.push_back(thread + value);
  }
  return table;
}

// Evaluates a PointMap at flat coordinates of a box, which may exceed the map's own.
class Evaluator {
 public:
  Evaluator(const PointMap& map, std::vector<int64_t> box) : map_(map), box_(std::move(box)) {
    for (const PointIndex& index : map.indices) {
      tables_.push_back(index.expr.has_value() ? Tabulate(map.vars, box_, {index.expr.value()})[0]
                                               : Table());
    }
  }

  // The indices of the element that the point accesses.
  void At(int64_t flat, std::vector<int64_t>* element) const {
    int64_t row_major = 0;
    point_.clear();
    for (int64_t extent : box_) {
      point_.push_back(flat % extent);
      flat /= extent;
    }
    for (size_t d = 0; d < box_.size(); ++d) row_major = row_major * box_[d] + point_[d];
    element->clear();
    for (size_t i = 0; i < tables_.size(); ++i) {
      const PointIndex& index = map_.indices[i];
      if (!tables_[i].empty()) {
        element->push_back(tables_[i][row_major]);
      } else {
        element->push_back(index.coord < 0 ? index.constant : point_[index.coord]);
      }
    }
  }

 private:
  const PointMap& map_;
  std::vector<int64_t> box_;
  std::vector<Table> tables_;
  mutable std::vector<int64_t> point_;
};

// First dimension fastest; -1 outside.
int64_t Flat(const std::vector<int64_t>& coord, const std::vector<int64_t>& shape) {
  int64_t flat = 0;
  int64_t stride = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (coord[d] < 0 || coord[d] >= shape[d]) return -1;
    flat += coord[d] * stride;
    stride *= shape[d];
  }
  return flat;
}

// By slot of the loop: the flat element of the tile, -1 where the thread does nothing.
Table Elements(const Fragment& loop, const PointMap& map) {
  Table points = loop.Table();
  Evaluator evaluator(map, map.box);
  std::vector<int64_t> by_point(SizeOf(map.box), -2);
  std::vector<int64_t> element;
  Table elements;
  elements.reserve(points.size());
  for (int64_t point : points) {
    if (point < 0) {
      elements.push_back(-1);
      continue;
    }
    if (by_point[point] == -2) {
      evaluator.At(point, &element);
      by_point[point] = Flat(element, map.shape);
    }
    elements.push_back(by_point[point]);
  }
  return elements;
}

// Values whose column of the table repeats an earlier one go.
Table DropRepeatedValues(const Table& table, int64_t threads, int64_t* values) {
  std::map<Table, bool> seen;
  std::vector<int64_t> kept;
  for (int64_t v = 0; v < *values; ++v) {
    Table column;
    for (int64_t t = 0; t < threads; ++t) column.push_back(table[t * *values + v]);
    bool idle = std::all_of(column.begin(), column.end(), [](int64_t e) { return e < 0; });
    if (!idle && seen.emplace(std::move(column), true).second) kept.push_back(v);
  }
  Table result;
  for (int64_t t = 0; t < threads; ++t) {
    for (int64_t v : kept) result.push_back(table[t * *values + v]);
  }
  *values = static_cast<int64_t>(kept.size());
  return result;
}

// A fragment from a table into `padded`; nothing unless all elements of the tile are owned.
std::optional<Fragment> FromPadded(const std::vector<int64_t>& shape,
                                   const std::vector<int64_t>& padded, int64_t threads,
                                   int64_t values, Table table) {
  table = DropRepeatedValues(table, threads, &values);
  Table inside;
  std::vector<bool> owned(SizeOf(shape), false);
  for (int64_t flat : table) {
    std::vector<int64_t> coord;
    int64_t rest = flat;
    for (int64_t extent : padded) {
      coord.push_back(flat < 0 ? -1 : rest % extent);
      rest /= extent;
    }
    inside.push_back(Flat(coord, shape));
    if (inside.back() >= 0) owned[inside.back()] = true;
  }
  if (std::find(owned.begin(), owned.end(), false) != owned.end()) return std::nullopt;
  bool holes = std::find(table.begin(), table.end(), -1) != table.end();
  if (!holes) {
    auto fitted = FitLayout({threads, values},
                            [&](int64_t i) { return table[i % threads * values + i / threads]; });
    bool counts_up = fitted.has_value();
    if (counts_up) {
      for (const StaticMode& mode : StaticModes(*fitted, "fragment")) {
        counts_up = counts_up && mode.stride >= 0;
      }
    }
    if (counts_up) return Fragment(Shape(shape), *fitted, Shape(padded));
  }
  return Fragment::FromTable(Shape(shape), threads, values, inside);
}

}  // namespace

bool PointMap::IsPermutation() const {
  std::vector<bool> used(box.size(), false);
  for (size_t i = 0; i < indices.size(); ++i) {
    const PointIndex& index = indices[i];
    if (index.expr.has_value()) return false;
    if (index.coord < 0) {
      if (index.constant != 0 || shape[i] != 1) return false;
      continue;
    }
    if (used[index.coord] || box[index.coord] != shape[i]) return false;
    used[index.coord] = true;
  }
  for (size_t d = 0; d < box.size(); ++d) {
    if (!used[d] && box[d] != 1) return false;
  }
  return true;
}

bool StaysInside(const PointMap& map) {
  Evaluator evaluator(map, map.box);
  const int64_t size = SizeOf(map.box);
  bool general = false;
  for (size_t i = 0; i < map.indices.size(); ++i) {
    const PointIndex& index = map.indices[i];
    general = general || index.expr.has_value();
    if (index.expr.has_value()) continue;
    const int64_t last = index.coord < 0 ? index.constant : map.box[index.coord] - 1;
    if (last < 0 || last >= map.shape[i]) return false;
  }
  std::vector<int64_t> element;
  for (int64_t point = 0; general && point < size; ++point) {
    evaluator.At(point, &element);
    if (Flat(element, map.shape) < 0) return false;
  }
  return true;
}

std::optional<Fragment> ImageOf(const Fragment& loop, const PointMap& map) {
  Table points = PaddedTable(loop);
  Evaluator evaluator(map, ToVector(loop->padded));
  std::vector<std::vector<int64_t>> elements;
  std::vector<int64_t> padded = map.shape;
  for (int64_t point : points) {
    elements.emplace_back();
    if (point < 0) continue;
    evaluator.At(point, &elements.back());
    for (size_t d = 0; d < padded.size(); ++d) {
      const int64_t index = elements.back()[d];
      if (index < 0) return std::nullopt;
      padded[d] = std::max(padded[d], index + 1);
    }
  }
  Table table;
  for (const auto& element : elements)
    table.push_back(element.empty() ? -1 : Flat(element, padded));
  return FromPadded(map.shape, padded, loop->num_threads, loop->num_values, std::move(table));
}

namespace {

// For permutations: padding is kept.
std::optional<Fragment> PullBackPermutation(const Fragment& tile, const PointMap& map) {
  std::vector<int64_t> padded = map.box;
  for (size_t i = 0; i < map.indices.size(); ++i) {
    if (map.indices[i].coord >= 0) padded[map.indices[i].coord] = tile->padded[i];
  }
  Table table = PaddedTable(tile);
  for (int64_t& flat : table) {
    if (flat < 0) continue;
    std::vector<int64_t> point(map.box.size(), 0);
    bool inside = true;
    for (size_t i = 0; i < map.indices.size(); ++i) {
      const int64_t coord = flat % tile->padded[i];
      flat /= tile->padded[i];
      if (map.indices[i].coord >= 0) {
        point[map.indices[i].coord] = coord;
      } else {
        inside = inside && coord == 0;
      }
    }
    flat = inside ? Flat(point, padded) : -1;
  }
  return FromPadded(map.box, padded, tile->num_threads, tile->num_values, std::move(table));
}

}  // namespace

std::optional<Fragment> PullBack(const Fragment& tile, const PointMap& map) {
  if (map.IsPermutation()) return PullBackPermutation(tile, map);
  Evaluator evaluator(map, map.box);
  std::vector<int64_t> point_of(SizeOf(map.shape), -1);
  std::vector<int64_t> element;
  for (int64_t point = 0; point < SizeOf(map.box); ++point) {
    evaluator.At(point, &element);
    const int64_t flat = Flat(element, map.shape);
    if (flat < 0 || point_of[flat] >= 0) return std::nullopt;
    point_of[flat] = point;
  }
  Table table = tile.Table();
  for (int64_t& flat : table) flat = flat < 0 ? -1 : point_of[flat];
  return FromPadded(map.box, map.box, tile->num_threads, tile->num_values, std::move(table));
}

std::optional<std::vector<int64_t>> RegistersOf(const Fragment& loop, const PointMap& map,
                                                const Fragment& tile) {
  const Table elements = Elements(loop, map);
  const Table points = loop.Table();
  const Table owned = tile.Table();
  const int64_t values = loop->num_values, registers = tile->num_values;
  std::vector<int64_t> result(values, -1);
  for (int64_t v = 0; v < values; ++v) {
    int64_t first = 0;
    while (first < loop->num_threads && points[first * values + v] < 0) ++first;
    if (first == loop->num_threads) continue;
    auto holds = [&](int64_t r) {
      for (int64_t t = first; t < loop->num_threads; ++t) {
        if (points[t * values + v] < 0) continue;
        const int64_t element = elements[t * values + v];
        if (element < 0 || t >= tile->num_threads || owned[t * registers + r] != element) {
          return false;
        }
      }
      return true;
    };
    int64_t r = 0;
    while (r < registers && !holds(r)) ++r;
    if (r == registers) return std::nullopt;
    result[v] = r;
  }
  return result;
}

bool WritesAllCopies(const Fragment& loop, const PointMap& map, const Fragment& tile,
                     const std::vector<int64_t>& registers) {
  const Table elements = Elements(loop, map);
  const Table owned = tile.Table();
  const int64_t values = loop->num_values, slots = tile->num_values;
  std::vector<bool> touched(tile.Size(), false), written(owned.size(), false);
  for (size_t i = 0; i < elements.size(); ++i) {
    if (elements[i] < 0) continue;
    const int64_t t = static_cast<int64_t>(i) / values, v = static_cast<int64_t>(i) % values;
    touched[elements[i]] = true;
    written[t * slots + registers[v]] = true;
  }
  for (size_t i = 0; i < owned.size(); ++i) {
    if (owned[i] >= 0 && touched[owned[i]] && !written[i]) return false;
  }
  return true;
}

Fragment DealRowMajor(const std::vector<int64_t>& shape, int64_t vector, int64_t threads) {
  const int64_t size = SizeOf(shape);
  std::vector<int64_t> owners(size), values(size);
  for (int64_t n = 0; n < size; ++n) {
    // `n` counts the first dimension fastest, `row_major` the last.
    int64_t rest = n, row_major = 0;
    std::vector<int64_t> point;
    for (int64_t extent : shape) {
      point.push_back(rest % extent);
      rest /= extent;
    }
    for (size_t d = 0; d < shape.size(); ++d) row_major = row_major * shape[d] + point[d];
    owners[n] = row_major / vector % threads;
    values[n] = row_major / (vector * threads) * vector + row_major % vector;
  }
  return Fragment::FromOwners(Shape(shape), owners, values);
}

std::optional<int64_t> FindDealing(const Fragment& fragment) {
  const std::vector<int64_t> shape = ToVector(fragment->shape);
  const int64_t size = SizeOf(shape), threads = fragment->num_threads;
  const Table table = fragment.Table();
  for (int64_t vector = 16; vector >= 1; vector /= 2) {
    if (fragment->num_values % vector != 0 || size % vector != 0) continue;
    bool same = true;
    for (size_t i = 0; same && i < table.size(); ++i) {
      const int64_t t = static_cast<int64_t>(i) / fragment->num_values;
      const int64_t v = static_cast<int64_t>(i) % fragment->num_values;
      const int64_t n = (v / vector * threads + t) * vector + v % vector;
      std::vector<int64_t> point(shape.size(), -1);
      int64_t rest = n;
      for (size_t d = shape.size(); n < size && d-- > 0;) {
        point[d] = rest % shape[d];
        rest /= shape[d];
      }
      same = table[i] == Flat(point, shape);
    }
    if (same) return vector;
  }
  return std::nullopt;
}

std::vector<ReplicaDigit> ReplicaDigits(const Fragment& fragment) {
  std::vector<ReplicaDigit> digits;
  if (!fragment->thread_value.has_value()) return digits;
  int64_t place = 1;
  for (const StaticMode& mode : StaticModes((*fragment->thread_value)[0], "fragment")) {
    if (mode.stride == 0 && mode.shape > 1) digits.push_back({place, mode.shape});
    place *= mode.shape;
  }
  return digits;
}

bool HasFirstOwners(const Fragment& fragment) {
  const std::vector<ReplicaDigit> digits = ReplicaDigits(fragment);
  const Table table = fragment.Table();
  std::vector<int64_t> owners(fragment.Size(), 0);
  for (size_t i = 0; i < table.size(); ++i) {
    const int64_t t = static_cast<int64_t>(i) / fragment->num_values;
    bool first = table[i] >= 0;
    for (const ReplicaDigit& digit : digits) first = first && t / digit.place % digit.extent == 0;
    if (first) ++owners[table[i]];
  }
  return std::all_of(owners.begin(), owners.end(), [](int64_t n) { return n == 1; });
}

}  // namespace tilescale::layout
