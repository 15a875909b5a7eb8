// An integer of the layout algebra: a 64-bit constant or, for global tensors whose extents are
// known only at launch, an IR expression. Constants fold; overflow of constants is an error. An
// expression keeps its own type, which the caller chooses wide enough (int64 for strides of global
// tensors).
#ifndef TILESCALE_CC_LAYOUT_INT_H_
#define TILESCALE_CC_LAYOUT_INT_H_

#include <tvm/ffi/any.h>

#include <cstdint>
#include <string>
#include <utility>

#include "cc/ir/expr.h"

namespace tilescale::layout {

class Int {
 public:
  Int(int64_t value = 0) : data_(value) {}  // NOLINT(google-explicit-constructor)

  explicit Int(const ir::Expr& expr);  // a constant expression becomes a constant

  // Accepts an integer or an integer IR expression; throws TypeError for anything else.
  static Int FromAny(const tvm::ffi::AnyView& value);

  bool IsConst() const;
  bool Is(int64_t value) const { return IsConst() && Value() == value; }
  // The constant; throws ValueError when symbolic.
  int64_t Value() const;
  // As an expression; a constant takes the type `dtype`.
  ir::Expr ToExpr(ir::DType dtype = ir::dtype::Int(32)) const;
  const tvm::ffi::Any& data() const { return data_; }
  std::string ToString() const;

 private:
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
