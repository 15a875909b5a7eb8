#include "cc/layout/matrix_store.h"

#include "cc/layout/bank_model.h"
#include "cc/layout/fragment_map.h"

namespace tilescale::layout {
namespace {

constexpr int64_t kVectorBytes = 16;

// Flat coordinates in the padded box, rows fastest.
struct Slots {
  std::vector<int64_t> threads, values;

  explicit Slots(const Fragment& fragment)
      : threads(Enumerate((*fragment->thread_value)[0], "matrices of a fragment")),
        values(Enumerate((*fragment->thread_value)[1], "matrices of a fragment")) {}
};

int64_t Matrices(const Fragment& fragment) {
  return fragment->padded[0] * fragment->padded[1] / (kMatrixSide * kMatrixSide);
}

}  // namespace

bool IsMadeOfMatrices(const Fragment& fragment) {
  if (!fragment->thread_value.has_value() || fragment->shape.size() != 2) return false;
  if (fragment->num_threads % kWarpSize != 0 || fragment->num_values % 2 != 0) return false;
  if (fragment.Replication() != 1) return false;
  const int64_t rows = fragment->padded[0];
  if (rows % kMatrixSide != 0 || fragment->padded[1] % kMatrixSide != 0) return false;
  const Slots slots(fragment);
  const auto starts_matrix = [&](int64_t flat) {
    return flat % rows % kMatrixSide == 0 && flat / rows % kMatrixSide == 0;
  };
  for (int64_t t = 0; t < fragment->num_threads; ++t) {
    const int64_t warp = slots.threads[t / kWarpSize * kWarpSize], lane = t % kWarpSize;
    if (slots.threads[t] != warp + lane / 4 + lane % 4 * 2 * rows) return false;
    if (!starts_matrix(warp)) return false;
  }
  for (int64_t v = 0; v < fragment->num_values; v += 2) {
    if (!starts_matrix(slots.values[v]) || slots.values[v + 1] != slots.values[v] + rows) {
      return false;
    }
  }
  return true;
}

TileAccess MatrixStore(const Fragment& fragment, int64_t element_bits) {
  const Slots slots(fragment);
  const int64_t rows = fragment->padded[0];
  std::vector<StaticMode> lanes = {{kMatrixSide, 1}};
  for (int64_t matrix : {1, 2}) {
    if (2 * matrix < fragment->num_values) lanes.push_back({2, slots.values[2 * matrix]});
  }
  const int64_t times = Matrices(fragment) >> (lanes.size() - 1);
  Layout values = FromModes(std::vector<StaticMode>{{kMatrixSide, rows}, {times, 0}});
  return {Concat({FromModes(lanes), values}), kMatrixSide * element_bits / 8};
}

TileAccess PairStore(const Fragment& fragment, int64_t element_bits) {
  const int64_t rows = fragment->padded[0];
  Layout lanes = FromModes(std::vector<StaticMode>{{4, 2 * rows}, {kMatrixSide, 1}});
  Layout values = FromModes(std::vector<StaticMode>{{2, rows}, {Matrices(fragment), 0}});
  return {Concat({lanes, values}), 2 * element_bits / 8};
}

TileAccess RowVectors(int64_t rows, int64_t columns, int64_t element_bits) {
  const int64_t length = kVectorBytes * 8 / element_bits;
  Layout threads = FromModes(std::vector<StaticMode>{{columns / length, length * rows}, {rows, 1}});
  Layout values = FromModes(std::vector<StaticMode>{{length, rows}});
  return {Concat({threads, values}), kVectorBytes};
}

}  // namespace tilescale::layout
