#ifndef TILESCALE_CC_ARITH_Z3_ENCODE_H_
#define TILESCALE_CC_ARITH_Z3_ENCODE_H_

#include <unordered_map>
#include <vector>

#include "cc/arith/prover.h"
#include "cc/arith/z3_api.h"

namespace tilescale::arith {

/// Turns expressions into formulas over unbounded integers that mean the same.
///
/// Wrap-around is made explicit: where a sum may leave its type, its value is w = t - k * 2^bits
/// for the one k that brings it back. What has no simple formula (loads, calls, bitwise operators)
/// becomes an unknown of known range, the same for equal terms.
class Z3Encoder {
 public:
  Z3Encoder(const Z3Api* api, Z3_context context, Analyzer* analyzer);

  Z3_ast Boolean(const ir::Expr& e);
  /// sum >= 0
  Z3_ast NonNegative(const Sum& sum);
  /// What defines the unknowns that occur in the formulas made so far.
  const std::vector<Z3_ast>& definitions() const { return definitions_; }

 private:
  /// An integer formula and what its value may be.
  struct Term {
    Z3_ast ast;
    Interval range;
  };
  struct Division {
    Term quotient;
    Term remainder;
  };

  /// The value of `e`, in its type.
  Term Integer(const ir::Expr& e);
  /// A value congruent to `e` modulo 2^bits: sums and products without wrap-around.
  Term Unwrapped(const ir::Expr& e);
  Term UnwrappedBinary(const ir::BinaryObj* binary, const ir::Expr& e);
  Term Wrap(const Term& term, ir::DType t);
  Term Node(const ir::Expr& e);
  Term BinaryTerm(const ir::BinaryObj* binary, const ir::Expr& e);
  Division Divide(const ir::BinaryObj* binary, bool floor);
  Division DivideByPositive(const Term& a, const Term& b);
  void DefineRemainder(const Term& a, const Term& b, const Term& r, bool floor);
  Z3_ast BooleanNode(const ir::Expr& e);
  Z3_ast Compare(const ir::BinaryObj* compare);
  /// An unknown that stands for `e`.
  Term Opaque(const ir::Expr& e);
  Term Fresh(const Interval& range);
  Z3_ast Number(Wide value);
  Z3_ast Add(Z3_ast a, Z3_ast b);
  Z3_ast Mul(Z3_ast a, Z3_ast b);
  Z3_ast Ite(Z3_ast cond, Z3_ast a, Z3_ast b);

  const Z3Api* z3_;
  Z3_context context_;
  Analyzer* analyzer_;
  Z3_sort int_sort_;
  int next_name_ = 0;
  std::vector<Z3_ast> definitions_;
  ExprTable<Term> terms_;
  ExprTable<Z3_ast> booleans_;
  ExprTable<Division> divisions_;
};

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_Z3_ENCODE_H_
