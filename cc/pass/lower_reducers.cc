#include "cc/pass/lower_reducers.h"

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "cc/ir/mutator.h"
#include "cc/ir/visitor.h"
#include "cc/lower/common/reducer.h"
#include "cc/lower/cuda/partials.h"
#include "cc/op/reducer.h"
#include "cc/pass/fragment_layouts.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;
using lower::cuda::Partials;

// Beyond this, registers for partial results would displace those of the computation.
constexpr int64_t kMaxPartials = 64;

// One update of a reducer and the loop around it, null for none.
struct Update {
  const op::ReducerUpdateObj* op;
  const ir::ParallelObj* box;
};

struct Reducer {
  std::vector<Update> updates;
  // By number of the update; empty if the reducer is in shared memory.
  std::vector<std::shared_ptr<Partials>> partials;
  // Whether results are read from the reducer itself.
  bool is_read = false;
  // Holds what is read, and everything where there are no partial results.
  std::optional<ir::Buffer> shared;
};

using Reducers = std::unordered_map<const ir::BufferObj*, Reducer>;

class UpdateFinder : public ir::Visitor {
 public:
  Reducers found;

  void VisitStmt(const ir::Stmt& s) override {
    if (const auto* update = s.as<op::ReducerUpdateObj>()) {
      found[update->reducer.get()].updates.push_back({update, box_});
    }
    const auto* finalize = s.as<op::ReducerFinalizeObj>();
    if (finalize && finalize->dst->buffer.same_as(finalize->reducer)) {
      found[finalize->reducer.get()].is_read = true;
    }
    const auto* box = s.as<ir::ParallelObj>();
    const bool outermost = box && !box_;
    if (outermost) box_ = box;
    VisitFields(s);
    if (outermost) box_ = nullptr;
  }

  void VisitExpr(const ir::Expr& e) override {
    const auto* load = e.as<ir::LoadObj>();
    if (load && load->buffer.IsScope(ir::scope::kReducer)) found[load->buffer.get()].is_read = true;
    VisitFields(e);
  }

  void VisitBuffer(const ir::Buffer& buffer) override {
    if (buffer.IsScope(ir::scope::kReducer)) found[buffer.get()];
  }

 private:
  const ir::ParallelObj* box_ = nullptr;
};

std::shared_ptr<Partials> PartialsOf(const Update& update, const lower::cuda::Context& context) {
  const ir::Buffer& reducer = update.op->reducer;
  if (!update.box || !update.box->attrs.count("loop_layout")) return nullptr;
  auto loop = update.box->attrs.at("loop_layout").as<layout::Fragment>();
  if (!loop || ConstSize(reducer->shape) <= 0) return nullptr;
  auto map = PointMapOf(update.box, reducer, update.op->indices);
  if (!map || !layout::StaysInside(*map)) return nullptr;
  auto result = Partials::LayoutOf(*loop, *map);
  if (!result || (*result)->num_values > kMaxPartials) return nullptr;
  const op::ReduceKind kind = lower::MergeKind(update.op->kind);
  auto merge = [kind](const ir::Expr& a, const ir::Expr& b) {
    return op::ReduceCombine(kind, a, b);
  };
  return std::make_shared<Partials>(std::string(reducer->name), reducer->dtype, *loop, *result,
                                    merge, update.op->span, context);
}

class ReducerLowerer : public ir::Mutator {
 public:
  ReducerLowerer(const ir::Stmt& body, const lower::cuda::Context& context) : context_(context) {
    UpdateFinder finder;
    finder.VisitStmt(body);
    reducers_ = std::move(finder.found);
    for (auto& [buffer, reducer] : reducers_) {
      for (const Update& update : reducer.updates) {
        auto partials = PartialsOf(update, context);
        if (!partials) {
          reducer.partials.clear();
          break;
        }
        reducer.partials.push_back(partials);
      }
    }
  }

  ir::Buffer MutateBuffer(const ir::Buffer& buffer) override {
    return buffer.IsScope(ir::scope::kReducer) ? Shared(buffer) : buffer;
  }

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    if (const auto* alloc = s.as<ir::AllocObj>()) {
      if (alloc->buffer.IsScope(ir::scope::kReducer)) return Declare(alloc);
    }
    if (const auto* init = s.as<op::ReducerInitObj>()) return Start(init);
    if (const auto* update = s.as<op::ReducerUpdateObj>()) return Combine(update);
    if (const auto* finalize = s.as<op::ReducerFinalizeObj>()) return Finish(finalize);
    return DefaultStmt(s);
  }

 private:
  Reducer& Find(const ir::Buffer& buffer) { return reducers_.at(buffer.get()); }

  ir::Buffer Shared(const ir::Buffer& buffer) {
    Reducer& reducer = Find(buffer);
    if (!reducer.shared) {
      reducer.shared = ir::Buffer(buffer->name, buffer->dtype, buffer->shape, buffer->strides,
                                  ir::scope::kShared);
    }
    return *reducer.shared;
  }

  ir::Stmt Declare(const ir::AllocObj* alloc) {
    const Reducer& reducer = Find(alloc->buffer);
    ffi::Array<ir::Stmt> stmts;
    if (reducer.is_read || reducer.partials.empty()) {
      stmts.push_back(ir::Alloc(Shared(alloc->buffer), std::nullopt, alloc->span));
    }
    for (const auto& partials : reducer.partials) {
      for (const ir::Stmt& s : partials->Declare()) stmts.push_back(s);
    }
    return ir::Seq(stmts, alloc->span);
  }

  ir::Stmt Start(const op::ReducerInitObj* init) {
    const Reducer& reducer = Find(init->reducer);
    if (reducer.partials.empty()) {
      return lower::StoreIdentity(Shared(init->reducer), init->kind, init->span);
    }
    ffi::Array<ir::Stmt> stmts;
    ir::Expr identity = op::ReduceIdentity(init->kind, init->reducer->dtype);
    for (const auto& partials : reducer.partials) {
      stmts.push_back(partials->Threads({partials->Start(identity)}));
    }
    return ir::Seq(stmts, init->span);
  }

  ir::Stmt Combine(const op::ReducerUpdateObj* update) {
    const Reducer& reducer = Find(update->reducer);
    ffi::Array<ir::Expr> indices;
    for (const ir::Expr& index : update->indices) indices.push_back(MutateExpr(index));
    ir::Expr value = MutateExpr(update->value);
    if (reducer.partials.empty()) {
      return lower::UpdateAtomically(Shared(update->reducer), indices, value, update->kind,
                                     update->span);
    }
    size_t number = 0;
    while (reducer.updates[number].op != update) ++number;
    return lower::UpdateElement(reducer.partials[number]->results(), indices, value, update->kind,
                                update->span);
  }

  ir::Stmt Finish(const op::ReducerFinalizeObj* finalize) {
    const Reducer& reducer = Find(finalize->reducer);
    ir::Region dst = MutateRegion(finalize->dst);
    if (reducer.partials.empty()) {
      return lower::CopyResults(Shared(finalize->reducer), dst, finalize->span);
    }
    const op::ReduceKind kind = lower::MergeKind(finalize->kind);
    auto merge = [kind](const ir::Expr& a, const ir::Expr& b) {
      return op::ReduceCombine(kind, a, b);
    };
    ffi::Array<ir::Stmt> stmts;
    for (const auto& partials : reducer.partials) {
      stmts.push_back(partials->Threads({partials->Exchange()}));
      partials->MergeAcross(&stmts);
      const bool first = partials == reducer.partials.front();
      stmts.push_back(StorePartials(*partials, dst, !first, merge));
    }
    return ir::Seq(stmts, finalize->span);
  }

  const lower::cuda::Context& context_;
  Reducers reducers_;
};

}  // namespace

ir::PrimFunc LowerReducers(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  return func.WithBody(ReducerLowerer(func->body, context).MutateStmt(func->body));
}

}  // namespace tilescale::pass
