#include "cc/pass/cuda_pipeline.h"

#include <tvm/ffi/reflection/registry.h>

#include "cc/ir/visitor.h"
#include "cc/lower/cuda/alignment.h"
#include "cc/pass/apply_shared_layouts.h"
#include "cc/pass/assume_divisible.h"
#include "cc/pass/bind_threads.h"
#include "cc/pass/check_kernel.h"
#include "cc/pass/check_loop_layouts.h"
#include "cc/pass/combine_neighbours.h"
#include "cc/pass/distribute_parallel.h"
#include "cc/pass/divergence.h"
#include "cc/pass/drop_unused_names.h"
#include "cc/pass/expand_pipelines.h"
#include "cc/pass/fragment_layouts.h"
#include "cc/pass/infer_layouts.h"
#include "cc/pass/insert_sync.h"
#include "cc/pass/legalize_memory.h"
#include "cc/pass/lower_async_copies.h"
#include "cc/pass/lower_cuda_tile_ops.h"
#include "cc/pass/lower_elementwise.h"
#include "cc/pass/lower_private_ops.h"
#include "cc/pass/lower_reducers.h"
#include "cc/pass/lower_thread_level.h"
#include "cc/pass/lower_tile_queries.h"
#include "cc/pass/narrow_indices.h"
#include "cc/pass/pipeline.h"
#include "cc/pass/plan_schedule.h"
#include "cc/pass/plan_shared.h"
#include "cc/pass/rasterize_grid.h"
#include "cc/pass/serialize_loops.h"
#include "cc/pass/share_memory.h"
#include "cc/pass/simplify_stmts.h"
#include "cc/pass/split_branches.h"
#include "cc/pass/store_matrices.h"
#include "cc/pass/vectorize_loops.h"
#include "cc/pass/widen_indices.h"
#include "cc/support/diagnostic.h"

namespace tilescale::pass {
namespace {

namespace ffi = tvm::ffi;
using lower::cuda::Context;
using Options = ffi::Map<ffi::String, ffi::Any>;

constexpr int64_t kMaxThreads = 1024;

// [(pass name, function after it)], for `inspect` and for tests of each stage.
ffi::Array<ffi::Any> Stages(const ir::PrimFunc& func, const Options& options) {
  ffi::Array<ffi::Any> stages;
  Context context = MakeCudaContext(func, options);
  if (!context.divisible.empty()) LowerForCuda(func, &context);
  RunCudaPipeline(func, context, [&](const std::string& name, const ir::PrimFunc& f) {
    stages.push_back(ffi::Array<ffi::Any>({ffi::String(name), f}));
  });
  return stages;
}

// [(name or kind of statement, "block", "warp" or "thread")]: how far threads agree about each
// name, and about each branch and loop, once questions for the thread are arithmetic.
ffi::Array<ffi::Any> Agreements(const ir::PrimFunc& func, const Options& options) {
  const Context context = MakeCudaContext(func, options);
  ir::PrimFunc lowered = func;
  for (const CudaPass& pass : CudaPipeline()) {
    lowered = pass.run(lowered, context);
    if (pass.name == "lower_thread_level") break;
  }
  const Divergence divergence(lowered->body, context);
  ffi::Array<ffi::Any> found;
  auto add = [&](const std::string& name, Agreement agreement) {
    static const char* const kNames[] = {"block", "warp", "thread"};
    found.push_back(ffi::Array<ffi::Any>(
        {ffi::String(name), ffi::String(kNames[static_cast<int>(agreement)])}));
  };
  ir::ForEachStmt(lowered->body, [&](const ir::Stmt& s) {
    if (const auto* bind = s.as<ir::BindObj>()) add(bind->var->name, divergence.Of(bind->var));
    const auto* alloc = s.as<ir::AllocObj>();
    if (alloc && alloc->buffer.IsScope(ir::scope::kVar)) {
      add(alloc->buffer->name, divergence.Of(ir::Load(alloc->buffer, {})));
    }
    if (s.as<ir::IfObj>()) add("if", divergence.OfControl(s));
    if (s.as<ir::ForObj>()) add("for", divergence.OfControl(s));
    if (s.as<ir::WhileObj>()) add("while", divergence.OfControl(s));
  });
  return found;
}

// The front end has checked them.
int64_t ThreadsOf(const ir::PrimFunc& func) {
  int64_t threads = lower::cuda::kDefaultThreads;
  ir::ForEachStmt(func->body, [&](const ir::Stmt& s) {
    const auto* grid = s.as<ir::TileLoopObj>();
    if (!grid || grid->threads.empty()) return;
    threads = ConstSize(grid->threads);
    TILESCALE_CHECK(threads >= 1 && threads <= kMaxThreads, threads << " threads");
  });
  return threads;
}

bool IsArch(const std::string& arch) {
  static const std::vector<std::string> known = {"sm_70",   "sm_75",   "sm_80",  "sm_86",
                                                 "sm_89",   "sm_90",   "sm_90a", "sm_100",
                                                 "sm_100a", "sm_103a", "sm_120", "sm_120a"};
  for (const std::string& name : known) {
    if (name == arch) return true;
  }
  return false;
}

int64_t IndexBits(const Options& options) {
  auto given = options.find("tl.config_index_bitwidth");
  if (given == options.end()) return 32;
  const auto bits = (*given).second.as<int64_t>();
  if (bits && (*bits == 32 || *bits == 64)) return *bits;
  support::UserError("CompileOptionError")
      .Message("tl.config_index_bitwidth is no width of indices")
      .Expected("32 or 64")
      .Got(bits ? std::to_string(*bits) : "no integer")
      .Remedy("leave it out: tensors that need 64 bits get them")
      .Throw();
}

}  // namespace

const std::vector<CudaPass>& CudaPipeline() {
  static const std::vector<CudaPass> passes = {
      // First, so that errors name what the user wrote.
      {"check_kernel", CheckKernel},
      // Before all that looks at indices: blocks get other coordinates.
      {"rasterize_grid", RasterizeGrid},
      {"bind_threads", BindThreads},
      // Before anything asks how accesses are aligned.
      {"assume_divisible", AssumeDivisible},
      // Before what single threads do is told from what a block does.
      {"lower_private_ops", LowerPrivateOps},
      // Before schedules, which must not move what single threads do.
      {"lower_thread_level", LowerThreadLevel},
      // Loads must stand by themselves to run ahead.
      {"split_branches", SplitBranches},
      // Before tile operators become several statements, which schedules do not count.
      {"plan_schedule", PlanSchedule},
      {"expand_pipelines", ExpandPipelines},
      // Copies that are not asynchronous after all become elementwise ones.
      {"lower_async_copies", LowerAsyncCopies},
      // After pipelines: what is still marked as one runs in order.
      {"serialize_loops", SerializeLoops},
      {"lower_elementwise", LowerElementwise},
      {"lower_tile_queries", LowerTileQueries},
      // Before the compiler's own loop layouts appear.
      {"check_loop_layouts", CheckLoopLayouts},
      // After all loops over single elements are there: they make demands on layouts.
      {"infer_layouts", InferLayouts},
      // After layouts: they say which threads share an element.
      {"lower_reducers", LowerReducers},
      {"lower_tile_ops", LowerCudaTileOps},
      // Before barriers: lanes store elements of others.
      {"store_matrices", StoreMatrices},
      // After the last shared buffer has appeared, before barriers, which sharing may need.
      {"share_memory", ShareMemory},
      // After fragments have their home: those in shared memory need barriers too.
      {"insert_sync", InsertSync},
      {"distribute_parallel", DistributeParallel},
      // After all code is one thread's.
      {"vectorize_loops", VectorizeLoops},
      // Before guards, which compare exact indices.
      {"widen_indices", WidenIndices},
      {"legalize_memory", LegalizeMemory},
      // After guards, and while neighbours in a buffer have neighbouring indices.
      {"combine_neighbours", CombineNeighbours},
      // After guards, which compare indices with extents.
      {"apply_shared_layouts", ApplySharedLayouts},
      {"simplify_stmts", SimplifyStmts},
      // After simplification, which removes mentions.
      {"drop_unused_names", DropUnusedNames},
      // After guards, which are decided on exact indices.
      {"narrow_indices", NarrowIndices},
      // Last: the places of the final program's allocations.
      {"plan_shared", PlanShared},
  };
  return passes;
}

ir::PrimFunc RunCudaPipeline(
    ir::PrimFunc func, const Context& context,
    const std::function<void(const std::string&, const ir::PrimFunc&)>& after) {
  for (const CudaPass& pass : CudaPipeline()) {
    func = pass.run(func, context);
    if (after) after(pass.name, func);
  }
  return func;
}

ir::PrimFunc LowerForCuda(const ir::PrimFunc& func, Context* context) {
  while (true) {
    ir::PrimFunc lowered = RunCudaPipeline(func, *context);
    if (context->divisible.empty()) return lowered;
    std::vector<lower::cuda::DivisibleSize> used = UsedDivisibleSizes(lowered, *context);
    if (used.size() == context->divisible.size()) return lowered;
    context->divisible = std::move(used);
  }
}

Context MakeCudaContext(const ir::PrimFunc& func, const Options& options) {
  Context context;
  static_cast<lower::Context&>(context) = MakeContext(options);
  context.target = "CUDA";
  context.has_threads = true;
  auto arch = options.find("arch");
  if (arch != options.end()) context.arch = (*arch).second.cast<std::string>();
  if (!IsArch(context.arch)) {
    support::UserError("CompileOptionError")
        .Message("the CUDA target knows no such architecture")
        .Expected("sm_70, 75, 80, 86, 89, 90, 90a, 100, 100a, 103a, 120 or 120a")
        .Got(context.arch)
        .Remedy("use target=\"cuda -arch=sm_80\"")
        .Throw();
  }
  context.index_bits = IndexBits(options);
  if (lower::cuda::HasWideVectors(context)) {
    context.tensor_alignment = lower::cuda::kWideVectorBytes;
  }
  auto alignment = options.find("tensor_alignment");
  if (alignment != options.end()) context.tensor_alignment = (*alignment).second.cast<int64_t>();
  context.checked_tensors = lower::cuda::FindCheckedTensors(func);
  auto divisible = options.find("divisible_sizes");
  if (divisible == options.end() || (*divisible).second.cast<bool>()) {
    context.divisible = FindDivisibleSizes(func, context);
  }
  context.threads = ThreadsOf(func);
  return context;
}

TVM_FFI_STATIC_INIT_BLOCK() {
  ffi::reflection::GlobalDef()
      .def("tilescale.pass.CudaStages", Stages)
      .def("tilescale.pass.Agreements", Agreements);
}

}  // namespace tilescale::pass
