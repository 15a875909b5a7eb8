#include "cc/pass/store_matrices.h"

#include <tvm/ffi/extra/structural_equal.h>

#include <algorithm>
#include <unordered_set>

#include "cc/ir/intrinsic.h"
#include "cc/ir/mutator.h"
#include "cc/ir/visitor.h"
#include "cc/layout/matrix_store.h"
#include "cc/lower/cuda/gemm_choice.h"
#include "cc/lower/cuda/layout_demand.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/pass/linear.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;
using layout::Fragment;

constexpr int64_t kMatrices = 4;   // of one instruction
constexpr int64_t kRowBytes = 16;  // of a matrix; a lane gives as many bytes of values
constexpr int64_t kWarpSize = lower::cuda::kWarpSize;

ir::Expr Int(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

class MatrixStorer : public ir::Mutator {
 public:
  MatrixStorer(const ir::Stmt& body, const lower::cuda::Context& context)
      : context_(context), layouts_(body) {
    // Views are of the rows as they lie; the layouts of users need not keep rows together.
    ir::ForEachStmt(body, [&](const ir::Stmt& s) {
      const auto* note = s.as<ir::AnnotateObj>();
      if (!note || note->key != "layout" || !note->target.has_value()) return;
      if (!note->value.as<layout::ComposedLayout>()) odd_.insert(note->target.value().get());
    });
  }

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    const auto* box = s.as<ir::ParallelObj>();
    auto lowered = box ? Lower(box) : std::nullopt;
    return lowered ? *lowered : DefaultStmt(s);
  }

 private:
  std::optional<ir::Stmt> Lower(const ir::ParallelObj* box) const {
    auto it = box->attrs.find("loop_layout");
    auto tile = StoredTile(box);
    if (it == box->attrs.end() || !tile || !CanTake(*tile)) return std::nullopt;
    if (box->attrs.count("coalesced_width")) return std::nullopt;
    auto fragment = (*it).second.as<Fragment>();
    if (!fragment || !layout::IsMadeOfMatrices(*fragment)) return std::nullopt;
    const bool whole = std::equal((*fragment)->shape.begin(), (*fragment)->shape.end(),
                                  (*fragment)->padded.begin());
    if (!whole || (*fragment)->num_values % (2 * kMatrices) != 0) return std::nullopt;
    return Store(box, *fragment);
  }

  bool CanTake(const ir::Buffer& tile) const {
    if (tile->dtype.bits != 16 || odd_.count(tile.get()) || !tile->strides.empty()) return false;
    const int64_t columns = *ir::AsConstInt(tile->shape[tile->shape.size() - 1]);
    const layout::ComposedLayout* place = layouts_.FindShared(tile);
    return columns % layout::kMatrixSide == 0 &&
           (!place || layout::KeepsRuns(*place, layout::kMatrixSide));
  }

  // The values go to registers in the order of the fragment, which is that of the matrices.
  ir::Stmt Store(const ir::ParallelObj* box, const Fragment& fragment) const {
    const auto* store = box->body.as<ir::StoreObj>();
    const ir::Span& span = box->span;
    ffi::Array<ir::Stmt> stmts;
    std::optional<ir::Buffer> registers = RegistersOf(box, fragment);
    if (!registers) {
      ir::Buffer values(std::string(store->buffer->name) + "_m", store->buffer->dtype, box->extents,
                        {}, ir::scope::kFragment);
      registers = ir::Buffer(values->name, values->dtype, {Int(fragment->num_values)}, {},
                             ir::scope::kLocal);
      stmts = {ir::Alloc(values, std::nullopt, span),
               ir::Annotate("layout", values, fragment, span), ir::View(*registers, values, span)};
      ffi::Array<ir::Expr> point(box->vars.begin(), box->vars.end());
      ir::Stmt compute = ir::Store(values, point, store->value, span);
      stmts.push_back(ir::Parallel(box->vars, box->extents, compute, box->attrs, span));
    }
    stmts.push_back(StoreRegisters(store, *registers, fragment, span));
    return ir::Seq(stmts, span);
  }

  // Those of a fragment in this layout, if the loop does nothing but copy it.
  std::optional<ir::Buffer> RegistersOf(const ir::ParallelObj* box,
                                        const Fragment& fragment) const {
    const auto* store = box->body.as<ir::StoreObj>();
    const auto* load = store->value.as<ir::LoadObj>();
    const Fragment* owned = load ? layouts_.FindFragment(load->buffer) : nullptr;
    if (!owned || load->indices.size() != 2 || load->buffer->dtype != store->buffer->dtype) {
      return std::nullopt;
    }
    for (size_t d = 0; d < 2; ++d) {
      if (!load->indices[d].same_as(box->vars[d])) return std::nullopt;
    }
    if (!ffi::StructuralEqual::Equal(*owned, fragment)) return std::nullopt;
    return *layouts_.FindRegisters(load->buffer);
  }

  // Lane l names row l mod 8 of matrix l div 8 of each four.
  ir::Stmt StoreRegisters(const ir::StoreObj* store, const ir::Buffer& registers,
                          const Fragment& fragment, const ir::Span& span) const {
    const ir::DType i32 = ir::dtype::Int(32);
    ir::Var four("four", i32), owner("owner", i32), matrix("matrix", i32);
    ir::Expr lane = ir::FloorMod(context_.thread, Int(kWarpSize));
    ir::Expr row = ir::FloorMod(context_.thread, Int(layout::kMatrixSide));
    ffi::Array<ir::Expr> place =
        layout::MapSlot(fragment, owner, (ir::Expr(four) * Int(kMatrices) + matrix) * Int(2));
    ffi::Array<ir::Expr> indices = store->indices;
    for (size_t d = 0; d < 2; ++d) indices.Set(indices.size() - 2 + d, place[d]);
    ir::Expr call = ir::MakeCall("cuda.store_matrix",
                                 {ir::AddressOf(store->buffer, indices),
                                  ir::AddressOf(registers, {four * Int(2 * kMatrices)})},
                                 {{"bytes", kRowBytes}}, i32);
    ir::Stmt body = ir::For(four, Int(0), Int(fragment->num_values / (2 * kMatrices)), Int(1),
                            ir::ForKind::kUnroll, ir::Evaluate(call, span), {}, span);
    body = ir::Seq({ir::Bind(owner, context_.thread - lane + row * Int(4), span),
                    ir::Bind(matrix, ir::FloorDiv(lane, Int(layout::kMatrixSide)), span), body},
                   span);
    if (fragment->num_threads < context_.threads) {
      body = ir::If(context_.thread < Int(fragment->num_threads), body, std::nullopt, span);
    }
    return ir::For(ir::Var("once", ir::dtype::Int(32)), Int(0), Int(1), Int(1),
                   ir::ForKind::kSerial, body, {{lower::cuda::kThreadLevel, true}}, span);
  }

  const lower::cuda::Context& context_;
  const lower::cuda::Layouts layouts_;
  std::unordered_set<const ir::BufferObj*> odd_;
};

}  // namespace

std::optional<ir::Buffer> StoredTile(const ir::ParallelObj* box) {
  const auto* store = box->body.as<ir::StoreObj>();
  if (!store || box->vars.size() != 2 || !store->buffer.IsScope(ir::scope::kShared)) {
    return std::nullopt;
  }
  const size_t rank = store->indices.size();
  if (rank < 2) return std::nullopt;
  for (size_t d = 0; d < 2; ++d) {
    const int64_t* size = ir::AsConstInt(store->buffer->shape[rank - 2 + d]);
    if (!store->indices[rank - 2 + d].same_as(box->vars[d])) return std::nullopt;
    if (!size || !ir::IsConstInt(box->extents[d], *size)) return std::nullopt;
  }
  for (size_t d = 0; d + 2 < rank; ++d) {
    for (const ir::Var& var : box->vars) {
      if (Mentions(store->indices[d], var.get())) return std::nullopt;
    }
  }
  return store->buffer;
}

ir::PrimFunc StoreMatrices(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  if (lower::cuda::ArchNumber(context) < kStmatrixArch) return func;
  return func.WithBody(MatrixStorer(func->body, context).MutateStmt(func->body));
}

}  // namespace tilescale::pass
