#ifndef TILESCALE_CC_ARITH_PATTERN_H_
#define TILESCALE_CC_ARITH_PATTERN_H_

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "cc/arith/prover.h"
#include "cc/support/diagnostic.h"

namespace tilescale::arith {

/// A shape of expressions with holes, the two sides of a rewrite rule.
///
/// `Any(i)` stands for any expression, equal ones where it is repeated; `Const(i)` for an integer
/// constant. Arithmetic on constants alone is carried out on exact integers when a result is built.
class Pattern {
 public:
  enum class Kind { kAny, kConst, kLiteral, kBinary, kNot, kSelect };

  static Pattern Any(int index) { return Pattern(Kind::kAny, index, {}); }
  static Pattern Const(int index) { return Pattern(Kind::kConst, index, {}); }
  static Pattern Literal(int value) { return Pattern(Kind::kLiteral, value, {}); }
  static Pattern Binary(ir::BinaryKind op, Pattern a, Pattern b);
  static Pattern Not(Pattern a) { return Pattern(Kind::kNot, 0, {std::move(a)}); }
  static Pattern Select(Pattern cond, Pattern a, Pattern b) {
    return Pattern(Kind::kSelect, 0, {std::move(cond), std::move(a), std::move(b)});
  }
  Pattern(int literal)  // NOLINT(google-explicit-constructor): rules read as arithmetic
      : Pattern(Kind::kLiteral, literal, {}) {}

  Kind kind() const { return kind_; }
  ir::BinaryKind op() const { return op_; }
  /// The number of a hole, or the value of a literal.
  int index() const { return index_; }
  const std::vector<Pattern>& args() const { return args_; }
  /// Built of constants alone.
  bool IsConstant() const;

 private:
  Pattern(Kind kind, int index, std::vector<Pattern> args)
      : kind_(kind), index_(index), args_(std::move(args)) {}

  Kind kind_;
  int index_;
  ir::BinaryKind op_ = ir::BinaryKind::kAdd;
  std::vector<Pattern> args_;
};

inline constexpr int kMaxHoles = 4;

/// What the holes of a pattern stand for.
struct Match {
  std::array<std::optional<ir::Expr>, kMaxHoles> any;
  std::array<Wide, kMaxHoles> constant{};
  std::array<bool, kMaxHoles> has_constant{};
  /// Of the integers (or floats) in the expression.
  ir::DType type{};
  Analyzer* analyzer = nullptr;

  /// What hole `hole` stands for; rules mention only the holes of their pattern.
  const ir::Expr& operator[](int hole) const {
    const std::optional<ir::Expr>& expr = any[static_cast<size_t>(hole)];
    TILESCALE_CHECK(expr.has_value(), "hole " << hole << " is not in the pattern");
    return *expr;
  }
  Wide c(int hole) const { return constant[static_cast<size_t>(hole)]; }
  Interval Range(int hole) const { return analyzer->Know((*this)[hole]).range; }
  bool NonZero(int hole) const { return !Range(hole).Contains(0); }
  bool Positive(int hole) const { return Range(hole).lo > 0; }
  bool NonNegative(int hole) const { return Range(hole).lo >= 0; }
};

/// Whether `e` has this shape; fills `match`. Operands of commutative operators match either way.
bool Matches(const Pattern& pattern, const ir::Expr& e, Match* match);
/// The expression; nullopt if a constant of it cannot be represented in `match.type`.
std::optional<ir::Expr> Build(const Pattern& pattern, const Match& match);
/// The value of a constant pattern; nullopt for a division by zero.
std::optional<Wide> Value(const Pattern& pattern, const Match& match);

// Rules are written with these.
inline Pattern operator+(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kAdd, a, b);
}
inline Pattern operator-(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kSub, a, b);
}
inline Pattern operator*(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kMul, a, b);
}
inline Pattern operator<(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kLt, a, b);
}
inline Pattern operator<=(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kLe, a, b);
}
inline Pattern operator>(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kGt, a, b);
}
inline Pattern operator>=(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kGe, a, b);
}
inline Pattern operator==(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kEq, a, b);
}
inline Pattern operator!=(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kNe, a, b);
}
inline Pattern operator&&(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kAnd, a, b);
}
inline Pattern operator||(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kOr, a, b);
}
inline Pattern operator!(Pattern a) { return Pattern::Not(a); }
inline Pattern operator&(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kBitAnd, a, b);
}
inline Pattern operator|(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kBitOr, a, b);
}
inline Pattern operator^(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kBitXor, a, b);
}
inline Pattern operator<<(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kShl, a, b);
}
inline Pattern operator>>(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kShr, a, b);
}
/// Floor division and remainder, as in Python.
inline Pattern Div(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kFloorDiv, a, b);
}
inline Pattern Mod(Pattern a, Pattern b) {
  return Pattern::Binary(ir::BinaryKind::kFloorMod, a, b);
}
inline Pattern Min(Pattern a, Pattern b) { return Pattern::Binary(ir::BinaryKind::kMin, a, b); }
inline Pattern Max(Pattern a, Pattern b) { return Pattern::Binary(ir::BinaryKind::kMax, a, b); }

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_PATTERN_H_
