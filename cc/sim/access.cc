#include <cstring>

#include "cc/sim/launch.h"
#include "cc/sim/observe.h"
#include "cc/sim/spin.h"

namespace tilescale::sim {
namespace {

std::string Name(bool writes, uint8_t atomic, bool asynchronous) {
  std::string name = writes ? "write" : "read";
  if (atomic) name = "atomic " + name;
  return asynchronous ? "asynchronous " + name : name;
}

Site EarlierSite(const Epoch& epoch, uint32_t threads) {
  bool asynchronous = epoch.component >= threads;
  uint32_t thread = asynchronous ? epoch.component - threads : epoch.component;
  std::string what = asynchronous ? "earlier, by an asynchronous copy" : "earlier";
  if (epoch.atomic) what += ", atomic";
  return {epoch.pc, epoch.block, thread, what};
}

void ReportRace(Thread* thread, const Epoch& earlier, const std::string& name, uintptr_t address,
                size_t size, uint32_t pc) {
  Launch* launch = thread->launch;
  auto threads = static_cast<uint32_t>(thread->block->threads.size());
  std::string message = name + " of " + launch->memory.Describe(address, size) +
                        ", not ordered after an earlier access";
  launch->report.Add({"race", message, {SiteOf(*thread, pc, name), EarlierSite(earlier, threads)}});
}

void CheckRaces(Thread* thread, Region* region, uintptr_t address, size_t size, bool writes,
                uint32_t pc, uint8_t atomic, bool asynchronous) {
  region->Refine(address, size);
  auto threads = static_cast<uint32_t>(thread->block->threads.size());
  Epoch epoch;
  epoch.block = thread->block->number;
  epoch.component = static_cast<uint16_t>(thread->index + (asynchronous ? threads : 0));
  epoch.clock = asynchronous ? thread->open_group : thread->clock.own[thread->index];
  epoch.atomic = atomic;
  epoch.pc = pc;
  Actor actor{&thread->clock, epoch};
  size_t first = (address - region->begin) >> region->shift;
  size_t last = (address + size - 1 - region->begin) >> region->shift;
  for (size_t i = first; i <= last; ++i) {
    const Epoch* earlier = RecordAccess(region, &region->cells[i], actor, writes);
    if (earlier) {
      ReportRace(thread, *earlier, Name(writes, atomic, asynchronous), address, size, pc);
    }
  }
}

void CheckWritten(Thread* thread, Region* region, uintptr_t address, size_t size, bool writes,
                  uint32_t pc) {
  uint8_t* written = &region->written[address - region->begin];
  if (writes) {
    std::memset(written, 1, size);
  } else if (std::memchr(written, 0, size)) {
    Launch* launch = thread->launch;
    launch->report.Add(
        {"uninitialized",
         "read of " + launch->memory.Describe(address, size) + ", which nobody has written",
         {SiteOf(*thread, pc, "read")}});
    std::memset(written, 1, size);
  }
}

}  // namespace

void CheckAligned(Thread* thread, const void* pointer, size_t size, uint32_t pc) {
  auto address = reinterpret_cast<uintptr_t>(pointer);
  Launch* launch = thread->launch;
  if (address % size == 0 || !launch->checks(kBounds)) return;
  launch->Fail(thread, "misaligned", "access to " + launch->memory.Describe(address, size), pc);
}

const Region* CheckAccess(Thread* thread, const void* pointer, size_t size, bool writes,
                          uint32_t pc, uint8_t atomic, bool asynchronous) {
  auto address = reinterpret_cast<uintptr_t>(pointer);
  Launch* launch = thread->launch;
  if (address - reinterpret_cast<uintptr_t>(thread->stack_low) < thread->stack_size) return nullptr;
  Region* region = thread->block->shared;
  if (!region->Contains(address, size)) region = launch->memory.Find(address, size);
  if (!region || (region->shared && region != thread->block->shared)) {
    if (!writes && launch->InModule(address)) return nullptr;  // a constant table
    launch->Fail(
        thread, "out_of_bounds",
        Name(writes, atomic, asynchronous) + " of " + launch->memory.Describe(address, size), pc);
  }
  if (writes && !region->writable) {
    launch->Fail(thread, "read_only", "write of " + launch->memory.Describe(address, size), pc);
  }
  ++launch->report.counters.accesses;
  if (writes && !atomic) ++launch->progress;  // EndAtomic knows whether anything changed
  if (region->written) CheckWritten(thread, region, address, size, writes, pc);
  if (region->cells) {
    CheckRaces(thread, region, address, size, writes, pc, atomic, asynchronous);
  }
  return region;
}

}  // namespace tilescale::sim

// The compiler calls these in front of each access to memory that may be shared (gcc
// -fsanitize=thread).
using tilescale::sim::CheckAccess;
using tilescale::sim::CheckAligned;
using tilescale::sim::CurrentThread;
using tilescale::sim::EndTurn;
using tilescale::sim::NoteAccess;
using tilescale::sim::Region;
using tilescale::sim::Thread;

namespace {

inline void Access(Thread* thread, const void* address, size_t size, bool writes, uint32_t pc) {
  const Region* region = CheckAccess(thread, address, size, writes, pc);
  if (thread->launch->traffic) NoteAccess(thread, region, address, size, writes, pc);
  if (region && --thread->turn == 0) EndTurn(thread, pc);
}

inline void Hook(const void* address, size_t size, bool writes, const void* pc) {
  Thread* thread = CurrentThread();
  uint32_t offset = thread->launch->Offset(pc);
  CheckAligned(thread, address, size, offset);
  Access(thread, address, size, writes, offset);
}

inline void RangeHook(const void* address, size_t size, bool writes, const void* pc) {
  Thread* thread = CurrentThread();
  Access(thread, address, size, writes, thread->launch->Offset(pc));
}

}  // namespace

#define TS_SIM_HOOKS(size)                                                               \
  void __tsan_read##size(void* a) { Hook(a, size, false, __builtin_return_address(0)); } \
  void __tsan_write##size(void* a) { Hook(a, size, true, __builtin_return_address(0)); } \
  void __tsan_unaligned_read##size(void* a) {                                            \
    RangeHook(a, size, false, __builtin_return_address(0));                              \
  }                                                                                      \
  void __tsan_unaligned_write##size(void* a) {                                           \
    RangeHook(a, size, true, __builtin_return_address(0));                               \
  }

extern "C" {

TS_SIM_HOOKS(1)
TS_SIM_HOOKS(2)
TS_SIM_HOOKS(4)
TS_SIM_HOOKS(8)
TS_SIM_HOOKS(16)

// NOLINTBEGIN(bugprone-reserved-identifier): the names that the compiler calls.
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}

void __tsan_read_range(void* a, size_t size) {
  RangeHook(a, size, false, __builtin_return_address(0));
}
void __tsan_write_range(void* a, size_t size) {
  RangeHook(a, size, true, __builtin_return_address(0));
}
// NOLINTEND(bugprone-reserved-identifier)

void ts_sim_aligned(const void* address, uint32_t size) {
  Thread* thread = CurrentThread();
  CheckAligned(thread, address, size, thread->launch->Offset(__builtin_return_address(0)));
}
}
