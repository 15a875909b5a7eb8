#include "cc/pass/split_branches.h"

#include <unordered_set>
#include <vector>

#include "cc/ir/mutator.h"
#include "cc/ir/schedule.h"
#include "cc/ir/visitor.h"
#include "cc/pass/collect_accesses.h"
#include "cc/pass/fresh_names.h"
#include "cc/pass/plan_loop.h"

namespace tilescale::pass {
namespace {

using Buffers = std::unordered_set<const ir::BufferObj*>;

// A condition, and the statements that happen in order where it holds.
struct Arm {
  ir::Expr cond;
  ir::Stmt body;
};

// Splits the branches of one loop's body.
class BranchSplitter {
 public:
  explicit BranchSplitter(const ViewRoots& roots) : roots_(roots) {}

  /// The parts of a branch; the branch itself if it stays whole.
  ffi::Array<ir::Stmt> Split(const ir::Stmt& stmt) const {
    const auto* branch = stmt.as<ir::IfObj>();
    std::vector<Arm> arms = {{branch->cond, branch->then_body}};
    if (branch->else_body.has_value()) {
      arms.push_back({ir::MakeNot(branch->cond), branch->else_body.value()});
    }
    const Buffers written = Written(stmt);
    bool mixed = false, can_split = IsStable(branch->cond, written);
    for (const Arm& arm : arms) {
      mixed = mixed || IsMixed(arm.body);
      can_split = can_split && CanSplit(arm.body, written);
    }
    if (!mixed || !can_split) return {stmt};
    ffi::Array<ir::Stmt> result;
    for (const Arm& arm : arms) SplitArm(arm, stmt->span, &result);
    return result;
  }

 private:
  // A branch in a branch with a load somewhere in it.
  static bool IsInner(const ir::Stmt& s) {
    bool loads = false;
    if (!s.as<ir::IfObj>()) return false;
    ir::ForEachStmt(s, [&](const ir::Stmt& part) { loads = loads || IsLoad(part); });
    return loads;
  }

  // Whether there is a load, and something else.
  static bool IsMixed(const ir::Stmt& body) {
    bool loads = false, others = false;
    for (const ir::Stmt& s : ir::StatementsOf(body)) {
      if (!ir::IsOperator(s)) continue;
      loads = loads || IsLoad(s) || IsInner(s);
      others = others || !IsLoad(s) || IsInner(s);
    }
    return loads && others;
  }

  Buffers Written(const ir::Stmt& s) const {
    Buffers written;
    for (const MemoryAccess& access : CollectAccesses(s, roots_)) {
      if (access.write) written.insert(access.buffer.get());
    }
    return written;
  }

  // Whether the value is the same wherever in the branch it is computed.
  bool IsStable(const ir::Expr& value, const Buffers& written) const {
    bool stable = true;
    ir::ForEachExpr(value, [&](const ir::Expr& e) {
      const auto* load = e.as<ir::LoadObj>();
      if (load) {
        auto root = roots_.find(load->buffer.get());
        const ir::BufferObj* buffer =
            root == roots_.end() ? load->buffer.get() : root->second.get();
        stable = stable && written.count(buffer) == 0;
      } else if (e.as<ir::CallObj>()) {
        stable = stable && !ReadsMemory(e);
      }
    });
    return stable;
  }

  // Declarations that each part can repeat, or that can stand before all of them.
  bool CanSplit(const ir::Stmt& body, const Buffers& written) const {
    for (const ir::Stmt& s : ir::StatementsOf(body)) {
      const auto* bind = s.as<ir::BindObj>();
      const auto* alloc = s.as<ir::AllocObj>();
      const auto* note = s.as<ir::AnnotateObj>();
      if (bind && !IsStable(bind->value, written)) return false;
      if (alloc && alloc->init.has_value()) return false;
      if (note && !(note->key == "layout" && note->target.has_value())) return false;
      if (s.as<ir::ViewObj>() || s.as<ir::DeclTensorObj>()) return false;
    }
    return true;
  }

  void SplitArm(const Arm& arm, const ir::Span& span, ffi::Array<ir::Stmt>* result) const {
    ffi::Array<ir::Stmt> names, part;
    bool loads = false;
    for (const ir::Stmt& s : ir::StatementsOf(arm.body)) {
      if (s.as<ir::AllocObj>() || s.as<ir::AnnotateObj>()) {
        result->push_back(s);
      } else if (!ir::IsOperator(s)) {
        names.push_back(s);
        if (!part.empty()) part.push_back(s);
      } else if (IsInner(s)) {
        Finish(arm, span, &part, result);
        AddInner(arm, names, s, result);
      } else {
        if (IsLoad(s) != loads) Finish(arm, span, &part, result);
        loads = IsLoad(s);
        if (part.empty()) part = names;
        part.push_back(s);
      }
    }
    Finish(arm, span, &part, result);
  }

  // The parts of a branch in a branch, under both conditions.
  void AddInner(const Arm& arm, const ffi::Array<ir::Stmt>& names, const ir::Stmt& branch,
                ffi::Array<ir::Stmt>* result) const {
    for (const ir::Stmt& s : Split(branch)) {
      const auto* inner = s.as<ir::IfObj>();
      if (inner && names.empty() && !inner->else_body.has_value()) {
        ir::Expr both = arm.cond && inner->cond;
        result->push_back(ir::If(both, inner->then_body, std::nullopt, s->span));
      } else if (!ir::IsOperator(s)) {
        result->push_back(s);
      } else {
        ffi::Array<ir::Stmt> part = names;
        part.push_back(s);
        Finish(arm, branch->span, &part, result);
      }
    }
  }

  static void Finish(const Arm& arm, const ir::Span& span, ffi::Array<ir::Stmt>* part,
                     ffi::Array<ir::Stmt>* result) {
    if (part->empty()) return;
    ir::Stmt body = part->size() == 1 ? (*part)[0] : ir::Stmt(ir::Seq(*part, span));
    result->push_back(ir::If(arm.cond, FreshNames(false).MutateStmt(body), std::nullopt, span));
    part->clear();
  }

  const ViewRoots& roots_;
};

class LoopFinder : public ir::Mutator {
 public:
  explicit LoopFinder(const ViewRoots& roots) : splitter_(roots) {}

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    ir::Stmt result = DefaultStmt(s);
    const auto* loop = result.as<ir::ForObj>();
    if (!loop || loop->kind != ir::ForKind::kPipelined || !Overlaps(loop)) return result;
    ffi::Array<ir::Stmt> body;
    for (const ir::Stmt& child : ir::StatementsOf(loop->body)) {
      const bool branch = child.as<ir::IfObj>() != nullptr;
      for (const ir::Stmt& part : branch ? splitter_.Split(child) : ffi::Array<ir::Stmt>({child})) {
        body.push_back(part);
      }
    }
    if (body.size() == ir::StatementsOf(loop->body).size()) return result;
    return ir::For(loop->var, loop->min, loop->extent, loop->step, loop->kind,
                   ir::Seq(body, loop->body->span), loop->attrs, loop->span);
  }

 private:
  // Stages that the user lists are those of the operators that the user wrote.
  static bool Overlaps(const ir::ForObj* loop) {
    auto depth = loop->attrs.find("num_stages");
    auto stages = loop->attrs.find("stage");
    bool listed =
        stages != loop->attrs.end() && !(*stages).second.cast<ffi::Array<int64_t>>().empty();
    return !listed && depth != loop->attrs.end() && (*depth).second.cast<int64_t>() > 1;
  }

  BranchSplitter splitter_;
};

}  // namespace

ir::PrimFunc SplitBranches(const ir::PrimFunc& func, const lower::cuda::Context&) {
  const ViewRoots roots = FindViewRoots(func->body);
  return func.WithBody(LoopFinder(roots).MutateStmt(func->body));
}

}  // namespace tilescale::pass
