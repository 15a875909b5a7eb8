#include "cc/pass/vectorize_loops.h"

#include <string>
#include <vector>

#include "cc/pass/analyzed_mutator.h"
#include "cc/pass/fragment_layouts.h"
#include "cc/pass/point_code.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;

// Longer loops would need more registers for what they move than they save instructions.
constexpr int64_t kMaxExtent = 64;

ir::Expr Int(int64_t value) { return ir::MakeInt(ir::dtype::Int(32), value); }

bool IsMemory(const ir::Buffer& buffer) {
  return buffer.IsScope(ir::scope::kShared) || buffer.IsScope(ir::scope::kGlobal);
}

class LoopVectorizer : public AnalyzedMutator {
 public:
  LoopVectorizer(const ir::Stmt& body, const lower::cuda::Context& context)
      : context_(context), layouts_(body) {}

  ir::Stmt MutateStmt(const ir::Stmt& s) override {
    const auto* loop = s.as<ir::ForObj>();
    if (!loop || loop->kind != ir::ForKind::kVectorized) return AnalyzedMutator::MutateStmt(s);
    const ir::For plain = InOrder(loop, WithoutRounds(loop->body));
    const std::vector<StagedAccess> stages = Stages(plain.get());
    return stages.empty() ? AnalyzedMutator::MutateStmt(plain) : InVectors(plain.get(), stages);
  }

 private:
  // Statements of single threads stand in loops of one round, which hide what they access.
  static ir::Stmt WithoutRounds(const ir::Stmt& body) {
    struct Opener : ir::Mutator {
      ir::Stmt MutateStmt(const ir::Stmt& s) override {
        const auto* loop = s.as<ir::ForObj>();
        if (!loop || !ir::IsConstInt(loop->extent, 1)) return DefaultStmt(s);
        return ir::Substitute(MutateStmt(loop->body), {{loop->var.get(), loop->min}});
      }
    } opener;
    return opener.MutateStmt(body);
  }

  static ir::For InOrder(const ir::ForObj* loop, const ir::Stmt& body) {
    return ir::For(loop->var, loop->min, loop->extent, loop->step, ir::ForKind::kSerial, body,
                   loop->attrs, loop->span);
  }

  std::vector<StagedAccess> Stages(const ir::ForObj* loop) {
    std::vector<StagedAccess> stages;
    const int64_t* extent = ir::AsConstInt(loop->extent);
    const bool counts = ir::IsConstInt(loop->min, 0) && ir::IsConstInt(loop->step, 1);
    if (!extent || *extent > kMaxExtent || !counts) return stages;
    // The largest power of two that divides the loop.
    const int64_t most = *extent & -*extent;
    auto scope = analyzer()->Enter();
    analyzer()->BindLoop(loop->var, loop->min, loop->extent);
    for (const VectorCandidate& access : VectorCandidates(loop->body, loop->var)) {
      if (!IsMemory(access.buffer)) continue;
      const int64_t vector = VectorOf(access, loop->var, *extent, most, &layouts_, context_);
      if (vector > 1) stages.push_back({access, vector, Registers(access.buffer, *extent)});
    }
    return stages;
  }

  static ir::Buffer Registers(const ir::Buffer& like, int64_t size) {
    return ir::Buffer(std::string(like->name) + "_v", like->dtype, {Int(size)}, {},
                      ir::scope::kLocal);
  }

  static ir::Stmt InVectors(const ir::ForObj* loop, const std::vector<StagedAccess>& stages) {
    ffi::Array<ir::Stmt> stmts, behind;
    for (const StagedAccess& stage : stages) {
      stmts.push_back(ir::Alloc(stage.staged, std::nullopt, loop->span));
      for (int64_t at = 0; at < *ir::AsConstInt(loop->extent); at += stage.vector) {
        const bool load = stage.access.kind == AccessKind::kLoad;
        (load ? stmts : behind)
            .push_back(MoveVector(stage, IndicesAt(stage, loop, at), at, loop->span));
      }
    }
    ir::Stmt body = Stager(stages, loop->var).MutateStmt(loop->body);
    stmts.push_back(ir::For(loop->var, loop->min, loop->extent, loop->step, ir::ForKind::kUnroll,
                            body, {}, loop->span));
    for (const ir::Stmt& s : behind) stmts.push_back(s);
    return ir::Seq(stmts, loop->span);
  }

  static ffi::Array<ir::Expr> IndicesAt(const StagedAccess& stage, const ir::ForObj* loop,
                                        int64_t at) {
    ffi::Array<ir::Expr> indices;
    const ir::VarMap start = {{loop->var.get(), ir::MakeInt(loop->var.dtype(), at)}};
    for (const ir::Expr& index : stage.access.indices) {
      indices.push_back(ir::Substitute(index, start));
    }
    return indices;
  }

  const lower::cuda::Context& context_;
  const lower::cuda::Layouts layouts_;
};

}  // namespace

ir::PrimFunc VectorizeLoops(const ir::PrimFunc& func, const lower::cuda::Context& context) {
  return LoopVectorizer(func->body, context).Run(func, context);
}

}  // namespace tilescale::pass
