#include "cc/arith/pattern.h"

#include <algorithm>

namespace tilescale::arith {
namespace {

using ir::BinaryKind;
using ir::Expr;

bool IsCommutative(BinaryKind op) {
  switch (op) {
    case BinaryKind::kAdd:
    case BinaryKind::kMul:
    case BinaryKind::kMin:
    case BinaryKind::kMax:
    case BinaryKind::kEq:
    case BinaryKind::kNe:
    case BinaryKind::kBitAnd:
    case BinaryKind::kBitOr:
    case BinaryKind::kBitXor:
      return true;
    default:
      return false;
  }
}

bool MatchAny(int hole, const Expr& e, Match* match) {
  auto& bound = match->any[static_cast<size_t>(hole)];
  if (bound) return SameExpr(*bound, e);
  bound = e;
  return true;
}

bool MatchConst(int hole, const Expr& e, Match* match) {
  auto value = ConstValue(e);
  auto i = static_cast<size_t>(hole);
  if (!value || (match->has_constant[i] && match->constant[i] != *value)) return false;
  match->constant[i] = *value;
  match->has_constant[i] = true;
  return true;
}

bool MatchBinary(const Pattern& pattern, const ir::BinaryObj* binary, Match* match) {
  if (!binary || binary->kind != pattern.op()) return false;
  const Pattern &a = pattern.args()[0], &b = pattern.args()[1];
  Match before = *match;
  if (Matches(a, binary->a, match) && Matches(b, binary->b, match)) return true;
  *match = std::move(before);
  if (!IsCommutative(pattern.op())) return false;
  return Matches(a, binary->b, match) && Matches(b, binary->a, match);
}

}  // namespace

Pattern Pattern::Binary(BinaryKind op, Pattern a, Pattern b) {
  Pattern result(Kind::kBinary, 0, {std::move(a), std::move(b)});
  result.op_ = op;
  return result;
}

bool Pattern::IsConstant() const {
  if (kind_ == Kind::kConst || kind_ == Kind::kLiteral) return true;
  if (kind_ != Kind::kBinary) return false;
  return args_[0].IsConstant() && args_[1].IsConstant();
}

bool Matches(const Pattern& pattern, const Expr& e, Match* match) {
  switch (pattern.kind()) {
    case Pattern::Kind::kAny:
      return MatchAny(pattern.index(), e, match);
    case Pattern::Kind::kConst:
      return MatchConst(pattern.index(), e, match);
    case Pattern::Kind::kLiteral: {
      auto value = ConstValue(e);
      return value && *value == pattern.index();
    }
    case Pattern::Kind::kBinary:
      return MatchBinary(pattern, e.as<ir::BinaryObj>(), match);
    case Pattern::Kind::kNot: {
      const auto* negation = e.as<ir::NotObj>();
      return negation && Matches(pattern.args()[0], negation->a, match);
    }
    case Pattern::Kind::kSelect: {
      const auto* select = e.as<ir::SelectObj>();
      return select && Matches(pattern.args()[0], select->cond, match) &&
             Matches(pattern.args()[1], select->a, match) &&
             Matches(pattern.args()[2], select->b, match);
    }
  }
  return false;
}

std::optional<Wide> Value(const Pattern& pattern, const Match& match) {
  if (pattern.kind() == Pattern::Kind::kConst) return match.c(pattern.index());
  if (pattern.kind() == Pattern::Kind::kLiteral) return Wide{pattern.index()};
  auto a = Value(pattern.args()[0], match), b = Value(pattern.args()[1], match);
  if (!a || !b) return std::nullopt;
  switch (pattern.op()) {
    case BinaryKind::kAdd:
      return *a + *b;
    case BinaryKind::kSub:
      return *a - *b;
    case BinaryKind::kMul: {
      Wide product = 0;
      bool overflow = __builtin_mul_overflow(*a, *b, &product);
      return overflow ? std::nullopt : std::optional<Wide>(product);
    }
    case BinaryKind::kFloorDiv:
      return *b == 0 ? std::nullopt : std::optional<Wide>(FloorDiv(*a, *b));
    case BinaryKind::kFloorMod:
      return *b == 0 ? std::nullopt : std::optional<Wide>(FloorMod(*a, *b));
    case BinaryKind::kMin:
      return std::min(*a, *b);
    case BinaryKind::kMax:
      return std::max(*a, *b);
    case BinaryKind::kBitAnd:
      return *a & *b;
    case BinaryKind::kBitOr:
      return *a | *b;
    case BinaryKind::kBitXor:
      return *a ^ *b;
    default:
      return std::nullopt;
  }
}

namespace {

/// Literals in a place where a boolean is expected are booleans.
std::optional<Expr> BuildConstant(const Pattern& pattern, const Match& match, bool boolean) {
  auto value = Value(pattern, match);
  if (!value) return std::nullopt;
  ir::DType t = boolean ? ir::dtype::Bool() : match.type;
  if (!Interval::Of(t).Contains(*value)) return std::nullopt;
  return MakeWide(t, *value);
}

std::optional<Expr> BuildTyped(const Pattern& pattern, const Match& match, bool boolean) {
  if (pattern.kind() == Pattern::Kind::kAny) return match[pattern.index()];
  if (pattern.IsConstant()) return BuildConstant(pattern, match, boolean);
  const std::vector<Pattern>& args = pattern.args();
  if (pattern.kind() == Pattern::Kind::kNot) {
    auto a = BuildTyped(args[0], match, true);
    return a ? std::optional<Expr>(ir::MakeNot(*a)) : std::nullopt;
  }
  if (pattern.kind() == Pattern::Kind::kSelect) {
    auto cond = BuildTyped(args[0], match, true);
    auto a = BuildTyped(args[1], match, boolean), b = BuildTyped(args[2], match, boolean);
    if (!cond || !a || !b) return std::nullopt;
    return ir::MakeSelect(*cond, *a, *b);
  }
  bool logical = ir::IsLogical(pattern.op());
  auto a = BuildTyped(args[0], match, logical), b = BuildTyped(args[1], match, logical);
  if (!a || !b) return std::nullopt;
  return ir::MakeBinary(pattern.op(), *a, *b);
}

}  // namespace

std::optional<Expr> Build(const Pattern& pattern, const Match& match) {
  bool boolean = ir::dtype::IsBool(match.type);
  if (pattern.kind() == Pattern::Kind::kBinary) boolean = boolean || ir::IsCompare(pattern.op());
  return BuildTyped(pattern, match, boolean);
}

}  // namespace tilescale::arith
