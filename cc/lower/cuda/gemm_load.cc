#include "cc/lower/cuda/gemm_load.h"

#include "cc/ir/intrinsic.h"
#include "cc/ir/mutator.h"
#include "cc/lower/cuda/layout_demand.h"

namespace tilescale::lower::cuda {
namespace {

constexpr int64_t kRowBytes = 16;  // of a matrix that ldmatrix reads
constexpr int64_t kMatrixRows = 8;
constexpr int64_t kRegisterBits = 32;
constexpr int kLdmatrixArch = 75;

ir::Expr WarpOf(const GemmOperand& operand, const WarpPlace& place) {
  return operand.is_a ? place.m : place.n;
}

// The first row of M (column of N) of one of the warp's atoms.
ir::Expr AtomStart(const GemmOperand& operand, const WarpPlace& place, const ir::Expr& atom) {
  return (WarpOf(operand, place) * Index(operand.atoms) + atom) * Index(operand.atom_extent);
}

ffi::Array<ir::Expr> OperandIndices(const GemmOperand& operand, const ir::Expr& outer,
                                    const ir::Expr& depth) {
  return operand.depth_rows ? MatrixIndices(operand.region, depth, outer)
                            : MatrixIndices(operand.region, outer, depth);
}

bool IsInside(const ir::Region& region, const Context& context) {
  for (size_t i = 0; i < region->mins.size(); ++i) {
    const ir::Expr& min = region->mins[i];
    if (!context.can_prove(ir::MakeInt(min.dtype(), 0) <= min)) return false;
    if (!context.can_prove(min + region->extents[i] <= region->buffer->shape[i])) return false;
  }
  return true;
}

// Where ldmatrix finds one of its matrices: an atom, and the offset inside it.
struct MatrixPlace {
  ir::Expr atom, outer, depth;
};

// Register number `group` * 4 + `number` of the operand's registers, in the order of its atoms.
MatrixPlace PlaceOf(const MmaPlan& plan, const GemmOperand& operand, const ir::Expr& group,
                    const ir::Expr& number) {
  const int64_t bits = ir::dtype::Bits(operand.region->buffer->dtype);
  const int64_t unit = kRowBytes * 8 / bits;
  const int64_t registers = operand.atom->num_values * bits / kRegisterBits;
  ir::Expr atom = group * Index(4 / registers);
  ir::Expr reg = number;
  if (registers < 4) {
    atom = atom + ir::FloorDiv(number, Index(registers));
    reg = ir::FloorMod(number, Index(registers));
  }
  const int64_t halves = operand.is_a ? plan.atom->m / kMatrixRows : 1;
  return {atom, ir::FloorMod(reg, Index(halves)) * Index(kMatrixRows),
          ir::FloorDiv(reg, Index(halves)) * Index(unit)};
}

// One ldmatrix of `count` matrices, into the registers from number `group` * 4 + `first` on.
ir::Stmt LoadGroup(const MmaPlan& plan, const GemmOperand& operand, const WarpPlace& place,
                   const ir::Buffer& registers, const ir::Expr& step, const ir::Expr& group,
                   int64_t first, int64_t count) {
  ir::Expr matrix = ir::FloorDiv(place.lane, Index(kMatrixRows));
  if (count < 4) matrix = count == 1 ? Index(0) : ir::FloorMod(matrix, Index(count));
  ir::Expr row = ir::FloorMod(place.lane, Index(kMatrixRows));
  MatrixPlace at = PlaceOf(plan, operand, group, matrix + Index(first));
  ir::Expr outer = AtomStart(operand, place, at.atom) + at.outer;
  ir::Expr depth = step * Index(plan.atom->k) + at.depth;
  (operand.depth_rows ? depth : outer) = (operand.depth_rows ? depth : outer) + row;
  if (operand.Padded()) {
    const int64_t last = operand.extent - 1;
    outer = ir::Min(outer, Index(operand.depth_rows ? last / kMatrixRows * kMatrixRows : last));
  }
  const int64_t pack = kRegisterBits / ir::dtype::Bits(operand.region->buffer->dtype);
  ir::Expr to = (group * Index(4) + Index(first)) * Index(pack);
  ir::Expr call =
      ir::MakeCall("cuda.load_matrix",
                   {ir::AddressOf(registers, {to}),
                    ir::AddressOf(operand.region->buffer, OperandIndices(operand, outer, depth))},
                   {{"count", count}, {"transposed", operand.depth_rows}}, ir::dtype::Int(32));
  return ir::Evaluate(call);
}

}  // namespace

ir::Expr Index(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

ir::Stmt Unrolled(const ir::Var& var, int64_t extent, ir::Stmt body, const ir::Span& span) {
  if (extent == 1) return ir::Substitute(body, {{var.get(), Index(0)}});
  return ir::For(var, Index(0), Index(extent), Index(1), ir::ForKind::kUnroll, std::move(body), {},
                 span);
}

ffi::Array<ir::Expr> MatrixIndices(const ir::Region& region, const ir::Expr& row,
                                   const ir::Expr& column) {
  ffi::Array<ir::Expr> indices = region->mins;
  const size_t rank = indices.size();
  indices.Set(rank - 2, indices[rank - 2] + row);
  indices.Set(rank - 1, indices[rank - 1] + column);
  return indices;
}

bool CanLoadMatrices(const MmaPlan& plan, const GemmOperand& operand, const Context& context) {
  const ir::Region& region = operand.region;
  const ir::Buffer& buffer = region->buffer;
  const int64_t bits = ir::dtype::Bits(buffer->dtype);
  const int64_t unit = kRowBytes * 8 / bits;
  if (ArchNumber(context) < kLdmatrixArch || !buffer.IsScope(ir::scope::kShared)) return false;
  if (operand.depth_rows && bits != 16) return false;
  if (plan.depth < plan.atom->k || !buffer->strides.empty()) return false;
  // Rows start at multiples of 16 bytes, and so does the region.
  const int64_t* columns = ir::AsConstInt(buffer->shape.back());
  const ir::Expr& left = region->mins.back();
  if (!columns || *columns % unit != 0) return false;
  ir::Expr aligned =
      ir::Equal(ir::FloorMod(left, ir::MakeInt(left.dtype(), unit)), ir::MakeInt(left.dtype(), 0));
  return context.can_prove(aligned) && IsInside(region, context);
}

ir::Stmt LoadElements(const MmaPlan& plan, const GemmOperand& operand, const WarpPlace& place,
                      const ir::Buffer& registers, const ir::Expr& step) {
  const ir::Span span;
  const int64_t values = operand.atom->num_values;
  ir::Var atom("atom", ir::dtype::Int(32)), value("value", ir::dtype::Int(32));
  ffi::Array<ir::Expr> slot = layout::MapSlot(operand.atom, place.lane, value);
  ir::Expr outer = AtomStart(operand, place, atom) + slot[operand.is_a ? 0 : 1];
  ir::Expr depth = step * Index(plan.atom->k) + slot[operand.is_a ? 1 : 0];
  ir::Expr element = ir::Load(operand.region->buffer, OperandIndices(operand, outer, depth));
  ir::Expr inside = ir::MakeBool(true);
  if (operand.Padded()) inside = inside && outer < Index(operand.extent);
  if (plan.depth % plan.atom->k != 0) inside = inside && depth < Index(plan.depth);
  ir::Expr zero = ir::MakeConst(element.dtype(), 0);
  ir::Stmt store = ir::Store(registers, {atom * Index(values) + value},
                             ir::MakeSelect(inside, element, zero), span);
  return Unrolled(atom, operand.atoms, Unrolled(value, values, store, span), span);
}

ir::Stmt LoadMatrices(const MmaPlan& plan, const GemmOperand& operand, const WarpPlace& place,
                      const ir::Buffer& registers, const ir::Expr& step) {
  const ir::Span span;
  const int64_t bits = ir::dtype::Bits(operand.region->buffer->dtype);
  const int64_t count = operand.atoms * operand.atom->num_values * bits / kRegisterBits;
  ffi::Array<ir::Stmt> stmts;
  ir::Var group("group", ir::dtype::Int(32));
  if (count >= 4) {
    ir::Stmt load = LoadGroup(plan, operand, place, registers, step, group, 0, 4);
    stmts.push_back(Unrolled(group, count / 4, load, span));
  }
  int64_t first = 0;
  for (int64_t rest : {2, 1}) {
    if ((count % 4 & rest) == 0) continue;
    stmts.push_back(
        LoadGroup(plan, operand, place, registers, step, Index(count / 4), first, rest));
    first += rest;
  }
  return ir::Seq::Flatten(stmts);
}

}  // namespace tilescale::lower::cuda
