#include "cc/layout/swizzle.h"

#include <tvm/ffi/error.h>

#include <algorithm>
#include <cstdlib>

namespace tilescale::layout {

Swizzle::Swizzle(int64_t bits, int64_t base, int64_t shift) : ObjectRef(tvm::ffi::UnsafeInit()) {
  if (bits < 0 || base < 0 || std::abs(shift) < bits || bits + base + std::abs(shift) > 62) {
    TVM_FFI_THROW(ValueError) << "Swizzle<" << bits << "," << base << "," << shift
                              << "> needs bits >= 0, base >= 0, |shift| >= bits and bits + base + "
                              << "|shift| <= 62";
  }
  auto node = tvm::ffi::make_object<SwizzleObj>();
  node->bits = bits;
  node->base = base;
  node->shift = shift;
  data_ = std::move(node);
}

int64_t Swizzle::SourceMask() const {
  return ((int64_t{1} << get()->bits) - 1) << (get()->base + std::max<int64_t>(get()->shift, 0));
}

int64_t Swizzle::TargetMask() const {
  return ((int64_t{1} << get()->bits) - 1) << (get()->base - std::min<int64_t>(get()->shift, 0));
}

int64_t Swizzle::Apply(int64_t index) const {
  int64_t source = index & SourceMask();
  return index ^ (get()->shift >= 0 ? source >> get()->shift : source << -get()->shift);
}

Int Swizzle::operator()(const Int& index) const {
  if (get()->bits == 0) return index;
  if (index.IsConst()) {
    if (index.Value() < 0) {
      TVM_FFI_THROW(ValueError) << ToString() << " of the negative index " << index.Value();
    }
    return Apply(index.Value());
  }
  Int source = BitAnd(index, SourceMask());
  Int factor(int64_t{1} << std::abs(get()->shift));
  return BitXor(index, get()->shift >= 0 ? FloorDiv(source, factor) : source * factor);
}

int64_t Swizzle::BlockBits() const { return get()->bits + get()->base + std::abs(get()->shift); }

std::string Swizzle::ToString() const {
  return "Swizzle<" + std::to_string(get()->bits) + "," + std::to_string(get()->base) + "," +
         std::to_string(get()->shift) + ">";
}

}  // namespace tilescale::layout
