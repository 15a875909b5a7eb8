#include "cc/pass/check_instructions.h"

#include <string>

#include "cc/ir/intrinsic.h"
#include "cc/ir/span.h"
#include "cc/layout/mma_atom.h"
#include "cc/lower/cuda/alignment.h"
#include "cc/machine/arch.h"
#include "cc/op/thread_level.h"
#include "cc/pass/analyzed_mutator.h"
#include "cc/pass/exact.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

constexpr int64_t kMatrixRowBytes = 16;
// What every architecture moves by one instruction, and the first that moves more.
constexpr int64_t kWidestOfAll = 16;
constexpr int kFirstOfWidest = 100;

// What an instruction needs: an architecture (80 for sm_80), and the alignment of its addresses.
struct Needs {
  int first_arch = 0;
  int64_t bytes = 1;
};

Needs NeedsOf(const ir::CallObj* call) {
  if (call->op == "cuda.load_matrix") return {75, kMatrixRowBytes};
  if (call->op == "cuda.load_bytes") return {75, kMatrixRowBytes};
  if (call->op == "cuda.store_matrix") return {90, kMatrixRowBytes};
  if (call->op == "cuda.copy_async") return {80, call->attrs.at("bytes").cast<int64_t>()};
  if (call->op == "load_vector" || call->op == "store_vector") {
    const int64_t bytes = call->attrs.at("bytes").cast<int64_t>();
    return {bytes > kWidestOfAll ? kFirstOfWidest : 0, bytes};
  }
  if (call->op == "ptx_commit_group" || call->op == "ptx_wait_group") return {80, 1};
  if (call->op != "cuda.mma") return {};
  const auto name = call->attrs.at("atom").cast<std::string>();
  for (const layout::MmaAtom& atom : layout::MmaAtoms()) {
    if (atom.name == name) return {atom.first_arch, 1};
  }
  TILESCALE_FAIL("there is no matrix instruction " << name);
}

class InstructionChecker : public AnalyzedMutator {
 public:
  explicit InstructionChecker(const lower::cuda::Context& context) : context_(context) {}

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    ir::Span outer = span_;
    if (s->span.defined()) span_ = s->span;
    ir::Stmt result = AnalyzedMutator::MutateStmt(s);
    span_ = std::move(outer);
    return result;
  }

  ir::Expr MutateExpr(const ir::Expr& e) override {
    if (const auto* call = e.as<ir::CallObj>()) Check(call);
    return AnalyzedMutator::MutateExpr(e);
  }

 private:
  void Check(const ir::CallObj* call) {
    const Needs needs = NeedsOf(call);
    if (machine::ArchNumber(context_.arch) < needs.first_arch) ThrowArch(call, needs);
    for (const ffi::Any& argument : call->args) {
      const auto* address = argument.as<ir::AddressOfObj>();
      if (address && needs.bytes > 1) CheckAligned(call, address, needs.bytes);
    }
  }

  void CheckAligned(const ir::CallObj* call, const ir::AddressOfObj* address, int64_t bytes) {
    const ir::Buffer& buffer = address->buffer;
    const bool memory = buffer.IsScope(ir::scope::kShared) || buffer.IsScope(ir::scope::kGlobal);
    const int64_t base = lower::cuda::BaseAlignment(buffer, context_);
    if (!memory || ir::dtype::Bits(buffer->dtype) < 8 || base <= ir::dtype::Bytes(buffer->dtype))
      return;
    std::vector<ir::Expr> strides = ExactStrides(buffer);
    ir::Expr offset = ir::MakeInt(ir::dtype::Int(64), 0);
    for (size_t i = 0; i < strides.size(); ++i) {
      offset = offset + Exact64(address->indices[i]) * strides[i];
    }
    offset = offset * ir::MakeInt(ir::dtype::Int(64), ir::dtype::Bytes(buffer->dtype));
    auto beyond = analyzer()->ProveAlignment(offset, bytes);
    if (!beyond || *beyond == 0) return;
    support::UserError("InstructionAlignmentError")
        .Message("`T." + op::CalledName(call) + "` is given an address in `" +
                 std::string(buffer->name) + "` that is not aligned")
        .Expected("a multiple of " + std::to_string(bytes) + " bytes")
        .Got("one that is " + std::to_string(*beyond) + " bytes behind such a multiple")
        .Remedy("change the index, or move fewer bytes at once")
        .At(ir::ToLocation(span_))
        .Throw();
  }

  [[noreturn]] void ThrowArch(const ir::CallObj* call, const Needs& needs) const {
    const std::string first = "sm_" + std::to_string(needs.first_arch);
    auto atom = call->attrs.find("atom");
    support::UserError("UnsupportedInstructionError")
        .Message(context_.arch + " does not have the instruction of `T." + op::CalledName(call) +
                 "`" + (atom == call->attrs.end() ? "" : ": " + (*atom).second.cast<std::string>()))
        .Expected(first + " or newer")
        .Got(context_.arch)
        .Remedy("compile for " + first + ", or use `T.copy` and `T.gemm`, which take what there is")
        .At(ir::ToLocation(span_))
        .Throw();
  }

  const lower::cuda::Context& context_;
  ir::Span span_;
};

}  // namespace

void CheckInstructions(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  InstructionChecker(context).Run(func, context);
}

}  // namespace tilescale::pass
