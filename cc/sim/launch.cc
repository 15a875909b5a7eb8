#include "cc/sim/launch.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "cc/sim/observe.h"
#include "cc/sim/watchdog.h"

namespace tilescale::sim {
namespace {

constexpr size_t kStackBytes = size_t{256} << 10;
constexpr size_t kArenaAlignment = 1024;
constexpr int kPoison = 0xff;  // a NaN in every floating-point format
// A thread that saw nothing new this often in a row is taken to spin, though its state changes: it
// may count its polls.
constexpr uint32_t kIdlePolls = 1 << 14;

bool Idle(const Thread& thread, uint64_t progress) {
  return (thread.spins || thread.idle_polls >= kIdlePolls) && thread.seen_progress == progress;
}

thread_local Thread* current_thread = nullptr;

void StartFiber() { current_thread->launch->ThreadMain(current_thread); }

TsSimDim3 Unflatten(uint32_t index, TsSimDim3 extent) {
  return {index % extent.x, index / extent.x % extent.y, index / extent.x / extent.y};
}

uint32_t Count(TsSimDim3 extent) { return extent.x * extent.y * extent.z; }

}  // namespace

Thread* CurrentThread() { return current_thread; }

Site SiteOf(const Thread& thread, uint32_t pc, std::string what) {
  return {pc, thread.block->number, thread.index, std::move(what)};
}

Launch::Launch(const Options& options, Entry entry, void** arguments, uintptr_t module_base,
               size_t module_size)
    : options(options),
      random(options.seed),
      entry_(entry),
      arguments_(arguments),
      module_base_(module_base),
      module_size_(module_size),
      block_count_(Count(options.grid)) {
  if (options.counters) traffic = std::make_unique<Traffic>();
  if (options.timeline) timeline = std::make_unique<Timeline>();
  size_t slots = std::min(options.resident_blocks, block_count_);
  stacks_ = std::make_unique<StackPool>(slots * Count(options.block), kStackBytes);
  blocks_.resize(slots);
  for (size_t slot = 0; slot < slots; ++slot) {
    arenas_.emplace_back(new unsigned char[options.shared_bytes + 2 * kArenaAlignment]);
  }
}

Launch::~Launch() = default;

void Launch::StartBlock(size_t slot) {
  auto block = std::make_unique<Block>();
  uint32_t count = Count(options.block);
  block->number = next_block_++;
  block->position = Unflatten(block->number, options.grid);
  block->unfinished = count;
  block->slot = slot;
  block->started_at = Now();
  block->free_since.assign((count + kWarpSize - 1) / kWarpSize, Now());
  block->meetings.resize((count + kWarpSize - 1) / kWarpSize);
  unsigned char* raw = arenas_[slot].get();
  block->arena = raw + (kArenaAlignment - reinterpret_cast<uintptr_t>(raw) % kArenaAlignment);
  std::memset(block->arena, kPoison, options.shared_bytes);
  Region region;
  region.begin = reinterpret_cast<uintptr_t>(block->arena);
  region.size = options.shared_bytes;
  region.name = "shared memory of block " + std::to_string(block->number);
  region.shared = true;
  if (checks(kRaces)) region.TrackRaces();
  if (checks(kUninitialized)) region.TrackWrites();
  block->shared = memory.Add(std::move(region));
  block->threads.resize(count);
  for (uint32_t i = 0; i < count; ++i) {
    Thread& thread = block->threads[i];
    thread.launch = this;
    thread.block = block.get();
    thread.index = i;
    thread.position = Unflatten(i, options.block);
    thread.stack_low = stacks_->low(slot * count + i);
    thread.stack_size = stacks_->size();
    if (checks(kRaces)) {
      thread.clock.block = block->number;
      thread.clock.own.assign(size_t{2} * count, 0);
      thread.clock.own[i] = 1;
    }
    InitFiber(&thread.fiber, thread.stack_low, thread.stack_size, StartFiber);
    ready_.push_back(&thread);
  }
  blocks_[slot] = std::move(block);
}

void Launch::FinishBlock(Block* block) {
  size_t slot = block->slot;
  NoteBlockEnd(this, *block);
  memory.Remove(block->shared);
  blocks_[slot].reset();
  if (next_block_ < block_count_) StartBlock(slot);
}

Thread* Launch::Pick() {
  size_t index = 0;
  if (options.policy == Policy::kRandom) {
    index = random() % ready_.size();
    std::swap(ready_[index], ready_.front());
  } else if (options.policy == Policy::kAdversarial) {
    // One thread runs as far ahead of the others as it can; now and then another one takes over.
    if (random() % 64 != 0) std::swap(ready_.back(), ready_.front());
  }
  Thread* thread = ready_.front();
  ready_.pop_front();
  return thread;
}

bool Launch::AllIdle() const {
  return std::all_of(ready_.begin(), ready_.end(),
                     [this](const Thread* thread) { return Idle(*thread, progress); });
}

void Launch::Run() {
  for (size_t slot = 0; slot < blocks_.size(); ++slot) StartBlock(slot);
  Watchdog watchdog(options.loop_seconds);
  while (!failed_ && !IsCancelled()) {
    if (ready_.empty() || (Idle(*ready_.front(), progress) && AllIdle())) {
      bool done = std::all_of(blocks_.begin(), blocks_.end(), [](const auto& b) { return !b; });
      if (!done) ReportEnd("deadlock", "no thread can run");
      break;
    }
    if (Expired()) {
      ReportEnd("time_limit", "the launch has used up its time");
      break;
    }
    Thread* thread = Pick();
    ++report.counters.switches;
    current_thread = thread;
    SwitchFiber(&scheduler_, &thread->fiber);
    current_thread = nullptr;
    if (thread->state == Thread::State::kReady) ready_.push_back(thread);
    if (thread->state == Thread::State::kDone && --thread->block->unfinished == 0) {
      FinishBlock(thread->block);
    }
  }
  for (const auto& block : blocks_) {
    if (block) NoteBlockEnd(this, *block);
  }
}

void Launch::ThreadMain(Thread* thread) {
  entry_(arguments_);
  CompleteCopies(thread, thread->open_group);
  thread->state = Thread::State::kDone;
  ++progress;
  LeaveBarriers(thread);
  SwitchFiber(&thread->fiber, &scheduler_);
  __builtin_unreachable();
}

void Launch::Yield(Thread* thread) { SwitchFiber(&thread->fiber, &scheduler_); }

void Launch::Wait(Thread* thread, std::string what, uint32_t pc) {
  thread->waits_for = std::move(what);
  thread->wait_pc = pc;
  thread->state = Thread::State::kWaiting;
  SwitchFiber(&thread->fiber, &scheduler_);
}

void Launch::Wake(Thread* thread) {
  thread->state = Thread::State::kReady;
  thread->idle_polls = 0;
  thread->spins = false;
  ready_.push_back(thread);
}

void Launch::Fail(Thread* thread, std::string kind, std::string message, uint32_t pc) {
  report.Add({std::move(kind), std::move(message), {SiteOf(*thread, pc, "here")}});
  failed_ = true;
  current_thread->state = Thread::State::kWaiting;
  SwitchFiber(&current_thread->fiber, &scheduler_);
  __builtin_unreachable();
}

bool Launch::Expired() const {
  double seconds = static_cast<double>(ticks) * Watchdog::TickSeconds(options.loop_seconds);
  return options.time_limit > 0 && seconds > options.time_limit;
}

void Launch::ReportEnd(const char* kind, const char* message) {
  // One site for each place, with the number of threads there.
  std::map<std::pair<uint32_t, std::string>, std::pair<uint32_t, const Thread*>> places;
  for (const auto& block : blocks_) {
    if (!block) continue;
    for (const Thread& thread : block->threads) {
      if (thread.state == Thread::State::kDone) continue;
      bool waits = thread.state == Thread::State::kWaiting;
      std::string what = waits ? "waits for " + thread.waits_for : thread.spins ? "spins" : "runs";
      auto& place = places[{thread.wait_pc, what}];
      if (place.first++ == 0) place.second = &thread;
    }
  }
  Event event{kind, message, {}};
  for (const auto& [key, place] : places) {
    std::string what = std::to_string(place.first) + " threads: " + key.second;
    event.sites.push_back(SiteOf(*place.second, key.first, what));
  }
  if (next_block_ < block_count_) {
    event.message += "; " + std::to_string(block_count_ - next_block_) +
                     " blocks of the grid have no place to start";
  }
  report.Add(std::move(event));
}

}  // namespace tilescale::sim
