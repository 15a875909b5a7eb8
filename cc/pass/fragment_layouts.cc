#include "cc/pass/fragment_layouts.h"

#include <algorithm>

#include "cc/ir/span.h"
#include "cc/layout/matrix_store.h"
#include "cc/lower/cuda/gemm_choice.h"
#include "cc/pass/store_matrices.h"

namespace tilescale::pass {
namespace {

// Above it a fragment would spill: 255 registers of 32 bits is the hardware's limit.
constexpr int64_t kMaxRegisters = 160;
constexpr int64_t kMaxDemandedRegisters = 256;

std::string AtLine(const ir::Span& span) {
  const int64_t line = ir::ToLocation(span).line;
  return line > 0 ? " at line " + std::to_string(line) : "";
}

class Solver {
 public:
  Solver(const LayoutProblem& problem, const lower::cuda::Context& context)
      : problem_(problem), context_(context), refused_(problem.refused) {
    for (const auto& [op, demands] : problem.ops) {
      for (const auto& line : lower::cuda::LayoutLinesOf(op)) combined_.push_back(line.buffer);
    }
  }

  LayoutSolution Run() {
    TakeGiven();
    TakeDemands();
    for (bool changed = true; changed;) {
      changed = false;
      while (LoopsFollow() || OperatorsAsk() || FragmentsFollow()) changed = true;
      changed = ChooseFreely() || changed;
    }
    Finish();
    return std::move(solution_);
  }

 private:
  bool InRegisters(const ir::Buffer& buffer) const { return !refused_.count(buffer.get()); }
  bool Known(const ir::Buffer& buffer) const { return known_.FindFragment(buffer) != nullptr; }
  bool Open(const ir::Buffer& buffer) const { return InRegisters(buffer) && !Known(buffer); }

  // Gives a fragment its layout, or a place in shared memory if it cannot have that one.
  void Decide(const ir::Buffer& buffer, const layout::Fragment& fragment, const std::string& reason,
              int64_t most = kMaxRegisters) {
    if (!IsLoopLayout(fragment, context_.threads)) {
      refused_.emplace(buffer.get(), "its layout " + reason + " has no closed form");
    } else if (fragment->num_values * std::max<int64_t>(ir::dtype::Bits(buffer->dtype), 8) >
               most * 32) {
      const int64_t bits =
          fragment->num_values * std::max<int64_t>(ir::dtype::Bits(buffer->dtype), 8);
      refused_.emplace(buffer.get(),
                       kTooManyRegisters + std::to_string(bits / 32) + " registers of each thread");
    } else {
      known_.SetFragment(buffer, fragment);
      reasons_.emplace(buffer.get(), reason);
    }
  }

  void TakeGiven() {
    for (const ir::Buffer& buffer : problem_.fragments) {
      auto it = problem_.given.find(buffer.get());
      if (it == problem_.given.end() || !InRegisters(buffer)) continue;
      auto fragment = it->second->value.as<layout::Fragment>();
      const bool decided = problem_.decided.count(buffer.get()) > 0;
      const std::string reason = decided ? "" : "as annotated" + AtLine(it->second->span);
      if (fragment) Decide(buffer, *fragment, reason, kMaxDemandedRegisters);
    }
    for (const LoopProblem& loop : problem_.loops) {
      if (loop.given && CanRun(loop, *loop.given)) DecideLoop(loop, *loop.given);
    }
  }

  void TakeDemands() {
    for (const auto& [op, demands] : problem_.ops) {
      for (const auto& demand : demands) {
        if (demand.fragment) Take(demand, kMaxDemandedRegisters);
        if (!demand.accesses.empty()) shared_[demand.buffer.get()].push_back(demand);
      }
    }
  }

  bool Take(const lower::cuda::LayoutDemand& demand, int64_t most) {
    if (!demand.fragment || !demand.buffer.IsScope(ir::scope::kFragment)) return false;
    if (!Open(demand.buffer)) return false;
    Decide(demand.buffer, *demand.fragment, "as " + demand.by + AtLine(demand.span), most);
    return true;
  }

  bool OperatorsAsk() {
    bool changed = false;
    for (const auto& [op, demands] : problem_.ops) {
      for (const auto& wish : lower::cuda::LayoutFollowsOf(op, known_, context_)) {
        changed = Take(wish, kMaxRegisters) || changed;
      }
    }
    return changed;
  }

  bool CanRun(const LoopProblem& loop, const layout::Fragment& fragment) const {
    if (!std::equal(fragment->shape.begin(), fragment->shape.end(), loop.box.begin(),
                    loop.box.end())) {
      return false;
    }
    if (!IsLoopLayout(fragment, context_.threads)) return false;
    return loop.replicable || fragment.Replication() == 1;
  }

  void DecideLoop(const LoopProblem& loop, const layout::Fragment& fragment) {
    solution_.loops.emplace(loop.loop, fragment);
  }

  // Registers that must be converted if the loop runs by `fragment`.
  int64_t Cost(const LoopProblem& loop, const layout::Fragment& fragment) const {
    int64_t cost = 0;
    for (const FragmentAccess& access : loop.accesses) {
      const layout::Fragment* tile = known_.FindFragment(access.buffer);
      if (!tile) continue;
      auto registers = layout::RegistersOf(fragment, access.map, *tile);
      const bool fits = registers && (!access.write || layout::WritesAllCopies(fragment, access.map,
                                                                               *tile, *registers));
      cost += fits ? 0 : (*tile)->num_values;
    }
    return cost;
  }

  bool LoopsFollow() {
    bool changed = false;
    for (const LoopProblem& loop : problem_.loops) {
      if (solution_.loops.count(loop.loop)) continue;
      std::optional<layout::Fragment> best;
      int64_t least = 0;
      for (const FragmentAccess& access : loop.accesses) {
        const layout::Fragment* tile = known_.FindFragment(access.buffer);
        auto candidate = tile ? layout::PullBack(*tile, access.map) : std::nullopt;
        if (!candidate || !CanRun(loop, *candidate)) continue;
        const int64_t cost = Cost(loop, *candidate);
        if (best && cost >= least) continue;
        best = candidate;
        least = cost;
        if (cost == 0) break;
      }
      if (!best) continue;
      DecideLoop(loop, *best);
      changed = true;
    }
    return changed;
  }

  // Loops that touch each element once say more than those that share elements.
  bool FragmentsFollow() {
    for (bool exact : {true, false}) {
      for (const LoopProblem& loop : problem_.loops) {
        auto it = solution_.loops.find(loop.loop);
        if (it == solution_.loops.end()) continue;
        for (const FragmentAccess& access : loop.accesses) {
          if (!Open(access.buffer) || access.map.IsPermutation() != exact) continue;
          auto image = layout::ImageOf(it->second, access.map);
          if (!image || !IsLoopLayout(*image, context_.threads)) continue;
          Decide(access.buffer, *image, "as the loop" + AtLine(loop.loop->span) + " needs it");
          return true;
        }
      }
    }
    return false;
  }

  // The loop whose choice decides most: the largest that touches fragments without a layout, then
  // all others.
  bool ChooseFreely() {
    const LoopProblem* largest = nullptr;
    int64_t most = 0;
    for (const LoopProblem& loop : problem_.loops) {
      if (solution_.loops.count(loop.loop)) continue;
      bool open = false;
      for (const FragmentAccess& access : loop.accesses) open = open || Open(access.buffer);
      const int64_t weight = ConstSize(loop.loop->extents) * (open ? int64_t{1} << 20 : 1);
      if (weight > most) {
        most = weight;
        largest = &loop;
      }
    }
    if (largest) {
      DecideLoop(*largest, Deal(*largest));
    } else {
      return ChooseForOperators();
    }
    return true;
  }

  // Fragments that no loop can decide.
  bool ChooseForOperators() {
    for (const ir::Buffer& buffer : problem_.fragments) {
      if (!Open(buffer)) continue;
      std::vector<int64_t> shape;
      for (const ir::Expr& extent : buffer->shape) shape.push_back(*ir::AsConstInt(extent));
      Decide(buffer, DealTile(shape, 1, IsCombined(buffer)), "by free choice");
      return true;
    }
    return false;
  }

  bool IsCombined(const ir::Buffer& buffer) const {
    return std::any_of(combined_.begin(), combined_.end(),
                       [&](const ir::Buffer& b) { return b.same_as(buffer); });
  }

  layout::Fragment DealTile(const std::vector<int64_t>& shape, int64_t vector,
                            bool combined) const {
    auto lines = combined ? DealLines(shape, vector, context_.threads) : std::nullopt;
    if (lines && IsLoopLayout(*lines, context_.threads)) return *lines;
    return layout::DealRowMajor(shape, vector, context_.threads);
  }

  // Loops that share open fragments agree on the longest vector that any of them can use.
  layout::Fragment Deal(const LoopProblem& start) const {
    std::vector<const LoopProblem*> group = {&start};
    int64_t vector = 1;
    bool combined = false;
    for (size_t i = 0; i < group.size(); ++i) {
      vector = std::max(vector, group[i]->vector);
      combined = combined || group[i]->combines;
      for (const FragmentAccess& access : group[i]->accesses) {
        if (!Open(access.buffer) || !access.map.IsPermutation()) continue;
        combined = combined || IsCombined(access.buffer);
        for (const LoopProblem& other : problem_.loops) {
          const bool joined = std::find(group.begin(), group.end(), &other) != group.end();
          if (!joined && other.box == start.box && Touches(other, access.buffer)) {
            group.push_back(&other);
          }
        }
      }
    }
    while (start.box.back() % vector != 0) vector /= 2;
    return DealTile(start.box, vector, combined);
  }

  static bool Touches(const LoopProblem& loop, const ir::Buffer& buffer) {
    return std::any_of(loop.accesses.begin(), loop.accesses.end(), [&](const FragmentAccess& a) {
      return a.buffer.same_as(buffer) && a.map.IsPermutation();
    });
  }

  void Finish() {
    for (const ir::Buffer& buffer : problem_.fragments) {
      BufferHome home{buffer, std::nullopt, ""};
      auto refused = refused_.find(buffer.get());
      if (refused != refused_.end()) {
        home.reason = refused->second;
      } else {
        home.fragment = *known_.FindFragment(buffer);
        home.reason = reasons_.at(buffer.get());
      }
      solution_.homes.push_back(std::move(home));
    }
    for (const ir::Buffer& buffer : problem_.shared) RankShared(buffer);
  }

  // How loops that store accumulators touch a tile, and the vectors that empty it again.
  std::vector<layout::TileAccess> StoresTo(const ir::Buffer& buffer) const {
    std::vector<layout::TileAccess> accesses;
    const int64_t bits = ir::dtype::Bits(buffer->dtype);
    for (const LoopProblem& loop : problem_.loops) {
      auto it = solution_.loops.find(loop.loop);
      auto tile = StoredTile(loop.loop);
      if (it == solution_.loops.end() || !tile || !tile->same_as(buffer)) continue;
      const layout::Fragment& fragment = it->second;
      const int64_t rows = fragment->shape[0], columns = fragment->shape[1];
      // Only whole vectors can be permuted.
      if (!layout::IsMadeOfMatrices(fragment) || bits < 16 || columns * bits % 128 != 0) continue;
      if (rows != fragment->padded[0] || columns != fragment->padded[1]) continue;
      const bool matrices = bits == 16 && lower::cuda::ArchNumber(context_) >= kStmatrixArch;
      accesses.push_back(matrices ? layout::MatrixStore(fragment, bits)
                                  : layout::PairStore(fragment, bits));
      accesses.push_back(layout::RowVectors(rows, columns, bits));
    }
    return accesses;
  }

  void RankShared(const ir::Buffer& buffer) {
    if (problem_.given.count(buffer.get()) || buffer->shape.size() < 2) return;
    if (ConstSize(buffer->shape) <= 0) return;
    std::vector<layout::TileAccess> accesses;
    auto it = shared_.find(buffer.get());
    if (it != shared_.end()) {
      for (const auto& demand : it->second) {
        accesses.insert(accesses.end(), demand.accesses.begin(), demand.accesses.end());
      }
    }
    if (!accesses.empty() || !problem_.addressed.count(buffer.get())) {
      for (const layout::TileAccess& access : StoresTo(buffer)) accesses.push_back(access);
    }
    if (accesses.empty()) return;
    const size_t rank = buffer->shape.size();
    auto candidates = layout::RankTileLayouts(*ir::AsConstInt(buffer->shape[rank - 2]),
                                              *ir::AsConstInt(buffer->shape[rank - 1]),
                                              buffer->dtype.bits, accesses);
    solution_.shared.emplace_back(buffer, candidates[0]);
  }

  const LayoutProblem& problem_;
  const lower::cuda::Context& context_;
  std::unordered_map<const ir::BufferObj*, std::string> refused_;
  std::unordered_map<const ir::BufferObj*, std::string> reasons_;
  std::unordered_map<const ir::BufferObj*, std::vector<lower::cuda::LayoutDemand>> shared_;
  std::vector<ir::Buffer> combined_;
  lower::cuda::Layouts known_;
  LayoutSolution solution_;
};

}  // namespace

const layout::Fragment* LayoutSolution::Find(const ir::Buffer& buffer) const {
  for (const BufferHome& home : homes) {
    if (home.buffer.same_as(buffer)) return home.fragment ? &*home.fragment : nullptr;
  }
  return nullptr;
}

LayoutSolution SolveLayouts(const LayoutProblem& problem, const lower::cuda::Context& context) {
  return Solver(problem, context).Run();
}

}  // namespace tilescale::pass
