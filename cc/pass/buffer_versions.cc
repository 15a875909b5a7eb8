#include "cc/pass/buffer_versions.h"

#include <tvm/ffi/extra/structural_equal.h>

#include <vector>

#include "cc/ir/schedule.h"
#include "cc/ir/visitor.h"
#include "cc/pass/collect_accesses.h"

namespace tilescale::pass {
namespace {

// A write, and the condition under which it happens; none if always.
struct GuardedWrite {
  const MemoryAccess* access;
  ffi::Optional<ir::Expr> cond;
};

// The condition of an operator that is a branch without alternative.
ffi::Optional<ir::Expr> ConditionOf(const ir::Stmt& s) {
  const auto* branch = s.as<ir::IfObj>();
  if (!branch || branch->else_body.has_value()) return std::nullopt;
  return branch->cond;
}

bool Implies(const ffi::Optional<ir::Expr>& read, const ffi::Optional<ir::Expr>& write) {
  if (!write.has_value()) return true;
  return read.has_value() && ffi::StructuralEqual::Equal(read.value(), write.value());
}

// Whether the access happens whenever the operator runs (its own condition aside).
bool IsCertain(const ir::Stmt& s) {
  if (s.as<ir::TileOpObj>() || s.as<ir::ParallelObj>() || s.as<ir::StoreObj>()) return true;
  const auto* branch = s.as<ir::IfObj>();
  if (!branch || branch->else_body.has_value()) return false;
  for (const ir::Stmt& child : ir::StatementsOf(branch->then_body)) {
    if (ir::IsOperator(child) && !child.as<ir::TileOpObj>()) return false;
  }
  return true;
}

bool Touches(const std::vector<MemoryAccess>& accesses, const ir::Buffer& buffer) {
  for (const MemoryAccess& access : accesses) {
    if (access.buffer.same_as(buffer)) return true;
  }
  return false;
}

// Whether a sequence of statements, other than `loop`, may read what was in the buffer before it
// wrote the buffer itself. Inner bodies count for themselves.
class OutsideReader {
 public:
  OutsideReader(const ir::Buffer& buffer, const ir::Stmt& loop, const ViewRoots& roots,
                arith::Analyzer* analyzer)
      : buffer_(buffer), loop_(loop), roots_(roots), analyzer_(analyzer) {}

  bool Reads(const ir::Stmt& body) {
    std::vector<MemoryAccess> written;
    for (const ir::Stmt& s : ir::StatementsOf(body)) {
      if (s.same_as(loop_)) {
        written.clear();
      } else if (const ir::Stmt* inner = Inner(s)) {
        if (Reads(*inner)) return true;
      } else if (const auto* branch = s.as<ir::IfObj>()) {
        bool reads = Reads(branch->then_body);
        if (branch->else_body.has_value()) reads = reads || Reads(branch->else_body.value());
        if (reads) return true;
      } else if (ReadsLeaf(s, &written)) {
        return true;
      }
    }
    return false;
  }

 private:
  static const ir::Stmt* Inner(const ir::Stmt& s) {
    if (const auto* seq = s.as<ir::SeqObj>()) return seq->stmts.empty() ? nullptr : &s;
    if (const auto* grid = s.as<ir::TileLoopObj>()) return &grid->body;
    if (const auto* loop = s.as<ir::ForObj>()) return &loop->body;
    if (const auto* loop = s.as<ir::WhileObj>()) return &loop->body;
    return nullptr;
  }

  bool ReadsLeaf(const ir::Stmt& s, std::vector<MemoryAccess>* written) {
    std::vector<MemoryAccess> accesses = CollectAccesses(s, roots_);
    for (const MemoryAccess& access : accesses) {
      if (access.write || !access.buffer.same_as(buffer_)) continue;
      bool covered = false;
      for (const MemoryAccess& write : *written) {
        covered = covered || Contains(write, access, analyzer_);
      }
      if (!covered) return true;
    }
    for (const MemoryAccess& access : accesses) {
      bool certain = access.write && access.buffer.same_as(buffer_) && IsCertain(s);
      if (certain) written->push_back(access);
    }
    return false;
  }

  const ir::Buffer& buffer_;
  const ir::Stmt& loop_;
  const ViewRoots& roots_;
  arith::Analyzer* analyzer_;
};

}  // namespace

BufferVersions::BufferVersions(const ir::PrimFunc& func, const ViewRoots& roots,
                               arith::Analyzer* analyzer)
    : body_(func->body), roots_(roots), analyzer_(analyzer) {}

std::string BufferVersions::WhyNot(const ir::Buffer& buffer, const ir::Stmt& loop,
                                   const DependenceGraph& graph) const {
  const std::string name = "`" + std::string(buffer->name) + "`";
  if (!buffer.IsScope(ir::scope::kShared)) return name + " is not in shared memory";
  for (const auto& [view, root] : roots_) {
    if (root.same_as(buffer)) return name + " has a view";
  }
  if (!IsCovered(buffer, graph)) return name + " carries values from one iteration to the next";
  if (IsSeenOutside(buffer, loop)) return name + " is read outside the loop";
  return "";
}

bool BufferVersions::IsCovered(const ir::Buffer& buffer, const DependenceGraph& graph) const {
  std::vector<GuardedWrite> written;
  for (const LoopOperator& op : graph.operators) {
    if (!Touches(op.accesses, buffer)) continue;
    ffi::Optional<ir::Expr> cond = ConditionOf(op.stmt);
    for (const MemoryAccess& access : op.accesses) {
      if (access.write || !access.buffer.same_as(buffer)) continue;
      bool covered = false;
      for (const GuardedWrite& write : written) {
        covered =
            covered || (Implies(cond, write.cond) && Contains(*write.access, access, analyzer_));
      }
      if (!covered) return false;
    }
    if (!IsCertain(op.stmt)) continue;
    for (const MemoryAccess& access : op.accesses) {
      if (access.write && access.buffer.same_as(buffer)) written.push_back({&access, cond});
    }
  }
  return true;
}

bool BufferVersions::IsSeenOutside(const ir::Buffer& buffer, const ir::Stmt& loop) const {
  return OutsideReader(buffer, loop, roots_, analyzer_).Reads(body_);
}

}  // namespace tilescale::pass
