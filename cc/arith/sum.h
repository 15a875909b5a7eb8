#ifndef TILESCALE_CC_ARITH_SUM_H_
#define TILESCALE_CC_ARITH_SUM_H_

#include <vector>

#include "cc/arith/structure.h"
#include "cc/arith/wide.h"

namespace tilescale::arith {

/// Numbers expressions, equal ones alike, in order of first appearance.
class Atoms {
 public:
  int Intern(const ir::Expr& e);
  const ir::Expr& operator[](int id) const { return exprs_[static_cast<size_t>(id)]; }

 private:
  ExprTable<int> ids_;
  std::vector<ir::Expr> exprs_;
};

/// constant + sum of coefficient * product of atoms. Terms keep the order in which they came, so
/// that what is printed from a sum follows the source.
class Sum {
 public:
  struct Term {
    std::vector<int> atoms;  // as written; repeated for powers
    Wide coeff;
    /// The same product, in any order.
    bool IsProductOf(const std::vector<int>& others) const;
  };

  static Sum Constant(Wide value);
  static Sum Atom(int id);

  Wide constant() const { return constant_; }
  const std::vector<Term>& terms() const { return terms_; }
  bool IsConstant() const { return terms_.empty(); }
  /// False once a coefficient grew beyond what can be held; nothing may be concluded then.
  bool valid() const { return valid_; }

  void AddConstant(Wide value);
  void AddTerm(const std::vector<int>& atoms, Wide coeff);
  void Add(const Sum& other, Wide scale);
  Sum Scaled(Wide scale) const;
  /// The product, or an invalid sum if it has more than `max_terms` terms.
  Sum Times(const Sum& other, size_t max_terms = 32) const;
  /// Coefficients modulo 2^bits, each as the representative nearest to 0.
  void Reduce(int bits);
  /// The coefficient of this product of atoms; 0 if absent.
  Wide CoeffOf(const std::vector<int>& atoms) const;
  /// Of all coefficients; the constant is not counted.
  Wide TermGcd() const;

 private:
  void Check(Wide value);

  Wide constant_ = 0;
  std::vector<Term> terms_;
  bool valid_ = true;
};

Sum operator-(const Sum& a, const Sum& b);

/// `e` as a sum in arithmetic modulo 2^bits: equal to `e` whatever overflows. Looks through +, -, *
/// by constants and products of single terms, << by constants; the rest are atoms.
Sum RingSum(const ir::Expr& e, Atoms* atoms);
/// The expression of type `t` with the value of `sum` modulo 2^bits.
ir::Expr FromSum(const Sum& sum, ir::DType t, const Atoms& atoms);

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_SUM_H_
