// LinearF2: a map between bit vectors that is linear over F2, given by the image of each input bit.
// It holds the power-of-two inner block of a layout: shape:stride layouts whose strides do not
// share bits, XOR swizzles, and everything composed of them. What shape:stride alone cannot do
// (invert a swizzle composed with a layout, find what two layouts share) is matrix algebra here.
#ifndef TILESCALE_CC_LAYOUT_LINEAR_F2_H_
#define TILESCALE_CC_LAYOUT_LINEAR_F2_H_

#include <tvm/ffi/container/shape.h>
#include <tvm/ffi/object.h>

#include <optional>
#include <string>
#include <vector>

#include "cc/layout/composed.h"
#include "cc/layout/layout.h"

namespace tilescale::layout {

class LinearF2Obj : public tvm::ffi::Object {
 public:
  // basis[k] is the image of input bit k.
  tvm::ffi::Shape basis;
  int64_t out_bits;

  static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.layout.LinearF2", LinearF2Obj, tvm::ffi::Object);
};

class LinearF2 : public tvm::ffi::ObjectRef {
 public:
  // Throws ValueError if an image does not fit `out_bits` or there are more than 62 bits.
  LinearF2(std::vector<int64_t> basis, int64_t out_bits);

  // Throws ValueError, naming the modes, if the layout is not linear: an extent that is no power
  // of two, or strides whose sum carries. `out_bits` is the least that fits.
  static LinearF2 FromLayout(const Layout& layout);
  static LinearF2 FromSwizzle(const Swizzle& swizzle, int64_t num_bits);
  // As FromLayout; the offset must be 0.
  static LinearF2 FromComposed(const ComposedLayout& composed);

  int InBits() const { return static_cast<int>(get()->basis.size()); }
  int OutBits() const { return static_cast<int>(get()->out_bits); }
  int64_t operator()(int64_t index) const;
  std::string ToString() const;

  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(LinearF2, tvm::ffi::ObjectRef, LinearF2Obj);
};

// lhs(rhs(x)); rhs must not have more output bits than lhs has input bits.
LinearF2 Compose(const LinearF2& lhs, const LinearF2& rhs);
int Rank(const LinearF2& map);
// A basis of {x : map(x) = 0}, in ascending order of leading bit.
std::vector<int64_t> Kernel(const LinearF2& map);
// The two-sided inverse; throws ValueError unless the map is square and of full rank.
LinearF2 Inverse(const LinearF2& map);
// Any x with map(x) = value for each value of the image, 0 for the free directions: map composed
// with it is the identity on the image. Throws ValueError unless the map is onto.
LinearF2 RightInverse(const LinearF2& map);

// The layout with these values, if the images do not share bits.
std::optional<Layout> ToLayout(const LinearF2& map);
// The swizzle of a layout with these values; the plain layout (Swizzle<0,0,0>) is preferred, then
// fewer bits. Throws ValueError if there is none.
ComposedLayout ToComposed(const LinearF2& map);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_LINEAR_F2_H_
