#include "cc/pass/narrow_indices.h"

#include "cc/arith/bounds.h"
#include "cc/pass/analyzed_mutator.h"

namespace tilescale::pass {
namespace {

using K = ir::BinaryKind;

const ir::DType kInt32 = ir::dtype::Int(32);
const ir::DType kInt64 = ir::dtype::Int(64);

bool IsWide(const ir::Expr& e) { return e.dtype() == kInt64; }

bool IsArithmetic(K kind) {
  return kind == K::kAdd || kind == K::kSub || kind == K::kMul || kind == K::kFloorDiv ||
         kind == K::kFloorMod || kind == K::kTruncDiv || kind == K::kTruncMod || kind == K::kMin ||
         kind == K::kMax;
}

class IndexNarrower : public AnalyzedMutator {
 public:
  ir::Expr MutateExpr(const ir::Expr& e) override {
    if (const auto* var = e.as<ir::VarObj>()) {
      auto it = narrow_.find(var);
      return it == narrow_.end() ? e : ir::MakeCast(e.dtype(), it->second);
    }
    if (const auto* load = e.as<ir::LoadObj>()) {
      return ir::Load(load->buffer, Indices(load->indices));
    }
    if (const auto* address = e.as<ir::AddressOfObj>()) {
      return ir::AddressOf(address->buffer, Indices(address->indices));
    }
    const auto* cast = e.as<ir::CastObj>();
    if (cast && e.dtype() == kInt32 && IsWide(cast->value) && Fits(cast->value)) {
      return Narrow(cast->value);
    }
    const auto* binary = e.as<ir::BinaryObj>();
    if (!binary) return AnalyzedMutator::MutateExpr(e);
    if (IsWide(e) && IsArithmetic(binary->kind)) {
      return Fits(e) ? ir::MakeCast(kInt64, Narrow(e)) : Divided(binary);
    }
    if (ir::IsCompare(binary->kind) && IsWide(binary->a) && Fits(binary->a) && Fits(binary->b)) {
      return ir::MakeBinary(binary->kind, Narrow(binary->a), Narrow(binary->b));
    }
    return e.dtype() == kInt32 ? Divided(binary) : AnalyzedMutator::MutateExpr(e);
  }

  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    if (const auto* store = stmt.as<ir::StoreObj>()) {
      ffi::Array<ir::Expr> indices = Indices(store->indices);
      return ir::Store(store->buffer, indices, MutateExpr(store->value), store->span);
    }
    if (const auto* bind = stmt.as<ir::BindObj>()) {
      if (!IsWide(bind->value) || !Fits(bind->value)) return AnalyzedMutator::MutateStmt(stmt);
      ir::Expr value = Narrow(bind->value);
      return ir::Bind(NewVar(bind->var), value, bind->span);
    }
    if (const auto* loop = stmt.as<ir::ForObj>()) return NarrowFor(loop, stmt);
    if (const auto* grid = stmt.as<ir::TileLoopObj>()) return NarrowGrid(grid);
    return AnalyzedMutator::MutateStmt(stmt);
  }

 private:
  ffi::Array<ir::Expr> Indices(const ffi::Array<ir::Expr>& indices) {
    ffi::Array<ir::Expr> result;
    for (const ir::Expr& e : indices) {
      result.push_back(IsWide(e) && Fits(e) ? Narrow(e) : MutateExpr(e));
    }
    return result;
  }

  bool Fits(const ir::Expr& e) { return arith::FitsIn(e, kInt32, analyzer()); }

  // `e`, which fits, in 32 bits.
  ir::Expr Narrow(const ir::Expr& e) {
    if (!IsWide(e)) return ir::MakeCast(kInt32, MutateExpr(e));
    if (const auto* imm = e.as<ir::IntImmObj>()) return ir::MakeInt(kInt32, imm->value);
    if (const auto* var = e.as<ir::VarObj>()) {
      auto it = narrow_.find(var);
      return it == narrow_.end() ? ir::MakeCast(kInt32, e) : it->second;
    }
    if (const auto* cast = e.as<ir::CastObj>()) {
      if (ir::dtype::IsIntegral(cast->value.dtype())) return Narrow(cast->value);
    }
    const auto* binary = e.as<ir::BinaryObj>();
    if (binary && IsArithmetic(binary->kind)) {
      return ir::MakeBinary(Kind(binary), Narrow(binary->a), Narrow(binary->b));
    }
    if (const auto* select = e.as<ir::SelectObj>()) {
      return ir::MakeSelect(MutateExpr(select->cond), Narrow(select->a), Narrow(select->b));
    }
    return ir::MakeCast(kInt32, MutateExpr(e));
  }

  // The operation that needs no correction of the quotient's sign, if that is proved.
  K Kind(const ir::BinaryObj* op) {
    if (op->kind != K::kFloorDiv && op->kind != K::kFloorMod) return op->kind;
    const int64_t* divisor = ir::AsConstInt(op->b);
    // Shifts and masks floor.
    if (divisor && *divisor > 0 && (*divisor & (*divisor - 1)) == 0) return op->kind;
    bool positive =
        divisor ? *divisor > 0 : analyzer()->CanProve(ir::MakeInt(op->b.dtype(), 1) <= op->b);
    if (!positive || !analyzer()->CanProve(ir::MakeInt(op->a.dtype(), 0) <= op->a)) {
      return op->kind;
    }
    return op->kind == K::kFloorDiv ? K::kTruncDiv : K::kTruncMod;
  }

  ir::Expr Divided(const ir::BinaryObj* op) {
    return ir::MakeBinary(Kind(op), MutateExpr(op->a), MutateExpr(op->b));
  }

  ir::Stmt NarrowFor(const ir::ForObj* loop, const ir::Stmt& stmt) {
    ir::Expr end = loop->min + loop->extent * loop->step;
    bool fits =
        IsWide(loop->var) && Fits(loop->min) && Fits(loop->extent) && Fits(loop->step) && Fits(end);
    if (!fits) return AnalyzedMutator::MutateStmt(stmt);
    ir::Expr min = Narrow(loop->min), extent = Narrow(loop->extent), step = Narrow(loop->step);
    ir::Var var = NewVar(loop->var);
    auto scope = analyzer()->Enter();
    analyzer()->BindLoop(loop->var, loop->min, loop->extent, loop->step);
    return ir::For(var, min, extent, step, loop->kind, MutateStmt(loop->body), loop->attrs,
                   loop->span);
  }

  // Coordinates of blocks have 32 bits on GPUs.
  ir::Stmt NarrowGrid(const ir::TileLoopObj* grid) {
    auto scope = analyzer()->Enter();
    ffi::Array<ir::Var> vars;
    for (size_t i = 0; i < grid->vars.size(); ++i) {
      const ir::Var& var = grid->vars[i];
      analyzer()->BindLoop(var, ir::MakeInt(var.dtype(), 0), grid->extents[i]);
      analyzer()->Assume(ir::Expr(var) < ir::MakeInt(var.dtype(), INT32_MAX));
      vars.push_back(IsWide(var) ? NewVar(var) : var);
    }
    return ir::TileLoop(vars, grid->extents, grid->threads, MutateStmt(grid->body), grid->attrs,
                        grid->span);
  }

  ir::Var NewVar(const ir::Var& var) {
    ir::Var narrow(var->name, kInt32);
    narrow_.emplace(var.get(), narrow);
    return narrow;
  }

  ir::VarMap narrow_;
};

}  // namespace

ir::PrimFunc NarrowIndices(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  auto scope = context.analyzer->Enter();
  for (const ir::Var& symbol : func->symbols) {
    if (context.index_bits > 32) break;
    const ir::DType wide = ir::dtype::Int(64);
    context.analyzer->Assume(ir::MakeCast(wide, symbol) <=
                             ir::MakeInt(wide, lower::cuda::kMaxIndex32Symbol));
  }
  return IndexNarrower().Run(func, context);
}

}  // namespace tilescale::pass
