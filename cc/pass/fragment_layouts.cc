#include "cc/pass/fragment_layouts.h"

#include <algorithm>

#include "cc/ir/visitor.h"
#include "cc/lower/cuda/lowering.h"
#include "cc/pass/analyzed_mutator.h"

namespace tilescale::pass {
namespace {

// A tile above this many registers of a thread would spill: 255 is the hardware's limit.
constexpr int64_t kMaxRegisters = 160;

// What the kernel asks of its fragments.
struct Demands {
  std::vector<ir::Buffer> fragments;
  std::unordered_map<const ir::BufferObj*, std::string> reasons;
  std::unordered_map<const ir::BufferObj*, std::vector<const ir::ParallelObj*>> loops;
  std::unordered_map<const ir::ParallelObj*, int64_t> vectors;
};

// Whether the iteration at a point of the box accesses the element at the same point of the tile.
bool IsIdentity(const ir::ParallelObj* box, const ir::Buffer& buffer,
                const ffi::Array<ir::Expr>& indices) {
  std::vector<size_t> dims;
  for (size_t i = 0; i < box->extents.size(); ++i) {
    if (!ir::IsConstInt(box->extents[i], 1)) dims.push_back(i);
  }
  size_t next = 0;
  for (size_t i = 0; i < indices.size(); ++i) {
    if (ir::IsConstInt(buffer->shape[i], 1)) {
      bool first = ir::IsConstInt(indices[i], 0);
      for (size_t d = 0; d < box->vars.size(); ++d) {
        first = first || (ir::IsConstInt(box->extents[d], 1) && indices[i].same_as(box->vars[d]));
      }
      if (!first) return false;
      continue;
    }
    if (next == dims.size() || !indices[i].same_as(box->vars[dims[next]])) return false;
    const int64_t* extent = ir::AsConstInt(box->extents[dims[next++]]);
    const int64_t* size = ir::AsConstInt(buffer->shape[i]);
    if (!extent || !size || *extent != *size) return false;
  }
  return next == dims.size();
}

// Collects the demands; a mutator only because that one knows the facts at each loop.
class DemandCollector : public AnalyzedMutator {
 public:
  explicit DemandCollector(Demands* demands) : demands_(demands) {}

  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    if (const auto* alloc = stmt.as<ir::AllocObj>()) {
      if (alloc->buffer.IsScope(ir::scope::kFragment)) Declare(alloc->buffer);
      return stmt;
    }
    if (const auto* view = stmt.as<ir::ViewObj>()) {
      for (const ir::Buffer& b : {view->buffer, view->source}) Refuse(b, "it has a view");
      return stmt;
    }
    const auto* box = stmt.as<ir::ParallelObj>();
    if (box && !box_) {
      box_ = box;
      demands_->vectors[box] = MaxVector(box, analyzer());
      VisitAccesses(box->body);
      box_ = nullptr;
      return stmt;
    }
    const auto* loop = stmt.as<ir::ForObj>();
    bool uniform = stmt.as<ir::TileLoopObj>() || stmt.as<ir::SeqObj>() || stmt.as<ir::IfObj>() ||
                   stmt.as<ir::WhileObj>() ||
                   (loop && !loop->attrs.count(lower::cuda::kThreadLevel));
    if (uniform) return AnalyzedMutator::MutateStmt(stmt);
    VisitAccesses(stmt);
    return stmt;
  }

  ir::Expr MutateExpr(const ir::Expr& e) override {
    VisitAccesses(e);
    return e;
  }

 private:
  void Declare(const ir::Buffer& buffer) {
    demands_->fragments.push_back(buffer);
    if (ConstSize(buffer->shape) <= 0) Refuse(buffer, "its extents are not constant");
  }

  void Refuse(const ir::Buffer& buffer, const std::string& reason) {
    demands_->reasons.emplace(buffer.get(), reason);
  }

  void VisitAccesses(const ffi::Any& root) {
    struct Walker : ir::Visitor {
      DemandCollector* self;
      explicit Walker(DemandCollector* self) : self(self) {}
      void VisitExpr(const ir::Expr& e) override {
        if (const auto* load = e.as<ir::LoadObj>()) self->Use(load->buffer, load->indices);
        if (const auto* address = e.as<ir::AddressOfObj>()) {
          self->Refuse(address->buffer, "its address is taken");
        }
        VisitFields(e);
      }
      void VisitStmt(const ir::Stmt& s) override {
        if (const auto* store = s.as<ir::StoreObj>()) self->Use(store->buffer, store->indices);
        VisitFields(s);
      }
    } walker(this);
    walker.Visit(root);
  }

  void Use(const ir::Buffer& buffer, const ffi::Array<ir::Expr>& indices) {
    if (!buffer.IsScope(ir::scope::kFragment)) return;
    if (!box_) return Refuse(buffer, "it is accessed outside T.Parallel loops");
    if (!IsIdentity(box_, buffer, indices)) {
      return Refuse(buffer, "a T.Parallel loop accesses another element than its own");
    }
    auto& loops = demands_->loops[buffer.get()];
    if (std::find(loops.begin(), loops.end(), box_) == loops.end()) loops.push_back(box_);
  }

  Demands* demands_;
  const ir::ParallelObj* box_ = nullptr;
};

// The smallest vector among loops that share fragments, until nothing changes.
void AgreeOnVectors(Demands* demands) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (const ir::Buffer& fragment : demands->fragments) {
      if (demands->reasons.count(fragment.get())) continue;
      int64_t least = 16;
      const auto& loops = demands->loops[fragment.get()];
      for (const auto* loop : loops) least = std::min(least, demands->vectors[loop]);
      for (const auto* loop : loops) {
        changed = changed || demands->vectors[loop] != least;
        demands->vectors[loop] = least;
      }
    }
  }
}

// Blocks of `vector` elements in row-major order, dealt out to the threads in turn.
layout::Fragment Dealt(const ir::Buffer& buffer, int64_t vector, int64_t threads) {
  std::vector<int64_t> shape;
  for (const ir::Expr& extent : buffer->shape) shape.push_back(*ir::AsConstInt(extent));
  const int64_t size = ConstSize(buffer->shape);
  std::vector<int64_t> owners(size), values(size);
  for (int64_t n = 0; n < size; ++n) {
    // `n` counts the first dimension fastest, `row_major` the last.
    int64_t rest = n, row_major = 0;
    std::vector<int64_t> point;
    for (int64_t extent : shape) {
      point.push_back(rest % extent);
      rest /= extent;
    }
    for (size_t d = 0; d < shape.size(); ++d) row_major = row_major * shape[d] + point[d];
    owners[n] = row_major / vector % threads;
    values[n] = row_major / (vector * threads) * vector + row_major % vector;
  }
  return layout::Fragment::FromOwners(ffi::Shape(shape), owners, values);
}

class HomeMover : public ir::Mutator {
 public:
  explicit HomeMover(const FragmentLayouts& layouts) : layouts_(layouts) {
    for (const FragmentHome& home : layouts.homes) {
      if (home.layout) continue;
      const ir::Buffer& old = home.buffer;
      moved_.emplace(old.get(), ir::Buffer(old->name, old->dtype, old->shape, old->strides,
                                           ir::scope::kShared));
    }
  }
  ir::Buffer MutateBuffer(const ir::Buffer& buffer) override {
    auto it = moved_.find(buffer.get());
    return it == moved_.end() ? buffer : it->second;
  }
  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    const auto* box = stmt.as<ir::ParallelObj>();
    if (!box) return DefaultStmt(stmt);
    auto it = layouts_.vectors.find(box);
    ir::AttrMap attrs = box->attrs;
    if (it != layouts_.vectors.end() && it->second > 1) attrs.Set("vector", it->second);
    return ir::Parallel(box->vars, box->extents, DefaultStmt(box->body), attrs, box->span);
  }

 private:
  const FragmentLayouts& layouts_;
  std::unordered_map<const ir::BufferObj*, ir::Buffer> moved_;
};

}  // namespace

const FragmentHome* FragmentLayouts::Find(const ir::Buffer& buffer) const {
  for (const FragmentHome& home : homes) {
    if (home.buffer.same_as(buffer)) return &home;
  }
  return nullptr;
}

FragmentLayouts InferFragmentLayouts(const ir::PrimFunc& func,
                                     const lower::cuda::Context& context) {
  Demands demands;
  DemandCollector(&demands).Run(func, context);
  AgreeOnVectors(&demands);
  FragmentLayouts result;
  for (const ir::Buffer& fragment : demands.fragments) {
    FragmentHome home{fragment, std::nullopt, ""};
    auto refused = demands.reasons.find(fragment.get());
    const auto& loops = demands.loops[fragment.get()];
    const int64_t vector = loops.empty() ? 1 : demands.vectors[loops[0]];
    if (refused != demands.reasons.end()) {
      home.reason = refused->second;
    } else if (RegistersFor(ConstSize(fragment->shape), vector, context.threads) *
                   std::max<int64_t>(ir::dtype::Bits(fragment->dtype), 8) >
               kMaxRegisters * 32) {
      home.reason = "it takes too many registers";
    } else {
      home.layout = Dealt(fragment, vector, context.threads);
    }
    result.homes.push_back(std::move(home));
  }
  result.vectors = std::move(demands.vectors);
  return result;
}

ir::PrimFunc ApplyFragmentLayouts(const ir::PrimFunc& func, const FragmentLayouts& layouts) {
  ffi::Array<ffi::String> texts;
  for (const FragmentHome& home : layouts.homes) {
    std::string where = home.layout ? "registers " + home.layout->ToString()
                                    : "shared memory, because " + home.reason;
    texts.push_back(std::string(home.buffer->name) + ": " + where);
  }
  ir::AttrMap attrs = func->attrs;
  if (!texts.empty()) attrs.Set("fragments", texts);
  return ir::PrimFunc(func->name, func->symbols, func->params, func->roles,
                      HomeMover(layouts).MutateStmt(func->body), attrs, func->span);
}

}  // namespace tilescale::pass
