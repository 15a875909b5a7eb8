#ifndef TILESCALE_CC_ARITH_PROVER_H_
#define TILESCALE_CC_ARITH_PROVER_H_

#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "cc/arith/facts.h"
#include "cc/arith/knowledge.h"
#include "cc/arith/sum.h"

namespace tilescale::arith {

class Z3Prover;

/// How the queries of one compile were answered.
struct ProverStats {
  int64_t queries = 0;
  int64_t cache_hits = 0;
  int64_t by_simplifier = 0;  // constants included
  int64_t by_bounds = 0;
  int64_t refuted = 0;  // a counterexample was found without Z3
  int64_t by_z3 = 0;
  int64_t unknown = 0;
  int64_t z3_queries = 0;
  int64_t z3_resources = 0;  // sum of the rlimit units used

  /// By name.
  tvm::ffi::Map<tvm::ffi::String, int64_t> ToMap() const;
};

/// Answers questions about integer expressions from what was said about their variables. One per
/// compile; it owns the Z3 context (made at the first query that needs it) and the caches.
///
/// Everything is sound for two's complement wrap-around, and deterministic: Z3 is bounded by a
/// resource count, never by time. Divisions by zero and shifts out of range may have any value.
/// Facts over memory or calls with effects are not kept, as they may change. Variables without a
/// fact range over their whole type: say `Bind(n, {1, MaxInt})` for extents.
///
///   auto scope = analyzer.Enter();
///   analyzer.BindLoop(i, 0, 128);
///   if (analyzer.CanProve(i * 4 + 3 < n)) ...
class Analyzer {
 public:
  /// `rlimit` bounds each single Z3 query; 0 never asks Z3.
  explicit Analyzer(uint32_t rlimit = kDefaultRlimit);
  ~Analyzer();
  Analyzer(const Analyzer&) = delete;
  Analyzer& operator=(const Analyzer&) = delete;

  /// About 20 ms at most on a machine of 2020; what is proved usually takes below 1 ms.
  static constexpr uint32_t kDefaultRlimit = 50000;

  /// Facts said between `Enter` and the scope's end are forgotten at its end.
  class Scope {
   public:
    explicit Scope(Analyzer* analyzer) : analyzer_(analyzer) {}
    Scope(Scope&& other) noexcept : analyzer_(other.analyzer_) { other.analyzer_ = nullptr; }
    Scope& operator=(Scope&&) = delete;
    ~Scope() {
      if (analyzer_) analyzer_->Leave();
    }

   private:
    Analyzer* analyzer_;
  };
  [[nodiscard]] Scope Enter();
  /// A scope in which `cond` holds, as in the branch of an `if`.
  [[nodiscard]] Scope With(const ir::Expr& cond);

  /// `var` lies in `range`. Binding a variable again forgets what was said with its old meaning.
  void Bind(const ir::Var& var, const Interval& range);
  /// `var = value`, once.
  void BindValue(const ir::Var& var, const ir::Expr& value);
  /// `var` = min, min + step, ... (extent values), as `For` and, with min 0, `Parallel` and
  /// `TileLoop` declare it. In the loop's body extent >= 1 is known.
  void BindLoop(const ir::Var& var, const ir::Expr& min, const ir::Expr& extent,
                const ir::Expr& step = ir::Expr(1));
  /// `cond` holds from now on.
  void Assume(const ir::Expr& cond);

  /// True only if `cond` holds for all values of the variables that agree with the facts.
  bool CanProve(const ir::Expr& cond);
  bool CanProveGe(const ir::Expr& e, Wide bound);
  bool CanProveLt(const ir::Expr& e, Wide bound);
  /// Whether `a` and `b` are always equal.
  bool CanProveEqual(const ir::Expr& a, const ir::Expr& b);
  /// Contains every value that `e` can have.
  Interval Bounds(const ir::Expr& e);
  /// e mod modulus, if it is always the same: 0 means aligned. `modulus` is positive.
  std::optional<int64_t> ProveAlignment(const ir::Expr& e, int64_t modulus);
  ir::Expr Simplify(const ir::Expr& e);

  const ProverStats& stats() const { return stats_; }

  /// Z3's answer alone, without the cheaper layers; false if it is not installed or `rlimit` is 0.
  bool AskZ3(const ir::Expr& cond);

  // ---- For the simplifier and the other parts of this folder.

  /// Range and remainder by one walk over `e`, without proofs.
  Knowledge Know(const ir::Expr& e);
  /// `e` as a sum over unbounded integers, exactly: sub-expressions that may overflow are atoms.
  Sum IdealSum(const ir::Expr& e);
  /// A lower bound of the sum, using the facts; the search for a better one ends at `enough`.
  Wide LowerBound(const Sum& sum, Wide enough = Interval::All().hi);
  Interval RangeOf(const Sum& sum);
  /// Like `RangeOf`, narrowed by facts about the same terms: after `x < n`, x - n <= -1.
  Interval FactRange(const Sum& sum);
  Atoms* atoms() { return &atoms_; }
  const Facts& facts() const { return *levels_.back().facts; }
  /// Remembered simplification under the present facts, or null.
  const ir::Expr* FindSimplified(const ir::Expr& e) const;
  void RememberSimplified(const ir::Expr& e, const ir::Expr& result);

 private:
  /// What is known inside one scope; memories die with it.
  struct Level {
    /// Shared with the enclosing scope until something is said here.
    std::shared_ptr<const Facts> facts = std::make_shared<Facts>();
    std::unordered_map<const ir::ExprObj*, std::pair<ir::Expr, Knowledge>> known;
    std::unordered_map<const ir::ExprObj*, std::pair<ir::Expr, ir::Expr>> simplified;
  };

  void Leave();
  /// The facts of this scope, to be changed.
  Facts* Edit();
  void Changed();
  /// Moves to the state after saying something about `e`; `kind` tells what.
  void Advance(int kind, const ir::Expr& e, const Interval& range = {0, 0});
  void AddFact(const ir::Expr& cond);
  bool AddCompare(const ir::BinaryObj* compare);
  void AddDifference(const Sum& sum);
  void AddRemainder(const ir::Expr& dividend_mod, const ir::Expr& residue);
  void AddNonNegative(const Sum& sum);
  void Narrow(const ir::Expr& e, const Knowledge& knowledge);
  Knowledge KnowNode(const ir::Expr& e);
  Wide LowerBound(const Sum& sum, Wide enough, int depth, int* budget);
  bool ProveUncached(const ir::Expr& cond);
  bool ProveParts(const ir::Expr& cond);
  bool ProveCompare(const ir::BinaryObj* compare);
  bool Refute(const ir::Expr& cond);

  std::vector<Level> levels_;
  /// (state, kind, atom, limits of the range) -> the state after it.
  std::map<std::tuple<int64_t, int, int, Wide, Wide>, int64_t> states_;
  std::unordered_map<int64_t, ExprTable<bool>> proved_;
  Atoms atoms_;
  ProverStats stats_;
  uint32_t rlimit_;
  std::unique_ptr<Z3Prover> z3_;
};

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_PROVER_H_
