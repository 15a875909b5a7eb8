#include "cc/lower/cuda/gemm_mma.h"

#include "cc/ir/intrinsic.h"
#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/gemm_load.h"
#include "cc/lower/cuda/layout_demand.h"
#include "cc/lower/cuda/lowering.h"

namespace tilescale::lower::cuda {
namespace {

// Multiplications of a thread's program above which the loop along K stays a loop.
constexpr int64_t kMaxUnrolled = 1024;

// Registers that hold an operand or the accumulators, from element `start` on.
struct Home {
  ir::Buffer registers;
  ir::Expr start;
  bool resident;  // lives there beyond this operator
};

const ir::Buffer* FindRegisters(const ir::Region& region, const Context& context) {
  return context.layouts ? context.layouts->FindRegisters(region->buffer) : nullptr;
}

class MmaLowerer {
 public:
  MmaLowerer(const op::GemmObj* gemm, const MmaPlan& plan, const Context& context)
      : gemm_(gemm),
        plan_(plan),
        context_(context),
        c_(HomeOf(plan.c, Accumulators(), Accumulators(), "acc")),
        a_(HomeOfOperand(plan.a, "a")),
        b_(HomeOfOperand(plan.b, "b")) {}

  // One loop, which other passes take for one statement of the block.
  ir::Stmt Lower() {
    ffi::Array<ir::Stmt> stmts;
    for (const Home* home : {&c_, &a_, &b_}) {
      if (!home->resident) stmts.push_back(ir::Alloc(home->registers, std::nullopt, span()));
    }
    stmts.push_back(Body());
    return OfWarps(plan_, place_, ir::Seq(stmts, span()), span(), context_);
  }

 private:
  const ir::Span& span() const { return gemm_->span; }

  Home HomeOf(const ir::Region& region, int64_t count, int64_t slots, const char* name) const {
    if (const ir::Buffer* registers = FindRegisters(region, context_)) {
      return {*registers, LeadingStart(region, slots), true};
    }
    return {ir::Buffer(name, region->buffer->dtype, {Index(count)}, {}, ir::scope::kLocal),
            Index(0), false};
  }

  // Of an operand in memory, one step is in registers at a time.
  Home HomeOfOperand(const GemmOperand& operand, const char* name) const {
    const int64_t step = operand.atoms * operand.atom->num_values;
    return HomeOf(operand.region, step, step * plan_.Steps(), name);
  }

  ir::Stmt Body() const {
    ffi::Array<ir::Stmt> stmts;
    if (gemm_->clear_accum) {
      stmts.push_back(ClearAccumulators());
    } else if (!c_.resident) {
      stmts.push_back(MoveAccumulators(true));
    }
    stmts.push_back(Steps());
    if (!c_.resident) stmts.push_back(MoveAccumulators(false));
    return ir::Seq::Flatten(stmts);
  }

  int64_t Accumulators() const { return plan_.a.atoms * plan_.b.atoms * plan_.atom->c->num_values; }

  ir::Stmt ClearAccumulators() const {
    ir::Var i("i", ir::dtype::Int(32));
    ir::Expr zero = ir::MakeConst(c_.registers->dtype, 0);
    return Unrolled(i, Accumulators(), ir::Store(c_.registers, {c_.start + i}, zero, span()),
                    span());
  }

  // Between the accumulators' registers and their memory.
  ir::Stmt MoveAccumulators(bool load) const {
    const int64_t values = plan_.atom->c->num_values;
    const ir::DType i32 = ir::dtype::Int(32);
    ir::Var i("i", i32), j("j", i32), value("value", i32);
    ffi::Array<ir::Expr> slot = layout::MapSlot(plan_.atom->c, place_.lane, value);
    ir::Expr row = (place_.m * Index(plan_.a.atoms) + i) * Index(plan_.atom->m) + slot[0];
    ir::Expr column = (place_.n * Index(plan_.b.atoms) + j) * Index(plan_.atom->n) + slot[1];
    ir::Expr reg = c_.start + (i * Index(plan_.b.atoms) + j) * Index(values) + value;
    ffi::Array<ir::Expr> indices = MatrixIndices(plan_.c, row, column);
    ir::Expr inside = ir::MakeBool(true);
    if (plan_.a.Padded()) inside = inside && row < Index(plan_.a.extent);
    if (plan_.b.Padded()) inside = inside && column < Index(plan_.b.extent);
    const ir::Buffer& memory = plan_.c->buffer;
    ir::Stmt move = ir::Store(memory, indices, ir::Load(c_.registers, {reg}), span());
    if (load) {
      ir::Expr zero = ir::MakeConst(memory->dtype, 0);
      ir::Expr element = ir::MakeSelect(inside, ir::Load(memory, indices), zero);
      move = ir::Store(c_.registers, {reg}, element, span());
    } else if (!ir::IsConstInt(inside, 1)) {
      move = ir::If(inside, move, std::nullopt, span());
    }
    move = Unrolled(value, values, move, span());
    return Unrolled(i, plan_.a.atoms, Unrolled(j, plan_.b.atoms, move, span()), span());
  }

  // Whole steps, then the one that reaches beyond K.
  ir::Stmt Steps() const {
    const int64_t whole = plan_.depth / plan_.atom->k;
    ffi::Array<ir::Stmt> stmts;
    ir::Var step("step", ir::dtype::Int(32));
    if (whole > 0) {
      ir::Stmt body = Step(step, true);
      bool unroll =
          a_.resident || b_.resident || whole * plan_.a.atoms * plan_.b.atoms <= kMaxUnrolled;
      stmts.push_back(unroll ? Unrolled(step, whole, body, span())
                             : LoopOver(step, Index(whole), body, span()));
    }
    if (whole < plan_.Steps()) stmts.push_back(Step(Index(whole), false));
    return ir::Seq::Flatten(stmts);
  }

  ir::Stmt Step(const ir::Expr& step, bool whole) const {
    return ir::Seq::Flatten({LoadOperand(plan_.a, a_, step, whole),
                             LoadOperand(plan_.b, b_, step, whole), Multiply(step)});
  }

  ir::Stmt LoadOperand(const GemmOperand& operand, const Home& home, const ir::Expr& step,
                       bool whole) const {
    if (home.resident) return whole ? ir::Seq(ffi::Array<ir::Stmt>()) : ClearTail(operand, home);
    bool matrices = whole && CanLoadMatrices(plan_, operand, context_);
    return matrices
               ? LoadMatrices(plan_, operand, place_, home.registers, step, Index(0))
               : LoadElements(plan_, operand, place_, home.registers, step, Index(0), context_);
  }

  // Registers that lie beyond K own no element, and nobody has set them: 0 times NaN is NaN.
  ir::Stmt ClearTail(const GemmOperand& operand, const Home& home) const {
    const int64_t values = operand.atom->num_values, last = plan_.Steps() - 1;
    ir::Var atom("atom", ir::dtype::Int(32)), value("value", ir::dtype::Int(32));
    ffi::Array<ir::Expr> slot = layout::MapSlot(operand.atom, place_.lane, value);
    ir::Expr depth = Index(last * plan_.atom->k) + slot[operand.is_a ? 1 : 0];
    ir::Expr number = ir::Expr(atom) * Index(plan_.Steps()) + Index(last);
    ffi::Array<ir::Expr> at = {home.start + number * Index(values) + value};
    ir::Stmt clear = ir::Store(home.registers, at, ir::MakeConst(home.registers->dtype, 0), span());
    ir::Stmt store = ir::If(Index(plan_.depth) <= depth, clear, std::nullopt, span());
    return Unrolled(atom, operand.atoms, Unrolled(value, values, store, span()), span());
  }

  // The registers of one atom of an operand.
  ir::Expr AtomOf(const GemmOperand& operand, const Home& home, const ir::Expr& atom,
                  const ir::Expr& step) const {
    ir::Expr number = home.resident ? atom * Index(plan_.Steps()) + step : atom;
    ir::Expr at = home.start + number * Index(operand.atom->num_values);
    return ir::AddressOf(home.registers, {at});
  }

  ir::Stmt Multiply(const ir::Expr& step) const {
    const ir::DType i32 = ir::dtype::Int(32);
    ir::Var i("i", i32), j("j", i32);
    // There and back again: neighbouring instructions share an operand, which stays in the register
    // file's cache.
    ir::Expr back = Index(plan_.b.atoms - 1) - j;
    ir::Expr column = ir::MakeSelect(ir::Equal(ir::FloorMod(i, Index(2)), Index(0)), j, back);
    if (plan_.a.atoms == 1 || plan_.b.atoms == 1) column = j;
    ir::Expr number = i * Index(plan_.b.atoms) + column;
    ir::Expr c =
        ir::AddressOf(c_.registers, {c_.start + number * Index(plan_.atom->c->num_values)});
    ir::Expr call = ir::MakeCall(
        "cuda.mma", {c, AtomOf(plan_.a, a_, i, step), AtomOf(plan_.b, b_, column, step)},
        {{"atom", ffi::String(plan_.atom->name)}}, i32);
    ir::Stmt multiply = ir::Evaluate(call, span());
    return Unrolled(i, plan_.a.atoms, Unrolled(j, plan_.b.atoms, multiply, span()), span());
  }

  const op::GemmObj* gemm_;
  const MmaPlan& plan_;
  const Context& context_;
  Home c_;
  Home a_;
  Home b_;
  WarpPlace place_;
};

}  // namespace

ir::Expr LeadingStart(const ir::Region& region, int64_t slots) {
  ir::Expr index = Index(0);
  for (size_t i = 0; i + 2 < region->mins.size(); ++i) {
    index = index * ir::MakeCast(ir::dtype::Int(32), region->buffer->shape[i]) +
            ir::MakeCast(ir::dtype::Int(32), region->mins[i]);
  }
  return index * Index(slots);
}

ir::Stmt OfWarps(const MmaPlan& plan, const WarpPlace& place, const ir::Stmt& body,
                 const ir::Span& span, const Context& context) {
  ir::Expr warp = ir::FloorDiv(context.thread, Index(kWarpSize));
  ir::Expr rows = Index(plan.a.warps);
  ir::Stmt all =
      ir::Seq({ir::Bind(place.lane, ir::FloorMod(context.thread, Index(kWarpSize)), span),
               ir::Bind(place.m, ir::FloorMod(warp, rows), span),
               ir::Bind(place.n, ir::FloorDiv(warp, rows), span), body},
              span);
  const int64_t active = plan.Warps() * kWarpSize;
  if (active != context.threads) {
    all = ir::If(context.thread < Index(active), all, std::nullopt, span);
  }
  return ir::For(ir::Var("once", ir::dtype::Int(32)), Index(0), Index(1), Index(1),
                 ir::ForKind::kSerial, all, {{kThreadLevel, true}}, span);
}

ir::Stmt LowerToMma(const op::GemmObj* gemm, const MmaPlan& plan, const Context& context) {
  return MmaLowerer(gemm, plan, context).Lower();
}

}  // namespace tilescale::lower::cuda
