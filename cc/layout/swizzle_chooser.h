// Shared-memory layouts of a two-dimensional tile, and the choice among them by exact scores.
#ifndef TILESCALE_CC_LAYOUT_SWIZZLE_CHOOSER_H_
#define TILESCALE_CC_LAYOUT_SWIZZLE_CHOOSER_H_

#include <tvm/ffi/container/array.h>
#include <tvm/ffi/object.h>

#include <string>
#include <vector>

#include "cc/layout/bank_model.h"
#include "cc/layout/composed.h"

namespace tilescale::layout {

// (row, column) -> element with rows of `columns + padding` elements.
ComposedLayout MakeLinearTile(int64_t rows, int64_t columns, int64_t padding = 0);

// Rows are cut into spans of `span_bytes` (32, 64 or 128; the hardware's swizzle modes), each a
// column of blocks; inside a span chunks of 16 bytes are permuted by the row. Rows need not
// be a power of two. Throws ValueError if a row is no whole number of spans.
ComposedLayout MakeBankSwizzledTile(int64_t rows, int64_t columns, int64_t element_bits,
                                    int64_t span_bytes);

// Whether aligned runs of `length` elements along the last dimension stay aligned runs.
bool KeepsRuns(const ComposedLayout& tile, int64_t length);

// One way in which threads touch the tile: (thread, value) -> flat (row, column), rows fastest.
struct TileAccess {
  Layout thread_value;
  int64_t access_bytes;
};

class TileCandidateObj : public tvm::ffi::Object {
 public:
  tvm::ffi::String name;
  ComposedLayout layout{tvm::ffi::UnsafeInit()};
  int64_t wavefronts;  // of all accesses together
  int64_t ideal;
  int64_t bytes;  // of shared memory

  static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.layout.TileCandidate", TileCandidateObj,
                                    tvm::ffi::Object);
};

class TileCandidate : public tvm::ffi::ObjectRef {
 public:
  explicit TileCandidate(tvm::ffi::ObjectPtr<TileCandidateObj> node) : ObjectRef(std::move(node)) {}
  std::string ToString() const;

  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(TileCandidate, tvm::ffi::ObjectRef,
                                                TileCandidateObj);
};

// All candidates that keep every access a vector, best first: fewest wavefronts, then fewest bytes,
// then the simplest (linear, narrow spans before wide ones, padding last). Never empty as long as
// the linear tile allows the accesses; throws its ValueError otherwise.
tvm::ffi::Array<TileCandidate> RankTileLayouts(int64_t rows, int64_t columns, int64_t element_bits,
                                               const std::vector<TileAccess>& accesses);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_SWIZZLE_CHOOSER_H_
