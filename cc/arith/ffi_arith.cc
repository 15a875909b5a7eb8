// What Python sees of the arithmetic.
#include <tvm/ffi/container/tuple.h>
#include <tvm/ffi/reflection/registry.h>

#include "cc/arith/bounds.h"
#include "cc/arith/rule.h"
#include "cc/arith/simplify.h"
#include "cc/arith/z3_api.h"
#include "cc/support/diagnostic.h"

namespace tilescale::arith {
namespace {

namespace ffi = tvm::ffi;
using ir::Expr;
using ir::Var;

using Range = ffi::Array<int64_t>;
using Ranges = ffi::Map<Var, Range>;

int64_t Saturate(Wide v) {
  Interval int64 = Interval::Of(ir::dtype::Int(64));
  return static_cast<int64_t>(v < int64.lo ? int64.lo : v > int64.hi ? int64.hi : v);
}

Range ToRange(const Interval& range) { return {Saturate(range.lo), Saturate(range.hi)}; }

/// int64's largest value as an upper limit also stands for all that uint64 has above it.
Interval FromLimits(int64_t lo, int64_t hi) {
  Interval int64 = Interval::Of(ir::dtype::Int(64));
  return {lo, hi == int64.hi ? Interval::All().hi : Wide{hi}};
}

/// An analyzer that Python can hold.
class AnalyzerObj : public ffi::Object {
 public:
  explicit AnalyzerObj(int64_t rlimit) : analyzer(static_cast<uint32_t>(rlimit)) {}
  Analyzer analyzer;
  std::vector<Analyzer::Scope> scopes;

  void Bind(const Var& var, int64_t lo, int64_t hi) { analyzer.Bind(var, FromLimits(lo, hi)); }
  void BindValue(const Var& var, const Expr& value) { analyzer.BindValue(var, value); }
  void BindLoop(const Var& var, const Expr& min, const Expr& extent, const Expr& step) {
    analyzer.BindLoop(var, min, extent, step);
  }
  void Assume(const Expr& cond) { analyzer.Assume(cond); }
  void Enter() { scopes.push_back(analyzer.Enter()); }
  void Leave() { scopes.pop_back(); }
  bool CanProve(const Expr& cond) { return analyzer.CanProve(cond); }
  bool AskZ3(const Expr& cond) { return analyzer.AskZ3(cond); }
  Range Bounds(const Expr& e) { return ToRange(analyzer.Bounds(e)); }
  Expr Simplify(const Expr& e) { return analyzer.Simplify(e); }
  ffi::Optional<int64_t> ProveAlignment(const Expr& e, int64_t modulus) {
    auto residue = analyzer.ProveAlignment(e, modulus);
    return residue ? ffi::Optional<int64_t>(*residue) : std::nullopt;
  }
  ffi::Optional<int64_t> IndexWidthOf(const Expr& e) {
    auto bits = IndexWidth(e, &analyzer);
    return bits ? ffi::Optional<int64_t>(*bits) : std::nullopt;
  }
  ffi::Map<ffi::String, int64_t> Stats() { return analyzer.stats().ToMap(); }

  static constexpr const bool _type_mutable = true;
  TVM_FFI_DECLARE_OBJECT_INFO_FINAL("tilescale.arith.Analyzer", AnalyzerObj, ffi::Object);
};

void BindAll(const Ranges& ranges, Analyzer* analyzer) {
  for (const auto& [var, range] : ranges) analyzer->Bind(var, FromLimits(range[0], range[1]));
}

Expr SimplifyIn(const Expr& e, const Ranges& ranges) {
  Analyzer analyzer;
  BindAll(ranges, &analyzer);
  return analyzer.Simplify(e);
}

Range BoundsIn(const Expr& e, const Ranges& ranges) {
  Analyzer analyzer;
  BindAll(ranges, &analyzer);
  return ToRange(analyzer.Bounds(e));
}

bool CanProveIn(const Expr& cond, const Ranges& ranges, const ffi::Array<Expr>& assumptions) {
  Analyzer analyzer;
  BindAll(ranges, &analyzer);
  for (const Expr& assumption : assumptions) analyzer.Assume(assumption);
  return analyzer.CanProve(cond);
}

ffi::Array<ffi::String> RuleNames() {
  ffi::Array<ffi::String> names;
  for (const Rule& rule : AllRules()) names.push_back(rule.name);
  return names;
}

const Rule& RuleByName(const ffi::String& name) {
  const Rule* rule = FindRule(name);
  TILESCALE_CHECK(rule, "there is no rule " << name);
  return *rule;
}

/// The types of its holes, then one "c" for each constant.
ffi::String RuleHoles(const ffi::String& name) {
  const Rule& rule = RuleByName(name);
  return HoleTypes(rule) + std::string(static_cast<size_t>(NumConstants(rule)), 'c');
}

Expr InstantiateRule(const ffi::String& name, ir::DType type, const ffi::Array<Expr>& any,
                     const ffi::Array<Expr>& constants) {
  std::vector<Wide> values;
  for (const Expr& constant : constants) {
    std::optional<Wide> value = ConstValue(constant);
    TILESCALE_CHECK(value.has_value(), "a rule's constant is no integer");
    values.push_back(*value);
  }
  return Instantiate(RuleByName(name), type, {any.begin(), any.end()}, values);
}

ffi::Optional<Expr> ApplyRuleIn(const ffi::String& name, const Expr& e, const Ranges& ranges) {
  Analyzer analyzer;
  BindAll(ranges, &analyzer);
  auto result = ApplyRule(RuleByName(name), e, &analyzer);
  return result ? ffi::Optional<Expr>(*result) : std::nullopt;
}

}  // namespace

TVM_FFI_STATIC_INIT_BLOCK() {
  namespace refl = ffi::reflection;
  refl::ObjectDef<AnalyzerObj>()
      .def(refl::init<int64_t>())
      .def("Bind", &AnalyzerObj::Bind)
      .def("BindValue", &AnalyzerObj::BindValue)
      .def("BindLoop", &AnalyzerObj::BindLoop)
      .def("Assume", &AnalyzerObj::Assume)
      .def("Enter", &AnalyzerObj::Enter)
      .def("Leave", &AnalyzerObj::Leave)
      .def("CanProve", &AnalyzerObj::CanProve)
      .def("AskZ3", &AnalyzerObj::AskZ3)
      .def("Bounds", &AnalyzerObj::Bounds)
      .def("Simplify", &AnalyzerObj::Simplify)
      .def("ProveAlignment", &AnalyzerObj::ProveAlignment)
      .def("IndexWidth", &AnalyzerObj::IndexWidthOf)
      .def("Stats", &AnalyzerObj::Stats);
  refl::GlobalDef()
      .def("tilescale.arith.Simplify", SimplifyIn)
      .def("tilescale.arith.Bounds", BoundsIn)
      .def("tilescale.arith.CanProve", CanProveIn)
      .def("tilescale.arith.RuleNames", RuleNames)
      .def("tilescale.arith.RuleHoles", RuleHoles)
      .def("tilescale.arith.InstantiateRule", InstantiateRule)
      .def("tilescale.arith.ApplyRule", ApplyRuleIn)
      .def("tilescale.arith.Z3Version", []() { return ffi::String(Z3Version()); });
}

}  // namespace tilescale::arith
