#include "cc/pass/plan_atoms.h"

#include <algorithm>
#include <optional>
#include <set>

#include "cc/ir/visitor.h"
#include "cc/lower/cuda/operator_atom.h"
#include "cc/op/copy.h"
#include "cc/pass/operands_ahead.h"
#include "cc/pass/register_prefetch.h"

namespace tilescale::pass {
namespace {

// What loads on their way may take of a thread's registers, 4 bytes each; the rest is for the
// operators that run meanwhile.
constexpr int64_t kMaxRegisters = 64;
constexpr int64_t kRegisterBytes = 4;

class AtomPlanner {
 public:
  AtomPlanner(const ir::For& loop, const DependenceGraph& graph, const std::vector<int64_t>& stages,
              const PlanFacts& facts)
      : loop_(loop),
        graph_(graph),
        stages_(stages),
        facts_(facts),
        last_(stages.empty() ? 0 : *std::max_element(stages.begin(), stages.end())),
        atoms_(stages.size()),
        prefetched_(stages.size(), false) {}

  std::vector<AtomPlan> Plan(const std::vector<std::string>& wanted) {
    for (size_t i = 0; i < stages_.size(); ++i) {
      if (!IsLoad(graph_.operators[i].stmt)) atoms_[i].atom = AtomsWithin(graph_.operators[i].stmt);
      if (!IsLoad(graph_.operators[i].stmt) || !RunsAhead(i)) continue;
      bool registers = i < wanted.size() && wanted[i] == kPrefetchAtom;
      if (!registers) atoms_[i] = AsyncAtom(i);
      if (atoms_[i].atom.empty()) TryPrefetch(i);
    }
    while (DropShared()) {
    }
    PlanProduct(wanted);
    for (size_t i = 0; i < stages_.size(); ++i) {
      if (prefetched_[i]) atoms_[i].atom = kPrefetchAtom;
    }
    return atoms_;
  }

 private:
  // The operands of a product that alone reads what `cp.async` brings can be read ahead.
  void PlanProduct(const std::vector<std::string>& wanted) {
    const op::GemmObj* gemm = nullptr;
    size_t at = 0;
    for (size_t i = 0; i < stages_.size(); ++i) {
      if (stages_[i] == last_) {
        if (gemm) return;
        gemm = graph_.operators[at = i].stmt.as<op::GemmObj>();
        if (!gemm) return;
      } else if (atoms_[i].atom.rfind("cp.async", 0) != 0) {
        return;
      }
    }
    if (!gemm || last_ < 1 || !IsLoadedAhead(gemm->a->buffer) || !IsLoadedAhead(gemm->b->buffer)) {
      return;
    }
    AheadChoice choice = ChooseOperandsAhead(gemm, facts_.context);
    const std::string plain = atoms_[at].atom;
    bool ahead = choice.pays;
    if (at < wanted.size() && !wanted[at].empty()) ahead = HasOperandsAhead(wanted[at]);
    if (choice.possible && ahead) atoms_[at].atom = plain + kOperandsAhead;
  }

  bool IsLoadedAhead(const ir::Buffer& buffer) const {
    for (size_t i = 0; i < stages_.size(); ++i) {
      if (stages_[i] == last_) continue;
      for (const MemoryAccess& access : graph_.operators[i].accesses) {
        if (access.write && access.buffer.same_as(buffer)) return true;
      }
    }
    return false;
  }

  // Of the operators in a statement, each once.
  std::string AtomsWithin(const ir::Stmt& stmt) const {
    std::set<std::string> known;
    std::string all;
    ir::ForEachStmt(stmt, [&](const ir::Stmt& s) {
      auto op = s.as<ir::TileOp>();
      const std::string atom = op ? lower::cuda::OperatorAtom(*op, facts_.context) : "";
      if (atom.empty() || !known.insert(atom).second) return;
      all += (all.empty() ? "" : ", ") + atom;
    });
    return all;
  }

  // Whether all that the operator writes is read in later stages.
  bool RunsAhead(size_t i) const {
    if (stages_[i] >= last_) return false;
    for (const MemoryAccess& mine : graph_.operators[i].accesses) {
      if (mine.write && FirstReader(mine.buffer).value_or(0) <= stages_[i]) return false;
    }
    return true;
  }

  // None if nothing reads the buffer, so that nothing would wait for it.
  std::optional<int64_t> FirstReader(const ir::Buffer& buffer) const {
    std::optional<int64_t> first;
    for (size_t i = 0; i < stages_.size(); ++i) {
      for (const MemoryAccess& access : graph_.operators[i].accesses) {
        bool reads = !access.write && access.buffer.same_as(buffer);
        if (reads) first = std::min(first.value_or(last_), stages_[i]);
      }
    }
    return first;
  }

  // The widest cp.async among the copies of an operator.
  AtomPlan AsyncAtom(size_t i) const {
    auto scope = facts_.analyzer->Enter();
    facts_.analyzer->BindLoop(loop_->var, loop_->min, loop_->extent, loop_->step);
    for (const ir::Stmt& s : ir::StatementsOf(loop_->body)) {
      const auto* bind = s.as<ir::BindObj>();
      bool integral = bind && ir::dtype::IsIntegral(bind->var.dtype());
      if (integral) facts_.analyzer->BindValue(bind->var, bind->value);
    }
    int64_t bytes = 0;
    std::string note;
    ir::ForEachStmt(graph_.operators[i].stmt, [&](const ir::Stmt& s) {
      const auto* copy = s.as<op::CopyObj>();
      if (!copy) return;
      AsyncWidth width = FindAsyncWidth(copy, facts_.copies, facts_.context);
      bytes = std::max(bytes, width.bytes);
      if (width.bytes == 0 && note.empty()) note = "no cp.async: " + width.reason;
    });
    return {bytes > 0 ? "cp.async." + std::to_string(bytes) : "", note};
  }

  void TryPrefetch(size_t i) {
    PrefetchCost cost = FindPrefetch(graph_, i);
    const int64_t per_thread = (cost.bytes + facts_.context.threads - 1) / facts_.context.threads;
    const int64_t registers = (per_thread + kRegisterBytes - 1) / kRegisterBytes;
    if (cost.reason.empty() && registers_ + registers > kMaxRegisters) {
      cost.reason = std::to_string(registers_ + registers) + " registers are too many";
    }
    if (!cost.reason.empty()) return AddNote(i, "no prefetch: " + cost.reason);
    registers_ += registers;
    prefetched_[i] = true;
  }

  void AddNote(size_t i, const std::string& note) {
    std::string& all = atoms_[i].note;
    all += (all.empty() ? "" : "; ") + note;
  }

  // The later half of a load may not go past another write to the same tile.
  bool DropShared() {
    for (size_t i = 0; i < stages_.size(); ++i) {
      if (!prefetched_[i]) continue;
      for (const MemoryAccess& mine : graph_.operators[i].accesses) {
        if (!mine.write || !WrittenBesides(i, mine.buffer)) continue;
        prefetched_[i] = false;
        AddNote(i, "no prefetch: another operator of its stage writes `" +
                       std::string(mine.buffer->name) + "`");
        return true;
      }
    }
    return false;
  }

  bool WrittenBesides(size_t i, const ir::Buffer& buffer) const {
    for (size_t k = 0; k < stages_.size(); ++k) {
      if (k == i || stages_[k] != stages_[i] || prefetched_[k]) continue;
      for (const MemoryAccess& access : graph_.operators[k].accesses) {
        if (access.write && access.buffer.same_as(buffer)) return true;
      }
    }
    return false;
  }

  const ir::For& loop_;
  const DependenceGraph& graph_;
  const std::vector<int64_t>& stages_;
  const PlanFacts& facts_;
  const int64_t last_;
  std::vector<AtomPlan> atoms_;
  std::vector<bool> prefetched_;
  int64_t registers_ = 0;
};

}  // namespace

std::vector<AtomPlan> PlanAtoms(const ir::For& loop, const DependenceGraph& graph,
                                const std::vector<int64_t>& stages,
                                const std::vector<std::string>& wanted, const PlanFacts& facts) {
  return AtomPlanner(loop, graph, stages, facts).Plan(wanted);
}

}  // namespace tilescale::pass
