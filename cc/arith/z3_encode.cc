#include "cc/arith/z3_encode.h"

#include <array>
#include <optional>

#include "cc/support/diagnostic.h"

namespace tilescale::arith {

using ir::BinaryKind;
using ir::Expr;

Z3Encoder::Z3Encoder(const Z3Api* api, Z3_context context, Analyzer* analyzer)
    : z3_(api), context_(context), analyzer_(analyzer), int_sort_(api->Z3_mk_int_sort(context)) {}

Z3_ast Z3Encoder::Number(Wide value) {
  return z3_->Z3_mk_numeral(context_, ToString(value).c_str(), int_sort_);
}

Z3_ast Z3Encoder::Add(Z3_ast a, Z3_ast b) {
  Z3_ast args[] = {a, b};
  return z3_->Z3_mk_add(context_, 2, args);
}

Z3_ast Z3Encoder::Mul(Z3_ast a, Z3_ast b) {
  Z3_ast args[] = {a, b};
  return z3_->Z3_mk_mul(context_, 2, args);
}

Z3_ast Z3Encoder::Ite(Z3_ast cond, Z3_ast a, Z3_ast b) {
  return z3_->Z3_mk_ite(context_, cond, a, b);
}

Z3Encoder::Term Z3Encoder::Fresh(const Interval& range) {
  Z3_symbol name = z3_->Z3_mk_int_symbol(context_, next_name_++);
  Z3_ast ast = z3_->Z3_mk_const(context_, name, int_sort_);
  definitions_.push_back(z3_->Z3_mk_le(context_, Number(range.lo), ast));
  definitions_.push_back(z3_->Z3_mk_le(context_, ast, Number(range.hi)));
  return {ast, range};
}

Z3Encoder::Term Z3Encoder::Opaque(const Expr& e) {
  Knowledge knowledge = analyzer_->Know(e);
  Term term = Fresh(knowledge.range);
  const Congruence& congruence = knowledge.congruence;
  if (congruence.modulus > 1) {
    Term multiple = Fresh(FloorDiv(knowledge.range, Interval::Point(congruence.modulus)));
    Z3_ast value = Add(Mul(Number(congruence.modulus), multiple.ast), Number(congruence.residue));
    definitions_.push_back(z3_->Z3_mk_eq(context_, term.ast, value));
  }
  return term;
}

Z3Encoder::Term Z3Encoder::Wrap(const Term& term, ir::DType t) {
  Interval type = Interval::Of(t);
  if (term.range.Within(type)) return term;
  Term wrapped = Fresh(type);
  Wide size = Wide{1} << t.bits;
  Interval turns = FloorDiv(term.range - Interval::Point(type.lo), Interval::Point(size));
  Z3_ast excess = Mul(Number(size), Fresh(turns).ast);
  definitions_.push_back(z3_->Z3_mk_eq(context_, term.ast, Add(wrapped.ast, excess)));
  return wrapped;
}

Z3Encoder::Term Z3Encoder::UnwrappedBinary(const ir::BinaryObj* binary, const Expr& e) {
  Term a = Unwrapped(binary->a);
  if (binary->kind == BinaryKind::kShl) {
    std::optional<Wide> amount = ConstValue(binary->b);
    TILESCALE_CHECK(amount.has_value(), "only shifts by constants are sums");
    Wide factor = Wide{1} << *amount;
    return {Mul(Number(factor), a.ast), Interval::Point(factor) * a.range};
  }
  Term b = Unwrapped(binary->b);
  Z3_ast pair[] = {a.ast, b.ast};
  Term result{nullptr, Interval::All()};
  if (binary->kind == BinaryKind::kAdd) {
    result = {Add(a.ast, b.ast), a.range + b.range};
  } else if (binary->kind == BinaryKind::kSub) {
    result = {z3_->Z3_mk_sub(context_, 2, pair), a.range - b.range};
  } else {
    result = {Mul(a.ast, b.ast), a.range * b.range};
  }
  // Beyond this the number of turns could no longer be bounded.
  bool bounded = result.range.Within({-(Wide{1} << 120), Wide{1} << 120});
  return bounded ? result : Opaque(e);
}

Z3Encoder::Term Z3Encoder::Unwrapped(const Expr& e) {
  const auto* binary = e.as<ir::BinaryObj>();
  if (!binary) return Integer(e);
  bool linear = binary->kind == BinaryKind::kAdd || binary->kind == BinaryKind::kSub ||
                binary->kind == BinaryKind::kMul;
  if (binary->kind == BinaryKind::kShl) {
    auto amount = ConstValue(binary->b);
    linear = amount && *amount >= 0 && *amount < e.dtype().bits;
  }
  return linear ? UnwrappedBinary(binary, e) : Integer(e);
}

Z3Encoder::Term Z3Encoder::Integer(const Expr& e) {
  if (auto value = ConstValue(e)) return {Number(*value), Interval::Point(*value)};
  auto found = terms_.find(e);
  if (found != terms_.end()) return found->second;
  Term term = Node(e);
  // What the analyses know may be sharper than what the formula's parts say.
  term.range = Intersect(term.range, analyzer_->Know(e).range);
  terms_.emplace(e, term);
  return term;
}

Z3Encoder::Term Z3Encoder::Node(const Expr& e) {
  if (const auto* binary = e.as<ir::BinaryObj>()) return BinaryTerm(binary, e);
  if (const auto* select = e.as<ir::SelectObj>()) {
    Term a = Integer(select->a), b = Integer(select->b);
    return {Ite(Boolean(select->cond), a.ast, b.ast), Union(a.range, b.range)};
  }
  if (const auto* cast = e.as<ir::CastObj>()) {
    ir::DType from = cast->value.dtype();
    if (ir::dtype::IsBool(from)) return {Ite(Boolean(cast->value), Number(1), Number(0)), {0, 1}};
    if (IsDiscrete(from)) return Wrap(Integer(cast->value), e.dtype());
  }
  return Opaque(e);
}

Z3Encoder::Term Z3Encoder::BinaryTerm(const ir::BinaryObj* binary, const Expr& e) {
  switch (binary->kind) {
    case BinaryKind::kAdd:
    case BinaryKind::kSub:
    case BinaryKind::kMul:
      return Wrap(UnwrappedBinary(binary, e), e.dtype());
    case BinaryKind::kFloorDiv:
      return Wrap(Divide(binary, true).quotient, e.dtype());
    case BinaryKind::kFloorMod:
      return Divide(binary, true).remainder;
    case BinaryKind::kTruncDiv:
      return Wrap(Divide(binary, false).quotient, e.dtype());
    case BinaryKind::kTruncMod:
      return Divide(binary, false).remainder;
    case BinaryKind::kMin:
    case BinaryKind::kMax: {
      Term a = Integer(binary->a), b = Integer(binary->b);
      bool min = binary->kind == BinaryKind::kMin;
      Z3_ast less = z3_->Z3_mk_le(context_, a.ast, b.ast);
      return min ? Term{Ite(less, a.ast, b.ast), Min(a.range, b.range)}
                 : Term{Ite(less, b.ast, a.ast), Max(a.range, b.range)};
    }
    default:
      break;
  }
  auto amount = ConstValue(binary->b);
  bool shift = amount && *amount >= 0 && *amount < e.dtype().bits;
  if (binary->kind == BinaryKind::kShl && shift) return Wrap(Unwrapped(e), e.dtype());
  if (binary->kind == BinaryKind::kShr && shift) {
    Wide factor = Wide{1} << *amount;
    return DivideByPositive(Integer(binary->a), {Number(factor), Interval::Point(factor)}).quotient;
  }
  bool mask = binary->kind == BinaryKind::kBitAnd && amount && *amount > 0 &&
              (*amount & (*amount + 1)) == 0;
  if (mask) {
    Wide size = *amount + 1;
    return DivideByPositive(Integer(binary->a), {Number(size), Interval::Point(size)}).remainder;
  }
  return Opaque(e);
}

Z3Encoder::Division Z3Encoder::DivideByPositive(const Term& a, const Term& b) {
  return {{z3_->Z3_mk_div(context_, a.ast, b.ast), FloorDiv(a.range, b.range)},
          {z3_->Z3_mk_mod(context_, a.ast, b.ast), FloorMod(a.range, b.range)}};
}

/// r lies between 0 and b, on b's side if `floor`, else on a's. Nothing is said for b = 0.
void Z3Encoder::DefineRemainder(const Term& a, const Term& b, const Term& r, bool floor) {
  Z3_ast zero = Number(0);
  auto lt = [&](Z3_ast x, Z3_ast y) { return z3_->Z3_mk_lt(context_, x, y); };
  auto le = [&](Z3_ast x, Z3_ast y) { return z3_->Z3_mk_le(context_, x, y); };
  auto when = [&](Z3_ast cond, Z3_ast then) {
    definitions_.push_back(z3_->Z3_mk_implies(context_, cond, then));
  };
  Z3_ast negated_r = z3_->Z3_mk_sub(context_, 2, std::array<Z3_ast, 2>{zero, r.ast}.data());
  Z3_ast negated_b = z3_->Z3_mk_sub(context_, 2, std::array<Z3_ast, 2>{zero, b.ast}.data());
  Z3_ast positive = lt(zero, b.ast), negative = lt(b.ast, zero);
  when(positive, lt(r.ast, b.ast));
  when(positive, lt(negated_r, b.ast));
  when(negative, lt(r.ast, negated_b));
  when(negative, lt(b.ast, r.ast));
  Z3_ast up = floor ? positive : le(zero, a.ast), down = floor ? negative : le(a.ast, zero);
  when(up, le(zero, r.ast));
  when(down, le(r.ast, zero));
}

Z3Encoder::Division Z3Encoder::Divide(const ir::BinaryObj* binary, bool floor) {
  BinaryKind kind = floor ? BinaryKind::kFloorDiv : BinaryKind::kTruncDiv;
  Expr key = ir::Binary(kind, binary->a, binary->b);
  auto found = divisions_.find(key);
  if (found != divisions_.end()) return found->second;
  Term a = Integer(binary->a), b = Integer(binary->b);
  bool natural = floor || a.range.lo >= 0;
  Division result{a, a};
  if (b.range.lo > 0 && natural) {
    result = DivideByPositive(a, b);
  } else {
    Interval type = Interval::Of(binary->a.dtype());
    type = Union(type, Interval::Point(-type.lo));  // the lowest divided by -1
    result = {Fresh(type), Fresh(type)};
    Z3_ast product = Add(Mul(b.ast, result.quotient.ast), result.remainder.ast);
    Z3_ast is_zero = z3_->Z3_mk_eq(context_, b.ast, Number(0));
    Z3_ast defined[] = {is_zero, z3_->Z3_mk_eq(context_, a.ast, product)};
    definitions_.push_back(z3_->Z3_mk_or(context_, 2, defined));
    DefineRemainder(a, b, result.remainder, floor);
  }
  divisions_.emplace(key, result);
  return result;
}

Z3_ast Z3Encoder::NonNegative(const Sum& sum) {
  Z3_ast total = Number(sum.constant());
  for (const Sum::Term& term : sum.terms()) {
    Z3_ast product = Number(term.coeff);
    for (int id : term.atoms) product = Mul(product, Integer((*analyzer_->atoms())[id]).ast);
    total = Add(total, product);
  }
  return z3_->Z3_mk_le(context_, Number(0), total);
}

Z3_ast Z3Encoder::Boolean(const Expr& e) {
  if (auto value = ConstValue(e)) {
    return *value ? z3_->Z3_mk_true(context_) : z3_->Z3_mk_false(context_);
  }
  auto found = booleans_.find(e);
  if (found != booleans_.end()) return found->second;
  Z3_ast ast = BooleanNode(e);
  booleans_.emplace(e, ast);
  return ast;
}

Z3_ast Z3Encoder::Compare(const ir::BinaryObj* compare) {
  Z3_ast a, b;
  if (ir::dtype::IsBool(compare->a.dtype())) {
    a = Ite(Boolean(compare->a), Number(1), Number(0));
    b = Ite(Boolean(compare->b), Number(1), Number(0));
  } else {
    a = Integer(compare->a).ast;
    b = Integer(compare->b).ast;
  }
  switch (compare->kind) {
    case BinaryKind::kEq:
      return z3_->Z3_mk_eq(context_, a, b);
    case BinaryKind::kNe:
      return z3_->Z3_mk_not(context_, z3_->Z3_mk_eq(context_, a, b));
    case BinaryKind::kLt:
      return z3_->Z3_mk_lt(context_, a, b);
    case BinaryKind::kLe:
      return z3_->Z3_mk_le(context_, a, b);
    case BinaryKind::kGt:
      return z3_->Z3_mk_lt(context_, b, a);
    default:  // kGe
      return z3_->Z3_mk_le(context_, b, a);
  }
}

Z3_ast Z3Encoder::BooleanNode(const Expr& e) {
  if (const auto* negation = e.as<ir::NotObj>()) {
    return z3_->Z3_mk_not(context_, Boolean(negation->a));
  }
  if (const auto* select = e.as<ir::SelectObj>()) {
    return Ite(Boolean(select->cond), Boolean(select->a), Boolean(select->b));
  }
  const auto* cast = e.as<ir::CastObj>();
  if (cast && IsDiscrete(cast->value.dtype())) {
    return Boolean(ir::Binary(BinaryKind::kNe, cast->value, MakeWide(cast->value.dtype(), 0)));
  }
  if (const auto* binary = e.as<ir::BinaryObj>()) {
    if (ir::IsLogical(binary->kind)) {
      Z3_ast parts[] = {Boolean(binary->a), Boolean(binary->b)};
      bool both = binary->kind == BinaryKind::kAnd;
      return both ? z3_->Z3_mk_and(context_, 2, parts) : z3_->Z3_mk_or(context_, 2, parts);
    }
    if (ir::IsCompare(binary->kind) && IsDiscrete(binary->a.dtype())) return Compare(binary);
  }
  return z3_->Z3_mk_eq(context_, Opaque(e).ast, Number(1));
}

}  // namespace tilescale::arith
