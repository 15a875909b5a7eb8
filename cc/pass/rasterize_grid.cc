#include "cc/pass/rasterize_grid.h"

#include <tvm/ffi/container/map.h>

#include "cc/ir/mutator.h"
#include "cc/ir/visitor.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;

struct Panels {
  int64_t size = 0;  // 0: none
  bool row = true;
};

Panels FindPanels(const ir::Stmt& body) {
  Panels panels;
  ir::ForEachStmt(body, [&](const ir::Stmt& s) {
    const auto* hint = s.as<ir::AnnotateObj>();
    if (!hint || hint->key != "swizzle") return;
    auto values = hint->value.cast<ffi::Map<ffi::String, ffi::Any>>();
    panels.size = values.at("panel_size").cast<int64_t>();
    panels.row = values.at("order").cast<ffi::String>() != "column";
  });
  return panels;
}

// The block numbered `n` within panels of `size` lines of the slow dimension: a panel is walked
// along the fast dimension, to and fro, so that its end is next to the following one's start.
class Walk {
 public:
  Walk(ir::Expr n, ir::Expr fast, const ir::Expr& slow, int64_t size) : fast_(std::move(fast)) {
    ir::DType t = n.dtype();
    ir::Expr lines = ir::MakeInt(t, size);
    ir::Expr per_panel = fast_ * lines;
    panel_ = ir::FloorDiv(n, per_panel);
    ir::Expr inside = ir::FloorMod(n, per_panel);
    // The last panel may be narrower.
    ir::Expr width = ir::Min(lines, slow - panel_ * lines);
    slow_at_ = panel_ * lines + ir::FloorMod(inside, width);
    along_ = ir::FloorDiv(inside, width);
  }
  ir::Expr Slow() const { return slow_at_; }
  ir::Expr Fast() const {
    ir::Expr two = ir::MakeInt(fast_.dtype(), 2);
    ir::Expr forth = ir::Equal(ir::FloorMod(panel_, two), ir::MakeInt(fast_.dtype(), 0));
    return ir::MakeSelect(forth, along_, fast_ - 1 - along_);
  }

 private:
  ir::Expr fast_;
  ir::Expr panel_ = ir::Expr(0), slow_at_ = ir::Expr(0), along_ = ir::Expr(0);
};

class Rasterizer : public ir::Mutator {
 public:
  explicit Rasterizer(const Panels& panels) : panels_(panels) {}

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    const auto* grid = s.as<ir::TileLoopObj>();
    if (!grid || grid->vars.size() < 2) return DefaultStmt(s);
    ffi::Array<ir::Var> vars = grid->vars;
    const ir::DType t = grid->vars[0].dtype();
    ir::Var x(std::string(grid->vars[0]->name) + "_block", t);
    ir::Var y(std::string(grid->vars[1]->name) + "_block", grid->vars[1].dtype());
    vars.Set(0, x);
    vars.Set(1, y);
    const ir::Expr& columns = grid->extents[0];
    ir::Expr rows = ir::MakeCast(t, grid->extents[1]);
    ir::Expr number = ir::Expr(x) + ir::MakeCast(t, y) * columns;
    Walk walk = panels_.row ? Walk(number, columns, rows, panels_.size)
                            : Walk(number, rows, columns, panels_.size);
    ir::Expr bx = panels_.row ? walk.Fast() : walk.Slow();
    ir::Expr by = panels_.row ? walk.Slow() : walk.Fast();
    ffi::Array<ir::Stmt> stmts = {ir::Bind(grid->vars[0], bx),
                                  ir::Bind(grid->vars[1], ir::MakeCast(y.dtype(), by))};
    for (int d : {0, 1}) {
      const ir::Var& var = grid->vars[d];
      stmts.push_back(ir::Assume(ir::MakeInt(var.dtype(), 0) <= ir::Expr(var)));
      stmts.push_back(ir::Assume(ir::Expr(var) < grid->extents[d]));
    }
    stmts.push_back(grid->body);
    return ir::TileLoop(vars, grid->extents, grid->threads, ir::Seq(stmts, grid->span), grid->attrs,
                        grid->span);
  }

 private:
  Panels panels_;
};

}  // namespace

ir::PrimFunc RasterizeGrid(const ir::PrimFunc& func, const lower::cuda::Context&) {
  Panels panels = FindPanels(func->body);
  return panels.size == 0 ? func : func.WithBody(Rasterizer(panels).MutateStmt(func->body));
}

}  // namespace tilescale::pass
