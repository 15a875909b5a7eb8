// The C interface of the library: one call runs one launch.
#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "cc/sim/launch.h"

namespace tilescale::sim {
namespace {

struct Module {
  void* handle = nullptr;
  uintptr_t base = 0;
  size_t size = 0;
  Entry entry = nullptr;
};

// Loaded segments of the library whose base is module->base.
int Measure(dl_phdr_info* info, size_t, void* data) {
  auto* module = static_cast<Module*>(data);
  if (info->dlpi_addr != module->base) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD) continue;
    module->size = std::max<size_t>(module->size, segment.p_vaddr + segment.p_memsz);
  }
  return 1;
}

std::string Open(const char* path, const char* symbol, Module* module) {
  module->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!module->handle) return dlerror();
  module->entry = reinterpret_cast<Entry>(dlsym(module->handle, symbol));
  if (!module->entry) return std::string("no ") + symbol;
  link_map* map = nullptr;
  dlinfo(module->handle, RTLD_DI_LINKMAP, static_cast<void*>(&map));
  module->base = map->l_addr;
  dl_iterate_phdr(Measure, module);
  return "";
}

void Append(std::string* object, const char* name, const std::string& value) {
  object->pop_back();
  *object += std::string(",\"") + name + "\":" + value + "}";
}

}  // namespace
}  // namespace tilescale::sim

using tilescale::sim::CurrentThread;
using tilescale::sim::Launch;
using tilescale::sim::Thread;

extern "C" {

struct TsSimRegion {
  void* address;
  uint64_t size;
  const char* name;
  int32_t writable;
  int32_t initialized;
};

struct TsSimRequest {
  const char* library;
  const char* entry;
  void** arguments;
  const TsSimRegion* regions;
  uint64_t region_count;
  uint32_t grid[3];
  uint32_t block[3];
  uint32_t shared_bytes;
  uint32_t checks;
  uint32_t arch;
  uint32_t resident_blocks;
  uint64_t seed;
  int32_t policy;
  int32_t async_policy;
  double loop_seconds;
  double time_limit;
  int32_t counters;
  int32_t timeline;
  // Another thread of the host sets it, not to 0, to end the launch soon.
  volatile int32_t cancelled;
};

// Runs a launch; returns its report as JSON, or "!" and what is wrong with the request.
// ts_sim_release frees it.
char* ts_sim_launch(const TsSimRequest* request) {
  using namespace tilescale::sim;  // NOLINT: the request's fields name everything
  Module module;
  std::string problem = Open(request->library, request->entry, &module);
  if (!problem.empty()) {
    if (module.handle) dlclose(module.handle);
    return strdup(("!" + problem).c_str());
  }
  Options options;
  options.grid = {request->grid[0], request->grid[1], request->grid[2]};
  options.block = {request->block[0], request->block[1], request->block[2]};
  options.shared_bytes = request->shared_bytes;
  options.checks = request->checks;
  options.arch = request->arch;
  options.resident_blocks = request->resident_blocks;
  options.seed = request->seed;
  options.policy = static_cast<Policy>(request->policy);
  options.async_policy = static_cast<AsyncPolicy>(request->async_policy);
  options.loop_seconds = request->loop_seconds;
  options.time_limit = request->time_limit;
  options.counters = request->counters;
  options.timeline = request->timeline;
  options.cancelled = &request->cancelled;
  std::string json;
  {
    Launch launch(options, module.entry, request->arguments, module.base, module.size);
    for (uint64_t i = 0; i < request->region_count; ++i) {
      const TsSimRegion& given = request->regions[i];
      Region region;
      region.begin = reinterpret_cast<uintptr_t>(given.address);
      region.size = given.size;
      region.name = given.name;
      region.writable = given.writable;
      if (launch.checks(kRaces)) region.TrackRaces();
      if (launch.checks(kUninitialized) && !given.initialized) region.TrackWrites();
      launch.memory.Add(std::move(region));
    }
    launch.Run();
    json = launch.report.ToJson();
    if (launch.traffic) Append(&json, "traffic", launch.traffic->ToJson());
    if (launch.timeline) Append(&json, "timeline", launch.timeline->ToJson());
  }
  dlclose(module.handle);
  return strdup(json.c_str());
}

void ts_sim_release(char* text) { std::free(text); }

TsSimDim3 ts_sim_thread_idx() { return CurrentThread()->position; }
TsSimDim3 ts_sim_block_idx() { return CurrentThread()->block->position; }
TsSimDim3 ts_sim_block_dim() { return CurrentThread()->launch->options.block; }
TsSimDim3 ts_sim_grid_dim() { return CurrentThread()->launch->options.grid; }
unsigned char* ts_sim_shared() { return CurrentThread()->block->arena; }

uint64_t ts_sim_clock() {
  auto& counters = CurrentThread()->launch->report.counters;
  return counters.accesses + counters.switches + ++counters.clock_reads;
}

void ts_sim_print(const char* text) { CurrentThread()->launch->report.printed += text; }

void ts_sim_device_assert(bool condition, const char* message) {
  if (condition) return;
  Thread* thread = CurrentThread();
  thread->launch->Fail(thread, "assertion", message,
                       thread->launch->Offset(__builtin_return_address(0)));
}

void ts_sim_unsupported(const char* instruction, uint32_t needed) {
  Thread* thread = CurrentThread();
  thread->launch->Fail(thread, "unsupported_instruction",
                       std::string(instruction) + " needs sm_" + std::to_string(needed) +
                           "; the kernel is for sm_" + std::to_string(thread->launch->options.arch),
                       thread->launch->Offset(__builtin_return_address(0)));
}
}
