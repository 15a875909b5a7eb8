#include "cc/op/gemm.h"

#include "cc/ir/intrinsic.h"
#include "cc/lower/cpu/lowering.h"

namespace tilescale::lower::cpu {
namespace {

// Columns of B that the micro-kernel handles at a time: 128 bytes, two of the widest vectors.
constexpr int64_t kBlockBytes = 128;

// The last two dimensions of a region, as a matrix.
struct Matrix {
  ir::Region region;
  bool transposed;

  size_t rank() const { return region->extents.size(); }
  ir::Expr Rows() const { return region->extents[rank() - (transposed ? 1 : 2)]; }
  ir::Expr Cols() const { return region->extents[rank() - (transposed ? 2 : 1)]; }
  ir::DType dtype() const { return region->buffer->dtype; }
  ir::Expr At(const ir::Expr& row, const ir::Expr& col) const {
    return ir::Load(region->buffer, Indices(row, col));
  }
  ffi::Array<ir::Expr> Indices(const ir::Expr& row, const ir::Expr& col) const {
    ffi::Array<ir::Expr> indices = region->mins;
    indices.Set(rank() - 2, indices[rank() - 2] + (transposed ? col : row));
    indices.Set(rank() - 1, indices[rank() - 1] + (transposed ? row : col));
    return indices;
  }
};

struct Operands {
  Matrix a, b, c;
  bool clear;
  ir::Span span;
};

Operands Read(const op::GemmObj* gemm, const Context& context) {
  bool clear = gemm->clear_accum && !context.Has(PlantedBug::kMissingClearAccum);
  Operands ops{
      {gemm->a, gemm->trans_a}, {gemm->b, gemm->trans_b}, {gemm->c, false}, clear, gemm->span};
  const int64_t* rows = ir::AsConstInt(ops.b.Rows());
  const int64_t* cols = ir::AsConstInt(ops.b.Cols());
  bool square = rows && cols && *rows == *cols;
  if (square && context.Has(PlantedBug::kGemmTransposeIgnored)) ops.b.transposed = false;
  return ops;
}

bool IsInside(const ir::Region& region, const Context& context) {
  for (size_t i = 0; i < region->mins.size(); ++i) {
    const ir::Expr& min = region->mins[i];
    ir::Expr end = min + region->extents[i];
    if (!context.can_prove(ir::MakeInt(min.dtype(), 0) <= min)) return false;
    if (!context.can_prove(end <= region->buffer->shape[i])) return false;
  }
  return true;
}

bool HasUnitColumnStride(const ir::Buffer& buffer) {
  return buffer->strides.empty() || ir::IsConstInt(buffer->strides.back(), 1);
}

bool IsPositive(const ir::Expr& extent) {
  const int64_t* value = ir::AsConstInt(extent);
  return value && *value > 0;
}

// The micro-kernel accumulates in float32, float64 or int32.
bool HasMicroKernel(const Operands& ops, const Context& context) {
  ir::DType acc = ops.c.dtype();
  bool known =
      acc == ir::dtype::Float(32) || acc == ir::dtype::Float(64) || acc == ir::dtype::Int(32);
  bool constant = IsPositive(ops.c.Rows()) && IsPositive(ops.c.Cols()) && IsPositive(ops.a.Cols());
  return known && constant && HasUnitColumnStride(ops.c.region->buffer) &&
         IsInside(ops.a.region, context) && IsInside(ops.b.region, context) &&
         IsInside(ops.c.region, context);
}

ir::Buffer Panel(const std::string& name, ir::DType type, int64_t rows, int64_t cols) {
  return ir::Buffer(name, type,
                    {ir::Expr(static_cast<int>(rows)), ir::Expr(static_cast<int>(cols))}, {},
                    ir::scope::kLocal);
}

// Operands that are not of the accumulator's type, or whose rows are not whole blocks of columns,
// are first converted into panels of scratch memory.
ir::Stmt LowerToMicroKernel(const Operands& ops, const Context& context) {
  ir::DType acc = ops.c.dtype();
  int64_t m = *ir::AsConstInt(ops.c.Rows());
  int64_t n = *ir::AsConstInt(ops.c.Cols());
  int64_t k = *ir::AsConstInt(ops.a.Cols());
  int64_t block = kBlockBytes / ir::dtype::Bytes(acc);
  ffi::Array<ir::Stmt> stmts;
  ffi::Array<ffi::Any> args;
  for (const Matrix& x : {ops.a, ops.b, ops.c}) {
    args.push_back(ir::AddressOf(x.region->buffer, x.region->mins));
  }
  ffi::Map<ffi::String, ffi::Any> attrs = {{"m", m},
                                           {"n", n},
                                           {"k", k},
                                           {"trans_a", ops.a.transposed},
                                           {"trans_b", ops.b.transposed},
                                           {"clear", ops.clear}};
  if (context.Has(PlantedBug::kGemmTailColumns)) attrs.Set("skip_tail", true);
  auto add_panel = [&](const char* name, int64_t rows, int64_t cols) {
    ir::Buffer panel = Panel(name, acc, rows, cols);
    stmts.push_back(ir::Alloc(panel, std::nullopt, ops.span));
    attrs.Set(name, static_cast<int64_t>(args.size()));
    args.push_back(ir::AddressOf(panel, {ir::Expr(0), ir::Expr(0)}));
  };
  if (ops.a.dtype() != acc) add_panel("a_panel", m, k);
  bool direct = ops.b.dtype() == acc && !ops.b.transposed && n % block == 0 &&
                HasUnitColumnStride(ops.b.region->buffer);
  if (!direct) add_panel("b_panel", k, (n + block - 1) / block * block);
  ir::Expr call = ir::MakeCall("cpu.gemm", args, attrs, ir::dtype::Int(32));
  stmts.push_back(ir::Evaluate(call, ops.span));
  return ir::Seq(stmts, ops.span);
}

// Any types and extents: rows of C are accumulated along K.
ir::Stmt LowerToLoops(const Operands& ops) {
  ir::DType acc = ops.c.dtype();
  ir::Var i("i", ops.c.Rows().dtype()), j("j", ops.c.Cols().dtype()), k("k", ops.a.Cols().dtype());
  const ir::Buffer& c = ops.c.region->buffer;
  ir::Expr product = ir::MakeCast(acc, ops.a.At(i, k)) * ir::MakeCast(acc, ops.b.At(k, j));
  ir::Stmt step = ir::Store(c, ops.c.Indices(i, j), ops.c.At(i, j) + product, ops.span);
  ir::Stmt row =
      LoopOver(k, ops.a.Cols(), ParallelOver({j}, {ops.c.Cols()}, step, ops.span), ops.span);
  ffi::Array<ir::Stmt> stmts;
  if (ops.clear) {
    ir::Var p("i", i.dtype()), q("j", j.dtype());
    ir::Stmt zero = ir::Store(c, ops.c.Indices(p, q), ir::MakeConst(acc, 0), ops.span);
    stmts.push_back(ParallelOver({p, q}, {ops.c.Rows(), ops.c.Cols()}, zero, ops.span));
  }
  stmts.push_back(LoopOver(i, ops.c.Rows(), row, ops.span));
  return ir::Seq(stmts, ops.span);
}

ir::Stmt LowerGemm(const ir::TileOp& op, const Context& context) {
  Operands ops = Read(op.as<op::GemmObj>(), context);
  return HasMicroKernel(ops, context) ? LowerToMicroKernel(ops, context) : LowerToLoops(ops);
}

[[maybe_unused]] const bool kRegistered = RegisterLowering(op::GemmObj::_type_key, LowerGemm);

}  // namespace
}  // namespace tilescale::lower::cpu
