// A loaded kernel: the shared object, its signature, and what is known of its speed.
#ifndef TILESCALE_CC_RUNTIME_KERNEL_H_
#define TILESCALE_CC_RUNTIME_KERNEL_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "cc/runtime/kernel_abi.h"
#include "cc/runtime/signature.h"
#include "cc/runtime/thread_pool.h"

namespace tilescale::runtime {

// What the caller of a kernel provides while it runs.
struct HostCallbacks {
  void* closure = nullptr;
  // Prints a text of T.print; called from any thread that runs tiles.
  void (*print)(void* closure, const char* text, int64_t length) = nullptr;
  // True if the run is to be given up; called by the launching thread only. May be null.
  bool (*interrupted)(void* closure) = nullptr;
};

class Kernel {
 public:
  // Loads the shared object at `path`. Returns null after setting `error`.
  static std::unique_ptr<Kernel> Load(const std::string& path, Signature signature,
                                      std::string* error);
  ~Kernel();
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  const Signature& signature() const { return signature_; }
  ts_exprs_fn exprs() const { return exprs_; }
  bool has_wide_entry() const { return tiles64_ != nullptr; }

  // True if a run of `tiles` tiles over `bytes` bytes of tensors is expected to take less time than
  // handing work to another thread. False until a run of at least that size was timed.
  bool ExpectedTiny(int64_t tiles, int64_t bytes) const;

  // Runs all tiles on the calling thread only.
  JobResult RunHere(const ts_slot* slots, int64_t tiles, int64_t bytes, bool wide,
                    const HostCallbacks& host);
  // Runs all tiles on the shared thread pool.
  JobResult RunOnPool(const ts_slot* slots, int64_t tiles, int64_t bytes, bool wide,
                      const HostCallbacks& host);

 private:
  Kernel(void* library, Signature signature)
      : library_(library), signature_(std::move(signature)) {}
  std::string ResolveEntries();
  void RecordSpeed(int64_t ns, int64_t tiles, int64_t bytes);

  void* library_;
  Signature signature_;
  ts_exprs_fn exprs_ = nullptr;
  ts_tiles_fn tiles_ = nullptr;
  ts_tiles_fn tiles64_ = nullptr;
  int64_t scratch_bytes_ = 0;
  std::atomic<int64_t> tile_ps_{-1};     // Picoseconds for a tile in the last run, -1: none yet.
  std::atomic<int64_t> timed_bytes_{0};  // Bytes of tensors in that run.
};

}  // namespace tilescale::runtime

#endif  // TILESCALE_CC_RUNTIME_KERNEL_H_
