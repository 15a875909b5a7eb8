// The CUDA driver's interface, as far as it is used, from libcuda.so.1.
#ifndef TILESCALE_CC_RUNTIME_CUDA_DRIVER_H_
#define TILESCALE_CC_RUNTIME_CUDA_DRIVER_H_

#include <cstddef>
#include <string>

namespace tilescale::runtime::cuda {

// Names and values are those of the driver's ABI.
using CUdevice = int;
using CUcontext = void*;
using CUmodule = void*;
using CUfunction = void*;
using CUstream = void*;

enum : int {
  kSuccess = 0,
  kErrorOutOfMemory = 2,
  kErrorNoBinaryForGpu = 209,
  kErrorInvalidImage = 200,
  kErrorLaunchOutOfResources = 701,
  kErrorCooperativeTooLarge = 720,
};
enum class DeviceAttribute : int {
  kMultiprocessors = 16,
  kComputeMajor = 75,
  kComputeMinor = 76,
  kMaxSharedPerBlock = 97,  // With opt-in.
};
enum class FunctionAttribute : int {
  kMaxThreads = 0,
  kStaticShared = 1,
  kConst = 2,
  kLocal = 3,
  kRegisters = 4,
  kMaxDynamicShared = 8,
};
constexpr int kCaptureModeRelaxed = 2;

struct Driver {
  int (*init)(unsigned);
  int (*driver_version)(int*);
  int (*error_name)(int, const char**);
  int (*error_string)(int, const char**);
  int (*device_count)(int*);
  int (*device_name)(char*, int, CUdevice);
  int (*device_attribute)(int*, DeviceAttribute, CUdevice);
  int (*primary_retain)(CUcontext*, CUdevice);
  int (*context_current)(CUcontext*);
  int (*context_push)(CUcontext);
  int (*context_pop)(CUcontext*);
  int (*exchange_capture_mode)(int*);
  int (*module_load)(CUmodule*, const void*, unsigned, int*, void**);
  int (*module_unload)(CUmodule);
  int (*module_function)(CUfunction*, CUmodule, const char*);
  int (*function_attribute)(int*, FunctionAttribute, CUfunction);
  int (*function_set)(CUfunction, FunctionAttribute, int);
  int (*occupancy)(int*, CUfunction, int, size_t);
  int (*launch)(CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                CUstream, void**, void**);
  int (*launch_cooperative)(CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                            unsigned, CUstream, void**);

  // "CUDA_ERROR_X: what it means".
  std::string ErrorText(int status) const;
};

struct DriverState {
  Driver driver{};
  std::string missing;  // Why there is no driver; empty if it is loaded.
  std::string no_gpu;   // Why the driver cannot be used; empty if it can.
  bool usable() const { return missing.empty() && no_gpu.empty(); }
};

// Loads and initialises the driver at the first call.
const DriverState& LoadDriver();

}  // namespace tilescale::runtime::cuda

#endif  // TILESCALE_CC_RUNTIME_CUDA_DRIVER_H_
