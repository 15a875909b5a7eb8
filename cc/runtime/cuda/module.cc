#include "cc/runtime/cuda/module.h"

#include <cstdlib>
#include <cstring>
#include <utility>

namespace tilescale::runtime::cuda {
namespace {

constexpr std::array<int64_t, 3> kMaxGrid{(int64_t{1} << 31) - 1, 65535, 65535};
// Above this a kernel must ask for dynamic shared memory before it is launched.
constexpr int64_t kSharedWithoutAsking = int64_t{48} << 10;
// JIT option names of the driver: where it writes its complaints, and how much.
constexpr int kErrorLogBuffer = 5, kErrorLogBytes = 6;

// Makes the primary context of a device current while it lives; does nothing if it is already.
class ContextScope {
 public:
  ContextScope(const Driver& driver, CUcontext context) : driver_(driver) {
    CUcontext current = nullptr;
    driver_.context_current(&current);
    pushed_ = current != context && driver_.context_push(context) == kSuccess;
  }
  ~ContextScope() {
    CUcontext ignored = nullptr;
    if (pushed_) driver_.context_pop(&ignored);
  }
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

 private:
  const Driver& driver_;
  bool pushed_;
};

// Lets this thread load modules although one of its streams is being captured.
class RelaxedCapture {
 public:
  explicit RelaxedCapture(const Driver& driver) : driver_(driver) {
    driver_.exchange_capture_mode(&mode_);
  }
  ~RelaxedCapture() { driver_.exchange_capture_mode(&mode_); }
  RelaxedCapture(const RelaxedCapture&) = delete;
  RelaxedCapture& operator=(const RelaxedCapture&) = delete;

 private:
  const Driver& driver_;
  int mode_ = kCaptureModeRelaxed;
};

std::string Triple(int64_t x, int64_t y, int64_t z) {
  return "(" + std::to_string(x) + ", " + std::to_string(y) + ", " + std::to_string(z) + ")";
}

std::string DeviceText(const Driver& driver, int device, int major, int minor) {
  char name[256] = "";
  driver.device_name(name, sizeof name, device);
  return "cuda:" + std::to_string(device) + " (" + name + ", sm_" + std::to_string(major) +
         std::to_string(minor) + ")";
}

}  // namespace

struct Module::Loaded {
  Loaded() = default;
  ~Loaded() {
    if (module == nullptr) return;
    const Driver& driver = LoadDriver().driver;
    const ContextScope scope(driver, context);
    driver.module_unload(module);  // Fails when the driver is shutting down.
  }
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;

  CUcontext context = nullptr;
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  std::string device_text;
  KernelAttributes attributes;
};

const char* ErrorKindName(ErrorKind kind) {
  constexpr const char* kNames[] = {"none",    "driver", "no_gpu", "architecture", "shared_memory",
                                    "threads", "grid",   "load",   "launch"};
  return kNames[static_cast<int>(kind)];
}

bool RunsOn(const std::string& arch, int major, int minor) {
  const auto number = std::strtol(arch.c_str() + arch.find('_') + 1, nullptr, 10);
  if (arch.empty() || number == 0 || number / 10 != major) return false;
  return arch.back() == 'a' ? number % 10 == minor : number % 10 <= minor;
}

Module::Module(KernelImage image) : image_(std::move(image)) {}

Module::~Module() = default;

bool Module::Launch(int device, CUstream stream, const std::array<int64_t, 3>& grid, void** params,
                    Error* error) {
  const Loaded* loaded = Find(device, error);
  if (loaded == nullptr || !CheckGrid(*loaded, grid, error)) return false;
  const Driver& driver = LoadDriver().driver;
  const ContextScope scope(driver, loaded->context);
  const auto x = static_cast<unsigned>(grid[0]), y = static_cast<unsigned>(grid[1]),
             z = static_cast<unsigned>(grid[2]);
  const auto& block = image_.block;
  const auto shared = static_cast<unsigned>(image_.shared_bytes);
  const int status = image_.cooperative
                         ? driver.launch_cooperative(loaded->function, x, y, z, block[0], block[1],
                                                     block[2], shared, stream, params)
                         : driver.launch(loaded->function, x, y, z, block[0], block[1], block[2],
                                         shared, stream, params, nullptr);
  return status == kSuccess || FailLaunch(status, *loaded, grid, error);
}

const KernelAttributes* Module::Attributes(int device, Error* error) {
  const Loaded* loaded = Find(device, error);
  return loaded != nullptr ? &loaded->attributes : nullptr;
}

Module::Loaded* Module::Find(int device, Error* error) {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto& slot = loaded_[device];
  if (slot == nullptr) slot = Load(device, error);
  if (slot != nullptr) return slot.get();
  loaded_.erase(device);
  return nullptr;
}

std::unique_ptr<Module::Loaded> Module::Load(int device, Error* error) const {
  const DriverState& state = LoadDriver();
  if (!state.usable()) {
    *error = {state.missing.empty() ? ErrorKind::kNoGpu : ErrorKind::kDriver,
              "kernel `" + image_.symbol + "` needs a CUDA device",
              "a GPU of NVIDIA with its driver (libcuda.so.1)", state.missing + state.no_gpu,
              state.missing.empty() ? "check `nvidia-smi` and CUDA_VISIBLE_DEVICES"
                                    : "install the driver, or use target=\"cpu\""};
    return nullptr;
  }
  const Driver& driver = state.driver;
  auto loaded = std::make_unique<Loaded>();
  int major = 0, minor = 0;
  driver.device_attribute(&major, DeviceAttribute::kComputeMajor, device);
  driver.device_attribute(&minor, DeviceAttribute::kComputeMinor, device);
  loaded->device_text = DeviceText(driver, device, major, minor);
  if (!RunsOn(image_.arch, major, minor)) {
    const std::string own = "sm_" + std::to_string(major) + std::to_string(minor);
    *error = {ErrorKind::kArchitecture,
              "kernel `" + image_.symbol + "` is compiled for another architecture",
              "a device of architecture " + image_.arch, loaded->device_text,
              "compile with target=\"cuda -arch=" + own + "\""};
    return nullptr;
  }
  if (const int status = driver.primary_retain(&loaded->context, device)) {
    *error = {ErrorKind::kLoad, "the context of " + loaded->device_text + " cannot be opened",
              "a device with free memory that other processes leave to this one",
              driver.ErrorText(status), "see in `nvidia-smi` who uses it, or take another device"};
    return nullptr;
  }
  const ContextScope scope(driver, loaded->context);
  const RelaxedCapture relaxed(driver);
  driver.device_attribute(&loaded->attributes.max_shared, DeviceAttribute::kMaxSharedPerBlock,
                          device);
  driver.device_attribute(&loaded->attributes.multiprocessors, DeviceAttribute::kMultiprocessors,
                          device);
  if (!LoadFunction(loaded.get(), error)) return nullptr;
  return loaded;
}

bool Module::LoadFunction(Loaded* loaded, Error* error) const {
  const Driver& driver = LoadDriver().driver;
  char log[4096] = "";
  int names[] = {kErrorLogBuffer, kErrorLogBytes};
  void* values[] = {log, nullptr};
  const size_t log_bytes = sizeof log;  // The driver takes a number in the place of a pointer.
  std::memcpy(static_cast<void*>(&values[1]), &log_bytes, sizeof log_bytes);
  int status = driver.module_load(&loaded->module, image_.cubin.data(), 2, names, values);
  if (status == kSuccess) {
    status = driver.module_function(&loaded->function, loaded->module, image_.symbol.c_str());
  }
  if (status != kSuccess) {
    *error = {ErrorKind::kLoad,
              "kernel `" + image_.symbol + "` cannot be loaded on " + loaded->device_text,
              "machine code that the driver accepts", driver.ErrorText(status) + " " + log,
              "update the driver, or install NVRTC of the CUDA version that `nvidia-smi` shows"};
    return false;
  }
  KernelAttributes& attributes = loaded->attributes;
  const CUfunction function = loaded->function;
  driver.function_attribute(&attributes.registers, FunctionAttribute::kRegisters, function);
  driver.function_attribute(&attributes.local_bytes, FunctionAttribute::kLocal, function);
  driver.function_attribute(&attributes.static_shared, FunctionAttribute::kStaticShared, function);
  driver.function_attribute(&attributes.max_threads, FunctionAttribute::kMaxThreads, function);
  if (!CheckLimits(*loaded, error)) return false;
  if (image_.shared_bytes + attributes.static_shared > kSharedWithoutAsking) {
    driver.function_set(function, FunctionAttribute::kMaxDynamicShared,
                        static_cast<int>(image_.shared_bytes));
  }
  driver.occupancy(&attributes.blocks_per_sm, function,
                   image_.block[0] * image_.block[1] * image_.block[2], image_.shared_bytes);
  return true;
}

bool Module::CheckLimits(const Loaded& loaded, Error* error) const {
  const KernelAttributes& attributes = loaded.attributes;
  const int64_t shared = image_.shared_bytes + attributes.static_shared;
  if (shared > attributes.max_shared) {
    *error = {
        ErrorKind::kSharedMemory,
        "kernel `" + image_.symbol + "` needs more shared memory than a block can have",
        "at most " + std::to_string(attributes.max_shared) + " bytes on " + loaded.device_text,
        std::to_string(shared) + " bytes", "use smaller tiles or fewer pipeline stages"};
    return false;
  }
  const int threads = image_.block[0] * image_.block[1] * image_.block[2];
  if (threads > attributes.max_threads) {
    *error = {ErrorKind::kThreads,
              "kernel `" + image_.symbol + "` has more threads than it was compiled for",
              "at most " + std::to_string(attributes.max_threads) + " threads with " +
                  std::to_string(attributes.registers) + " registers each on " + loaded.device_text,
              std::to_string(threads) + " threads", "use fewer threads or smaller tiles"};
    return false;
  }
  return true;
}

bool Module::CheckGrid(const Loaded& loaded, const std::array<int64_t, 3>& grid,
                       Error* error) const {
  const int64_t resident =
      int64_t{loaded.attributes.blocks_per_sm} * loaded.attributes.multiprocessors;
  bool fits = !image_.cooperative || grid[0] * grid[1] * grid[2] <= resident;
  for (int i = 0; i < 3; ++i) fits = fits && grid[i] <= kMaxGrid[i];
  if (fits) return true;
  const std::string most =
      image_.cooperative
          ? std::to_string(resident) + " blocks, all resident at once"
          : Triple(kMaxGrid[0], kMaxGrid[1], kMaxGrid[2]) + " blocks along (x, y, z)";
  *error = {ErrorKind::kGrid, "the grid of kernel `" + image_.symbol + "` is too large",
            "at most " + most + " on " + loaded.device_text, Triple(grid[0], grid[1], grid[2]),
            image_.cooperative ? "launch fewer blocks and loop over tiles"
                               : "put the largest extent first, or use larger tiles"};
  return false;
}

bool Module::FailLaunch(int status, const Loaded& loaded, const std::array<int64_t, 3>& grid,
                        Error* error) const {
  const KernelAttributes& attributes = loaded.attributes;
  const auto& block = image_.block;
  *error = {ErrorKind::kLaunch,
            "the launch of kernel `" + image_.symbol + "` on " + loaded.device_text + " failed", "",
            LoadDriver().driver.ErrorText(status) + "; grid " + Triple(grid[0], grid[1], grid[2]) +
                ", block " + Triple(block[0], block[1], block[2]) + ", shared memory " +
                std::to_string(image_.shared_bytes + attributes.static_shared) + " of " +
                std::to_string(attributes.max_shared) + " bytes, " +
                std::to_string(attributes.registers) + " registers",
            "if an earlier kernel failed, its error appears here: synchronize after each launch "
            "to find it"};
  return false;
}

}  // namespace tilescale::runtime::cuda
