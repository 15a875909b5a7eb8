#include "cc/runtime/kernel.h"

#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <new>

namespace tilescale::runtime {
namespace {

constexpr int64_t kTinyPs = 15LL * 1000 * 1000;  // About the cost of waking another thread.
constexpr int64_t kMessageBytes = 1024;
constexpr std::align_val_t kScratchAlignment{64};

// Scratch memory of one thread; grows to the largest kernel that the thread has run.
class ScratchArena {
 public:
  ~ScratchArena() { Free(); }

  void* Reserve(int64_t bytes) {
    if (bytes > capacity_) {
      Free();
      data_ = ::operator new(bytes, kScratchAlignment);
      capacity_ = bytes;
    }
    return data_;
  }

 private:
  void Free() {
    if (data_ != nullptr) ::operator delete(data_, kScratchAlignment);
    data_ = nullptr;
    capacity_ = 0;
  }

  void* data_ = nullptr;
  int64_t capacity_ = 0;
};

void PrintThroughHost(ts_ctx* ctx, const char* text, int64_t length) {
  const auto* host = static_cast<const HostCallbacks*>(ctx->runtime);
  host->print(host->closure, text, length);
}

int32_t CallTiles(ts_tiles_fn entry, const ts_slot* slots, int64_t scratch_bytes,
                  const HostCallbacks& host, int64_t begin, int64_t end, std::string* message) {
  thread_local ScratchArena scratch;
  char text[kMessageBytes];
  text[0] = 0;
  ts_ctx ctx;
  ctx.message = text;
  ctx.message_bytes = kMessageBytes;
  ctx.print = PrintThroughHost;
  ctx.runtime = const_cast<HostCallbacks*>(&host);
  try {
    ctx.scratch = scratch_bytes > 0 ? scratch.Reserve(scratch_bytes) : nullptr;
  } catch (const std::bad_alloc&) {
    *message = "no memory for a scratch arena of " + std::to_string(scratch_bytes) + " bytes";
    return -1;
  }
  const int32_t code = entry(slots, &ctx, begin, end);
  if (code != 0) *message = text;
  return code;
}

class KernelJob : public TileJob {
 public:
  KernelJob(ts_tiles_fn entry, const ts_slot* slots, int64_t scratch_bytes, int64_t tiles,
            bool ordered, const HostCallbacks& host)
      : TileJob(tiles, ordered),
        entry_(entry),
        slots_(slots),
        scratch_bytes_(scratch_bytes),
        host_(host) {}

  int32_t RunTiles(int64_t begin, int64_t end, std::string* message) override {
    return CallTiles(entry_, slots_, scratch_bytes_, host_, begin, end, message);
  }
  bool Interrupted() override {
    return host_.interrupted != nullptr && host_.interrupted(host_.closure);
  }

 private:
  ts_tiles_fn entry_;
  const ts_slot* slots_;
  int64_t scratch_bytes_;
  const HostCallbacks& host_;
};

int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

std::unique_ptr<Kernel> Kernel::Load(const std::string& path, Signature signature,
                                     std::string* error) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* text = dlerror();
    *error = text != nullptr ? text : "cannot load " + path;
    return nullptr;
  }
  std::unique_ptr<Kernel> kernel(new Kernel(library, std::move(signature)));
  *error = kernel->ResolveEntries();
  if (error->empty()) *error = kernel->signature_.Finalize();
  return error->empty() ? std::move(kernel) : nullptr;
}

Kernel::~Kernel() { dlclose(library_); }

std::string Kernel::ResolveEntries() {
  exprs_ = reinterpret_cast<ts_exprs_fn>(dlsym(library_, "ts_exprs"));
  tiles_ = reinterpret_cast<ts_tiles_fn>(dlsym(library_, "ts_tiles"));
  tiles64_ = reinterpret_cast<ts_tiles_fn>(dlsym(library_, "ts_tiles64"));
  const auto* scratch = static_cast<const int64_t*>(dlsym(library_, "ts_scratch_bytes"));
  if (tiles_ == nullptr) return "the kernel exports no `ts_tiles`";
  if (scratch == nullptr) return "the kernel exports no `ts_scratch_bytes`";
  if (exprs_ == nullptr && signature_.num_exprs > 0) return "the kernel exports no `ts_exprs`";
  if (tiles64_ == nullptr && !signature_.index32_limit.empty()) {
    return "the kernel exports no `ts_tiles64`";
  }
  scratch_bytes_ = *scratch;
  return "";
}

bool Kernel::ExpectedTiny(int64_t tiles, int64_t bytes) const {
  const int64_t tile_ps = tile_ps_.load(std::memory_order_relaxed);
  if (tile_ps < 0 || bytes > timed_bytes_.load(std::memory_order_relaxed)) return false;
  return tiles <= kTinyPs / std::max<int64_t>(1, tile_ps);
}

void Kernel::RecordSpeed(int64_t ns, int64_t tiles, int64_t bytes) {
  if (tiles <= 0) return;
  tile_ps_.store(ns * 1000 / tiles, std::memory_order_relaxed);
  timed_bytes_.store(bytes, std::memory_order_relaxed);
}

JobResult Kernel::RunHere(const ts_slot* slots, int64_t tiles, int64_t bytes, bool wide,
                          const HostCallbacks& host) {
  JobResult result;
  const int64_t start = NowNs();
  result.code =
      CallTiles(wide ? tiles64_ : tiles_, slots, scratch_bytes_, host, 0, tiles, &result.message);
  result.busy_ns = NowNs() - start;
  RecordSpeed(result.busy_ns, tiles, bytes);
  return result;
}

JobResult Kernel::RunOnPool(const ts_slot* slots, int64_t tiles, int64_t bytes, bool wide,
                            const HostCallbacks& host) {
  KernelJob job(wide ? tiles64_ : tiles_, slots, scratch_bytes_, tiles, !signature_.parallel, host);
  JobResult result = SharedThreadPool().Run(&job);
  RecordSpeed(result.busy_ns, tiles, bytes);
  return result;
}

}  // namespace tilescale::runtime
