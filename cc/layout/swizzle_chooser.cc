#include "cc/layout/swizzle_chooser.h"

#include <tvm/ffi/error.h>

#include <algorithm>

namespace tilescale::layout {

namespace {

constexpr int64_t kChunkBytes = 16;  // the widest access; swizzles never split it

int64_t Log2(int64_t value) {
  int64_t log = 0;
  while ((int64_t{1} << (log + 1)) <= value) ++log;
  return log;
}

struct Named {
  std::string name;
  ComposedLayout layout;
};

std::vector<Named> Candidates(int64_t rows, int64_t columns, int64_t element_bits) {
  std::vector<Named> out = {{"linear", MakeLinearTile(rows, columns)}};
  for (int64_t span : {32, 64, 128}) {
    if (columns * element_bits % (span * 8) != 0) continue;
    out.push_back({"swizzle " + std::to_string(span) + "B",
                   MakeBankSwizzledTile(rows, columns, element_bits, span)});
  }
  for (int64_t pad_bytes : {4, 8, 16}) {
    if (pad_bytes * 8 % element_bits != 0) continue;
    int64_t padding = pad_bytes * 8 / element_bits;
    out.push_back(
        {"pad " + std::to_string(pad_bytes) + "B", MakeLinearTile(rows, columns, padding)});
  }
  return out;
}

TileCandidate Score(const Named& named, int64_t element_bits,
                    const std::vector<TileAccess>& accesses) {
  auto node = tvm::ffi::make_object<TileCandidateObj>();
  node->name = named.name;
  node->layout = named.layout;
  node->wavefronts = 0;
  node->ideal = 0;
  node->bytes = (named.layout.Cosize().Value() * element_bits + 7) / 8;
  for (const TileAccess& access : accesses) {
    BankReport report =
        ScoreLayout(access.thread_value, named.layout, element_bits, access.access_bytes);
    node->wavefronts += report->wavefronts;
    node->ideal += report->ideal;
  }
  return TileCandidate(std::move(node));
}

void CheckTile(int64_t rows, int64_t columns, int64_t element_bits) {
  if (rows < 1 || columns < 1 || element_bits < 1 || 128 % element_bits != 0) {
    TVM_FFI_THROW(ValueError) << "a shared-memory tile of " << rows << " x " << columns
                              << " elements of " << element_bits
                              << " bits: extents must be positive, elements divide 128 bits";
  }
}

}  // namespace

std::string TileCandidate::ToString() const {
  return std::string(get()->name) + ": " + std::to_string(get()->wavefronts) +
         " wavefronts (ideal " + std::to_string(get()->ideal) + "), " +
         std::to_string(get()->bytes) + " bytes, " + get()->layout.ToString();
}

ComposedLayout MakeLinearTile(int64_t rows, int64_t columns, int64_t padding) {
  IntTuple shape(std::vector<IntTuple>{rows, columns});
  return ComposedLayout(Layout(shape, std::vector<IntTuple>{columns + padding, 1}));
}

ComposedLayout MakeBankSwizzledTile(int64_t rows, int64_t columns, int64_t element_bits,
                                    int64_t span_bytes) {
  CheckTile(rows, columns, element_bits);
  if (span_bytes != 32 && span_bytes != 64 && span_bytes != 128) {
    TVM_FFI_THROW(ValueError) << "a swizzle spans 32, 64 or 128 bytes, not " << span_bytes;
  }
  int64_t span = span_bytes * 8 / element_bits;
  if (columns % span != 0) {
    TVM_FFI_THROW(ValueError) << "rows of " << columns << " elements of " << element_bits
                              << " bits are no whole number of " << span_bytes << "-byte spans";
  }
  std::vector<IntTuple> shape = {rows, std::vector<IntTuple>{span, columns / span}};
  std::vector<IntTuple> stride = {span, std::vector<IntTuple>{1, rows * span}};
  int64_t base = Log2(kChunkBytes * 8 / element_bits);
  Swizzle swizzle(Log2(span_bytes / kChunkBytes), base, 3);
  return ComposedLayout(swizzle, 0, Layout(IntTuple(shape), IntTuple(stride)));
}

bool KeepsRuns(const ComposedLayout& tile, int64_t length) {
  const Layout& inner = tile.Inner();
  const int64_t size = inner.Size().Value();
  const int64_t columns = inner[inner.Rank() - 1].Size().Value(), rows = size / columns;
  std::vector<int64_t> table = Enumerate(inner, "runs of a tile");
  const int64_t offset = tile.Offset().Value();
  auto at = [&](int64_t row, int64_t column) {
    return tile->swizzle.Apply(offset + table[row + rows * column]);
  };
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      int64_t start = column / length * length;
      if (at(row, start) % length != 0) return false;
      if (at(row, column) != at(row, start) + column - start) return false;
    }
  }
  return true;
}

tvm::ffi::Array<TileCandidate> RankTileLayouts(int64_t rows, int64_t columns, int64_t element_bits,
                                               const std::vector<TileAccess>& accesses) {
  CheckTile(rows, columns, element_bits);
  std::vector<TileCandidate> ranked;
  for (const Named& named : Candidates(rows, columns, element_bits)) {
    try {
      ranked.push_back(Score(named, element_bits, accesses));
    } catch (const tvm::ffi::Error&) {
      // Not a vector in this layout. The linear tile is the reference: what it cannot do, none can.
      if (ranked.empty()) throw;
    }
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return std::make_pair(a->wavefronts, a->bytes) < std::make_pair(b->wavefronts, b->bytes);
  });
  return tvm::ffi::Array<TileCandidate>(ranked.begin(), ranked.end());
}

}  // namespace tilescale::layout
