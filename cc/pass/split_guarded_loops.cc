#include "cc/pass/split_guarded_loops.h"

#include <tvm/ffi/extra/structural_equal.h>

#include <unordered_set>
#include <vector>

#include "cc/ir/mutator.h"
#include "cc/ir/visitor.h"
#include "cc/pass/linear.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;
using K = ir::BinaryKind;
using lower::PlantedBug;

// The comparisons in conditions below a loop, and what forbids splitting it.
class GuardCollector : public ir::Visitor {
 public:
  std::vector<ir::Expr> atoms;
  std::unordered_set<const ir::VarObj*> bound;
  bool splittable = true;

  void VisitStmt(const ir::Stmt& s) override {
    if (s.as<ir::ForObj>() || s.as<ir::WhileObj>() || s.as<ir::BreakObj>() ||
        s.as<ir::ContinueObj>() || s.as<ir::AllocObj>()) {
      splittable = false;
    }
    if (const auto* bind = s.as<ir::BindObj>()) bound.insert(bind->var.get());
    if (const auto* branch = s.as<ir::IfObj>()) AddAtoms(branch->cond);
    VisitFields(s);
  }
  void VisitExpr(const ir::Expr& e) override {
    if (const auto* select = e.as<ir::SelectObj>()) AddAtoms(select->cond);
    VisitFields(e);
  }

 private:
  void AddAtoms(const ir::Expr& cond) {
    const auto* op = cond.as<ir::BinaryObj>();
    if (!op) return;
    if (op->kind == K::kAnd) {
      AddAtoms(op->a);
      AddAtoms(op->b);
      return;
    }
    bool order =
        op->kind == K::kLt || op->kind == K::kLe || op->kind == K::kGt || op->kind == K::kGe;
    if (order && op->a.dtype() == ir::dtype::Int(64)) atoms.push_back(cond);
  }
};

class AssumeTrue : public ir::Mutator {
 public:
  explicit AssumeTrue(const std::unordered_set<const ir::ExprObj*>& holds) : holds_(holds) {}

  ir::Expr MutateExpr(const ir::Expr& e) override {
    if (holds_.count(e.get())) return ir::MakeBool(true);
    ir::Expr result = DefaultExpr(e);
    if (const auto* op = result.as<ir::BinaryObj>()) return ir::MakeBinary(op->kind, op->a, op->b);
    const auto* select = result.as<ir::SelectObj>();
    return select ? ir::MakeSelect(select->cond, select->a, select->b) : result;
  }
  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    ir::Stmt result = DefaultStmt(s);
    const auto* branch = result.as<ir::IfObj>();
    return branch && ir::IsConstInt(branch->cond, 1) ? branch->then_body : result;
  }

 private:
  const std::unordered_set<const ir::ExprObj*>& holds_;
};

// A copy that declares variables of its own, as each variable is declared once.
class FreshCopy : public ir::Mutator {
 public:
  explicit FreshCopy(ir::VarMap map) : map_(std::move(map)) {}

  ir::Expr MutateExpr(const ir::Expr& e) override {
    if (const auto* var = e.as<ir::VarObj>()) {
      auto it = map_.find(var);
      return it == map_.end() ? e : it->second;
    }
    return DefaultExpr(e);
  }
  ir::Var MutateVarDef(const ir::Var& var) override {
    ir::Var fresh(var->name, var.dtype());
    map_.insert_or_assign(var.get(), fresh);
    return fresh;
  }

 private:
  ir::VarMap map_;
};

// `coefficient * var + rest >= margin`, margin 0 or 1.
struct AtLeast {
  int64_t coefficient;
  ir::Expr rest;
  int64_t margin;
};

std::optional<AtLeast> AsAtLeast(const ir::Expr& atom, const ir::VarObj* var) {
  const auto* op = atom.as<ir::BinaryObj>();
  bool less = op->kind == K::kLt || op->kind == K::kLe;
  bool strict = op->kind == K::kLt || op->kind == K::kGt;
  auto a = AsLinear(less ? op->b : op->a, var);
  auto b = AsLinear(less ? op->a : op->b, var);
  if (!a || !b) return std::nullopt;
  return AtLeast{a->coefficient - b->coefficient, a->rest - b->rest, strict ? 1 : 0};
}

// Where the guards hold: [lo, hi) if all invariants are true, nowhere else.
struct SafeRange {
  std::vector<ir::Expr> lowers, uppers;
  std::vector<ir::Expr> invariants;
  std::unordered_set<const ir::ExprObj*> atoms;
};

bool Contains(const std::vector<ir::Expr>& list, const ir::Expr& e) {
  for (const ir::Expr& other : list) {
    if (ffi::StructuralEqual::Equal(other, e)) return true;
  }
  return false;
}

void AddOnce(std::vector<ir::Expr>* list, const ir::Expr& e) {
  if (!Contains(*list, e)) list->push_back(e);
}

bool IsStable(const ir::Expr& e, const std::unordered_set<const ir::VarObj*>& bound) {
  bool stable = true;
  ir::ForEachExpr(e, [&](const ir::Expr& x) {
    const auto* var = x.as<ir::VarObj>();
    if (x.as<ir::LoadObj>() || x.as<ir::CallObj>() || (var && bound.count(var))) stable = false;
  });
  return stable;
}

SafeRange FindSafeRange(const ir::ForObj* loop, const GuardCollector& guards) {
  SafeRange range;
  for (const ir::Expr& atom : guards.atoms) {
    if (range.atoms.count(atom.get()) || !IsStable(atom, guards.bound)) continue;
    auto form = AsAtLeast(atom, loop->var.get());
    if (!form) continue;
    range.atoms.insert(atom.get());
    ir::DType wide = ir::dtype::Int(64);
    int64_t scale = form->coefficient;
    ir::Expr margin = ir::MakeInt(wide, form->margin);
    if (scale > 0) {
      ir::Expr least = margin - form->rest;
      if (scale > 1) least = ir::CeilDiv(least, ir::MakeInt(wide, scale));
      AddOnce(&range.lowers, least);
    } else if (scale < 0) {
      // The end is one behind the last value that satisfies the guard.
      ir::Expr end = form->rest + (ir::MakeInt(wide, 1) - margin);
      if (scale < -1) {
        end = ir::FloorDiv(form->rest - margin, ir::MakeInt(wide, -scale)) + 1;
      }
      AddOnce(&range.uppers, end);
    } else if (!Contains(range.invariants, atom)) {
      range.invariants.push_back(atom);
    }
  }
  return range;
}

// Whether the body does nothing wherever one of the atoms is false.
bool OnlyActsWhenSafe(const ir::Stmt& body, const SafeRange& range) {
  const auto* branch = body.as<ir::IfObj>();
  if (!branch || branch->else_body.has_value()) return false;
  std::vector<ir::Expr> todo = {branch->cond};
  size_t found = 0;
  while (!todo.empty()) {
    ir::Expr cond = todo.back();
    todo.pop_back();
    const auto* op = cond.as<ir::BinaryObj>();
    if (range.atoms.count(cond.get())) {
      ++found;
    } else if (op && op->kind == K::kAnd) {
      todo.push_back(op->a);
      todo.push_back(op->b);
    }
  }
  return found == range.atoms.size();
}

class GuardedLoopSplitter : public ir::Mutator {
 public:
  explicit GuardedLoopSplitter(const lower::Context& context) : context_(context) {}

  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    const auto* loop = stmt.as<ir::ForObj>();
    if (!loop) return DefaultStmt(stmt);
    GuardCollector guards;
    guards.VisitStmt(loop->body);
    if (!guards.splittable) return DefaultStmt(stmt);
    if (!ir::IsConstInt(loop->step, 1) || loop->var.dtype() != ir::dtype::Int(64)) return stmt;
    SafeRange range = FindSafeRange(loop, guards);
    return range.atoms.empty() ? stmt : Split(loop, range);
  }

 private:
  ir::Stmt Split(const ir::ForObj* loop, const SafeRange& range) const {
    ffi::Array<ir::Stmt> stmts;
    auto name = [&](const char* part, const ir::Expr& value) -> ir::Expr {
      if (ir::AsConstInt(value) || value.as<ir::VarObj>()) return value;
      ir::Var var(std::string(loop->var->name) + part, ir::dtype::Int(64));
      stmts.push_back(ir::Bind(var, value, loop->span));
      return var;
    };
    ir::Expr end = loop->min + loop->extent;
    ir::Expr lo = loop->min;
    for (const ir::Expr& bound : range.lowers) lo = ir::Max(lo, bound);
    if (!range.lowers.empty()) lo = name("_lo", ir::Min(lo, ir::Max(end, loop->min)));
    ir::Expr hi = end;
    for (const ir::Expr& bound : range.uppers) hi = ir::Min(hi, bound);
    if (!range.uppers.empty() || !range.lowers.empty()) hi = ir::Max(hi, lo);
    for (const ir::Expr& cond : range.invariants) hi = ir::MakeSelect(cond, hi, lo);
    hi = name("_hi", hi);

    ir::Stmt fast = AssumeTrue(range.atoms).MutateStmt(loop->body);
    bool edges = !OnlyActsWhenSafe(loop->body, range);
    if (edges && !range.lowers.empty()) stmts.push_back(Part(loop, loop->min, lo, loop->body, {}));
    stmts.push_back(Part(loop, lo, hi, fast, loop->attrs));
    bool tail = edges && !context_.Has(PlantedBug::kDroppedTail);
    if (tail) stmts.push_back(Part(loop, hi, end, loop->body, {}));
    return ir::Seq(stmts, loop->span);
  }

  static ir::Stmt Part(const ir::ForObj* loop, const ir::Expr& begin, const ir::Expr& end,
                       const ir::Stmt& body, const ir::AttrMap& attrs) {
    ir::Var var(loop->var->name, loop->var.dtype());
    ir::Stmt renamed = FreshCopy({{loop->var.get(), var}}).MutateStmt(body);
    return ir::For(var, begin, end - begin, loop->step, loop->kind, renamed, attrs, loop->span);
  }

  const lower::Context& context_;
};

}  // namespace

ir::PrimFunc SplitGuardedLoops(const ir::PrimFunc& func, const lower::Context& context) {
  return func.WithBody(GuardedLoopSplitter(context).MutateStmt(func->body));
}

}  // namespace tilescale::pass
