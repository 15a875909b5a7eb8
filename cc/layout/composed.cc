#include "cc/layout/composed.h"

#include <tvm/ffi/error.h>

#include <algorithm>

#include "cc/layout/compose.h"
#include "cc/layout/inverse.h"
#include "cc/layout/linear_f2.h"

namespace tilescale::layout {

namespace {

void CheckNonNegative(const Int& offset, const Layout& layout) {
  bool negative = offset.IsConst() && offset.Value() < 0;
  for (const Int& stride : Flatten(layout.Stride())) {
    negative = negative || (stride.IsConst() && stride.Value() < 0);
  }
  if (negative) {
    TVM_FFI_THROW(ValueError) << "a composed layout needs a non-negative offset and strides, got "
                              << offset.ToString() << " + " << layout.ToString();
  }
}

int64_t Log2Exact(int64_t value) {
  int64_t log = 0;
  while ((int64_t{1} << log) < value) ++log;
  return (int64_t{1} << log) == value ? log : -1;
}

bool IsIdentity(const Swizzle& swizzle) { return swizzle->bits == 0; }

}  // namespace

ComposedLayout::ComposedLayout(Swizzle swizzle, const Int& offset, Layout layout)
    : ObjectRef(tvm::ffi::UnsafeInit()) {
  CheckNonNegative(offset, layout);
  auto node = tvm::ffi::make_object<ComposedLayoutObj>();
  node->swizzle = std::move(swizzle);
  node->offset = offset.data();
  node->layout = std::move(layout);
  data_ = std::move(node);
}

ComposedLayout::ComposedLayout(const Layout& layout)
    : ComposedLayout(Swizzle(0, 0, 0), 0, layout) {}

Int ComposedLayout::operator()(const IntTuple& coord) const {
  return get()->swizzle(Offset() + Inner()(coord));
}

Int ComposedLayout::Cosize() const {
  if (IsIdentity(get()->swizzle)) return Offset() + Inner().Cosize();
  int64_t cosize = 0;
  for (int64_t value : Enumerate(Inner(), "cosize of a composed layout")) {
    cosize = std::max(cosize, get()->swizzle.Apply(Offset().Value() + value) + 1);
  }
  return cosize;
}

std::string ComposedLayout::ToString() const {
  return get()->swizzle.ToString() + " o " + Offset().ToString() + " o " + Inner().ToString();
}

ComposedLayout Compose(const ComposedLayout& lhs, const Layout& rhs) {
  return WithInner(lhs, Compose(lhs.Inner(), rhs));
}

ComposedLayout WithInner(const ComposedLayout& composed, const Layout& layout) {
  return ComposedLayout(composed->swizzle, composed.Offset(), layout);
}

ComposedLayout Inverse(const ComposedLayout& composed) {
  const Layout& inner = composed.Inner();
  if (IsIdentity(composed->swizzle) && composed.Offset().Is(0)) {
    Layout inverse = RightInverse(inner);
    if (ProvablyEqual(inverse.Size(), inner.Size())) return ComposedLayout(inverse);
    TVM_FFI_THROW(ValueError) << "the layout " << inner.ToString() << " is no bijection onto 0 .. "
                              << "size-1: only " << inverse.Size().ToString() << " of "
                              << inner.Size().ToString() << " values can be inverted";
  }
  return ToComposed(Inverse(LinearF2::FromComposed(composed)));
}

Swizzle Recast(const Swizzle& swizzle, int64_t old_bits, int64_t new_bits) {
  int64_t old_log = Log2Exact(old_bits);
  int64_t new_log = Log2Exact(new_bits);
  int64_t base = swizzle->base + old_log - new_log;
  if (old_log < 0 || new_log < 0 || base < 0) {
    TVM_FFI_THROW(ValueError) << swizzle.ToString() << " on elements of " << old_bits
                              << " bits has no form on elements of " << new_bits << " bits";
  }
  return Swizzle(swizzle->bits, base, swizzle->shift);
}

}  // namespace tilescale::layout
