// Rules about the shape of the tree: which nodes may stand where, at which stage.
#include "cc/ir/schedule.h"
#include "cc/ir/spec.h"
#include "cc/ir/visitor.h"

namespace tilescale::ir {
namespace {

class LoopWalker : public Visitor {
 public:
  explicit LoopWalker(const Report& report) : report_(report) {}

  void VisitExpr(const Expr&) override {}
  void VisitStmt(const Stmt& s) override {
    bool leaves = s.as<BreakObj>() || s.as<ContinueObj>();
    if (leaves && depth_ == 0) report_("outside a loop");
    int saved = depth_;
    if (s.as<ForObj>() || s.as<WhileObj>() || s.as<PipelineObj>()) ++depth_;
    // Iterations of a parallel loop have no order to break out of.
    if (s.as<ParallelObj>() || s.as<TileLoopObj>()) depth_ = 0;
    VisitFields(s);
    depth_ = saved;
  }

 private:
  const Report& report_;
  int depth_ = 0;
};

void CheckBreaks(const PrimFunc& func, const Report& report) {
  LoopWalker(report).VisitStmt(func->body);
}

// The statements of the function body outside the grid.
void CheckGrid(const PrimFunc& func, const Report& report) {
  int grids = 0;
  auto top = [&](const Stmt& s) {
    if (s.as<TileLoopObj>()) {
      ++grids;
    } else if (!s.as<BindObj>() && !s.as<AssumeObj>()) {
      report(s->GetTypeKey() + " beside the grid");
    }
  };
  if (const auto* seq = func->body.as<SeqObj>()) {
    for (const Stmt& s : seq->stmts) top(s);
  } else {
    top(func->body);
  }
  if (grids == 0) report("no grid at the top");
}

void CheckNestedGrids(const PrimFunc& func, const Report& report) {
  ForEachStmt(func->body, [&](const Stmt& s) {
    const auto* grid = s.as<TileLoopObj>();
    if (!grid) return;
    ForEachStmt(grid->body, [&](const Stmt& inner) {
      if (inner.as<TileLoopObj>()) report("a grid inside a grid");
    });
  });
}

void CheckGridRank(const PrimFunc& func, const Report& report) {
  ForEachStmt(func->body, [&](const Stmt& s) {
    const auto* grid = s.as<TileLoopObj>();
    if (!grid) return;
    if (grid->vars.empty() || grid->vars.size() > 3) {
      report(std::to_string(grid->vars.size()) + " dimensions");
    }
    if (grid->threads.size() > 3) report(std::to_string(grid->threads.size()) + " thread extents");
  });
}

// Tile operators and reducer updates inside a Parallel would be a tile per element.
void CheckParallelBodies(const PrimFunc& func, const Report& report) {
  ForEachStmt(func->body, [&](const Stmt& s) {
    const auto* loop = s.as<ParallelObj>();
    if (!loop) return;
    ForEachStmt(loop->body, [&](const Stmt& inner) {
      std::string key = inner->GetTypeKey();
      bool elementwise = key == "tilescale.op.ReducerUpdate" || key == "tilescale.op.Print" ||
                         key == "tilescale.op.DeviceAssert";
      if (inner.as<TileOpObj>() && !elementwise) report(key);
    });
  });
}

template <typename NodeObj>
void Forbid(const PrimFunc& func, const Report& report) {
  ForEachStmt(func->body, [&](const Stmt& s) {
    if (s.as<NodeObj>()) report(s->GetTypeKey());
  });
}

void CheckSerialLoops(const PrimFunc& func, const Report& report) {
  ForEachStmt(func->body, [&](const Stmt& s) {
    const auto* loop = s.as<ForObj>();
    if (loop && loop->kind == ForKind::kPipelined) report("a pipelined loop");
  });
}

void CheckNoRegions(const PrimFunc& func, const Report& report) {
  ForEachExpr(func, [&](const Expr& e) {
    const auto* call = e.as<CallObj>();
    if (!call) return;
    for (const ffi::Any& arg : call->args) {
      if (arg.as<Region>()) report("a region as argument of " + std::string(call->op));
    }
  });
}

}  // namespace

std::vector<SpecRule> ShapeRules() {
  return {
      {"break-in-loop", "break and continue stand in a For or While, not across a Parallel", true,
       true, true, CheckBreaks},
      {"grids", "a function is bindings and grids, which run one after another", true, true, true,
       CheckGrid},
      {"no-nested-grid", "a grid holds no grid", true, true, true, CheckNestedGrids},
      {"grid-rank", "a grid has 1 to 3 dimensions and at most 3 thread extents", true, true, true,
       CheckGridRank},
      {"parallel-body", "a Parallel holds no tile operators but elementwise ones", true, true,
       false, CheckParallelBodies},
      {"no-tile-op", "tile operators are lowered", false, false, true, Forbid<TileOpObj>},
      {"no-parallel", "Parallel loops are lowered", false, false, true, Forbid<ParallelObj>},
      {"no-annotate", "annotations are consumed", false, false, true, Forbid<AnnotateObj>},
      {"no-pipelined", "pipelined loops are scheduled", false, true, true, CheckSerialLoops},
      {"no-region", "intrinsics on regions are lowered", false, false, true, CheckNoRegions},
  };
}

}  // namespace tilescale::ir
