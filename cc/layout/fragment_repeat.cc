// Larger fragments from smaller ones.
#include <tvm/ffi/error.h>

#include "cc/layout/fragment.h"

namespace tilescale::layout {

using tvm::ffi::Shape;

namespace {

void CheckTimes(int64_t times) {
  if (times < 1) TVM_FFI_THROW(ValueError) << "a fragment cannot be repeated " << times << " times";
}

// Weight of each dimension's copy index in the number of the copy.
std::vector<int64_t> CopyStrides(const Shape& repeats, bool last_dim_fastest) {
  int64_t rank = static_cast<int64_t>(repeats.size());
  std::vector<int64_t> strides(rank);
  int64_t stride = 1;
  for (int64_t i = 0; i < rank; ++i) {
    int64_t d = last_dim_fastest ? rank - 1 - i : i;
    strides[d] = stride;
    stride *= repeats[d];
  }
  return strides;
}

// Where the element e of the small tile lies in the large one, in the copy with number `copy`.
int64_t PlaceElement(int64_t e, int64_t copy, const Shape& shape, const Shape& repeats,
                     const std::vector<int64_t>& copy_strides) {
  int64_t flat = 0;
  int64_t stride = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    int64_t which = copy / copy_strides[d] % repeats[d];
    flat += (e % shape[d] + which * shape[d]) * stride;
    e /= shape[d];
    stride *= shape[d] * repeats[d];
  }
  return flat;
}

}  // namespace

Fragment Replicate(const Fragment& fragment, int64_t times) {
  CheckTimes(times);
  std::vector<int64_t> once = fragment.Table();
  std::vector<int64_t> table;
  for (int64_t i = 0; i < times; ++i) table.insert(table.end(), once.begin(), once.end());
  return Fragment::FromTable(fragment->shape, fragment->num_threads * times, fragment->num_values,
                             table);
}

Fragment Repeat(const Fragment& fragment, const Shape& repeats, bool on_threads,
                bool last_dim_fastest) {
  const Shape& shape = fragment->shape;
  if (repeats.size() != shape.size()) {
    TVM_FFI_THROW(ValueError) << "a fragment of " << shape.size() << " dimensions needs as many "
                              << "repeat counts, got " << repeats.size();
  }
  int64_t copies = 1;
  std::vector<int64_t> large;
  for (size_t d = 0; d < shape.size(); ++d) {
    CheckTimes(repeats[d]);
    copies *= repeats[d];
    large.push_back(shape[d] * repeats[d]);
  }
  std::vector<int64_t> strides = CopyStrides(repeats, last_dim_fastest);
  std::vector<int64_t> once = fragment.Table();
  int64_t values = fragment->num_values;
  int64_t num_threads = fragment->num_threads * (on_threads ? copies : 1);
  int64_t num_values = values * (on_threads ? 1 : copies);
  std::vector<int64_t> table(num_threads * num_values, -1);
  for (int64_t copy = 0; copy < copies; ++copy) {
    for (size_t i = 0; i < once.size(); ++i) {
      if (once[i] < 0) continue;
      int64_t thread = static_cast<int64_t>(i) / values;
      int64_t value = static_cast<int64_t>(i) % values;
      (on_threads ? thread : value) += copy * (on_threads ? fragment->num_threads : values);
      table[thread * num_values + value] = PlaceElement(once[i], copy, shape, repeats, strides);
    }
  }
  return Fragment::FromTable(Shape(large), num_threads, num_values, table);
}

}  // namespace tilescale::layout
