#include "cc/pass/widen_indices.h"

#include <unordered_set>

#include "cc/arith/bounds.h"
#include "cc/ir/visitor.h"
#include "cc/pass/analyzed_mutator.h"

namespace tilescale::pass {
namespace {

using K = ir::BinaryKind;

bool IsNarrow(const ir::Expr& e) { return ir::dtype::IsInt(e.dtype()) && e.dtype().bits < 64; }

// Wrapping the exact result gives what wrapping each step gives.
bool IsRing(K kind) { return kind == K::kAdd || kind == K::kSub || kind == K::kMul; }

bool IsIndexArithmetic(K kind) {
  return IsRing(kind) || kind == K::kFloorDiv || kind == K::kFloorMod || kind == K::kTruncDiv ||
         kind == K::kTruncMod || kind == K::kMin || kind == K::kMax;
}

bool IsRingOfVars(const ir::Expr& e) {
  bool ring = true;
  ir::ForEachExpr(e, [&](const ir::Expr& x) {
    const auto* binary = x.as<ir::BinaryObj>();
    bool leaf = x.as<ir::VarObj>() || x.as<ir::IntImmObj>();
    ring = ring && IsNarrow(x) && (leaf || (binary && IsRing(binary->kind)));
  });
  return ring;
}

bool IsArithmeticOfVars(const ir::Expr& e) {
  bool plain = true;
  ir::ForEachExpr(e, [&](const ir::Expr& x) {
    const auto* binary = x.as<ir::BinaryObj>();
    bool leaf = x.as<ir::VarObj>() || x.as<ir::IntImmObj>();
    plain = plain && IsNarrow(x) && (leaf || (binary && IsIndexArithmetic(binary->kind)));
  });
  return plain;
}

class IndexWidener : public AnalyzedMutator {
 public:
  explicit IndexWidener(const ir::PrimFunc& func) {
    for (const ir::Var& symbol : func->symbols) sizes_.insert(symbol.get());
    for (const ffi::Any& param : func->params) {
      if (const auto* scalar = param.as<ir::VarObj>()) sizes_.insert(scalar);
    }
  }

  ir::Expr MutateExpr(const ir::Expr& e) override {
    if (const auto* var = e.as<ir::VarObj>()) {
      auto it = wide_.find(var);
      return it == wide_.end() ? e : ir::MakeCast(e.dtype(), it->second);
    }
    if (const auto* load = e.as<ir::LoadObj>()) return ir::Load(load->buffer, Wide(load->indices));
    if (const auto* address = e.as<ir::AddressOfObj>()) {
      return ir::AddressOf(address->buffer, Wide(address->indices));
    }
    return AnalyzedMutator::MutateExpr(e);
  }

  ir::Region MutateRegion(const ir::Region& region) override {
    return ir::Region(region->buffer, Wide(region->mins), Wide(region->extents));
  }

  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    if (const auto* store = stmt.as<ir::StoreObj>()) {
      return ir::Store(store->buffer, Wide(store->indices), MutateExpr(store->value), store->span);
    }
    if (const auto* bind = stmt.as<ir::BindObj>()) return WidenBind(bind, stmt);
    if (const auto* loop = stmt.as<ir::ForObj>()) return WidenFor(loop, stmt);
    if (const auto* grid = stmt.as<ir::TileLoopObj>()) return WidenGrid(grid, stmt);
    return AnalyzedMutator::MutateStmt(stmt);
  }

 private:
  ir::Stmt WidenBind(const ir::BindObj* bind, const ir::Stmt& stmt) {
    const ir::Expr& value = bind->value;
    bool fits = IsArithmeticOfVars(value) && arith::FitsIn(value, value.dtype(), analyzer());
    bool widens = (fits || IsRingOfVars(value)) && !value.as<ir::IntImmObj>();
    if (!widens) return AnalyzedMutator::MutateStmt(stmt);
    ir::Expr exact = Wide(value);
    if (!fits) may_wrap_.insert(bind->var.get());
    return ir::Bind(NewVar(bind->var), exact, bind->span);
  }

  ir::Stmt WidenFor(const ir::ForObj* loop, const ir::Stmt& stmt) {
    if (!IsNarrow(loop->var)) return AnalyzedMutator::MutateStmt(stmt);
    ir::Expr min = Wide(loop->min), extent = Wide(loop->extent), step = Wide(loop->step);
    ir::Var var = NewVar(loop->var);
    auto scope = analyzer()->Enter();
    analyzer()->BindLoop(loop->var, loop->min, loop->extent, loop->step);
    return ir::For(var, min, extent, step, loop->kind, MutateStmt(loop->body), loop->attrs,
                   loop->span);
  }

  ir::Stmt WidenGrid(const ir::TileLoopObj* grid, const ir::Stmt&) {
    auto scope = analyzer()->Enter();
    ffi::Array<ir::Var> vars;
    for (size_t i = 0; i < grid->vars.size(); ++i) {
      const ir::Var& var = grid->vars[i];
      analyzer()->BindLoop(var, ir::MakeInt(var.dtype(), 0), grid->extents[i]);
      vars.push_back(IsNarrow(var) ? NewVar(var) : var);
    }
    return ir::TileLoop(vars, Wide(grid->extents), grid->threads, MutateStmt(grid->body),
                        grid->attrs, grid->span);
  }

  ir::Var NewVar(const ir::Var& var) {
    ir::Var wide(var->name, ir::dtype::Int(64));
    wide_.emplace(var.get(), wide);
    return wide;
  }

  ffi::Array<ir::Expr> Wide(const ffi::Array<ir::Expr>& exprs) {
    ffi::Array<ir::Expr> result;
    for (const ir::Expr& e : exprs) result.push_back(Wide(e));
    return result;
  }

  // Whether `e` is computed from constants, the sizes of tensors and scalar parameters only. These
  // are meant exactly: ceildiv(N, 256) tiles cover N elements for every N.
  bool IsSize(const ir::Expr& e) const {
    bool size = IsArithmeticOfVars(e);
    ir::ForEachExpr(e, [&](const ir::Expr& x) {
      const auto* var = x.as<ir::VarObj>();
      size = size && (!var || sizes_.count(var) > 0);
    });
    return size;
  }

  // Whether neither operand can wrap, so that dividing their exact values is what the kernel says.
  bool Exact(const ir::BinaryObj* division) {
    if (IsSize(division->a) && IsSize(division->b)) return true;
    return arith::FitsIn(division->a, division->dtype, analyzer()) &&
           arith::FitsIn(division->b, division->dtype, analyzer());
  }

  // The exact value of an index, in 64 bits. Below a division (`divided`) what may wrap counts as
  // wrapped: there the two differ by more than a multiple of 2^32.
  ir::Expr Wide(const ir::Expr& e, bool divided = false) {
    if (!IsNarrow(e)) return MutateExpr(e);
    if (const auto* imm = e.as<ir::IntImmObj>()) return ir::MakeInt(ir::dtype::Int(64), imm->value);
    if (const auto* var = e.as<ir::VarObj>()) {
      auto it = wide_.find(var);
      bool wrapped = divided && may_wrap_.count(var);
      if (it != wide_.end() && !wrapped) return it->second;
    }
    const auto* binary = e.as<ir::BinaryObj>();
    if (binary && IsIndexArithmetic(binary->kind) && (IsRing(binary->kind) || Exact(binary))) {
      divided = divided || !IsRing(binary->kind);
      return ir::MakeBinary(binary->kind, Wide(binary->a, divided), Wide(binary->b, divided));
    }
    if (const auto* select = e.as<ir::SelectObj>()) {
      return ir::MakeSelect(MutateExpr(select->cond), Wide(select->a, divided),
                            Wide(select->b, divided));
    }
    return ir::MakeCast(ir::dtype::Int(64), MutateExpr(e));
  }

  ir::VarMap wide_;
  std::unordered_set<const ir::VarObj*> sizes_;
  // Scalars whose definition was not proved to fit in their own type.
  std::unordered_set<const ir::VarObj*> may_wrap_;
};

}  // namespace

ir::PrimFunc WidenIndices(const ir::PrimFunc& func, const lower::Context& context) {
  return IndexWidener(func).Run(func, context);
}

}  // namespace tilescale::pass
