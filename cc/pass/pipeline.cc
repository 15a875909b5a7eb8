#include "cc/pass/pipeline.h"

#include <tvm/ffi/reflection/registry.h>

#include "cc/pass/check_kernel.h"
#include "cc/pass/legalize_memory.h"
#include "cc/pass/lower_parallel.h"
#include "cc/pass/lower_tile_ops.h"
#include "cc/pass/lower_tile_queries.h"
#include "cc/pass/plan_scratch.h"
#include "cc/pass/serialize_loops.h"
#include "cc/pass/simplify_stmts.h"
#include "cc/pass/split_guarded_loops.h"
#include "cc/pass/widen_indices.h"

namespace tilescale::pass {

namespace ffi = tvm::ffi;

const std::vector<Pass>& CpuPipeline() {
  static const std::vector<Pass> passes = {
      // First, so that errors name what the user wrote.
      {"check_kernel", CheckKernel},
      // Before tile operators become several statements, which `order` and `stage` do not count.
      {"serialize_loops", SerializeLoops},
      {"lower_tile_ops", LowerTileOps},
      {"lower_tile_queries", LowerTileQueries},
      // After tile operators, most of which become `Parallel` loops.
      {"lower_parallel", LowerParallel},
      // Before guards, which compare exact indices.
      {"widen_indices", WidenIndices},
      {"legalize_memory", LegalizeMemory},
      // After guards, which it hoists.
      {"split_guarded_loops", SplitGuardedLoops},
      {"simplify_stmts", SimplifyStmts},
      // Last: lifetimes are those of the final program.
      {"plan_scratch", PlanScratch},
  };
  return passes;
}

ir::PrimFunc RunCpuPipeline(
    ir::PrimFunc func, const lower::Context& context,
    const std::function<void(const std::string&, const ir::PrimFunc&)>& after) {
  for (const Pass& pass : CpuPipeline()) {
    func = pass.run(func, context);
    if (after) after(pass.name, func);
  }
  return func;
}

namespace {

bool Flag(const ffi::Map<ffi::String, ffi::Any>& options, const char* key, bool otherwise) {
  auto it = options.find(key);
  return it == options.end() ? otherwise : (*it).second.cast<bool>();
}

// [(pass name, function after it)], the pipeline for `inspect` and for tests of each stage.
ffi::Array<ffi::Any> Stages(const ir::PrimFunc& func,
                            const ffi::Map<ffi::String, ffi::Any>& options) {
  ffi::Array<ffi::Any> stages;
  RunCpuPipeline(func, MakeContext(options), [&](const std::string& name, const ir::PrimFunc& f) {
    stages.push_back(ffi::Array<ffi::Any>({ffi::String(name), f}));
  });
  return stages;
}

ffi::Array<ffi::String> PassNames() {
  ffi::Array<ffi::String> names;
  for (const Pass& pass : CpuPipeline()) names.push_back(pass.name);
  return names;
}

// Those that the CPU target has, or those of the CUDA target alone.
ffi::Map<ffi::String, ffi::String> PlantedBugDocs(bool cpu) {
  ffi::Map<ffi::String, ffi::String> docs;
  for (const auto& info : lower::PlantedBugs()) {
    if (info.cpu == cpu) docs.Set(info.name, info.doc);
  }
  return docs;
}

}  // namespace

lower::Context MakeContext(const ffi::Map<ffi::String, ffi::Any>& options) {
  lower::Context context;
  context.check_bounds = !Flag(options, "tl.disable_safe_memory_legalize", false);
  context.prove_bounds = !Flag(options, "disable_bounds_proof", false);
  context.reuse_shared = !Flag(options, "tl.disable_shared_memory_reuse", false);
  context.line_directives = Flag(options, "emit_line_directives", false) ||
                            Flag(options, "tl.emit_line_directives", false);
  auto bug = options.find("plant_bug");
  if (bug != options.end()) {
    context.bug = lower::FindPlantedBug((*bug).second.cast<std::string>());
  }
  return context;
}

TVM_FFI_STATIC_INIT_BLOCK() {
  namespace refl = ffi::reflection;
  refl::GlobalDef()
      .def("tilescale.pass.Stages", Stages)
      .def("tilescale.pass.PassNames", PassNames)
      .def("tilescale.lower.cpu.PlantedBugs", [] { return PlantedBugDocs(true); })
      .def("tilescale.lower.cuda.PlantedBugs", [] { return PlantedBugDocs(false); });
}

}  // namespace tilescale::pass
