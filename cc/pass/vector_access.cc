// How many elements a thread can move at once.
#include "cc/pass/vector_access.h"

#include <tvm/ffi/extra/structural_equal.h>

#include <algorithm>

#include "cc/ir/mutator.h"
#include "cc/ir/visitor.h"
#include "cc/lower/cuda/alignment.h"
#include "cc/lower/cuda/gemm_choice.h"
#include "cc/op/reducer.h"
#include "cc/pass/exact.h"
#include "cc/pass/fragment_layouts.h"
#include "cc/pass/linear.h"

namespace tilescale::pass {
namespace {

// Less is not worth a second copy; elements of half a byte must not be stored one by one.
constexpr int64_t kMinVectorBits = 32;
constexpr int64_t kMinPackedBits = 8;
constexpr int64_t kMaxVectorBits = 128;
constexpr int64_t kMaxVector = 16;
constexpr int64_t kMaxWideBits = 256;
// From here on there are additions to vectors in global memory, and to pairs of bfloat16.
constexpr int kFirstVectorAddArch = 90;

bool IsVectorType(ir::DType t) {
  return t.lanes == 1 && (t.bits >= 8 || IsPacked(t)) && !ir::dtype::IsHandle(t);
}

int64_t MinVectorBits(ir::DType t) { return IsPacked(t) ? kMinPackedBits : kMinVectorBits; }

// Fragments count: some will live in shared memory.
bool IsVisible(const ir::Buffer& buffer) {
  return buffer.IsScope(ir::scope::kGlobal) || buffer.IsScope(ir::scope::kShared) ||
         buffer.IsScope(ir::scope::kFragment);
}

void Flatten(const ir::Stmt& s, std::vector<ir::Stmt>* out, bool* flat) {
  if (const auto* seq = s.as<ir::SeqObj>()) {
    for (const ir::Stmt& child : seq->stmts) Flatten(child, out, flat);
    return;
  }
  const bool stores = s.as<ir::StoreObj>() || s.as<op::ReducerUpdateObj>() || AsAtomicAdd(s);
  *flat = *flat && (stores || s.as<ir::BindObj>());
  out->push_back(s);
}

// Gathers the accesses of a flat body; guarded loads must not be made in advance.
class Gatherer final : public ir::Visitor {
 public:
  Gatherer(const std::vector<ir::Stmt>& stmts, const ir::Var& inner) : inner_(inner) {
    for (const ir::Stmt& s : stmts) {
      if (const auto* bind = s.as<ir::BindObj>()) named_.push_back(bind->var);
    }
    for (const ir::Stmt& s : stmts) VisitStmt(s);
    single_ = stmts.size() == 1 && stmts[0].as<ir::StoreObj>();
  }

  std::vector<VectorCandidate> Candidates() const {
    std::vector<VectorCandidate> result;
    for (const VectorCandidate& access : all_) {
      int64_t changes = 0, loads = 0;
      for (const VectorCandidate& other : all_) {
        if (!other.buffer.same_as(access.buffer)) continue;
        ++(other.kind == AccessKind::kLoad ? loads : changes);
      }
      const bool loaded = access.kind == AccessKind::kLoad;
      const bool alone = loaded ? changes == 0 : changes == 1 && loads == 0;
      if ((single_ || alone) && Moves(access) && !Known(result, access)) result.push_back(access);
    }
    const bool shared = std::any_of(all_.begin(), all_.end(), [](const VectorCandidate& access) {
      return access.buffer.IsScope(ir::scope::kShared);
    });
    for (VectorCandidate& access : result) access.beside_shared = shared;
    return result;
  }

  void VisitExpr(const ir::Expr& e) override {
    const auto* load = e.as<ir::LoadObj>();
    if (load && IsVisible(load->buffer)) {
      all_.push_back({load->buffer, load->indices, AccessKind::kLoad});
      if (guarded_ > 0) unsafe_.push_back(all_.size() - 1);
    }
    const auto* binary = e.as<ir::BinaryObj>();
    const bool guards = e.as<ir::SelectObj>() || (binary && ir::IsLogical(binary->kind));
    guarded_ += guards ? 1 : 0;
    VisitFields(e);
    guarded_ -= guards ? 1 : 0;
  }

  void VisitStmt(const ir::Stmt& s) override {
    const auto* store = s.as<ir::StoreObj>();
    VisitFields(s);
    if (store && IsVisible(store->buffer)) {
      all_.push_back({store->buffer, store->indices, AccessKind::kStore});
    }
    if (const ir::CallObj* add = AsAtomicAdd(s)) {
      const auto target = ir::Call::Arg(add, 0).as_or_throw<ir::AddressOf>();
      all_.push_back({target->buffer, target->indices, AccessKind::kAtomicAdd});
    }
  }

 private:
  static bool Known(const std::vector<VectorCandidate>& list, const VectorCandidate& access) {
    return std::any_of(list.begin(), list.end(), [&](const VectorCandidate& other) {
      return other.kind == access.kind && other.buffer.same_as(access.buffer) &&
             ffi::StructuralEqual::Equal(other.indices, access.indices);
    });
  }

  // Along the inner variable, by nothing but that variable.
  bool Moves(const VectorCandidate& access) const {
    const size_t number = static_cast<size_t>(&access - all_.data());
    if (std::find(unsafe_.begin(), unsafe_.end(), number) != unsafe_.end()) return false;
    bool moves = false;
    for (const ir::Expr& index : access.indices) {
      moves = moves || Mentions(index, inner_.get());
      for (const ir::Var& name : named_) {
        if (Mentions(index, name.get())) return false;
      }
      bool loads = false;
      ir::ForEachExpr(index, [&](const ir::Expr& e) { loads = loads || e.as<ir::LoadObj>(); });
      if (loads) return false;
    }
    return moves;
  }

  const ir::Var& inner_;
  std::vector<ir::Var> named_;
  std::vector<VectorCandidate> all_;
  std::vector<size_t> unsafe_;
  int guarded_ = 0;
  bool single_ = false;
};

// Whether blocks of `vector` elements along the last dimension stay together and aligned.
bool KeepsBlocks(const layout::ComposedLayout& memory, const ir::Buffer& buffer, int64_t vector) {
  const int64_t columns = *ir::AsConstInt(buffer->shape.back());
  const int64_t rows = memory.Size().Value() / columns;
  if (columns % vector != 0) return false;
  // Flat coordinates count the first dimension fastest: columns are `rows` apart.
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      const int64_t block = column / vector * vector;
      const int64_t start = memory(layout::IntTuple(row + block * rows)).Value();
      const int64_t here = memory(layout::IntTuple(row + column * rows)).Value();
      if (start % vector != 0 || here != start + column - block) return false;
    }
  }
  return true;
}

int64_t MaxVectorBits(const VectorCandidate& access, const lower::cuda::Context& context) {
  const bool wide = access.buffer.IsScope(ir::scope::kGlobal) && !access.beside_shared;
  return wide && lower::cuda::HasWideVectors(context) ? kMaxWideBits : kMaxVectorBits;
}

// Whether vectors so long leave none of the block's threads without one.
bool IsForAllThreads(const ir::ParallelObj* box, int64_t vector,
                     const lower::cuda::Context& context) {
  return ConstSize(box->extents) % (vector * context.threads) == 0;
}

int64_t AtomicAdds(const ir::Stmt& body) {
  int64_t count = 0;
  ir::ForEachStmt(body, [&](const ir::Stmt& s) { count += AsAtomicAdd(s) ? 1 : 0; });
  return count;
}

// Whether the elements of a vector from `start` on are all inside the buffer or all outside of it,
// so that one guard serves them: only the last index differs between them.
bool IsGuardedAsOne(const VectorCandidate& access, const ir::Expr& start, int64_t vector,
                    arith::Analyzer* analyzer) {
  const ir::Expr index = Exact64(access.indices.back());
  const ir::Expr limit = Exact64(access.buffer->shape.back());
  const bool inside = analyzer->CanProve(ir::MakeInt(index.dtype(), 0) <= index) &&
                      analyzer->CanProve(index < limit);
  return inside || (analyzer->ProveAlignment(limit, vector) == 0 &&
                    analyzer->ProveAlignment(Exact64(start), vector) == 0);
}

// Whether `vector` neighbours along `inner` are one aligned access.
bool IsVectorAccess(const VectorCandidate& access, const ir::Var& inner, int64_t extent,
                    int64_t vector, const lower::cuda::Layouts* layouts,
                    const lower::cuda::Context& context) {
  arith::Analyzer* analyzer = context.analyzer.get();
  for (size_t i = 0; i + 1 < access.indices.size(); ++i) {
    if (Mentions(access.indices[i], inner.get())) return false;
  }
  auto linear = AsLinear(access.indices.back(), inner.get());
  if (!linear || linear->coefficient != 1) return false;
  ir::Var block("block", inner.dtype());
  auto scope = analyzer->Enter();
  analyzer->BindLoop(block, ir::MakeInt(block.dtype(), 0),
                     ir::MakeInt(block.dtype(), extent / vector));
  ir::VarMap start = {{inner.get(), block * ir::MakeInt(block.dtype(), vector)}};
  ffi::Array<ir::Expr> indices;
  for (const ir::Expr& index : access.indices) indices.push_back(ir::Substitute(index, start));
  return IsGuardedAsOne(access, indices.back(), vector, analyzer) &&
         IsAlignedBlock(access.buffer, indices, vector, layouts, context);
}

}  // namespace

bool IsPacked(ir::DType t) { return ir::dtype::IsIntegral(t) && t.bits == 4; }

bool IsAlignedBlock(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& start, int64_t vector,
                    const lower::cuda::Layouts* layouts, const lower::cuda::Context& context) {
  const int64_t bytes = vector * buffer->dtype.bits / 8;
  if (bytes > lower::cuda::BaseAlignment(buffer, context)) return false;
  if (layouts && layouts->IsScattered(buffer)) return false;
  const auto* memory = layouts ? layouts->FindShared(buffer) : nullptr;
  if (memory && !KeepsBlocks(*memory, buffer, vector)) return false;
  std::vector<ir::Expr> strides = ExactStrides(buffer);
  if (!ir::IsConstInt(strides.back(), 1)) return false;
  ir::Expr offset = ir::MakeInt(ir::dtype::Int(64), 0);
  for (size_t i = 0; i < start.size(); ++i) offset = offset + Exact64(start[i]) * strides[i];
  return context.analyzer->ProveAlignment(offset, vector) == 0;
}

const ir::CallObj* AsAtomicAdd(const ir::Stmt& s) {
  const auto* effect = s.as<ir::EvaluateObj>();
  const auto* call = effect ? effect->value.as<ir::CallObj>() : nullptr;
  if (!call || call->op != "atomic_add") return nullptr;
  auto order = call->attrs.find("memory_order");
  if (order != call->attrs.end() && (*order).second.cast<std::string>() != "relaxed") {
    return nullptr;
  }
  const ir::Expr target = ir::Call::Arg(call, 0);
  const auto* address = target.as<ir::AddressOfObj>();
  return address && IsVisible(address->buffer) ? call : nullptr;
}

int64_t LongestAtomicAdd(const ir::Buffer& buffer, const lower::cuda::Context& context) {
  const ir::DType type = buffer->dtype;
  if (type.lanes != 1 || !ir::dtype::IsFloat(type)) return 1;
  const bool newer = lower::cuda::ArchNumber(context) >= kFirstVectorAddArch;
  const bool vectors = newer && buffer.IsScope(ir::scope::kGlobal);
  if (type.bits == 32) return vectors ? kMaxVectorBits / 32 : 1;
  if (type.bits != 16) return 1;
  if (vectors) return kMaxVectorBits / 16;
  return newer || type.code == kDLFloat ? 2 : 1;
}

std::vector<ir::Stmt> FlatStatements(const ir::Stmt& body) {
  std::vector<ir::Stmt> stmts;
  bool flat = true;
  Flatten(body, &stmts, &flat);
  return flat ? stmts : std::vector<ir::Stmt>();
}

std::vector<VectorCandidate> VectorCandidates(const ir::Stmt& body, const ir::Var& inner) {
  const std::vector<ir::Stmt> stmts = FlatStatements(body);
  if (stmts.empty()) return {};
  return Gatherer(stmts, inner).Candidates();
}

int64_t VectorOf(const VectorCandidate& access, const ir::Var& inner, int64_t extent, int64_t most,
                 const lower::cuda::Layouts* layouts, const lower::cuda::Context& context) {
  const ir::DType type = access.buffer->dtype;
  if (!IsVectorType(type)) return 1;
  if (access.kind == AccessKind::kAtomicAdd) {
    most = std::min(most, LongestAtomicAdd(access.buffer, context));
  }
  for (int64_t vector = std::min(most, MaxVectorBits(access, context) / type.bits); vector > 1;
       vector /= 2) {
    if (extent % vector != 0 || type.bits * vector < MinVectorBits(type)) continue;
    if (IsVectorAccess(access, inner, extent, vector, layouts, context)) {
      return vector;
    }
  }
  return 1;
}

int64_t AllowedVector(const ir::ParallelObj* box) {
  auto width = box->attrs.find("coalesced_width");
  if (width == box->attrs.end()) return kMaxVector;
  int64_t most = kMaxVector;
  while (most > (*width).second.cast<int64_t>()) most /= 2;
  return most;
}

int64_t MaxVector(const ir::ParallelObj* box, const lower::cuda::Context& context) {
  const int64_t* extent = ir::AsConstInt(box->extents.back());
  const ir::Var& inner = box->vars.back();
  std::vector<VectorCandidate> candidates = VectorCandidates(box->body, inner);
  if (!extent || candidates.empty()) return 1;
  arith::Analyzer* analyzer = context.analyzer.get();
  auto scope = analyzer->Enter();
  for (size_t i = 0; i < box->vars.size(); ++i) {
    const ir::Expr& size = box->extents[i];
    analyzer->BindLoop(box->vars[i], ir::MakeInt(size.dtype(), 0), size);
  }
  // Atomic additions are the slowest part. Where they are of single elements, neighbouring lanes
  // shall add to neighbouring elements.
  int64_t longest = 1, most = AllowedVector(box), adds = 0;
  for (const VectorCandidate& access : candidates) {
    if (access.kind != AccessKind::kAtomicAdd) continue;
    most = std::min(most, VectorOf(access, inner, *extent, kMaxVector, nullptr, context));
    ++adds;
  }
  if (adds < AtomicAdds(box->body)) return 1;
  for (const VectorCandidate& access : candidates) {
    const int64_t bits = int64_t{access.buffer->dtype.bits} * access.buffer->dtype.lanes;
    const int64_t wide = kMaxWideBits / bits;
    const int64_t limit = IsForAllThreads(box, wide, context) ? wide : kMaxVectorBits / bits;
    const int64_t vector =
        VectorOf(access, inner, *extent, std::min(most, limit), nullptr, context);
    longest = std::max(longest, vector);
  }
  return longest;
}

int64_t ConstSize(const ffi::Array<ir::Expr>& extents) {
  int64_t size = 1;
  for (const ir::Expr& extent : extents) {
    const int64_t* value = ir::AsConstInt(extent);
    if (!value || *value < 0) return -1;
    size *= *value;
  }
  return size;
}

}  // namespace tilescale::pass
