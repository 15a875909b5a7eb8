#ifndef TILESCALE_CC_ARITH_RULE_H_
#define TILESCALE_CC_ARITH_RULE_H_

#include <string>
#include <vector>

#include "cc/arith/pattern.h"

namespace tilescale::arith {

/// What a rule's operands must be.
enum class Domain { kInteger, kBoolean, kAnyType };

/// `lhs` equals `rhs` for all values for which `when` holds, in two's complement of the type.
/// Constants of `rhs` are exact: the rule does not apply where one leaves the type.
struct Rule {
  std::string name;
  Pattern lhs;
  Pattern rhs;
  /// Null: always.
  bool (*when)(const Match&) = nullptr;
  Domain domain = Domain::kInteger;
};

// One table per family of operators.
std::vector<Rule> DivisionRules();
std::vector<Rule> MinMaxRules();
std::vector<Rule> CompareRules();
std::vector<Rule> SelectRules();
std::vector<Rule> LogicalRules();
std::vector<Rule> BitwiseRules();

/// All tables, in that order; made once.
const std::vector<Rule>& AllRules();
const Rule* FindRule(const std::string& name);

/// The result of `rule`, or nullopt if it does not apply to `e`.
std::optional<ir::Expr> ApplyRule(const Rule& rule, const ir::Expr& e, Analyzer* analyzer);
/// The result of the first rule that applies.
std::optional<ir::Expr> ApplyRules(const ir::Expr& e, Analyzer* analyzer);
/// For each hole Any(i): 'b' if it stands for a truth value, 'n' for a number, '-' if unused.
std::string HoleTypes(const Rule& rule);
/// How many holes Const(i) there are.
int NumConstants(const Rule& rule);
/// The left side of `rule` on these operands, nothing folded; to test it.
ir::Expr Instantiate(const Rule& rule, ir::DType type, const std::vector<ir::Expr>& any,
                     const std::vector<Wide>& constants);

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_RULE_H_
