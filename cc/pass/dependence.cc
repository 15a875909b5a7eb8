#include "cc/pass/dependence.h"

#include <tvm/ffi/extra/structural_equal.h>

#include <optional>

#include "cc/ir/intrinsic.h"
#include "cc/ir/mutator.h"
#include "cc/ir/schedule.h"
#include "cc/pass/collect_accesses.h"
#include "cc/pass/exact.h"

namespace tilescale::pass {
namespace {

ir::Expr Moved(const ir::Expr& e, const LoopRange& loop, int64_t distance) {
  ir::Expr later = ir::Expr(loop.var) + loop.step * ir::MakeInt(loop.step.dtype(), distance);
  return Exact64(ir::Substitute(e, {{loop.var.get(), later}}));
}

// `a` of iteration n and `b` of iteration n + distance.
bool Apart(const MemoryAccess& a, const MemoryAccess& b, const LoopRange& loop, int64_t distance,
           arith::Analyzer* analyzer) {
  if (a.mins.empty() || b.mins.empty() || a.mins.size() != b.mins.size()) return false;
  for (size_t i = 0; i < a.mins.size(); ++i) {
    if (ReadsMemory(a.mins[i]) || ReadsMemory(b.mins[i])) continue;
    ir::Expr a_min = Exact64(a.mins[i]), b_min = Moved(b.mins[i], loop, distance);
    ir::Expr a_end = a_min + Exact64(a.extents[i]);
    ir::Expr b_end = b_min + Moved(b.extents[i], loop, distance);
    if (analyzer->CanProve(a_end <= b_min) || analyzer->CanProve(b_end <= a_min)) return true;
  }
  return false;
}

std::optional<DependenceKind> KindOf(const MemoryAccess& a, const MemoryAccess& b) {
  if (!a.buffer.same_as(b.buffer) || !(a.write || b.write)) return std::nullopt;
  if (a.write && b.write) return DependenceKind::kOutput;
  return a.write ? DependenceKind::kFlow : DependenceKind::kAnti;
}

class GraphBuilder {
 public:
  GraphBuilder(const LoopRange& loop, int64_t max_distance, arith::Analyzer* analyzer)
      : loop_(loop), max_distance_(max_distance), analyzer_(analyzer) {}

  void AddEdges(DependenceGraph* graph) {
    for (size_t from = 0; from < graph->operators.size(); ++from) {
      for (size_t to = 0; to < graph->operators.size(); ++to) AddPair(graph, from, to);
    }
  }

 private:
  void AddPair(DependenceGraph* graph, size_t from, size_t to) {
    const LoopOperator& a = graph->operators[from];
    const LoopOperator& b = graph->operators[to];
    const int64_t nearest = from < to ? 0 : 1;
    if (a.state && b.state) {
      graph->edges.push_back({from, to, DependenceKind::kState, nearest, "", nullptr});
    }
    for (const MemoryAccess& x : a.accesses) {
      for (const MemoryAccess& y : b.accesses) {
        auto kind = KindOf(x, y);
        auto distance = kind ? Distance(x, y, nearest) : std::nullopt;
        if (distance) Add(graph, {from, to, *kind, *distance, x.buffer->name, x.buffer.get()});
      }
    }
  }

  // The smallest distance at which the accesses may meet.
  std::optional<int64_t> Distance(const MemoryAccess& a, const MemoryAccess& b, int64_t nearest) {
    for (int64_t distance = nearest; distance <= max_distance_; ++distance) {
      auto scope = analyzer_->Enter();
      analyzer_->BindLoop(loop_.var, loop_.min, loop_.extent, loop_.step);
      ir::Expr end = Exact64(loop_.min) + Exact64(loop_.extent) * Exact64(loop_.step);
      analyzer_->Assume(Moved(loop_.var, loop_, distance) < end);
      if (!Apart(a, b, loop_, distance, analyzer_)) return distance;
    }
    return std::nullopt;
  }

  static void Add(DependenceGraph* graph, const Dependence& edge) {
    for (Dependence& old : graph->edges) {
      if (old.from != edge.from || old.to != edge.to || old.root != edge.root) continue;
      if (old.kind != edge.kind) continue;
      old.distance = std::min(old.distance, edge.distance);
      return;
    }
    graph->edges.push_back(edge);
  }

  const LoopRange& loop_;
  int64_t max_distance_;
  arith::Analyzer* analyzer_;
};

}  // namespace

std::string DependenceGraph::ToString() const {
  constexpr const char* kKinds[] = {"flow", "anti", "output", "state"};
  std::string text;
  for (size_t i = 0; i < operators.size(); ++i) {
    text += std::to_string(i) + ": " + operators[i].label + "\n";
  }
  for (const Dependence& edge : edges) {
    text += std::to_string(edge.from) + " -> " + std::to_string(edge.to) + " " +
            kKinds[static_cast<size_t>(edge.kind)] + " " + std::to_string(edge.distance) +
            (edge.buffer.empty() ? "" : " " + edge.buffer) + "\n";
  }
  return text;
}

DependenceGraph BuildDependenceGraph(const LoopRange& loop, const ir::Stmt& body,
                                     int64_t max_distance, const ViewRoots& roots,
                                     arith::Analyzer* analyzer) {
  DependenceGraph graph;
  graph.operators = CollectOperators(body, roots);
  GraphBuilder(loop, max_distance, analyzer).AddEdges(&graph);
  return graph;
}

bool Contains(const MemoryAccess& outer, const MemoryAccess& inner, arith::Analyzer* analyzer) {
  if (outer.mins.empty() || outer.mins.size() != inner.mins.size()) return false;
  for (size_t i = 0; i < outer.mins.size(); ++i) {
    bool same = ffi::StructuralEqual::Equal(outer.mins[i], inner.mins[i]) &&
                ffi::StructuralEqual::Equal(outer.extents[i], inner.extents[i]);
    if (same) continue;
    ir::Expr low = Exact64(outer.mins[i]), from = Exact64(inner.mins[i]);
    ir::Expr high = low + Exact64(outer.extents[i]), to = from + Exact64(inner.extents[i]);
    if (!analyzer->CanProve(low <= from) || !analyzer->CanProve(to <= high)) return false;
  }
  return true;
}

}  // namespace tilescale::pass
