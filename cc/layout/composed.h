// ComposedLayout: coord -> swizzle(offset + layout(coord)). Everything that acts on the domain
// (composition on the right, division, slicing, coalescing) acts on the inner layout; what needs
// the image to be shape:stride (complement) is not defined.
#ifndef TILESCALE_CC_LAYOUT_COMPOSED_H_
#define TILESCALE_CC_LAYOUT_COMPOSED_H_

#include <tvm/ffi/any.h>
#include <tvm/ffi/object.h>

#include <string>

#include "cc/layout/layout.h"
#include "cc/layout/swizzle.h"

namespace tilescale::layout {

class ComposedLayoutObj : public tvm::ffi::Object {
 public:
  Swizzle swizzle{tvm::ffi::UnsafeInit()};
  tvm::ffi::Any offset;
  Layout layout{tvm::ffi::UnsafeInit()};

  static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.layout.ComposedLayout", ComposedLayoutObj,
                                    tvm::ffi::Object);
};

class ComposedLayout : public tvm::ffi::ObjectRef {
 public:
  // Throws ValueError if an offset or stride is negative.
  ComposedLayout(Swizzle swizzle, const Int& offset, Layout layout);
  explicit ComposedLayout(const Layout& layout);

  const Layout& Inner() const { return get()->layout; }
  Int Offset() const { return Int::FromAny(get()->offset); }
  Int operator()(const IntTuple& coord) const;
  Int Size() const { return Inner().Size(); }
  // One past the largest value, exact for a static layout.
  Int Cosize() const;
  std::string ToString() const;

  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(ComposedLayout, tvm::ffi::ObjectRef,
                                                ComposedLayoutObj);
};

// lhs(rhs(i)).
ComposedLayout Compose(const ComposedLayout& lhs, const Layout& rhs);
// The same function with `layout` as its inner layout: for reshapes of the domain.
ComposedLayout WithInner(const ComposedLayout& composed, const Layout& layout);
// The composed layout whose value at `composed(i)` is i, on 0 .. size-1. Throws ValueError unless
// `composed` is a bijection onto 0 .. size-1 whose inverse is again a swizzle of a layout.
ComposedLayout Inverse(const ComposedLayout& composed);
// Rescales from elements of `old_bits` to elements of `new_bits` (the swizzle permutes the same
// bytes). Throws ValueError where an element would be split.
Swizzle Recast(const Swizzle& swizzle, int64_t old_bits, int64_t new_bits);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_COMPOSED_H_
