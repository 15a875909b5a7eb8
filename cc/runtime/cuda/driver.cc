#include "cc/runtime/cuda/driver.h"

#include "cc/runtime/cuda/shared_library.h"

namespace tilescale::runtime::cuda {
namespace {

void ResolveAll(SharedLibrary* library, Driver* driver) {
  library->Resolve("cuInit", &driver->init);
  library->Resolve("cuDriverGetVersion", &driver->driver_version);
  library->Resolve("cuGetErrorName", &driver->error_name);
  library->Resolve("cuGetErrorString", &driver->error_string);
  library->Resolve("cuDeviceGetCount", &driver->device_count);
  library->Resolve("cuDeviceGetName", &driver->device_name);
  library->Resolve("cuDeviceGetAttribute", &driver->device_attribute);
  library->Resolve("cuDevicePrimaryCtxRetain", &driver->primary_retain);
  library->Resolve("cuCtxGetCurrent", &driver->context_current);
  library->Resolve("cuCtxPushCurrent_v2", &driver->context_push);
  library->Resolve("cuCtxPopCurrent_v2", &driver->context_pop);
  library->Resolve("cuThreadExchangeStreamCaptureMode", &driver->exchange_capture_mode);
  library->Resolve("cuModuleLoadDataEx", &driver->module_load);
  library->Resolve("cuModuleUnload", &driver->module_unload);
  library->Resolve("cuModuleGetFunction", &driver->module_function);
  library->Resolve("cuFuncGetAttribute", &driver->function_attribute);
  library->Resolve("cuFuncSetAttribute", &driver->function_set);
  library->Resolve("cuOccupancyMaxActiveBlocksPerMultiprocessor", &driver->occupancy);
  library->Resolve("cuLaunchKernel", &driver->launch);
  library->Resolve("cuLaunchCooperativeKernel", &driver->launch_cooperative);
}

DriverState Load() {
  DriverState state;
  SharedLibrary library("libcuda.so.1");
  ResolveAll(&library, &state.driver);
  state.missing = library.error();
  if (!state.missing.empty()) return state;
  if (const int status = state.driver.init(0)) {
    state.no_gpu = state.driver.ErrorText(status);
    return state;
  }
  int count = 0;
  state.driver.device_count(&count);
  if (count == 0) state.no_gpu = "the driver sees no device";
  return state;
}

}  // namespace

std::string Driver::ErrorText(int status) const {
  const char *name = nullptr, *text = nullptr;
  error_name(status, &name);
  error_string(status, &text);
  if (name == nullptr) return "CUDA error " + std::to_string(status);
  return std::string(name) + ": " + (text != nullptr ? text : "");
}

const DriverState& LoadDriver() {
  static const DriverState& state = *new DriverState(Load());
  return state;
}

}  // namespace tilescale::runtime::cuda
