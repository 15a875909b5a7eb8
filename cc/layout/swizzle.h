// XOR swizzle: x -> x ^ (bits [base+shift, base+shift+bits) of x moved down by `shift`); a negative
// shift moves bits [base, base+bits) up. An involution, hence bijective on every aligned block of
// 2^(base + bits + |shift|) values.
#ifndef TILESCALE_CC_LAYOUT_SWIZZLE_H_
#define TILESCALE_CC_LAYOUT_SWIZZLE_H_

#include <tvm/ffi/object.h>

#include <string>

#include "cc/layout/int.h"

namespace tilescale::layout {

class SwizzleObj : public tvm::ffi::Object {
 public:
  int64_t bits;
  int64_t base;
  int64_t shift;

  static constexpr TVMFFISEqHashKind _type_s_eq_hash_kind = kTVMFFISEqHashKindTreeNode;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.layout.Swizzle", SwizzleObj, tvm::ffi::Object);
};

class Swizzle : public tvm::ffi::ObjectRef {
 public:
  // Throws ValueError unless bits, base >= 0, |shift| >= bits and the bits fit 62.
  Swizzle(int64_t bits, int64_t base, int64_t shift);

  int64_t SourceMask() const;
  int64_t TargetMask() const;
  // `index` must not be negative.
  Int operator()(const Int& index) const;
  int64_t Apply(int64_t index) const;
  // log2 of the block of values that the swizzle permutes among themselves.
  int64_t BlockBits() const;
  std::string ToString() const;

  TVM_FFI_DEFINE_OBJECT_REF_METHODS_NOTNULLABLE(Swizzle, tvm::ffi::ObjectRef, SwizzleObj);
};

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_SWIZZLE_H_
