// Barriers of a block and operations of the lanes of a warp.
#include <algorithm>
#include <string>

#include "cc/sim/collective.h"
#include "cc/sim/launch.h"
#include "cc/sim/observe.h"

namespace tilescale::sim {
namespace {

bool TracksClocks(const Thread* thread) { return thread->launch->checks(kRaces); }

void Tell(Thread* thread, Components* told, Message* told_others) {
  if (!TracksClocks(thread)) return;
  JoinComponents(told, thread->clock.own);
  JoinMessage(told_others, thread->clock.others);
  ++thread->clock.own[thread->index];
}

void Hear(Thread* thread, const Components& told, const Message& told_others) {
  if (!TracksClocks(thread)) return;
  JoinComponents(&thread->clock.own, told);
  JoinMessage(&thread->clock.others, told_others);
}

uint32_t Expected(const Block& block, const Barrier& barrier) {
  return barrier.expected ? barrier.expected : block.unfinished;
}

// All threads of the block meet. Nobody knows more of a thread than itself, so the join is each
// one's own components: linear work where joining whole clocks would be quadratic.
void MeetAll(Barrier* barrier) {
  auto count = static_cast<uint32_t>(barrier->waiting.size());
  barrier->told.assign(size_t{2} * count, 0);
  for (Thread* thread : barrier->waiting) {
    uint32_t i = thread->index;
    barrier->told[i] = thread->clock.own[i]++;
    barrier->told[count + i] = thread->clock.own[count + i];
    JoinMessage(&barrier->told_others, thread->clock.others);
  }
  for (Thread* thread : barrier->waiting) {
    uint32_t mine = thread->clock.own[thread->index];
    thread->clock.own = barrier->told;
    thread->clock.own[thread->index] = mine;
    JoinMessage(&thread->clock.others, barrier->told_others);
  }
}

// The clocks of a barrier without a count, whose threads all wait.
void MeetBlock(Barrier* barrier) {
  if (barrier->waiting.empty() || !TracksClocks(barrier->waiting.front())) return;
  if (barrier->waiting.size() == barrier->waiting.front()->block->threads.size()) {
    MeetAll(barrier);
    return;
  }
  for (Thread* thread : barrier->waiting) Tell(thread, &barrier->told, &barrier->told_others);
  for (Thread* thread : barrier->waiting) Hear(thread, barrier->told, barrier->told_others);
}

// All threads of one barrier should wait at one place.
void CheckUniform(Launch* launch, const Barrier& barrier) {
  const Thread* first = barrier.waiting.front();
  for (const Thread* other : barrier.waiting) {
    if (other->wait_pc == first->wait_pc) continue;
    launch->report.Add({"divergent_barrier",
                        "threads of one block pass a barrier at different places",
                        {SiteOf(*first, first->wait_pc, "some threads"),
                         SiteOf(*other, other->wait_pc, "others")}});
    return;
  }
}

void Release(Launch* launch, Barrier* barrier) {
  if (!barrier->expected && !barrier->waiting.empty()) {
    CheckUniform(launch, *barrier);
    MeetBlock(barrier);
  }
  NoteRelease(launch, barrier->waiting, barrier->name);
  for (Thread* thread : barrier->waiting) {
    thread->barrier_votes = barrier->votes;
    thread->barrier_threads = barrier->arrived;
    if (barrier->expected) Hear(thread, barrier->told, barrier->told_others);
    if (thread->state == Thread::State::kWaiting) launch->Wake(thread);
  }
  ++launch->progress;
  ++launch->report.counters.barriers;
  *barrier = Barrier();
}

std::string BarrierName(uint32_t id, const Barrier& barrier) {
  std::string name = "barrier " + std::to_string(id);
  return barrier.expected ? name + " of " + std::to_string(barrier.expected) + " threads"
                          : name + " of the block";
}

void RunMeeting(Launch* launch, Meeting* meeting) {
  if (meeting->op == kTsSimSyncWarp) {
    Components told;
    Message told_others;
    for (Thread* thread : meeting->lanes) {
      if (thread) Tell(thread, &told, &told_others);
    }
    for (Thread* thread : meeting->lanes) {
      if (thread) Hear(thread, told, told_others);
    }
    return;
  }
  RunCollective(launch, meeting);
}

uint32_t Lanes(const Block& block, uint32_t warp) {
  auto count = static_cast<uint32_t>(block.threads.size()) - warp * kWarpSize;
  return count >= kWarpSize ? ~0u : (1u << count) - 1;
}

void CheckMask(Thread* thread, uint32_t mask, const char* name, uint32_t pc) {
  Launch* launch = thread->launch;
  if (!(mask >> thread->lane() & 1)) {
    launch->Fail(thread, "divergent_collective",
                 std::string(name) + ": the mask lacks the calling lane", pc);
  }
  for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
    if (!(mask >> lane & 1)) continue;
    const Thread& other = thread->block->threads[thread->warp() * kWarpSize + lane];
    if (other.state != Thread::State::kDone) continue;
    launch->Fail(thread, "divergent_collective",
                 std::string(name) + ": lane " + std::to_string(lane) + " of the mask has ended",
                 pc);
  }
}

}  // namespace

void LeaveBarriers(Thread* thread) {
  Block* block = thread->block;
  // The scheduler counts the thread as ended only after this.
  uint32_t left = block->unfinished - 1;
  for (Barrier& barrier : block->barriers) {
    if (!barrier.expected && barrier.arrived && barrier.arrived == left) {
      Release(thread->launch, &barrier);
    }
  }
}

void MeetLanes(Thread* thread, TsSimCollective op, uint32_t mask, void* arguments, uint32_t pc) {
  Launch* launch = thread->launch;
  const char* name = CollectiveName(op);
  mask &= Lanes(*thread->block, thread->warp());
  CheckMask(thread, mask, name, pc);
  auto& meetings = thread->block->meetings[thread->warp()];
  auto found = std::find_if(meetings.begin(), meetings.end(), [&](const Meeting& m) {
    return m.op == op && m.mask == mask && !(m.arrived >> thread->lane() & 1);
  });
  if (found == meetings.end()) {
    meetings.push_back(Meeting{op, mask});
    found = meetings.end() - 1;
  }
  thread->arrived_at = launch->Now();
  found->arrived |= 1u << thread->lane();
  found->pc = pc;
  found->lanes[thread->lane()] = thread;
  found->arguments[thread->lane()] = arguments;
  if (found->arrived != mask) {
    launch->Wait(thread, std::string(name) + " of lanes " + std::to_string(mask), pc);
    return;
  }
  Meeting meeting = *found;
  meetings.erase(found);
  thread->wait_pc = pc;
  NoteMeeting(launch, meeting, MeetingName(meeting));
  RunMeeting(launch, &meeting);
  ++launch->progress;
  for (Thread* other : meeting.lanes) {
    if (other && other != thread) launch->Wake(other);
  }
  // The last one waits too: no lane runs ahead because of the order of arrival.
  launch->Yield(thread);
}

void ArriveAtBarrier(Thread* thread, uint32_t id, uint32_t count, bool waits, bool vote,
                     uint32_t pc) {
  Launch* launch = thread->launch;
  Block* block = thread->block;
  if (id >= kBarriers || count % kWarpSize || count > kMaxThreads) {
    launch->Fail(thread, "bad_barrier",
                 "barrier " + std::to_string(id) + " of " + std::to_string(count) +
                     " threads: there are 16, of a multiple of 32 threads",
                 pc);
  }
  Barrier& barrier = block->barriers[id];
  if (barrier.arrived && barrier.expected != count) {
    launch->Fail(thread, "bad_barrier",
                 "barrier " + std::to_string(id) + " is used with different thread counts", pc);
  }
  barrier.expected = count;
  barrier.name = BarrierName(id, barrier);
  ++barrier.arrived;
  barrier.votes += vote;
  if (count) Tell(thread, &barrier.told, &barrier.told_others);
  thread->wait_pc = pc;
  thread->arrived_at = launch->Now();
  if (waits) barrier.waiting.push_back(thread);
  if (barrier.arrived == Expected(*block, barrier)) {
    Release(launch, &barrier);
    launch->Yield(thread);
  } else if (waits) {
    launch->Wait(thread, barrier.name, pc);
  }
}

// The grid's threads that come, one of each block, release to and acquire from each other.
void ArriveAtGridBarrier(Thread* thread, uint32_t pc) {
  Launch* launch = thread->launch;
  GridBarrier& barrier = launch->grid_barrier;
  if (TracksClocks(thread)) {
    JoinMessage(&barrier.told, thread->clock.Tell());
    ++thread->clock.own[thread->index];
  }
  thread->wait_pc = pc;
  thread->arrived_at = launch->Now();
  barrier.waiting.push_back(thread);
  if (barrier.waiting.size() < launch->block_count()) {
    launch->Wait(thread,
                 "the barrier of the grid, of " + std::to_string(launch->block_count()) + " blocks",
                 pc);
    return;
  }
  NoteRelease(launch, barrier.waiting, "barrier of the grid");
  for (Thread* other : barrier.waiting) {
    if (TracksClocks(thread)) other->clock.Hear(barrier.told);
    if (other != thread) launch->Wake(other);
  }
  barrier = GridBarrier();
  ++launch->progress;
  ++launch->report.counters.barriers;
  launch->Yield(thread);
}

namespace {

// Lanes of the thread's warp that stand at its instruction.
uint32_t Converged(const Thread& thread) {
  uint32_t lanes = 0;
  for (uint32_t i = thread.warp() * kWarpSize; i < thread.block->threads.size(); ++i) {
    const Thread& other = thread.block->threads[i];
    if (other.warp() != thread.warp()) break;
    if (other.converges && other.wait_pc == thread.wait_pc) lanes |= 1u << other.lane();
  }
  return lanes;
}

// Whether some lane of the warp may still come.
bool MayConverge(const Thread& thread) {
  for (uint32_t i = thread.warp() * kWarpSize; i < thread.block->threads.size(); ++i) {
    const Thread& other = thread.block->threads[i];
    if (other.warp() != thread.warp()) break;
    if (other.state == Thread::State::kReady && !other.converges) return true;
  }
  return false;
}

}  // namespace

// Any set of lanes with the caller is right, so programs must not rely on more: the adversarial
// policy gives the caller alone, the others what hardware does most often.
uint32_t ActiveMask(Thread* thread, uint32_t pc) {
  constexpr int kPatience = 64;  // turns; the others may run a long loop first
  Launch* launch = thread->launch;
  if (launch->options.policy == Policy::kAdversarial) return 1u << thread->lane();
  thread->active_mask = 0;
  thread->wait_pc = pc;
  thread->converges = true;
  for (int turn = 0; turn < kPatience && !thread->active_mask && MayConverge(*thread); ++turn) {
    launch->Yield(thread);
  }
  uint32_t mask = thread->active_mask ? thread->active_mask : Converged(*thread);
  if (!thread->active_mask) {
    for (uint32_t lane = 0; lane < kWarpSize; ++lane) {
      if (mask >> lane & 1) {
        thread->block->threads[thread->warp() * kWarpSize + lane].active_mask = mask;
      }
    }
  }
  thread->converges = false;
  return mask;
}

}  // namespace tilescale::sim

using tilescale::sim::CurrentThread;
using tilescale::sim::Thread;

extern "C" void ts_sim_collective(TsSimCollective op, uint32_t mask, void* arguments) {
  Thread* thread = CurrentThread();
  MeetLanes(thread, op, mask, arguments, thread->launch->Offset(__builtin_return_address(0)));
}

extern "C" void ts_sim_barrier(uint32_t id, uint32_t count, bool waits) {
  Thread* thread = CurrentThread();
  ArriveAtBarrier(thread, id, count, waits, false,
                  thread->launch->Offset(__builtin_return_address(0)));
}

extern "C" uint32_t ts_sim_barrier_vote(bool predicate, uint32_t* votes) {
  Thread* thread = CurrentThread();
  ArriveAtBarrier(thread, 0, 0, true, predicate,
                  thread->launch->Offset(__builtin_return_address(0)));
  *votes = thread->barrier_votes;
  return thread->barrier_threads;
}

extern "C" void ts_sim_grid_barrier() {
  Thread* thread = CurrentThread();
  ArriveAtGridBarrier(thread, thread->launch->Offset(__builtin_return_address(0)));
}

extern "C" uint32_t ts_sim_active_mask() {
  Thread* thread = CurrentThread();
  return ActiveMask(thread, thread->launch->Offset(__builtin_return_address(0)));
}
