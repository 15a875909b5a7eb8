#include "cc/sim/observe.h"

#include <algorithm>

namespace tilescale::sim {
namespace {

uint64_t WarpId(const Thread& thread) {
  uint64_t warps = (thread.block->threads.size() + kWarpSize - 1) / kWarpSize;
  return thread.block->number * warps + thread.warp();
}

uint64_t SharedOffset(const Thread& thread, const void* address) {
  return static_cast<uint64_t>(static_cast<const unsigned char*>(address) - thread.block->arena);
}

// A warp was busy until the first of its lanes came to wait, and waited until now.
void DrawWait(Launch* launch, const Thread& thread, uint64_t since, const char* category,
              const std::string& what) {
  Timeline& timeline = *launch->timeline;
  uint64_t now = launch->Now();
  uint64_t& free = thread.block->free_since[thread.warp()];
  uint32_t block = thread.block->number;
  if (since > free) timeline.Add("run", "run", block, thread.warp(), free, since, thread.wait_pc);
  timeline.Add(category, what, block, thread.warp(), std::max(since, free), now, thread.wait_pc);
  free = now;
}

}  // namespace

void NoteAccess(Thread* thread, const Region* region, const void* address, size_t size, bool writes,
                uint32_t pc) {
  Launch* launch = thread->launch;
  if (!region || !launch->traffic) return;
  uint64_t place = region->shared ? SharedOffset(*thread, address)
                                  : static_cast<uint64_t>(reinterpret_cast<uintptr_t>(address));
  launch->traffic->Record(WarpId(*thread), thread->lane(), {pc, region->shared, writes}, place,
                          static_cast<uint32_t>(size));
}

void NoteMatrix(Thread* thread, const std::vector<const void*>& rows, bool writes, uint32_t pc) {
  if (!thread->launch->traffic) return;
  std::vector<int64_t> offsets;
  for (const void* row : rows) {
    offsets.push_back(static_cast<int64_t>(SharedOffset(*thread, row)));
  }
  thread->launch->traffic->RecordMatrix({pc, true, writes}, offsets);
}

void NoteRelease(Launch* launch, const std::vector<Thread*>& threads, const std::string& what) {
  if (!launch->traffic && !launch->timeline) return;
  std::map<std::pair<uint32_t, uint32_t>, std::pair<const Thread*, uint64_t>> warps;
  for (const Thread* thread : threads) {
    auto at = std::make_pair(thread->block->number, thread->warp());
    auto place = warps.emplace(at, std::make_pair(thread, thread->arrived_at)).first;
    place->second.second = std::min(place->second.second, thread->arrived_at);
  }
  for (const auto& [at, warp] : warps) {
    const auto& [thread, since] = warp;
    if (launch->traffic) {
      launch->traffic->Converge(WarpId(*thread));
      launch->traffic->Tally(thread->wait_pc, "barrier");
    }
    if (launch->timeline) DrawWait(launch, *thread, since, "barrier", what);
  }
}

void NoteMeeting(Launch* launch, const Meeting& meeting, const std::string& what) {
  if (!launch->traffic && !launch->timeline) return;
  const Thread* first = nullptr;
  uint64_t since = launch->Now();
  for (const Thread* thread : meeting.lanes) {
    if (!thread) continue;
    if (!first) first = thread;
    since = std::min(since, thread->arrived_at);
  }
  if (launch->traffic) {
    launch->traffic->Tally(meeting.pc, what);
    if (meeting.mask == ~0u) launch->traffic->Converge(WarpId(*first));
  }
  const char* category = meeting.op == kTsSimMma ? "mma" : "warp";
  if (launch->timeline) DrawWait(launch, *first, since, category, what);
}

void NoteCopy(Thread* thread, const AsyncCopy& copy, uint32_t pc) {
  Launch* launch = thread->launch;
  if (!launch->timeline) return;
  launch->timeline->CopyStarts(thread->block->number, thread->warp(), copy.group, launch->Now(),
                               copy.bytes, pc);
}

void NoteCopyGroup(Thread* thread, uint32_t pc) {
  if (thread->launch->traffic && thread->lane() == 0) {
    thread->launch->traffic->Tally(pc, "cp_async_commit");
  }
}

void NoteCopyWait(Thread* thread, uint32_t last_group, uint32_t pc) {
  Launch* launch = thread->launch;
  if (launch->traffic && thread->lane() == 0) launch->traffic->Tally(pc, "cp_async_wait");
  if (!launch->timeline) return;
  uint32_t block = thread->block->number;
  launch->timeline->CopiesArrive(block, thread->warp(), last_group, launch->Now());
  if (thread->lane() == 0) {
    launch->timeline->Add("wait", "cp_async_wait", block, thread->warp(), launch->Now(),
                          launch->Now(), pc);
  }
}

void NoteBlockEnd(Launch* launch, const Block& block) {
  if (launch->traffic) {
    for (size_t i = 0; i < block.threads.size(); i += kWarpSize) {
      launch->traffic->Leave(WarpId(block.threads[i]));
    }
  }
  if (!launch->timeline) return;
  uint64_t now = launch->Now();
  for (size_t i = 0; i < block.free_since.size(); ++i) {
    launch->timeline->Add("run", "run", block.number, static_cast<uint32_t>(i), block.free_since[i],
                          now, 0);
  }
  launch->timeline->BlockEnds(block.number);
  launch->timeline->Add("block", "block " + std::to_string(block.number), block.number,
                        Timeline::kWholeBlock, block.started_at, now, 0);
}

}  // namespace tilescale::sim
