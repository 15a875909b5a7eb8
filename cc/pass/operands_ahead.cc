#include "cc/pass/operands_ahead.h"

#include "cc/ir/dtype.h"
#include "cc/lower/cuda/gemm_plan.h"
#include "cc/op/fill.h"
#include "cc/op/load_operand.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

using lower::cuda::MmaPlan;

constexpr int64_t kRegisterFile = 65536;
constexpr int64_t kRegisterBits = 32;
// Of a thread, besides accumulators and operands: addresses, counters, what the compiler needs to
// move loads forward. Seen in SASS of tiles of all sizes.
constexpr int64_t kOtherRegisters = 60;
constexpr int64_t kMaxRegisters = 255;
constexpr int kFirstArch = 80;

int64_t RegistersOf(int64_t values, ir::DType dtype) {
  return values * ir::dtype::Bits(dtype) / kRegisterBits;
}

int64_t OperandRegisters(const lower::cuda::GemmOperand& operand) {
  return RegistersOf(operand.atoms * operand.atom->num_values, operand.region->buffer->dtype);
}

// Whether ldmatrix can read the operand.
bool IsMatrixTile(const lower::cuda::GemmOperand& operand) {
  const ir::Buffer& buffer = operand.region->buffer;
  return buffer.IsScope(ir::scope::kShared) && !operand.Padded() &&
         !(operand.depth_rows && ir::dtype::Bits(buffer->dtype) != 16);
}

// Whether the region is at the same place in every iteration, and behind the loop.
bool IsFixed(const ir::Region& region) {
  for (const ir::Expr& min : region->mins) {
    if (!ir::AsConstInt(min)) return false;
  }
  return true;
}

class ProductSplitter {
 public:
  ProductSplitter(const op::GemmObj* gemm, const MmaPlan& plan)
      : gemm_(gemm),
        plan_(plan),
        attrs_(gemm->attrs),
        a_(Registers(plan.a)),
        b_(Registers(plan.b)) {
    attrs_.Set("instruction", ffi::String(plan.atom->name));
  }

  AheadProduct Split() const {
    AheadProduct parts{{a_, b_}, {}, {}, {}, Multiply(1)};
    for (const lower::cuda::GemmOperand* operand : {&plan_.a, &plan_.b}) {
      ir::Expr zero = ir::MakeConst(operand->region->buffer->dtype, 0);
      parts.clear.push_back(op::Fill(Half(*operand, 1), zero, {}, gemm_->span));
    }
    for (int64_t step = 0; step < plan_.Steps(); ++step) {
      ffi::Array<ir::Stmt>* to = step < 2 ? &parts.first : &parts.rest;
      to->push_back(Load(plan_.a, step));
      to->push_back(Load(plan_.b, step));
      to->push_back(Multiply((step + 1) % 2));
    }
    return parts;
  }

 private:
  static ir::Expr Int(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

  // Two versions of one step's operand.
  ir::Buffer Registers(const lower::cuda::GemmOperand& operand) const {
    const ir::Buffer& tile = operand.region->buffer;
    ffi::Array<ir::Expr> shape = {Int(2), Int(operand.extent), Int(plan_.atom->k)};
    if (operand.depth_rows) shape = {Int(2), Int(plan_.atom->k), Int(operand.extent)};
    return ir::Buffer(std::string(tile->name) + "_step", tile->dtype, shape, {},
                      ir::scope::kFragment);
  }

  ir::Region Half(const lower::cuda::GemmOperand& operand, int64_t half) const {
    const ir::Buffer& buffer = operand.is_a ? a_ : b_;
    return ir::Region(buffer, {Int(half), Int(0), Int(0)},
                      {Int(1), buffer->shape[1], buffer->shape[2]});
  }

  ir::Stmt Load(const lower::cuda::GemmOperand& operand, int64_t step) const {
    const size_t depth = operand.region->mins.size() - (operand.depth_rows ? 2 : 1);
    ffi::Array<ir::Expr> mins = operand.region->mins, extents = operand.region->extents;
    mins.Set(depth, mins[depth] + ir::MakeInt(mins[depth].dtype(), step * plan_.atom->k));
    extents.Set(depth, ir::MakeInt(extents[depth].dtype(), plan_.atom->k));
    const bool transposed = operand.is_a ? gemm_->trans_a : gemm_->trans_b;
    return op::LoadOperand(ir::Region(operand.region->buffer, mins, extents),
                           Half(operand, step % 2), operand.is_a, transposed, plan_.a.extent,
                           plan_.b.extent, attrs_, gemm_->span);
  }

  ir::Stmt Multiply(int64_t half) const {
    return op::Gemm(Half(plan_.a, half), Half(plan_.b, half), gemm_->c, gemm_->trans_a,
                    gemm_->trans_b, false, attrs_, gemm_->span);
  }

  const op::GemmObj* gemm_;
  const MmaPlan& plan_;
  ir::AttrMap attrs_;
  ir::Buffer a_;
  ir::Buffer b_;
};

}  // namespace

bool HasOperandsAhead(const std::string& atom) {
  const std::string end = kOperandsAhead;
  return atom.size() > end.size() && atom.compare(atom.size() - end.size(), end.size(), end) == 0;
}

AheadChoice ChooseOperandsAhead(const op::GemmObj* gemm, const lower::cuda::Context& context) {
  AheadChoice choice;
  std::optional<MmaPlan> plan = lower::cuda::PlanMma(gemm, context);
  if (!plan || lower::cuda::ArchNumber(context) < kFirstArch || gemm->clear_accum) return choice;
  const int64_t k = plan->atom->k, steps = plan->depth / k;
  choice.possible = plan->depth % k == 0 && steps >= 2 && steps % 2 == 0 &&
                    gemm->c->buffer.IsScope(ir::scope::kFragment) && IsMatrixTile(plan->a) &&
                    IsMatrixTile(plan->b) && IsFixed(gemm->a) && IsFixed(gemm->b) &&
                    IsFixed(gemm->c);
  if (!choice.possible) return choice;
  const int64_t sums = RegistersOf(plan->a.atoms * plan->b.atoms * plan->atom->c->num_values,
                                   gemm->c->buffer->dtype);
  const int64_t operands = OperandRegisters(plan->a) + OperandRegisters(plan->b);
  const bool alone = 2 * context.threads * (sums + kOtherRegisters + 4) > kRegisterFile;
  choice.pays = alone && sums + 2 * operands + kOtherRegisters <= kMaxRegisters;
  return choice;
}

AheadProduct SplitProduct(const op::GemmObj* gemm, const lower::cuda::Context& context) {
  std::optional<MmaPlan> plan = lower::cuda::PlanMma(gemm, context);
  TILESCALE_CHECK(plan, "operands are read ahead only where a matrix instruction was chosen");
  return ProductSplitter(gemm, *plan).Split();
}

}  // namespace tilescale::pass
