#include "cc/lower/cuda/gemm_load.h"

#include <algorithm>

#include "cc/ir/intrinsic.h"
#include "cc/ir/mutator.h"
#include "cc/layout/matrix_store.h"
#include "cc/lower/cuda/alignment.h"
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

// Whether the layout that the buffer got keeps aligned runs of columns together.
bool KeepsRuns(const ir::Buffer& buffer, int64_t columns, const Context& context) {
  if (!context.layouts) return true;
  if (context.layouts->IsScattered(buffer)) return false;
  const layout::ComposedLayout* tile = context.layouts->FindShared(buffer);
  return !tile || layout::KeepsRuns(*tile, columns);
}

// Where ldmatrix finds one of its matrices: an atom, and the offset inside it.
struct MatrixPlace {
  int64_t atom, outer, depth;
};

// Registers of one atom of the operand.
int64_t RegistersOf(const GemmOperand& operand) {
  return operand.atom->num_values * ir::dtype::Bits(operand.region->buffer->dtype) / kRegisterBits;
}

// Columns of a matrix: 16 bytes.
int64_t MatrixColumns(const GemmOperand& operand) {
  return kRowBytes * 8 / ir::dtype::Bits(operand.region->buffer->dtype);
}

// Register number `number` of a group of four, counted over the atoms. It is the sum of the places
// of the bits of the number.
MatrixPlace PlaceOf(const MmaPlan& plan, const GemmOperand& operand, int64_t number) {
  const int64_t registers = RegistersOf(operand), reg = number % registers;
  const int64_t halves = operand.is_a ? plan.atom->m / kMatrixRows : 1;
  return {number / registers, reg % halves * kMatrixRows, reg / halves * MatrixColumns(operand)};
}

// The first row (outer) and column (depth) that this lane names to ldmatrix, in the first group of
// `count` matrices from register `first` on.
struct LaneStart {
  ir::Expr outer, depth;
};

LaneStart StartOf(const MmaPlan& plan, const GemmOperand& operand, const WarpPlace& place,
                  int64_t first, int64_t count) {
  MatrixPlace at = PlaceOf(plan, operand, first);
  LaneStart start{AtomStart(operand, place, Index(at.atom)) + Index(at.outer), Index(at.depth)};
  for (int64_t bit = 1; bit < count; bit *= 2) {
    MatrixPlace step = PlaceOf(plan, operand, bit);
    const int64_t outer = step.atom * operand.atom_extent + step.outer;
    ir::Expr on = ir::FloorMod(ir::FloorDiv(place.lane, Index(kMatrixRows * bit)), Index(2));
    start.outer = start.outer + on * Index(outer);
    start.depth = start.depth + on * Index(step.depth);
  }
  ir::Expr row = ir::FloorMod(place.lane, Index(kMatrixRows));
  (operand.depth_rows ? start.depth : start.outer) =
      (operand.depth_rows ? start.depth : start.outer) + row;
  return start;
}

// One ldmatrix of `count` matrices for each group of four registers, `groups` of them, into the
// registers from number `first` on. The lane's own part of the address is named, since it stays.
ir::Stmt LoadGroups(const MmaPlan& plan, const GemmOperand& operand, const WarpPlace& place,
                    const ir::Buffer& registers, const ir::Expr& step, const ir::Expr& start,
                    int64_t first, int64_t count, int64_t groups) {
  const ir::DType i32 = ir::dtype::Int(32);
  const std::string name(registers->name);
  ir::Var group("group", i32), at_outer(name + (operand.is_a ? "_row" : "_col"), i32);
  ir::Var at_depth(name + "_depth", i32);
  LaneStart lane = StartOf(plan, operand, place, first, count);
  const int64_t atoms = 4 / RegistersOf(operand);
  ir::Expr outer = ir::Expr(at_outer) + group * Index(atoms * operand.atom_extent);
  ir::Expr depth = ir::Expr(at_depth) + step * Index(plan.atom->k);
  if (operand.Padded()) {
    const int64_t last = operand.extent - 1;
    outer = ir::Min(outer, Index(operand.depth_rows ? last / kMatrixRows * kMatrixRows : last));
  }
  const int64_t pack = kRegisterBits / ir::dtype::Bits(operand.region->buffer->dtype);
  ir::Expr to = start + (group * Index(4) + Index(first)) * Index(pack);
  ir::Expr call = ir::MakeCall(
      "cuda.load_matrix",
      {ir::AddressOf(registers, {to}),
       ir::AddressOf(operand.region->buffer, OperandIndices(operand, outer, depth))},
      {{"count", count}, {"transposed", operand.depth_rows}, {"bytes", kRowBytes}}, i32);
  return ir::Seq({ir::Bind(at_outer, lane.outer), ir::Bind(at_depth, lane.depth),
                  Unrolled(group, groups, ir::Evaluate(call), ir::Span())});
}

// Elements of 8 bits whose neighbours in memory are neighbours along M or N.
bool IsBytesAcross(const GemmOperand& operand) {
  return operand.depth_rows && ir::dtype::Bits(operand.region->buffer->dtype) == 8;
}

// The row, counted along the depth, that this lane names: see byte_matrix.cuh.
ir::Expr ByteRow(const ir::Expr& lane, int64_t blocks) {
  ir::Expr matrix = ir::FloorDiv(lane, Index(kMatrixRows));
  ir::Expr row = ir::FloorMod(lane, Index(kMatrixRows));
  ir::Expr second = ir::FloorMod(matrix + ir::FloorDiv(row, Index(4)), Index(2));
  ir::Expr depth =
      ir::FloorDiv(row, Index(2)) * Index(4) + second * Index(2) + ir::FloorMod(row, Index(2));
  return blocks == 1 ? depth : depth + ir::FloorDiv(matrix, Index(2)) * Index(kRowBytes);
}

// Columns of memory are read 16 at a time: one atom, two, or half of what two would take.
ir::Stmt LoadBytes(const MmaPlan& plan, const GemmOperand& operand, const WarpPlace& place,
                   const ir::Buffer& registers, const ir::Expr& step, const ir::Expr& first) {
  const ir::DType i32 = ir::dtype::Int(32);
  const int64_t blocks = plan.atom->k / kRowBytes;
  const int64_t atoms = operand.atom_extent == kRowBytes || operand.atoms % 2 != 0 ? 1 : 2;
  const bool whole = atoms * operand.atom_extent == kRowBytes;
  ir::Var group("group", i32), at_depth(std::string(registers->name) + "_depth", i32);
  ir::Expr start = AtomStart(operand, place, ir::Expr(group) * Index(atoms)), half = Index(0);
  if (!whole) {
    half = ir::FloorMod(ir::FloorDiv(start, Index(kMatrixRows)), Index(2));
    start = ir::FloorDiv(start, Index(kRowBytes)) * Index(kRowBytes);
  }
  if (operand.Padded()) {
    start = ir::Min(start, Index((operand.extent - 1) / kRowBytes * kRowBytes));
  }
  ir::Expr depth = ir::Expr(at_depth) + step * Index(plan.atom->k);
  ir::Expr to = first + group * Index(atoms * operand.atom->num_values);
  ir::Expr call = ir::MakeCall(
      "cuda.load_bytes",
      {ir::AddressOf(registers, {to}),
       ir::AddressOf(operand.region->buffer, OperandIndices(operand, start, depth)),
       ir::Expr(place.lane), half},
      {{"blocks", blocks}, {"whole", whole}, {"blocks_first", !operand.is_a}, {"bytes", kRowBytes}},
      i32);
  return ir::Seq({ir::Bind(at_depth, ByteRow(place.lane, blocks)),
                  Unrolled(group, operand.atoms / atoms, ir::Evaluate(call), ir::Span())});
}

// What fills the tile: vectors, dealt out row by row.
layout::TileAccess Filling(const GemmOperand& operand, int64_t rows) {
  const int64_t columns = *ir::AsConstInt(operand.region->buffer->shape.back());
  return layout::RowVectors(rows, columns, ir::dtype::Bits(operand.region->buffer->dtype));
}

// The rows of the first matrix of each block; those of the second lie as well.
std::vector<layout::TileAccess> ByteAccesses(const MmaPlan& plan, const GemmOperand& operand,
                                             int64_t rows) {
  std::vector<layout::StaticMode> lanes = {{2, 1}, {2, 4}, {2, 10}};
  if (plan.atom->k > kRowBytes) lanes.push_back({2, kRowBytes});
  // The bank model counts phases of whole warps.
  lanes.push_back({plan.atom->k > kRowBytes ? 2 : 4, 0});
  layout::Layout values = layout::FromModes(std::vector<layout::StaticMode>{
      {kRowBytes, rows}, {plan.depth / plan.atom->k, plan.atom->k}});
  return {{layout::Concat({layout::FromModes(lanes), values}), kRowBytes}, Filling(operand, rows)};
}

// Whether `elements` neighbours along the columns of memory start at a multiple of their size.
bool AreAligned(const ir::Region& region, int64_t elements, const Context& context) {
  const int64_t* columns = ir::AsConstInt(region->buffer->shape.back());
  const ir::Expr& left = region->mins.back();
  if (!columns || *columns % elements != 0 || !region->buffer->strides.empty()) return false;
  return context.can_prove(ir::Equal(ir::FloorMod(left, ir::MakeInt(left.dtype(), elements)),
                                     ir::MakeInt(left.dtype(), 0)));
}

// How many values of a lane, from each multiple of that on, follow each other along the depth.
int64_t RunLength(const GemmOperand& operand) {
  const layout::Fragment& atom = operand.atom;
  const std::vector<int64_t> table = atom.Table();
  const int64_t stride = operand.is_a ? atom->shape[0] : 1;
  int64_t run = 1;
  while (run < atom->num_values && table[run] == table[0] + run * stride) ++run;
  return run;
}

// Whole registers, or pairs of them, at a time.
std::optional<ir::Stmt> LoadWords(const MmaPlan& plan, const GemmOperand& operand,
                                  const WarpPlace& place, const ir::Buffer& registers,
                                  const ir::Expr& step, const ir::Expr& start,
                                  const Context& context) {
  const int64_t run = RunLength(operand), bytes = run * ir::dtype::Bytes(registers->dtype);
  const ir::Buffer& buffer = operand.region->buffer;
  bool in_memory = buffer.IsScope(ir::scope::kShared) || buffer.IsScope(ir::scope::kGlobal);
  bool whole = !operand.Padded() && plan.depth % plan.atom->k == 0;
  if (operand.depth_rows || !in_memory || !whole || (bytes != 4 && bytes != 8)) return std::nullopt;
  if (bytes > BaseAlignment(buffer, context)) return std::nullopt;
  if (!AreAligned(operand.region, run, context) || !IsInside(operand.region, context) ||
      !KeepsRuns(buffer, run, context)) {
    return std::nullopt;
  }
  const int64_t values = operand.atom->num_values;
  ir::Var atom("atom", ir::dtype::Int(32)), word("word", ir::dtype::Int(32));
  ffi::Array<ir::Expr> slot = layout::MapSlot(operand.atom, place.lane, word * Index(run));
  ir::Expr outer = AtomStart(operand, place, atom) + slot[operand.is_a ? 0 : 1];
  ir::Expr depth = step * Index(plan.atom->k) + slot[operand.is_a ? 1 : 0];
  ir::Expr to = start + atom * Index(values) + word * Index(run);
  ir::Expr copy = ir::MakeCall("cuda.copy_vector",
                               {ir::AddressOf(registers, {to}),
                                ir::AddressOf(buffer, OperandIndices(operand, outer, depth))},
                               {{"bytes", bytes}}, ir::dtype::Int(32));
  const ir::Span span;
  return Unrolled(atom, operand.atoms, Unrolled(word, values / run, ir::Evaluate(copy), span),
                  span);
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
  if (ArchNumber(context) < kLdmatrixArch || !region->buffer.IsScope(ir::scope::kShared)) {
    return false;
  }
  const int64_t bits = ir::dtype::Bits(region->buffer->dtype);
  if (operand.depth_rows && bits != 16 && bits != 8) return false;
  const int64_t columns = MatrixColumns(operand);
  return plan.depth >= plan.atom->k && AreAligned(region, columns, context) &&
         KeepsRuns(region->buffer, columns, context) && IsInside(region, context);
}

std::vector<layout::TileAccess> MatrixAccesses(const MmaPlan& plan, const GemmOperand& operand) {
  const ffi::Array<ir::Expr>& shape = operand.region->buffer->shape;
  const int64_t* rows = ir::AsConstInt(shape[shape.size() - 2]);
  const int64_t steps = plan.depth / plan.atom->k;
  if (!rows || steps == 0 || operand.extent < kMatrixRows) return {};
  // Flat coordinates count rows fastest.
  if (IsBytesAcross(operand)) return ByteAccesses(plan, operand, *rows);
  const int64_t outer_stride = operand.depth_rows ? *rows : 1;
  const int64_t depth_stride = operand.depth_rows ? 1 : *rows;
  std::vector<layout::StaticMode> lanes = {{kMatrixRows, 1}};
  const int64_t count = std::min<int64_t>(4, operand.atoms * RegistersOf(operand));
  int64_t end = kMatrixRows;  // behind the rows that all lanes together reach
  for (int64_t bit = 1; bit < count; bit *= 2) {
    MatrixPlace at = PlaceOf(plan, operand, bit);
    const int64_t outer = at.atom * operand.atom_extent + at.outer;
    if (end + outer > operand.extent) continue;
    end += outer;
    lanes.push_back({2, outer * outer_stride + at.depth * depth_stride});
  }
  layout::Layout values = layout::FromModes(std::vector<layout::StaticMode>{
      {MatrixColumns(operand), *rows}, {steps, plan.atom->k * depth_stride}});
  std::vector<layout::TileAccess> accesses = {
      {layout::Concat({layout::FromModes(lanes), values}), kRowBytes}};
  accesses.push_back(Filling(operand, *rows));
  return accesses;
}

ir::Stmt LoadElements(const MmaPlan& plan, const GemmOperand& operand, const WarpPlace& place,
                      const ir::Buffer& registers, const ir::Expr& step, const ir::Expr& start,
                      const Context& context) {
  if (auto words = LoadWords(plan, operand, place, registers, step, start, context)) return *words;
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
  ir::Stmt store = ir::Store(registers, {start + atom * Index(values) + value},
                             ir::MakeSelect(inside, element, zero), span);
  return Unrolled(atom, operand.atoms, Unrolled(value, values, store, span), span);
}

ir::Stmt LoadMatrices(const MmaPlan& plan, const GemmOperand& operand, const WarpPlace& place,
                      const ir::Buffer& registers, const ir::Expr& step, const ir::Expr& start) {
  if (IsBytesAcross(operand)) return LoadBytes(plan, operand, place, registers, step, start);
  const int64_t count = operand.atoms * RegistersOf(operand), groups = count / 4;
  ffi::Array<ir::Stmt> stmts;
  if (groups > 0) {
    stmts.push_back(LoadGroups(plan, operand, place, registers, step, start, 0, 4, groups));
  }
  int64_t first = 4 * groups;
  for (int64_t rest : {2, 1}) {
    if ((count & rest) == 0) continue;
    stmts.push_back(LoadGroups(plan, operand, place, registers, step, start, first, rest, 1));
    first += rest;
  }
  return ir::Seq(stmts);
}

}  // namespace tilescale::lower::cuda
