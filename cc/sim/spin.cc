#include "cc/sim/spin.h"

#include <algorithm>
#include <cstring>

#include "cc/sim/launch.h"

namespace tilescale::sim {
namespace {

// A thread that saw nothing new this often is watched.
constexpr uint32_t kQuietPolls = 64;
// So many accesses in a row without a change anywhere, and a thread is watched; then twice as many.
constexpr uint64_t kQuietAccesses = 1 << 16;
constexpr uint32_t kWatchedAccesses = 512;

constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;

__attribute__((noinline)) uint64_t HashFrom(const char* high, uint64_t hash) {
  const char* low = static_cast<const char*>(__builtin_frame_address(0));
  for (; low + sizeof(uint64_t) <= high; low += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, low, sizeof(word));
    hash = (hash ^ word) * kMultiplier;
    hash ^= hash >> 29;
  }
  return hash;
}

// Of all that the thread's further course depends on besides memory: the registers that callees
// keep, which are forced into this frame, and the stack above, where the others were saved. Values
// of our own frames are in it too; if they differ, a spin is found later or never.
__attribute__((noinline)) uint64_t StateHash(const Thread& thread, uint64_t seed) {
  __builtin_unwind_init();
  uint64_t hash = HashFrom(thread.stack_low + thread.stack_size, seed);
  asm volatile("" : "+r"(hash));  // no tail call: this frame must live
  return hash;
}

void Spin(Thread* thread, uint32_t pc) {
  Launch* launch = thread->launch;
  thread->wait_pc = pc;
  thread->spins = true;
  while (launch->progress == thread->seen_progress) launch->Yield(thread);
  thread->spins = false;
}

void Watch(Thread* thread, uint32_t pc) {
  uint64_t state = StateHash(*thread, pc);
  if (thread->watched == kWatchedAccesses) {
    thread->anchor = state;
  } else if (state == thread->anchor) {
    thread->watched = 0;
    thread->quiet_accesses = 0;
    Spin(thread, pc);
    return;
  }
  --thread->watched;
}

}  // namespace

void NotePoll(Thread* thread, bool changed) {
  Launch* launch = thread->launch;
  if (changed) ++launch->progress;
  if (changed || thread->seen_progress != launch->progress) {
    thread->seen_progress = launch->progress;
    thread->idle_polls = 0;
    thread->spins = false;
    return;
  }
  if (++thread->idle_polls < kQuietPolls) return;
  uint64_t state = StateHash(*thread, thread->wait_pc);
  // A loop over several variables needs several polls to come round.
  if (thread->idle_polls % kQuietPolls == 0) {
    thread->anchor = state;
  } else if (state == thread->anchor) {
    thread->spins = true;
  }
}

void EndTurn(Thread* thread, uint32_t pc) {
  Launch* launch = thread->launch;
  thread->turn = launch->accesses_per_turn();
  thread->wait_pc = pc;
  if (thread->seen_progress != launch->progress) {
    thread->seen_progress = launch->progress;
    thread->quiet_accesses = 0;
    thread->watched = 0;
  }
  if (thread->watched) {
    Watch(thread, pc);
    if (thread->watched) thread->turn = 1;
    return;
  }
  thread->quiet_accesses += thread->turn;
  if (thread->quiet_accesses >= kQuietAccesses << std::min(thread->watches, 16u)) {
    ++thread->watches;
    thread->quiet_accesses = 0;
    thread->watched = kWatchedAccesses;
    thread->turn = 1;
  }
  launch->Yield(thread);
}

}  // namespace tilescale::sim
