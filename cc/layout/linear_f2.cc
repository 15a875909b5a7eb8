#include "cc/layout/linear_f2.h"

#include <tvm/ffi/error.h>

#include <algorithm>

namespace tilescale::layout {

namespace {

// One reduced vector of the image and the input combination that gives it.
struct Pivot {
  int64_t image;
  int64_t source;
};

int64_t LeadingBit(int64_t value) {
  while ((value & (value - 1)) != 0) value &= value - 1;
  return value;
}

// Subtracts pivots until no leading bit of theirs is left in `vector.image`.
Pivot Reduce(Pivot vector, const std::vector<Pivot>& pivots) {
  for (const Pivot& pivot : pivots) {
    if ((vector.image & LeadingBit(pivot.image)) == 0) continue;
    vector.image ^= pivot.image;
    vector.source ^= pivot.source;
  }
  return vector;
}

struct Elimination {
  std::vector<Pivot> pivots;
  std::vector<int64_t> kernel;
};

// Keeps the pivots fully reduced: each leading bit occurs in one pivot only.
Elimination Eliminate(const LinearF2& map) {
  Elimination result;
  for (int k = 0; k < map.InBits(); ++k) {
    Pivot next = Reduce({map->basis[k], int64_t{1} << k}, result.pivots);
    if (next.image == 0) {
      result.kernel.push_back(next.source);
      continue;
    }
    int64_t lead = LeadingBit(next.image);
    for (Pivot& pivot : result.pivots) {
      if ((pivot.image & lead) == 0) continue;
      pivot.image ^= next.image;
      pivot.source ^= next.source;
    }
    result.pivots.push_back(next);
  }
  return result;
}

}  // namespace

LinearF2::LinearF2(std::vector<int64_t> basis, int64_t out_bits)
    : ObjectRef(tvm::ffi::UnsafeInit()) {
  if (out_bits < 0 || out_bits > 62 || basis.size() > 62) {
    TVM_FFI_THROW(ValueError) << "a linear map of " << basis.size() << " to " << out_bits
                              << " bits; at most 62 are supported";
  }
  for (int64_t image : basis) {
    if (image >= 0 && (image >> out_bits) == 0) continue;
    TVM_FFI_THROW(ValueError) << "the image " << image << " does not fit " << out_bits << " bits";
  }
  auto node = tvm::ffi::make_object<LinearF2Obj>();
  node->basis = tvm::ffi::Shape(std::move(basis));
  node->out_bits = out_bits;
  data_ = std::move(node);
}

int64_t LinearF2::operator()(int64_t index) const {
  if (index < 0 || (index >> InBits()) != 0) {
    TVM_FFI_THROW(ValueError) << "the index " << index << " does not fit " << InBits() << " bits";
  }
  int64_t image = 0;
  for (int k = 0; k < InBits(); ++k) {
    if ((index >> k) & 1) image ^= get()->basis[k];
  }
  return image;
}

std::string LinearF2::ToString() const {
  std::string text = "F2[";
  for (int k = 0; k < InBits(); ++k) text += (k ? "," : "") + std::to_string(get()->basis[k]);
  return text + "]->" + std::to_string(OutBits());
}

LinearF2 Compose(const LinearF2& lhs, const LinearF2& rhs) {
  if (rhs.OutBits() > lhs.InBits()) {
    TVM_FFI_THROW(ValueError) << "cannot compose " << lhs.ToString() << ", which takes "
                              << lhs.InBits() << " bits, with " << rhs.ToString();
  }
  std::vector<int64_t> basis;
  for (int64_t image : rhs->basis) basis.push_back(lhs(image));
  return LinearF2(std::move(basis), lhs.OutBits());
}

int Rank(const LinearF2& map) { return static_cast<int>(Eliminate(map).pivots.size()); }

std::vector<int64_t> Kernel(const LinearF2& map) { return Eliminate(map).kernel; }

LinearF2 RightInverse(const LinearF2& map) {
  Elimination elimination = Eliminate(map);
  if (static_cast<int>(elimination.pivots.size()) != map.OutBits()) {
    TVM_FFI_THROW(ValueError) << map.ToString() << " has rank " << elimination.pivots.size()
                              << ", so it is not onto " << map.OutBits() << " bits";
  }
  std::vector<int64_t> basis(map.OutBits());
  for (int k = 0; k < map.OutBits(); ++k) {
    for (const Pivot& pivot : elimination.pivots) {
      if (pivot.image == int64_t{1} << k) basis[k] = pivot.source;
    }
  }
  return LinearF2(std::move(basis), map.InBits());
}

LinearF2 Inverse(const LinearF2& map) {
  if (map.InBits() != map.OutBits() || Rank(map) != map.InBits()) {
    TVM_FFI_THROW(ValueError) << map.ToString() << " has no inverse: " << map.InBits()
                              << " bits to " << map.OutBits() << " with rank " << Rank(map);
  }
  return RightInverse(map);
}

}  // namespace tilescale::layout
