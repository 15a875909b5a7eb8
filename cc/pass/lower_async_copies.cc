#include "cc/pass/lower_async_copies.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "cc/ir/intrinsic.h"
#include "cc/ir/span.h"
#include "cc/ir/visitor.h"
#include "cc/lower/common/loops.h"
#include "cc/lower/cuda/alignment.h"
#include "cc/machine/arch.h"
#include "cc/pass/analyzed_mutator.h"
#include "cc/pass/exact.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

constexpr int kFirstArch = 80;
constexpr int64_t kMinBytes = 4;

ir::Expr Zero64() { return ir::MakeInt(ir::dtype::Int(64), 0); }

// One copy as a box of vectors: the box's last dimension counts vectors of `vector` elements.
struct VectorBox {
  std::vector<ir::Var> vars;
  std::vector<ir::Expr> extents;
  ffi::Array<ir::Expr> from;
  ffi::Array<ir::Expr> to;
};

std::optional<VectorBox> MakeBox(const op::CopyObj* copy, int64_t vector) {
  VectorBox box;
  box.extents = op::SqueezedExtents(copy->dst);
  if (box.extents.empty()) return std::nullopt;
  const int64_t* inner = ir::AsConstInt(box.extents.back());
  if (!inner || *inner <= 0 || *inner % vector != 0) return std::nullopt;
  box.extents.back() = ir::MakeInt(box.extents.back().dtype(), *inner / vector);
  box.vars = lower::LoopVars(box.extents);
  std::vector<ir::Expr> point = lower::AsExprs(box.vars);
  point.back() = point.back() * ir::MakeInt(point.back().dtype(), vector);
  box.from = lower::SqueezedIndicesAt(copy->src, point);
  box.to = lower::SqueezedIndicesAt(copy->dst, point);
  return box;
}

// Whether the elements of a vector lie side by side: the last extent that is not 1 is that of the
// buffer's last dimension, whose stride is 1.
bool IsContiguous(const ir::Region& region) {
  if (ir::IsConstInt(region->extents.back(), 1)) return false;
  return ir::IsConstInt(ExactStrides(region->buffer).back(), 1);
}

bool IsAligned(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& at, int64_t vector,
               arith::Analyzer* analyzer) {
  std::vector<ir::Expr> strides = ExactStrides(buffer);
  ir::Expr offset = Zero64();
  for (size_t i = 0; i < at.size(); ++i) offset = offset + Exact64(at[i]) * strides[i];
  return analyzer->ProveAlignment(offset, vector) == 0;
}

bool IsInside(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& at, int64_t vector,
              arith::Analyzer* analyzer) {
  for (size_t i = 0; i < at.size(); ++i) {
    ir::Expr index = Exact64(at[i]);
    ir::Expr last = i + 1 == at.size() ? index + ir::MakeInt(index.dtype(), vector - 1) : index;
    if (!analyzer->CanProve(Zero64() <= index)) return false;
    if (!analyzer->CanProve(last < Exact64(buffer->shape[i]))) return false;
  }
  return true;
}

// No vector is partly outside.
bool IsWhole(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& at, int64_t vector,
             arith::Analyzer* analyzer) {
  return analyzer->ProveAlignment(Exact64(at.back()), vector) == 0 &&
         analyzer->ProveAlignment(Exact64(buffer->shape[at.size() - 1]), vector) == 0;
}

void BindBox(const VectorBox& box, arith::Analyzer* analyzer) {
  for (size_t i = 0; i < box.vars.size(); ++i) {
    analyzer->BindLoop(box.vars[i], ir::MakeInt(box.vars[i].dtype(), 0), box.extents[i]);
  }
}

bool FitsWidth(const op::CopyObj* copy, int64_t vector, bool zero_outside,
               arith::Analyzer* analyzer) {
  auto box = MakeBox(copy, vector);
  if (!box) return false;
  auto scope = analyzer->Enter();
  BindBox(*box, analyzer);
  const ir::Buffer& src = copy->src->buffer;
  const ir::Buffer& dst = copy->dst->buffer;
  if (!IsInside(dst, box->to, vector, analyzer)) return false;
  if (!IsAligned(dst, box->to, vector, analyzer)) return false;
  if (!IsAligned(src, box->from, vector, analyzer)) return false;
  if (IsInside(src, box->from, vector, analyzer)) return true;
  return zero_outside && IsWhole(src, box->from, vector, analyzer);
}

bool Prefers(const op::CopyObj* copy, const char* instruction) {
  auto wish = copy->attrs.find("prefer_instruction");
  return wish != copy->attrs.end() && (*wish).second.cast<ffi::String>() == instruction;
}

// How many bytes the user allows for one access.
int64_t AllowedBytes(const op::CopyObj* copy, int64_t size) {
  auto width = copy->attrs.find("coalesced_width");
  return width == copy->attrs.end() ? 16 : (*width).second.cast<int64_t>() * size;
}

[[noreturn]] void ThrowNoInstruction(const op::CopyObj* copy, const std::string& name,
                                     const std::string& reason) {
  support::UserError("UnsupportedInstructionError")
      .Message("`T.copy` from `" + std::string(copy->src->buffer->name) + "` to `" +
               std::string(copy->dst->buffer->name) + "` cannot be done by " + name)
      .Expected(
          "for prefer_instruction=\"cp_async\", sm_80 or newer and rows of global memory that "
          "are aligned vectors of 4, 8 or 16 bytes")
      .Got(reason)
      .Remedy("leave prefer_instruction out: the compiler chooses")
      .At(ir::ToLocation(copy->span))
      .Throw();
}

std::string ReasonAgainst(const op::CopyObj* copy, const lower::cuda::Context& context) {
  const ir::Buffer& src = copy->src->buffer;
  const ir::Buffer& dst = copy->dst->buffer;
  if (machine::ArchNumber(context.arch) < kFirstArch) return context.arch + " has no cp.async";
  if (Prefers(copy, "sync")) return "it prefers a synchronous instruction";
  if (copy->attrs.count("loop_layout")) return "it has a loop layout of its own";
  if (!src.IsScope(ir::scope::kGlobal) || !dst.IsScope(ir::scope::kShared)) {
    return "cp.async goes from global to shared memory";
  }
  if (src->dtype != dst->dtype) return "it converts elements";
  if (src->dtype.bits < 8) return "its elements are packed";
  if (lower::cuda::BaseAlignment(src, context) < kMinBytes) {
    return "the alignment of its source is not known";
  }
  if (!IsContiguous(copy->src) || !IsContiguous(copy->dst)) return "its elements lie apart";
  return "";
}

class AsyncCopyLowerer : public AnalyzedMutator {
 public:
  AsyncCopyLowerer(CopyFacts facts, const lower::cuda::Context& context)
      : facts_(std::move(facts)), context_(context) {}

  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    const auto* copy = stmt.as<op::CopyObj>();
    if (copy && Prefers(copy, "tma")) {
      ThrowNoInstruction(copy, "the tensor memory accelerator",
                         "prefer_instruction=\"tma\", which the compiler does not generate");
    }
    const bool wanted = copy && Prefers(copy, "cp_async");
    if (!copy || (copy->attrs.count(kAsyncCopy) == 0 && !wanted)) {
      return AnalyzedMutator::MutateStmt(stmt);
    }
    AsyncWidth width = FindAsyncWidth(copy, facts_, context_);
    if (wanted && width.bytes == 0) ThrowNoInstruction(copy, "cp.async", width.reason);
    if (width.bytes > 0) {
      ir::Stmt vectors = Vectors(copy, width.bytes);
      return IsOfPipeline(copy) ? vectors : ir::Seq({vectors, Commit(copy->span)}, copy->span);
    }
    ir::AttrMap attrs = copy->attrs;
    attrs.erase(kAsyncCopy);
    return op::Copy(copy->src, copy->dst, attrs, copy->span);
  }

 private:
  // Pipelines end their groups themselves.
  static bool IsOfPipeline(const op::CopyObj* copy) {
    auto mode = copy->attrs.find(kAsyncCopy);
    return mode != copy->attrs.end() && (*mode).second.cast<ffi::String>() == kOfPipeline;
  }

  static ir::Stmt Commit(const ir::Span& span) {
    return ir::Evaluate(ir::MakeCall("ptx_commit_group", {}, {}, ir::dtype::Int(32)), span);
  }

  ir::Stmt Vectors(const op::CopyObj* copy, int64_t bytes) {
    const int64_t vector = bytes / ir::dtype::Bytes(copy->src->buffer->dtype);
    auto box = MakeBox(copy, vector);
    TILESCALE_CHECK(box, "vectors of a copy that FindAsyncWidth found none for");
    auto scope = analyzer()->Enter();
    BindBox(*box, analyzer());
    ffi::Map<ffi::String, ffi::Any> attrs = {{"bytes", bytes}};
    if (IsOfPipeline(copy)) attrs.Set(kOfPipeline, true);
    ir::Expr call = ir::MakeCall(
        "cuda.copy_async",
        {ir::AddressOf(copy->dst->buffer, box->to), ir::AddressOf(copy->src->buffer, box->from),
         Predicate(copy->src->buffer, box->from)},
        attrs, ir::dtype::Int(32));
    return lower::ParallelOver(box->vars, box->extents, ir::Evaluate(call, copy->span), copy->span);
  }

  // Whether the vector is inside, without what is known.
  ir::Expr Predicate(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& at) {
    ir::Expr inside = ir::MakeBool(true);
    for (size_t i = 0; i < at.size(); ++i) {
      ir::Expr index = ir::MakeCast(ir::dtype::Int(64), at[i]);
      ir::Expr extent = ir::MakeCast(ir::dtype::Int(64), buffer->shape[i]);
      for (const ir::Expr& cond : {Zero64() <= index, index < extent}) {
        if (!analyzer()->CanProve(cond)) inside = inside && cond;
      }
    }
    return inside;
  }

  CopyFacts facts_;
  const lower::cuda::Context& context_;
};

}  // namespace

CopyFacts CollectCopyFacts(const ir::Stmt& body) {
  CopyFacts facts;
  ir::ForEachStmt(body, [&](const ir::Stmt& s) {
    const auto* note = s.as<ir::AnnotateObj>();
    if (!note || note->key != "safe_value" || !note->target.has_value()) return;
    auto value = note->value.as<ir::Expr>();
    const auto* real = value ? value->as<ir::FloatImmObj>() : nullptr;
    bool zero = value && (ir::IsConstInt(*value, 0) || (real && real->value == 0));
    if (!zero) facts.safe_valued.insert(note->target.value().get());
  });
  return facts;
}

AsyncWidth FindAsyncWidth(const op::CopyObj* copy, const CopyFacts& facts,
                          const lower::cuda::Context& context) {
  std::string reason = ReasonAgainst(copy, context);
  if (!reason.empty()) return {0, reason};
  const int64_t size = ir::dtype::Bytes(copy->src->buffer->dtype);
  const int64_t alignment = lower::cuda::BaseAlignment(copy->src->buffer, context);
  const bool zero_outside = facts.safe_valued.count(copy->src->buffer.get()) == 0;
  const int64_t allowed = AllowedBytes(copy, size);
  if (allowed < kMinBytes) return {0, "its coalesced_width allows less than 4 bytes"};
  for (int64_t bytes : {16, 8, 4}) {
    bool fits = bytes >= size && bytes <= std::min(alignment, allowed) &&
                FitsWidth(copy, bytes / size, zero_outside, context.analyzer.get());
    if (fits) return {bytes, ""};
  }
  return {0, "its rows are not aligned vectors that are inside or outside as a whole"};
}

ir::PrimFunc LowerAsyncCopies(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  return AsyncCopyLowerer(CollectCopyFacts(func->body), context).Run(func, context);
}

}  // namespace tilescale::pass
