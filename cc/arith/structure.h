#ifndef TILESCALE_CC_ARITH_STRUCTURE_H_
#define TILESCALE_CC_ARITH_STRUCTURE_H_

#include <unordered_map>

#include "cc/ir/buffer.h"
#include "cc/ir/expr.h"

namespace tilescale::arith {

/// Equal trees over the same variables and buffers. Two evaluations of equal pure trees at one
/// moment give one value. Faster than the reflected comparison, and variables are not renamed.
bool SameExpr(const ir::Expr& a, const ir::Expr& b);
size_t HashExpr(const ir::Expr& e);

struct ExprHasher {
  size_t operator()(const ir::Expr& e) const { return HashExpr(e); }
};
struct ExprEqual {
  bool operator()(const ir::Expr& a, const ir::Expr& b) const { return SameExpr(a, b); }
};
template <typename T>
using ExprTable = std::unordered_map<ir::Expr, T, ExprHasher, ExprEqual>;

/// What an expression's value depends on.
enum class Purity {
  kStable,  // variables only: the same at any time
  kMemory,  // memory too: the same within one evaluation, not after a store
  kEffect,  // evaluating it twice is not evaluating it once
};
Purity PurityOf(const ir::Expr& e);

/// Calls `fn` with each direct sub-expression; regions among a call's arguments are passed over.
template <typename Fn>
void ForEachChild(const ir::Expr& e, Fn fn) {
  if (const auto* binary = e.as<ir::BinaryObj>()) {
    fn(binary->a);
    fn(binary->b);
  } else if (const auto* negation = e.as<ir::NotObj>()) {
    fn(negation->a);
  } else if (const auto* cast = e.as<ir::CastObj>()) {
    fn(cast->value);
  } else if (const auto* select = e.as<ir::SelectObj>()) {
    fn(select->cond);
    fn(select->a);
    fn(select->b);
  } else if (const auto* load = e.as<ir::LoadObj>()) {
    for (const ir::Expr& index : load->indices) fn(index);
  } else if (const auto* address = e.as<ir::AddressOfObj>()) {
    for (const ir::Expr& index : address->indices) fn(index);
  } else if (const auto* call = e.as<ir::CallObj>()) {
    for (const auto& arg : call->args) {
      if (auto child = arg.as<ir::Expr>()) fn(*child);
    }
  }
}

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_STRUCTURE_H_
