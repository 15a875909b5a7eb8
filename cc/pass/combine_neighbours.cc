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

// A statement that changes one element and does nothing else.
struct Change {
  ir::Buffer buffer;
  ffi::Array<ir::Expr> indices;
  ir::Expr value;
  ir::Span span;
};

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
      if (!next || (!group.empty() && !next->buffer.same_as(group[0].buffer))) break;
      group.push_back(*std::move(next));
    }
    return group;
  }

  std::optional<Change> AsChange(const ir::Stmt& s) const {
    const ir::CallObj* add = AsAtomicAdd(s);
    if (!add) return std::nullopt;
    const auto target = ir::Call::Arg(add, 0).as_or_throw<ir::AddressOf>();
    Change change{target->buffer, target->indices, ir::Call::Arg(add, 1), s->span};
    if (viewed_.count(change.buffer.get()) || !IsIndependent(change)) return std::nullopt;
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
    ffi::Array<ir::Stmt> stmts;
    for (size_t at = 0; at < group.size();) {
      const size_t count = LengthAt(group, at);
      count > 1 ? AddVector(group, at, count, &stmts) : stmts.push_back(Single(group[at]));
      at += count;
    }
    return ir::Seq(stmts, group[0].span);
  }

  // How many changes from number `at` on are of neighbours that one instruction reaches.
  size_t LengthAt(const Group& group, size_t at) {
    size_t near = 1;
    while (at + near < group.size() && AreNeighbours(group[at], group[at + near], near)) ++near;
    auto longest = static_cast<size_t>(LongestAtomicAdd(group[at].buffer, context_));
    for (; longest > 1; longest /= 2) {
      const bool fits =
          longest <= near && IsAlignedBlock(group[at].buffer, group[at].indices,
                                            static_cast<int64_t>(longest), &layouts_, analyzer());
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

  static ir::Stmt Single(const Change& change) {
    ir::Expr address = ir::AddressOf(change.buffer, change.indices);
    return ir::Evaluate(
        ir::MakeCall("atomic_add", {address, change.value},
                     {{"memory_order", ffi::String("relaxed")}}, change.buffer->dtype),
        change.span);
  }

  void AddVector(const Group& group, size_t at, size_t count, ffi::Array<ir::Stmt>* stmts) const {
    const ir::Buffer& to = group[at].buffer;
    const auto elements = static_cast<int64_t>(count);
    ir::Buffer staged(std::string(to->name) + "_v", to->dtype, {Int(elements)}, {},
                      ir::scope::kLocal);
    stmts->push_back(ir::Alloc(staged, std::nullopt, group[at].span));
    for (int64_t i = 0; i < elements; ++i) {
      const Change& change = group[at + i];
      stmts->push_back(
          ir::Store(staged, {Int(i)}, ir::MakeCast(to->dtype, change.value), change.span));
    }
    ir::Expr call =
        ir::MakeCall("cuda.atomic_add_vector",
                     {ir::AddressOf(to, group[at].indices), ir::AddressOf(staged, {Int(0)})},
                     {{"bytes", elements * ir::dtype::Bytes(to->dtype)}}, ir::dtype::Int(32));
    stmts->push_back(ir::Evaluate(call, group[at].span));
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
