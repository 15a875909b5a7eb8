#include "cc/arith/rule.h"

#include <algorithm>
#include <map>

#include "cc/support/diagnostic.h"

namespace tilescale::arith {
namespace {

using ir::Expr;

/// Rules are looked up by the operator at the root.
int RootOf(const Pattern& pattern) {
  if (pattern.kind() == Pattern::Kind::kNot) return -1;
  if (pattern.kind() == Pattern::Kind::kSelect) return -2;
  return static_cast<int>(pattern.op());
}

std::optional<int> RootOf(const Expr& e) {
  if (const auto* binary = e.as<ir::BinaryObj>()) return static_cast<int>(binary->kind);
  if (e.as<ir::NotObj>()) return -1;
  if (e.as<ir::SelectObj>()) return -2;
  return std::nullopt;
}

/// The type of what the operator works on: numbers where there are any.
ir::DType OperandType(const Expr& e) {
  if (const auto* binary = e.as<ir::BinaryObj>()) return binary->a.dtype();
  const auto* negation = e.as<ir::NotObj>();
  const auto* inner = negation ? negation->a.as<ir::BinaryObj>() : nullptr;
  return inner ? inner->a.dtype() : e.dtype();
}

bool Accepts(Domain domain, ir::DType t) {
  if (domain == Domain::kInteger) return ir::dtype::IsIntegral(t) && IsDiscrete(t);
  return domain == Domain::kAnyType || ir::dtype::IsBool(t);
}

std::map<int, std::vector<const Rule*>> IndexRules() {
  std::map<int, std::vector<const Rule*>> index;
  for (const Rule& rule : AllRules()) index[RootOf(rule.lhs)].push_back(&rule);
  return index;
}

}  // namespace

const std::vector<Rule>& AllRules() {
  static const auto* rules = [] {
    auto* all = new std::vector<Rule>();
    for (auto family :
         {DivisionRules, MinMaxRules, CompareRules, SelectRules, LogicalRules, BitwiseRules}) {
      for (Rule& rule : family()) all->push_back(std::move(rule));
    }
    return all;
  }();
  return *rules;
}

const Rule* FindRule(const std::string& name) {
  for (const Rule& rule : AllRules()) {
    if (rule.name == name) return &rule;
  }
  return nullptr;
}

std::optional<Expr> ApplyRule(const Rule& rule, const Expr& e, Analyzer* analyzer) {
  Match match;
  match.type = OperandType(e);
  match.analyzer = analyzer;
  if (!Accepts(rule.domain, match.type) || !Matches(rule.lhs, e, &match)) return std::nullopt;
  if (rule.when && !rule.when(match)) return std::nullopt;
  if (rule.rhs.IsConstant()) match.type = e.dtype();
  return Build(rule.rhs, match);
}

std::optional<Expr> ApplyRules(const Expr& e, Analyzer* analyzer) {
  static const auto* index = new auto(IndexRules());
  auto root = RootOf(e);
  auto rules = root ? index->find(*root) : index->end();
  if (rules == index->end()) return std::nullopt;
  for (const Rule* rule : rules->second) {
    if (auto result = ApplyRule(*rule, e, analyzer)) return result;
  }
  return std::nullopt;
}

namespace {

/// Calls fn(leaf, boolean) for each hole and literal; `boolean` is what is expected at the root.
template <typename Fn>
void ForEachLeaf(const Pattern& pattern, bool boolean, Fn fn) {
  const std::vector<Pattern>& args = pattern.args();
  switch (pattern.kind()) {
    case Pattern::Kind::kNot:
      return ForEachLeaf(args[0], true, fn);
    case Pattern::Kind::kSelect:
      ForEachLeaf(args[0], true, fn);
      ForEachLeaf(args[1], boolean, fn);
      return ForEachLeaf(args[2], boolean, fn);
    case Pattern::Kind::kBinary:
      for (const Pattern& arg : args) ForEachLeaf(arg, ir::IsLogical(pattern.op()), fn);
      return;
    default:
      fn(pattern, boolean);
  }
}

struct Operands {
  ir::DType type;
  const std::vector<Expr>& any;
  const std::vector<Wide>& constants;
};

Expr InstantiateAt(const Pattern& pattern, bool boolean, const Operands& operands) {
  auto index = static_cast<size_t>(pattern.index());
  const std::vector<Pattern>& args = pattern.args();
  switch (pattern.kind()) {
    case Pattern::Kind::kAny:
      return operands.any[index];
    case Pattern::Kind::kConst:
      return MakeWide(operands.type, operands.constants[index]);
    case Pattern::Kind::kLiteral:
      return MakeWide(boolean ? ir::dtype::Bool() : operands.type, pattern.index());
    case Pattern::Kind::kBinary: {
      bool logical = ir::IsLogical(pattern.op());
      return ir::Binary(pattern.op(), InstantiateAt(args[0], logical, operands),
                        InstantiateAt(args[1], logical, operands));
    }
    case Pattern::Kind::kNot:
      return ir::Not(InstantiateAt(args[0], true, operands));
    case Pattern::Kind::kSelect:
      return ir::Select(InstantiateAt(args[0], true, operands),
                        InstantiateAt(args[1], boolean, operands),
                        InstantiateAt(args[2], boolean, operands));
  }
  TILESCALE_FAIL("unknown kind of pattern");
}

}  // namespace

std::string HoleTypes(const Rule& rule) {
  std::string types(kMaxHoles, '-');
  ForEachLeaf(rule.lhs, rule.domain == Domain::kBoolean, [&](const Pattern& leaf, bool boolean) {
    if (leaf.kind() != Pattern::Kind::kAny) return;
    types[static_cast<size_t>(leaf.index())] = boolean ? 'b' : 'n';
  });
  return types;
}

int NumConstants(const Rule& rule) {
  int count = 0;
  ForEachLeaf(rule.lhs, false, [&](const Pattern& leaf, bool) {
    if (leaf.kind() == Pattern::Kind::kConst) count = std::max(count, leaf.index() + 1);
  });
  return count;
}

Expr Instantiate(const Rule& rule, ir::DType type, const std::vector<Expr>& any,
                 const std::vector<Wide>& constants) {
  return InstantiateAt(rule.lhs, rule.domain == Domain::kBoolean, Operands{type, any, constants});
}

}  // namespace tilescale::arith
