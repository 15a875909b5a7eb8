#include "cc/runtime/thread_pool.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace tilescale::runtime {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kChunkNs = 100'000;  // A chunk grows until it takes this long.
constexpr auto kPollPeriod = std::chrono::milliseconds(50);

// Counts the forks between this process and its first ancestor, to notice that threads are gone.
std::atomic<int> fork_generation{0};

void CountForks() {
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { fork_generation.fetch_add(1); });
  static_cast<void>(registered);
}

// One job in flight: the tiles not yet handed out, and what has come of those that were.
class ActiveJob {
 public:
  ActiveJob(TileJob* job, int width) : job_(job), width_(width) {}

  // Takes chunks until none is left. `poll` is set for the thread that started the job.
  void Work(bool poll);
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  void PollInterrupt();
  JobResult TakeResult();

  int helpers_wanted = 0;   // Guarded by the pool's mutex.
  int helpers_running = 0;  // Guarded by the pool's mutex.
  std::condition_variable helpers_done;

 private:
  bool NextChunk(int64_t want, int64_t* begin, int64_t* end);
  void RecordFailure(int32_t code, int64_t tile, std::string message);

  TileJob* job_;
  int width_;
  std::atomic<int64_t> next_{0};
  std::atomic<bool> cancelled_{false};
  std::atomic<int64_t> busy_ns_{0};
  std::mutex result_mutex_;
  bool interrupted_ = false;  // Used by the starting thread only.
  int64_t failed_tile_ = 0;
  JobResult result_;
};

bool ActiveJob::NextChunk(int64_t want, int64_t* begin, int64_t* end) {
  if (cancelled_.load(std::memory_order_relaxed)) return false;
  // Chunks shrink towards the end, so that the threads finish at about the same time.
  const int64_t left = job_->num_tiles() - next_.load(std::memory_order_relaxed);
  if (left <= 0) return false;
  const int64_t share = width_ == 1 ? left : left / (int64_t{2} * width_);
  const int64_t size = std::max<int64_t>(1, std::min(want, share));
  *begin = next_.fetch_add(size, std::memory_order_relaxed);
  *end = std::min(*begin + size, job_->num_tiles());
  return *begin < *end;
}

void ActiveJob::RecordFailure(int32_t code, int64_t tile, std::string message) {
  Cancel();
  std::lock_guard<std::mutex> lock(result_mutex_);
  if (result_.code != 0 && failed_tile_ <= tile) return;
  failed_tile_ = tile;
  result_.code = code;
  result_.message = std::move(message);
}

void ActiveJob::PollInterrupt() {
  // Once is enough: what interrupted the job is pending in the caller's interpreter.
  if (interrupted_ || !job_->Interrupted()) return;
  interrupted_ = true;
  Cancel();
}

void ActiveJob::Work(bool poll) {
  int64_t want = 1, begin = 0, end = 0, busy = 0;
  Clock::time_point now = Clock::now();
  Clock::time_point next_poll = now + kPollPeriod;
  while (NextChunk(want, &begin, &end)) {
    std::string message;
    const int32_t code = job_->RunTiles(begin, end, &message);
    const Clock::time_point start = std::exchange(now, Clock::now());
    const int64_t ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now - start).count();
    busy += ns;
    if (code != 0) RecordFailure(code, begin, std::move(message));
    if (2 * ns < kChunkNs) {
      want *= 2;
    } else if (ns > 2 * kChunkNs) {
      want = std::max<int64_t>(1, want / 2);
    }
    if (poll && now >= next_poll) {
      PollInterrupt();
      now = Clock::now();
      next_poll = now + kPollPeriod;
    }
  }
  busy_ns_.fetch_add(busy, std::memory_order_relaxed);
}

JobResult ActiveJob::TakeResult() {
  std::lock_guard<std::mutex> lock(result_mutex_);
  result_.busy_ns = busy_ns_.load();
  result_.interrupted = interrupted_;
  return std::move(result_);
}

}  // namespace

struct ThreadPool::State {
  int generation = fork_generation.load();
  std::mutex mutex;
  std::condition_variable work_available;
  std::vector<ActiveJob*> jobs;
  std::vector<std::thread> threads;
  bool stopping = false;

  ActiveJob* FindWork() {
    for (ActiveJob* job : jobs) {
      if (job->helpers_wanted > 0) return job;
    }
    return nullptr;
  }

  void WorkerLoop() {
    std::unique_lock<std::mutex> lock(mutex);
    while (true) {
      ActiveJob* job = nullptr;
      work_available.wait(lock, [&] { return stopping || (job = FindWork()) != nullptr; });
      if (stopping) return;
      --job->helpers_wanted;
      ++job->helpers_running;
      lock.unlock();
      job->Work(/*poll=*/false);
      lock.lock();
      if (--job->helpers_running == 0) job->helpers_done.notify_all();
    }
  }

  // Called with the mutex held. Where the system refuses a thread, the pool is narrower.
  void StartThreads(int count) {
    while (static_cast<int>(threads.size()) < count) {
      try {
        threads.emplace_back([this] { WorkerLoop(); });
      } catch (const std::system_error&) {
        return;
      }
    }
  }

  void Publish(ActiveJob* job, int helpers) {
    {
      std::lock_guard<std::mutex> lock(mutex);
      StartThreads(helpers);
      job->helpers_wanted = helpers;
      jobs.push_back(job);
    }
    if (helpers == 1) {
      work_available.notify_one();
    } else {
      work_available.notify_all();
    }
  }

  // Withdraws `job` and waits for the helpers that have begun to work on it.
  void Retire(ActiveJob* job) {
    std::unique_lock<std::mutex> lock(mutex);
    jobs.erase(std::find(jobs.begin(), jobs.end(), job));
    while (job->helpers_running > 0) {
      if (job->helpers_done.wait_for(lock, kPollPeriod) == std::cv_status::no_timeout) continue;
      lock.unlock();
      job->PollInterrupt();
      lock.lock();
    }
  }
};

ThreadPool::ThreadPool(int width) : width_(1), state_(nullptr) {
  CountForks();
  SetWidth(width);
  state_.store(new State);
}

ThreadPool::~ThreadPool() {
  State* state = CurrentState();
  {
    std::lock_guard<std::mutex> lock(state->mutex);
    state->stopping = true;
  }
  state->work_available.notify_all();
  for (std::thread& thread : state->threads) thread.join();
  delete state;
}

void ThreadPool::SetWidth(int width) { width_.store(width > 0 ? width : AvailableCpus()); }

ThreadPool::State* ThreadPool::CurrentState() {
  State* state = state_.load(std::memory_order_acquire);
  while (state->generation != fork_generation.load(std::memory_order_relaxed)) {
    // The parent's state is leaked: its threads do not exist here, and its mutex may be locked.
    State* fresh = new State;
    if (state_.compare_exchange_strong(state, fresh)) return fresh;
    delete fresh;
  }
  return state;
}

JobResult ThreadPool::Run(TileJob* job) {
  const int width = job->ordered() ? 1 : width_.load(std::memory_order_relaxed);
  const int helpers = static_cast<int>(std::min<int64_t>(width, job->num_tiles())) - 1;
  ActiveJob active(job, std::max(1, helpers + 1));
  if (helpers <= 0) {
    active.Work(/*poll=*/true);
    return active.TakeResult();
  }
  State* state = CurrentState();
  state->Publish(&active, helpers);
  active.Work(/*poll=*/true);
  state->Retire(&active);
  return active.TakeResult();
}

int AvailableCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

ThreadPool& SharedThreadPool() {
  static ThreadPool* const pool = new ThreadPool(0);
  return *pool;
}

}  // namespace tilescale::runtime
