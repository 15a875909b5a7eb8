// One simulated launch: its threads, blocks, scheduler, and everything it remembers.
#ifndef TILESCALE_CC_SIM_LAUNCH_H_
#define TILESCALE_CC_SIM_LAUNCH_H_

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "cc/sim/abi.h"
#include "cc/sim/clock.h"
#include "cc/sim/fiber.h"
#include "cc/sim/memory.h"
#include "cc/sim/report.h"
#include "cc/sim/timeline.h"
#include "cc/sim/traffic.h"

namespace tilescale::sim {

inline constexpr uint32_t kWarpSize = 32;
inline constexpr uint32_t kBarriers = 16;
inline constexpr uint32_t kMaxThreads = 1024;

// Bits of Options::checks.
enum Check : uint32_t { kBounds = 1, kRaces = 2, kUninitialized = 4 };
// Who runs next: each in turn, anyone, or one thread as far ahead as it can.
enum class Policy : int { kRoundRobin, kRandom, kAdversarial };
// When the bytes of asynchronous copies arrive: at once, at the wait that needs them, or anywhere
// between.
enum class AsyncPolicy : int { kEager, kLate, kRandom };

struct Block;
class Launch;

// A cp.async that has not arrived.
struct AsyncCopy {
  void* to;
  const void* from;
  uint32_t bytes;
  uint32_t source_bytes;  // that are copied; the others become 0
  uint32_t group;         // of its thread's groups, which count from 1
};

struct Thread {
  enum class State { kReady, kWaiting, kDone };

  Launch* launch = nullptr;
  Block* block = nullptr;
  uint32_t index = 0;  // in its block
  TsSimDim3 position = {};
  Fiber fiber;
  char* stack_low = nullptr;
  size_t stack_size = 0;
  State state = State::kReady;
  std::string waits_for;
  uint32_t wait_pc = 0;
  uint64_t arrived_at = 0;  // where it waits or waited last

  Clock clock;
  // What relaxed loads found of threads of this block, and of any; an acquire fence hears it.
  Message acquired;
  Message acquired_wide;
  // What the latest release fence tells by relaxed stores; the latest one of gpu scope or above.
  Message fenced;
  Message fenced_wide;

  std::deque<AsyncCopy> copies;
  uint32_t open_group = 1;

  uint32_t barrier_votes = 0;  // of the last barrier with a predicate
  uint32_t barrier_threads = 0;
  bool converges = false;  // stands at active_mask
  uint32_t active_mask = 0;

  // See spin.h.
  uint32_t turn = 1 << 10;      // accesses until others get a turn
  uint64_t seen_progress = 0;   // when it last looked for changes
  uint32_t idle_polls = 0;      // atomic operations since then
  uint64_t quiet_accesses = 0;  // accesses since then
  uint32_t watched = 0;         // accesses for which its state is still watched
  uint32_t watches = 0;         // how often that was in vain
  uint64_t anchor = 0;          // hash of the state it should come back to
  bool spins = false;           // until memory changes

  uint32_t warp() const { return index / kWarpSize; }
  uint32_t lane() const { return index % kWarpSize; }
};

// A numbered barrier of a block.
struct Barrier {
  uint32_t expected = 0;  // 0: all threads of the block that have not ended
  uint32_t arrived = 0;
  uint32_t votes = 0;  // how many came with the predicate
  std::string name;    // "barrier 1 of 64 threads"
  std::vector<Thread*> waiting;
  // The clocks of those that came: of this block, and what they know of others.
  Components told;
  Message told_others;
};

// Where one thread of each block of the grid meets the others.
struct GridBarrier {
  std::vector<Thread*> waiting;
  Message told;
};

// Lanes of a warp that wait for each other.
struct Meeting {
  TsSimCollective op;
  uint32_t mask;
  uint32_t arrived = 0;
  uint32_t pc = 0;
  std::array<Thread*, kWarpSize> lanes = {};
  std::array<void*, kWarpSize> arguments = {};
};

struct Block {
  uint32_t number = 0;  // linear
  TsSimDim3 position = {};
  uint32_t unfinished = 0;
  size_t slot = 0;
  std::vector<Thread> threads;
  std::array<Barrier, kBarriers> barriers;
  std::vector<std::vector<Meeting>> meetings;  // by warp
  Region* shared = nullptr;
  unsigned char* arena = nullptr;
  uint64_t started_at = 0;
  std::vector<uint64_t> free_since;  // of each warp: when it last ended a wait
};

// What an atomic variable tells whoever acquires it.
struct SyncVariable {
  Message wide;                                  // released at gpu scope or above
  std::unordered_map<uint32_t, Message> narrow;  // by block, released by its own threads
};

struct Options {
  TsSimDim3 grid = {1, 1, 1};
  TsSimDim3 block = {1, 1, 1};
  uint32_t shared_bytes = 0;  // dynamic, of a block
  uint32_t checks = 0;        // bits of Check
  uint32_t arch = 80;         // sm_80
  uint32_t resident_blocks = 4;
  uint64_t seed = 0;
  Policy policy = Policy::kRoundRobin;
  AsyncPolicy async_policy = AsyncPolicy::kEager;
  // Of processor time; 0: any.
  double loop_seconds = 10;  // of a thread between two accesses or switches
  double time_limit = 0;     // of the launch
  bool counters = false;
  bool timeline = false;
  const volatile int32_t* cancelled = nullptr;  // no longer 0: the launch has to end
};

using Entry = void (*)(void** arguments);

class Launch {
 public:
  Launch(const Options& options, Entry entry, void** arguments, uintptr_t module_base,
         size_t module_size);
  ~Launch();

  void Run();

  bool checks(Check check) const { return options.checks & check; }
  uint32_t Offset(const void* pc) const { return Offset(reinterpret_cast<uintptr_t>(pc)); }
  uint32_t Offset(uintptr_t pc) const { return static_cast<uint32_t>(pc - module_base_); }
  bool IsCancelled() const { return options.cancelled && *options.cancelled; }
  bool InModule(uintptr_t address) const { return address - module_base_ < module_size_; }

  // Of the running thread. Yield lets others run; Wait returns when somebody has called Wake.
  void Yield(Thread* thread);
  void Wait(Thread* thread, std::string what, uint32_t pc);
  void Wake(Thread* thread);
  // Ends the launch: the thread cannot go on.
  [[noreturn]] void Fail(Thread* thread, std::string kind, std::string message, uint32_t pc);
  void ThreadMain(Thread* thread);

  const Options options;
  Memory memory;
  Report report;
  std::mt19937_64 random;
  uint64_t progress = 0;  // grows whenever memory or a barrier changes
  std::unordered_map<uintptr_t, SyncVariable> variables;
  GridBarrier grid_barrier;
  uint32_t block_count() const { return block_count_; }
  // Instructions of a warp are put together from lanes that must not run far apart.
  uint32_t accesses_per_turn() const { return traffic ? 1 << 10 : 1 << 16; }
  // The launch's own time.
  uint64_t Now() const { return report.counters.accesses + report.counters.switches; }
  std::unique_ptr<Traffic> traffic;    // null if nothing is counted
  std::unique_ptr<Timeline> timeline;  // null if nothing is drawn
  // What the watchdog saw at its last tick.
  uint64_t watched_work = 0;
  uint32_t idle_ticks = 0;
  volatile uint64_t ticks = 0;

 private:
  void StartBlock(size_t slot);
  void FinishBlock(Block* block);
  Thread* Pick();
  bool AllIdle() const;
  bool Expired() const;
  void ReportEnd(const char* kind, const char* message);

  Entry entry_;
  void** arguments_;
  uintptr_t module_base_;
  size_t module_size_;
  Fiber scheduler_;
  std::unique_ptr<StackPool> stacks_;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<std::unique_ptr<unsigned char[]>> arenas_;
  std::deque<Thread*> ready_;
  uint32_t next_block_ = 0;
  uint32_t block_count_ = 0;
  bool failed_ = false;
};

// The thread that runs on this thread of the host; null outside of a launch.
Thread* CurrentThread();

Site SiteOf(const Thread& thread, uint32_t pc, std::string what);

// Checks an access of the running thread. Atomic: 0, or 1 + its scope. Asynchronous ones belong to
// the open group.
// Returns the region, or null for memory of the thread or of the kernel's text.
const Region* CheckAccess(Thread* thread, const void* address, size_t size, bool writes,
                          uint32_t pc, uint8_t atomic = 0, bool asynchronous = false);

// Ends the launch if the address is not a multiple of the size.
void CheckAligned(Thread* thread, const void* address, size_t size, uint32_t pc);

// What an exiting thread owes to those that wait at barriers.
void LeaveBarriers(Thread* thread);
void CompleteCopies(Thread* thread, uint32_t last_group);

}  // namespace tilescale::sim

#endif  // TILESCALE_CC_SIM_LAUNCH_H_
