// cp.async: the bytes arrive somewhere between the instruction and the wait for its group.
#include <algorithm>
#include <cstring>

#include "cc/sim/launch.h"
#include "cc/sim/observe.h"

namespace tilescale::sim {
namespace {

void Complete(Thread* thread, const AsyncCopy& copy) {
  std::memcpy(copy.to, copy.from, copy.source_bytes);
  std::memset(static_cast<char*>(copy.to) + copy.source_bytes, 0, copy.bytes - copy.source_bytes);
  ++thread->launch->progress;
}

// Any copy in flight may be the next to arrive.
void CompleteSome(Thread* thread) {
  auto& random = thread->launch->random;
  while (!thread->copies.empty() && random() % 2) {
    size_t index = random() % thread->copies.size();
    Complete(thread, thread->copies[index]);
    thread->copies.erase(thread->copies.begin() + static_cast<std::ptrdiff_t>(index));
  }
}

}  // namespace

void CompleteCopies(Thread* thread, uint32_t last_group) {
  auto late = std::stable_partition(thread->copies.begin(), thread->copies.end(),
                                    [&](const AsyncCopy& copy) { return copy.group > last_group; });
  for (auto copy = late; copy != thread->copies.end(); ++copy) Complete(thread, *copy);
  thread->copies.erase(late, thread->copies.end());
}

void CopyAsync(Thread* thread, const AsyncCopy& copy, uint32_t pc) {
  Launch* launch = thread->launch;
  if (launch->checks(kBounds)) {
    CheckAligned(thread, copy.from, copy.bytes, pc);
    CheckAligned(thread, copy.to, copy.bytes, pc);
    if (copy.source_bytes) {
      const Region* from = CheckAccess(thread, copy.from, copy.source_bytes, false, pc, 0, true);
      NoteAccess(thread, from, copy.from, copy.source_bytes, false, pc);
    }
    const Region* to = CheckAccess(thread, copy.to, copy.bytes, true, pc, 0, true);
    NoteAccess(thread, to, copy.to, copy.bytes, true, pc);
  }
  NoteCopy(thread, copy, pc);
  ++launch->report.counters.async_copies;
  if (launch->options.async_policy == AsyncPolicy::kEager) {
    Complete(thread, copy);
    return;
  }
  thread->copies.push_back(copy);
  if (launch->options.async_policy == AsyncPolicy::kRandom) CompleteSome(thread);
}

void WaitForCopies(Thread* thread, uint32_t pending, uint32_t pc) {
  uint32_t committed = thread->open_group - 1;
  if (pending >= committed) return;
  uint32_t last = committed - pending;
  CompleteCopies(thread, last);
  NoteCopyWait(thread, last, pc);
  if (!thread->launch->checks(kRaces)) return;
  uint32_t& seen = thread->clock.own[thread->block->threads.size() + thread->index];
  seen = std::max(seen, last);
}

}  // namespace tilescale::sim

using tilescale::sim::CurrentThread;
using tilescale::sim::Thread;

extern "C" void ts_sim_copy_async(void* shared, const void* global, uint32_t bytes,
                                  uint32_t source_bytes) {
  Thread* thread = CurrentThread();
  CopyAsync(thread, {shared, global, bytes, source_bytes, thread->open_group},
            thread->launch->Offset(__builtin_return_address(0)));
}

extern "C" void ts_sim_copy_async_commit() {
  Thread* thread = CurrentThread();
  tilescale::sim::NoteCopyGroup(thread, thread->launch->Offset(__builtin_return_address(0)));
  ++thread->open_group;
}

extern "C" void ts_sim_copy_async_wait(uint32_t pending_groups) {
  Thread* thread = CurrentThread();
  WaitForCopies(thread, pending_groups, thread->launch->Offset(__builtin_return_address(0)));
}
