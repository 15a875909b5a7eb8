// An integer of the layout algebra: a 64-bit constant or, for global tensors whose extents are known
// only at launch, an IR expression. Constants fold; nothing rounds or wraps (overflow is an error).
#ifndef TILESCALE_CC_LAYOUT_INT_H_
#define TILESCALE_CC_LAYOUT_INT_H_

#include <tvm/ffi/any.h>

#include <cstdint>
#include <string>

namespace tilescale::layout {

class Int {
 public:
  Int(int64_t value = 0) : data_(value) {}  // NOLINT(google-explicit-constructor)

  // Accepts an integer or an IR expression; an IR constant becomes a constant.
  // Throws TypeError for anything else.
  static Int FromAny(const tvm::ffi::AnyView& value);

  bool IsConst() const;
  bool Is(int64_t value) const { return IsConst() && Value() == value; }
  // The constant; throws ValueError when symbolic.
  int64_t Value() const;
  const tvm::ffi::Any& data() const { return data_; }
  std::string ToString() const;

 private:
  explicit Int(tvm::ffi::Any data) : data_(std::move(data)) {}

  tvm::ffi::Any data_;
};

Int operator+(const Int& a, const Int& b);
Int operator-(const Int& a, const Int& b);
Int operator*(const Int& a, const Int& b);
// Division rounds towards minus infinity; a zero divisor is a ValueError.
Int FloorDiv(const Int& a, const Int& b);
Int FloorMod(const Int& a, const Int& b);
Int CeilDiv(const Int& a, const Int& b);
Int Abs(const Int& a);
// Both operands must be non-negative.
Int BitXor(const Int& a, const Int& b);
Int BitAnd(const Int& a, int64_t mask);

// True only if equality (divisibility) is certain; false means "no" or "not provable".
bool ProvablyEqual(const Int& a, const Int& b);
bool ProvablyDivides(const Int& divisor, const Int& a);

}  // namespace tilescale::layout

#endif  // TILESCALE_CC_LAYOUT_INT_H_
