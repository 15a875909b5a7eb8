// A compiled CUDA kernel: loaded on each device when it is first used there, and launched.
#ifndef TILESCALE_CC_RUNTIME_CUDA_MODULE_H_
#define TILESCALE_CC_RUNTIME_CUDA_MODULE_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "cc/runtime/cuda/driver.h"

namespace tilescale::runtime::cuda {

enum class ErrorKind {
  kNone,
  kDriver,        // No driver on this machine.
  kNoGpu,         // A driver, but nothing to run on.
  kArchitecture,  // The device is not the one that the kernel was compiled for.
  kSharedMemory,
  kThreads,
  kGrid,
  kLoad,
  kLaunch,
};

// Name of a kind; it selects the class in the Python reporter.
const char* ErrorKindName(ErrorKind kind);

// What is wrong, in the words that the user sees.
struct Error {
  ErrorKind kind = ErrorKind::kNone;
  std::string message;
  std::string expected;
  std::string got;
  std::string remedy;
};

// Everything about a kernel that does not change between launches.
struct KernelImage {
  std::string cubin;
  std::string symbol;  // Name of the kernel in the cubin.
  std::string arch;    // For what it was compiled: "sm_80", "sm_90a", ...
  std::array<int, 3> block{1, 1, 1};
  int64_t shared_bytes = 0;  // Dynamic shared memory of a block.
  bool cooperative = false;  // Blocks wait for each other: all must be resident at once.
};

// What the driver says of a kernel on one device.
struct KernelAttributes {
  int registers = 0;      // Of a thread.
  int local_bytes = 0;    // Of a thread: spilled registers and arrays that are indexed.
  int static_shared = 0;  // Bytes of a block.
  int max_threads = 0;    // Of a block.
  int blocks_per_sm = 0;  // Resident at once.
  int multiprocessors = 0;
  int max_shared = 0;  // Bytes that a block may have on this device.
};

class Module {
 public:
  explicit Module(KernelImage image);
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  // Launches on `stream` of `device`. `params` holds the addresses of the kernel's parameters.
  // Returns false after filling `error`. Safe while the stream is captured.
  bool Launch(int device, CUstream stream, const std::array<int64_t, 3>& grid, void** params,
              Error* error);

  // Loads the kernel on `device` if it is not loaded yet. Returns null after filling `error`.
  const KernelAttributes* Attributes(int device, Error* error);

  const KernelImage& image() const { return image_; }

 private:
  struct Loaded;

  Loaded* Find(int device, Error* error);
  std::unique_ptr<Loaded> Load(int device, Error* error) const;
  bool LoadFunction(Loaded* loaded, Error* error) const;
  bool CheckLimits(const Loaded& loaded, Error* error) const;
  bool CheckGrid(const Loaded& loaded, const std::array<int64_t, 3>& grid, Error* error) const;
  bool FailLaunch(int status, const Loaded& loaded, const std::array<int64_t, 3>& grid,
                  Error* error) const;

  KernelImage image_;
  std::mutex mutex_;  // Guards `loaded_`; entries never change once they are there.
  std::map<int, std::unique_ptr<Loaded>> loaded_;
};

// True if machine code for `arch` runs on a device of compute capability `major`.`minor`.
bool RunsOn(const std::string& arch, int major, int minor);

}  // namespace tilescale::runtime::cuda

#endif  // TILESCALE_CC_RUNTIME_CUDA_MODULE_H_
