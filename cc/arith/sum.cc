#include "cc/arith/sum.h"

#include <algorithm>

namespace tilescale::arith {
namespace {

using ir::BinaryKind;
using ir::Expr;

constexpr Wide kMaxCoeff = Wide{1} << 100;

bool Huge(Wide v) { return v > kMaxCoeff || v < -kMaxCoeff; }

Wide NearestToZero(Wide v, int bits) {
  Wide size = Wide{1} << bits;
  Wide low = FloorMod(v, size);
  return low >= size / 2 ? low - size : low;
}

}  // namespace

int Atoms::Intern(const Expr& e) {
  auto [it, fresh] = ids_.emplace(e, static_cast<int>(exprs_.size()));
  if (fresh) exprs_.push_back(e);
  return it->second;
}

bool Sum::Term::IsProductOf(const std::vector<int>& others) const {
  return std::is_permutation(atoms.begin(), atoms.end(), others.begin(), others.end());
}

Sum Sum::Constant(Wide value) {
  Sum sum;
  sum.constant_ = value;
  return sum;
}

Sum Sum::Atom(int id) {
  Sum sum;
  sum.terms_.push_back({{id}, 1});
  return sum;
}

void Sum::Check(Wide value) { valid_ &= !Huge(value); }

void Sum::AddConstant(Wide value) {
  if (Huge(value) || !valid_) {
    valid_ = false;
    return;
  }
  constant_ += value;
  Check(constant_);
}

void Sum::AddTerm(const std::vector<int>& atoms, Wide coeff) {
  if (Huge(coeff) || !valid_) {
    valid_ = false;
    return;
  }
  auto it = std::find_if(terms_.begin(), terms_.end(),
                         [&](const Term& term) { return term.IsProductOf(atoms); });
  if (it == terms_.end()) {
    if (coeff != 0) terms_.push_back({atoms, coeff});
    return;
  }
  it->coeff += coeff;
  Check(it->coeff);
  if (it->coeff == 0) terms_.erase(it);
}

void Sum::Add(const Sum& other, Wide scale) {
  Sum scaled = other.Scaled(scale);
  valid_ &= scaled.valid_;
  AddConstant(scaled.constant_);
  for (const Term& term : scaled.terms_) AddTerm(term.atoms, term.coeff);
}

Sum Sum::Scaled(Wide scale) const {
  Sum result;
  result.valid_ = valid_;
  auto times = [&](Wide v) {
    Wide product = 0;
    if (__builtin_mul_overflow(v, scale, &product)) result.valid_ = false;
    return product;
  };
  result.AddConstant(times(constant_));
  for (const Term& term : terms_) result.AddTerm(term.atoms, times(term.coeff));
  return result;
}

Sum Sum::Times(const Sum& other, size_t max_terms) const {
  Sum result;
  result.valid_ = valid_ && other.valid_ && terms_.size() * other.terms_.size() <= max_terms;
  if (!result.valid_) return result;
  result.Add(other, constant_);
  result.Add(*this, other.constant_);
  result.AddConstant(-Scaled(other.constant_).constant_);
  for (const Term& a : terms_) {
    for (const Term& b : other.terms_) {
      std::vector<int> atoms = a.atoms;
      atoms.insert(atoms.end(), b.atoms.begin(), b.atoms.end());
      Wide coeff = 0;
      if (__builtin_mul_overflow(a.coeff, b.coeff, &coeff)) result.valid_ = false;
      result.AddTerm(atoms, coeff);
    }
  }
  return result;
}

void Sum::Reduce(int bits) {
  constant_ = NearestToZero(constant_, bits);
  for (Term& term : terms_) term.coeff = NearestToZero(term.coeff, bits);
  terms_.erase(std::remove_if(terms_.begin(), terms_.end(),
                              [](const Term& term) { return term.coeff == 0; }),
               terms_.end());
}

Wide Sum::CoeffOf(const std::vector<int>& atoms) const {
  for (const Term& term : terms_) {
    if (term.IsProductOf(atoms)) return term.coeff;
  }
  return 0;
}

Wide Sum::TermGcd() const {
  Wide gcd = 0;
  for (const Term& term : terms_) gcd = Gcd(gcd, term.coeff);
  return gcd;
}

Sum operator-(const Sum& a, const Sum& b) {
  Sum result = a;
  result.Add(b, -1);
  return result;
}

namespace {

/// Products stay products unless one side is a constant or both are single terms: multiplying out
/// would cost the program multiplications.
Sum RingProduct(const Sum& a, const Sum& b, const Expr& whole, Atoms* atoms) {
  auto single = [](const Sum& s) { return s.constant() == 0 && s.terms().size() == 1; };
  if (a.IsConstant() || b.IsConstant() || (single(a) && single(b))) return a.Times(b);
  return Sum::Atom(atoms->Intern(whole));
}

Sum RingBinary(const ir::BinaryObj* binary, const Expr& whole, Atoms* atoms) {
  Sum a = RingSum(binary->a, atoms);
  if (binary->kind == BinaryKind::kShl) {
    auto amount = ConstValue(binary->b);
    bool legal = amount && *amount >= 0 && *amount < whole.dtype().bits;
    return legal ? a.Scaled(Wide{1} << *amount) : Sum::Atom(atoms->Intern(whole));
  }
  Sum b = RingSum(binary->b, atoms);
  if (binary->kind == BinaryKind::kMul) return RingProduct(a, b, whole, atoms);
  a.Add(b, binary->kind == BinaryKind::kAdd ? 1 : -1);
  return a;
}

}  // namespace

Sum RingSum(const Expr& e, Atoms* atoms) {
  if (auto value = ConstValue(e)) return Sum::Constant(*value);
  const auto* binary = e.as<ir::BinaryObj>();
  Sum sum = Sum::Atom(-1);
  if (binary && (binary->kind == BinaryKind::kAdd || binary->kind == BinaryKind::kSub ||
                 binary->kind == BinaryKind::kMul || binary->kind == BinaryKind::kShl)) {
    sum = RingBinary(binary, e, atoms);
  } else {
    sum = Sum::Atom(atoms->Intern(e));
  }
  sum.Reduce(e.dtype().bits);
  return sum;
}

namespace {

using ir::DType;

/// The most negative value has no counterpart to subtract.
bool CanNegate(DType t, Wide v) { return v < 0 && WrapTo(t, -v) == -v; }

Expr Product(const Sum::Term& term, DType t, const Atoms& atoms, Wide coeff) {
  Expr product = ir::MakeCast(t, atoms[term.atoms[0]]);
  for (size_t i = 1; i < term.atoms.size(); ++i) {
    product = product * ir::MakeCast(t, atoms[term.atoms[i]]);
  }
  return product * MakeWide(t, WrapTo(t, coeff));
}

/// acc + coeff * term, written as a subtraction if the coefficient is negative.
Expr AppendTerm(const std::optional<Expr>& acc, const Sum::Term& term, DType t,
                const Atoms& atoms) {
  bool negate = acc && CanNegate(t, term.coeff);
  Expr product = Product(term, t, atoms, negate ? -term.coeff : term.coeff);
  if (!acc) return product;
  return negate ? *acc - product : *acc + product;
}

Expr AppendConstant(const std::optional<Expr>& acc, Wide constant, DType t) {
  if (!acc) return MakeWide(t, WrapTo(t, constant));
  if (CanNegate(t, constant)) return *acc - MakeWide(t, -constant);
  return *acc + MakeWide(t, WrapTo(t, constant));
}

}  // namespace

Expr FromSum(const Sum& sum, DType t, const Atoms& atoms) {
  const auto& terms = sum.terms();
  auto first = std::find_if(terms.begin(), terms.end(), [](const auto& x) { return x.coeff > 0; });
  std::optional<Expr> acc;
  bool constant_first = first == terms.end() && sum.constant() > 0;
  if (first != terms.end()) acc = AppendTerm(acc, *first, t, atoms);
  if (constant_first) acc = AppendConstant(acc, sum.constant(), t);
  for (auto it = terms.begin(); it != terms.end(); ++it) {
    if (it != first) acc = AppendTerm(acc, *it, t, atoms);
  }
  if (!acc || (!constant_first && sum.constant() != 0)) {
    acc = AppendConstant(acc, sum.constant(), t);
  }
  return *acc;
}

}  // namespace tilescale::arith
