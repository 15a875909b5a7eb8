#include "cc/pass/combine_neighbours.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cc/ir/intrinsic.h"
#include "cc/ir/visitor.h"
#include "cc/pass/analyzed_mutator.h"
#include "cc/pass/exact.h"
#include "cc/pass/vector_access.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;

// 128 bits of elements of half a byte.
constexpr int64_t kMaxPacked = 32;

// A statement that changes one element and does nothing else.
struct Change {
  ir::Stmt stmt;
  AccessKind kind;
  ir::Buffer buffer;
  ffi::Array<ir::Expr> indices;
  ir::Expr value;
};

bool IsVisible(const ir::Buffer& buffer) {
  return buffer.IsScope(ir::scope::kShared) || buffer.IsScope(ir::scope::kGlobal);
}

using Group = std::vector<Change>;

ir::Expr Int(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

class NeighbourCombiner : public AnalyzedMutator {
 public:
  NeighbourCombiner(const ir::Stmt& body, const lower::cuda::Context& context)
      : context_(context), layouts_(body) {
    ir::ForEachStmt(body, [&](const ir::Stmt& s) {
      const auto* view = s.as<ir::ViewObj>();
      if (!view) return;
      viewed_.insert(view->buffer.get());
      viewed_.insert(view->source.get());
    });
  }

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    if (const auto* seq = s.as<ir::SeqObj>()) FindGroups(seq);
    // At the first statement, where everything is known that holds for all of them.
    auto head = groups_.find(s.get());
    if (head != groups_.end()) return Combine(head->second);
    if (absorbed_.count(s.get())) return ir::Seq(ffi::Array<ir::Stmt>());
    return AnalyzedMutator::MutateStmt(s);
  }

 private:
  void FindGroups(const ir::SeqObj* seq) {
    for (size_t begin = 0; begin < seq->stmts.size();) {
      Group group = GroupAt(seq, begin);
      const size_t end = begin + std::max<size_t>(group.size(), 1);
      if (group.size() > 1) {
        groups_.emplace(seq->stmts[begin].get(), std::move(group));
        for (size_t i = begin + 1; i < end; ++i) absorbed_.insert(seq->stmts[i].get());
      }
      begin = end;
    }
  }

  // Changes of one buffer, one behind the other, none of which sees another.
  Group GroupAt(const ir::SeqObj* seq, size_t begin) const {
    Group group;
    for (size_t i = begin; i < seq->stmts.size(); ++i) {
      std::optional<Change> next = AsChange(seq->stmts[i]);
      if (!next || (!group.empty() && !AreAlike(group[0], *next))) break;
      group.push_back(*std::move(next));
    }
    return group;
  }

  static bool AreAlike(const Change& a, const Change& b) {
    return a.kind == b.kind && a.buffer.same_as(b.buffer);
  }

  std::optional<Change> AsChange(const ir::Stmt& s) const {
    std::optional<Change> change;
    const auto* store = s.as<ir::StoreObj>();
    if (const ir::CallObj* add = AsAtomicAdd(s)) {
      const auto target = ir::Call::Arg(add, 0).as_or_throw<ir::AddressOf>();
      ir::Expr value = ir::MakeCast(target->buffer->dtype, ir::Call::Arg(add, 1));
      change = {s, AccessKind::kAtomicAdd, target->buffer, target->indices, value};
    } else if (store && IsPacked(store->buffer->dtype) && IsVisible(store->buffer)) {
      change = {s, AccessKind::kStore, store->buffer, store->indices, store->value};
    }
    if (!change || viewed_.count(change->buffer.get()) || !IsIndependent(*change)) {
      return std::nullopt;
    }
    return change;
  }

  // Whether the value may be computed before earlier changes of the buffer.
  static bool IsIndependent(const Change& change) {
    bool independent = true;
    auto check = [&](const ir::Expr& e) {
      const auto* load = e.as<ir::LoadObj>();
      const auto* call = e.as<ir::CallObj>();
      const ir::Intrinsic* decl = call ? ir::FindIntrinsic(call->op) : nullptr;
      const bool pure = !call || (decl && decl->effect == ir::Effect::kPure);
      const bool reads = load && load->buffer.same_as(change.buffer);
      independent = independent && pure && !reads;
    };
    ir::ForEachExpr(change.value, check);
    ir::ForEachExpr(change.indices, check);
    return independent;
  }

  ir::Stmt Combine(const Group& group) {
    std::vector<size_t> lengths = Lengths(group);
    ffi::Array<ir::Stmt> stmts;
    size_t at = 0;
    for (size_t count : lengths) {
      count > 1 ? ChangeVector(group, at, count, &stmts)
                : stmts.push_back(AnalyzedMutator::MutateStmt(group[at].stmt));
      at += count;
    }
    return ir::Seq(stmts, group[0].stmt->span);
  }

  // The group in parts, each of which one instruction changes.
  std::vector<size_t> Lengths(const Group& group) {
    std::vector<size_t> lengths;
    bool single = false;
    for (size_t at = 0; at < group.size(); at += lengths.back()) {
      lengths.push_back(LengthAt(group, at));
      single = single || lengths.back() == 1;
    }
    // An element alone is changed by an atomic operation on the word around it, which must not meet
    // another thread's plain store.
    const bool atomic = single && group[0].kind == AccessKind::kStore;
    return atomic ? std::vector<size_t>(group.size(), 1) : lengths;
  }

  // How many changes from number `at` on are of neighbours that one instruction reaches.
  size_t LengthAt(const Group& group, size_t at) {
    size_t near = 1;
    while (at + near < group.size() && AreNeighbours(group[at], group[at + near], near)) ++near;
    const bool adds = group[at].kind == AccessKind::kAtomicAdd;
    auto longest =
        static_cast<size_t>(adds ? LongestAtomicAdd(group[at].buffer, context_) : kMaxPacked);
    for (; longest > 1; longest /= 2) {
      const bool fits =
          longest <= near && IsAlignedBlock(group[at].buffer, group[at].indices,
                                            static_cast<int64_t>(longest), &layouts_, context_);
      if (fits) return longest;
    }
    return 1;
  }

  bool AreNeighbours(const Change& first, const Change& other, size_t distance) {
    for (size_t i = 0; i < first.indices.size(); ++i) {
      ir::Expr from = Exact64(first.indices[i]), to = Exact64(other.indices[i]);
      const bool last = i + 1 == first.indices.size();
      if (last) from = from + ir::MakeInt(from.dtype(), static_cast<int64_t>(distance));
      if (!analyzer()->CanProve(ir::Equal(from, to))) return false;
    }
    return true;
  }

  void ChangeVector(const Group& group, size_t at, size_t count,
                    ffi::Array<ir::Stmt>* stmts) const {
    const Change& first = group[at];
    const ir::Buffer& to = first.buffer;
    const ir::Span& span = first.stmt->span;
    const auto elements = static_cast<int64_t>(count);
    ir::Buffer staged(std::string(to->name) + "_v", to->dtype, {Int(elements)}, {},
                      ir::scope::kLocal);
    stmts->push_back(ir::Alloc(staged, std::nullopt, span));
    for (int64_t i = 0; i < elements; ++i) {
      const Change& change = group[at + i];
      stmts->push_back(ir::Store(staged, {Int(i)}, change.value, change.stmt->span));
    }
    const bool adds = first.kind == AccessKind::kAtomicAdd;
    ir::Expr call =
        ir::MakeCall(adds ? "cuda.atomic_add_vector" : "cuda.copy_vector",
                     {ir::AddressOf(to, first.indices), ir::AddressOf(staged, {Int(0)})},
                     {{"bytes", elements * ir::dtype::Bits(to->dtype) / 8}}, ir::dtype::Int(32));
    stmts->push_back(ir::Evaluate(call, span));
  }

  const lower::cuda::Context& context_;
  const lower::cuda::Layouts layouts_;
  // Buffers that lie where others do.
  std::unordered_set<const ir::BufferObj*> viewed_;
  // By the first statement; the others of each are gone.
  std::unordered_map<const ffi::Object*, Group> groups_;
  std::unordered_set<const ffi::Object*> absorbed_;
};

}  // namespace

ir::PrimFunc CombineNeighbours(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  return NeighbourCombiner(func->body, context).Run(func, context);
}

}  // namespace tilescale::pass
