// Writes decided layouts into the kernel.
#include <tvm/ffi/extra/structural_equal.h>

#include <algorithm>

#include "cc/ir/mutator.h"
#include "cc/lower/common/loops.h"
#include "cc/op/copy.h"
#include "cc/op/tile_op.h"
#include "cc/pass/fragment_layouts.h"
#include "cc/pass/vector_access.h"

namespace tilescale::pass {
namespace {

using BufferMap = std::unordered_map<const ir::BufferObj*, ir::Buffer>;

ir::Buffer Like(const ir::Buffer& buffer, const std::string& name, const char* scope) {
  return ir::Buffer(name, buffer->dtype, buffer->shape, buffer->strides, scope);
}

// The declaration of a fragment in registers: its layout, and the registers of one thread.
void DeclareFragment(const ir::Buffer& buffer, const layout::Fragment& fragment,
                     const ir::Span& span, ffi::Array<ir::Stmt>* stmts) {
  ir::Buffer registers(buffer->name, buffer->dtype,
                       {ir::MakeInt(ir::dtype::Int(32), fragment->num_values)}, {},
                       ir::scope::kLocal);
  stmts->push_back(ir::Alloc(buffer, std::nullopt, span));
  stmts->push_back(ir::Annotate("layout", buffer, fragment, span));
  stmts->push_back(ir::View(registers, buffer, span));
}

// A fragment that one loop needs in another layout.
struct Conversion {
  ir::Buffer buffer;
  std::optional<layout::Fragment> layout;  // nothing: through shared memory
  bool read = false;
  bool write = false;
};

class BufferReplacer : public ir::Mutator {
 public:
  explicit BufferReplacer(const BufferMap& map) : map_(map) {}
  ir::Buffer MutateBuffer(const ir::Buffer& buffer) override {
    auto it = map_.find(buffer.get());
    return it == map_.end() ? buffer : it->second;
  }

 private:
  const BufferMap& map_;
};

class Applier : public ir::Mutator {
 public:
  Applier(const LayoutProblem& problem, const LayoutSolution& solution)
      : problem_(problem), solution_(solution) {
    for (const BufferHome& home : solution.homes) {
      const ir::Buffer& old = home.buffer;
      if (home.fragment) continue;
      moved_.emplace(old.get(), Like(old, old->name, ir::scope::kShared));
    }
    for (const ir::Buffer& view : problem.views) {
      moved_.emplace(view.get(), Like(view, view->name, ir::scope::kShared));
    }
    for (const LoopProblem& loop : problem.loops) loops_.emplace(loop.loop, &loop);
  }

  ir::Buffer MutateBuffer(const ir::Buffer& buffer) override {
    auto it = moved_.find(buffer.get());
    return it == moved_.end() ? buffer : it->second;
  }

  ir::Stmt MutateStmt(const ir::Stmt& stmt) override {
    if (const auto* seq = stmt.as<ir::SeqObj>()) return MutateSeq(seq);
    if (const auto* box = stmt.as<ir::ParallelObj>()) return MutateLoop(box, stmt);
    if (auto op = stmt.as<ir::TileOp>()) return MutateOp(*op);
    const auto* note = stmt.as<ir::AnnotateObj>();
    // Decisions stand behind the allocation; what was annotated is part of them.
    if (note && note->key == "layout" && note->target.has_value() &&
        note->target.value().IsScope(ir::scope::kFragment) &&
        !problem_.decided.count(note->target.value().get())) {
      return ir::Seq(ffi::Array<ir::Stmt>());
    }
    return DefaultStmt(stmt);
  }

 private:
  ir::Stmt MutateSeq(const ir::SeqObj* seq) {
    ffi::Array<ir::Stmt> stmts;
    for (const ir::Stmt& child : seq->stmts) {
      const auto* alloc = child.as<ir::AllocObj>();
      if (alloc && Declare(alloc, &stmts)) continue;
      ir::Stmt result = MutateStmt(child);
      const auto* empty = result.as<ir::SeqObj>();
      if (!empty || !empty->stmts.empty()) stmts.push_back(result);
    }
    return ir::Seq(stmts, seq->span);
  }

  bool Declare(const ir::AllocObj* alloc, ffi::Array<ir::Stmt>* stmts) {
    const ir::Buffer& buffer = alloc->buffer;
    if (problem_.decided.count(buffer.get())) return false;
    if (const layout::Fragment* fragment = solution_.Find(buffer)) {
      DeclareFragment(buffer, *fragment, alloc->span, stmts);
      return true;
    }
    for (const auto& [shared, candidate] : solution_.shared) {
      if (!shared.same_as(buffer)) continue;
      stmts->push_back(ir::Alloc(buffer, alloc->init, alloc->span));
      stmts->push_back(ir::Annotate("layout", buffer, candidate->layout, alloc->span));
      return true;
    }
    return false;
  }

  // Operands that the operator needs in another layout than they have.
  ir::Stmt MutateOp(const ir::TileOp& op) {
    ffi::Array<ir::Stmt> before, behind;
    BufferMap converted;
    const op::Effects effects = op::GetOpInfo(op).effects(op);
    for (const lower::cuda::LayoutDemand& demand : DemandsOf(op)) {
      const layout::Fragment* tile = solution_.Find(demand.buffer);
      const layout::Fragment* wanted = demand.fragment ? &*demand.fragment : nullptr;
      if (!tile || !wanted || converted.count(demand.buffer.get())) continue;
      if (ffi::StructuralEqual::Equal(*tile, *wanted)) continue;
      Conversion c{demand.buffer, demand.fragment, true, false};
      c.write = Mentions(effects.writes, c.buffer) || Mentions(effects.accumulates, c.buffer);
      converted.emplace(c.buffer.get(), Convert(c, op->span, &before, &behind));
    }
    ir::Stmt result = BufferReplacer(converted).MutateStmt(DefaultStmt(op));
    if (converted.empty()) return result;
    before.push_back(result);
    for (const ir::Stmt& s : behind) before.push_back(s);
    return ir::Seq(before, op->span);
  }

  std::vector<lower::cuda::LayoutDemand> DemandsOf(const ir::TileOp& op) const {
    for (const OpProblem& known : problem_.ops) {
      if (known.op.same_as(op)) return known.demands;
    }
    return {};
  }

  static bool Mentions(const std::vector<ir::Region>& regions, const ir::Buffer& buffer) {
    return std::any_of(regions.begin(), regions.end(),
                       [&](const ir::Region& r) { return r->buffer.same_as(buffer); });
  }

  ir::Stmt MutateLoop(const ir::ParallelObj* box, const ir::Stmt& stmt) {
    auto it = loops_.find(box);
    auto chosen = solution_.loops.find(box);
    if (it == loops_.end() || chosen == solution_.loops.end()) return DefaultStmt(stmt);
    const layout::Fragment& fragment = chosen->second;
    ir::AttrMap attrs = box->attrs;
    attrs.Set("loop_layout", fragment);
    std::vector<Conversion> conversions = ConversionsOf(*it->second, fragment);
    ffi::Array<ir::Stmt> before, behind;
    BufferMap converted;
    for (const Conversion& c : conversions) {
      converted.emplace(c.buffer.get(), Convert(c, box->span, &before, &behind));
    }
    ir::Stmt body = BufferReplacer(converted).MutateStmt(DefaultStmt(box->body));
    before.push_back(ir::Parallel(box->vars, box->extents, body, attrs, box->span));
    for (const ir::Stmt& s : behind) before.push_back(s);
    return before.size() == 1 ? before[0] : ir::Seq(before, box->span);
  }

  // The buffer that the loop uses instead.
  ir::Buffer Convert(const Conversion& c, const ir::Span& span, ffi::Array<ir::Stmt>* before,
                     ffi::Array<ir::Stmt>* behind) {
    ir::Buffer other = Like(c.buffer, std::string(c.buffer->name) + "_c",
                            c.layout ? ir::scope::kFragment : ir::scope::kShared);
    if (c.layout) {
      DeclareFragment(other, *c.layout, span, before);
    } else {
      before->push_back(ir::Alloc(other, std::nullopt, span));
    }
    if (c.read) before->push_back(Move(c.buffer, other, span));
    if (c.write) behind->push_back(Move(other, c.buffer, span));
    return other;
  }

  ir::Stmt Move(const ir::Buffer& from, const ir::Buffer& to, const ir::Span& span) const {
    return op::Copy(ir::Region::Full(from), ir::Region::Full(to), {}, span);
  }

  std::vector<Conversion> ConversionsOf(const LoopProblem& loop,
                                        const layout::Fragment& fragment) const {
    std::vector<Conversion> result;
    for (const FragmentAccess& access : loop.accesses) {
      const layout::Fragment* tile = solution_.Find(access.buffer);
      if (!tile) continue;
      auto registers = layout::RegistersOf(fragment, access.map, *tile);
      // A loop and a tile that were mapped together before fit: copies that differ are meant to.
      const bool mapped = loop.given && problem_.decided.count(access.buffer.get());
      const bool fits =
          registers && (!access.write || mapped ||
                        layout::WritesAllCopies(fragment, access.map, *tile, *registers));
      const bool known = std::any_of(result.begin(), result.end(), [&](const Conversion& c) {
        return c.buffer.same_as(access.buffer);
      });
      if (!fits && !known) result.push_back(ConversionOf(loop, access.buffer, fragment));
    }
    return result;
  }

  static Conversion ConversionOf(const LoopProblem& loop, const ir::Buffer& buffer,
                                 const layout::Fragment& fragment) {
    Conversion result{buffer, std::nullopt, false, false};
    // Under conditions some elements keep their value.
    const bool flat = !FlatStatements(loop.loop->body).empty();
    bool every = true, same = true;
    const FragmentAccess* first = nullptr;
    for (const FragmentAccess& access : loop.accesses) {
      if (!access.buffer.same_as(buffer)) continue;
      if (!first) first = &access;
      same = same && access.map.IsPermutation() && SameIndices(access.map, first->map);
      result.read = result.read || !access.write;
      result.write = result.write || access.write;
      every = every && access.map.IsPermutation();
    }
    result.read = result.read || !flat || !every;
    if (!same && (result.write || !OneIndexing(loop, buffer))) return result;
    auto image = layout::ImageOf(fragment, first->map);
    // The conversion is a loop itself.
    if (image && IsLoopLayout(*image, (*image)->num_threads)) result.layout = std::move(image);
    return result;
  }

  static bool SameIndices(const layout::PointMap& a, const layout::PointMap& b) {
    for (size_t i = 0; i < a.indices.size(); ++i) {
      const layout::PointIndex& x = a.indices[i];
      const layout::PointIndex& y = b.indices[i];
      if (x.expr.has_value() || y.expr.has_value()) return false;
      if (x.coord != y.coord || x.constant != y.constant) return false;
    }
    return true;
  }

  // Whether all mentions of the buffer are at the same plain indices.
  static bool OneIndexing(const LoopProblem& loop, const ir::Buffer& buffer) {
    const FragmentAccess* first = nullptr;
    for (const FragmentAccess& access : loop.accesses) {
      if (!access.buffer.same_as(buffer)) continue;
      if (!first) first = &access;
      if (&access != first && !SameIndices(access.map, first->map)) return false;
    }
    return true;
  }

  const LayoutProblem& problem_;
  const LayoutSolution& solution_;
  BufferMap moved_;
  std::unordered_map<const ir::ParallelObj*, const LoopProblem*> loops_;
};

}  // namespace

ir::PrimFunc ApplyLayouts(const ir::PrimFunc& func, const LayoutProblem& problem,
                          const LayoutSolution& solution) {
  ffi::Array<ffi::String> texts;
  auto known = func->attrs.find("fragments");
  if (known != func->attrs.end()) texts = (*known).second.cast<ffi::Array<ffi::String>>();
  for (const BufferHome& home : solution.homes) {
    const bool decided = home.reason.empty();
    std::string where =
        home.fragment ? "registers " + home.fragment->ToString() + ", " : "shared memory, because ";
    if (!decided) texts.push_back(std::string(home.buffer->name) + ": " + where + home.reason);
  }
  for (const auto& [buffer, candidate] : solution.shared) {
    texts.push_back(std::string(buffer->name) + ": shared memory, " + std::string(candidate->name) +
                    ", " + std::to_string(candidate->wavefronts) + " wavefronts of at least " +
                    std::to_string(candidate->ideal));
  }
  ir::AttrMap attrs = func->attrs;
  if (!texts.empty()) attrs.Set("fragments", texts);
  return ir::PrimFunc(func->name, func->symbols, func->params, func->roles,
                      Applier(problem, solution).MutateStmt(func->body), attrs, func->span);
}

}  // namespace tilescale::pass
