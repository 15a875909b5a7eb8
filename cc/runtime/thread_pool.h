// A pool of persistent threads that run ranges of tiles.
#ifndef TILESCALE_CC_RUNTIME_THREAD_POOL_H_
#define TILESCALE_CC_RUNTIME_THREAD_POOL_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace tilescale::runtime {

// Work on the tiles [0, num_tiles), in any order and from several threads at once.
class TileJob {
 public:
  TileJob(int64_t num_tiles, bool ordered) : num_tiles_(num_tiles), ordered_(ordered) {}
  virtual ~TileJob() = default;

  // Runs the tiles [begin, end). Returns 0, or a positive code with a text in `message`.
  virtual int32_t RunTiles(int64_t begin, int64_t end, std::string* message) = 0;

  // Polled about every 50 ms, and only by the thread that started the job; true cancels the rest.
  virtual bool Interrupted() { return false; }

  int64_t num_tiles() const { return num_tiles_; }
  // Ordered jobs run on the calling thread alone, from the first tile to the last.
  bool ordered() const { return ordered_; }

 private:
  int64_t num_tiles_;
  bool ordered_;
};

struct JobResult {
  int32_t code = 0;     // 0, or the code of the failing call with the lowest tile seen.
  std::string message;  // Text that goes with `code`.
  bool interrupted = false;
  int64_t busy_ns = 0;  // Time spent in `RunTiles`, summed over the threads.
};

// Threads start when a job first needs them and live as long as the process. Several threads may
// call `Run` at once: each takes part in its own job, so each makes progress even if all workers
// are busy. A child process made by fork gets fresh threads when it first needs them.
class ThreadPool {
 public:
  // `width` counts the calling thread; 0 means the number of CPUs that the process may use.
  explicit ThreadPool(int width);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Changes the number of threads of later jobs; 0 as in the constructor.
  void SetWidth(int width);
  int width() const { return width_.load(std::memory_order_relaxed); }

  // Runs all tiles of `job` and returns when no thread works on it any more.
  JobResult Run(TileJob* job);

 private:
  struct State;
  State* CurrentState();

  std::atomic<int> width_;
  std::atomic<State*> state_;
};

// Number of CPUs in the affinity mask of the process, at least 1.
int AvailableCpus();

// The pool that all kernels of the process share. It is never destroyed, because its threads may
// still be waiting when static objects are.
ThreadPool& SharedThreadPool();

}  // namespace tilescale::runtime

#endif  // TILESCALE_CC_RUNTIME_THREAD_POOL_H_
