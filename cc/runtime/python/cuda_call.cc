// The part of a kernel's call that differs on CUDA: where it is launched, and how that fails.

#include "cc/runtime/python/kernel_call.h"

namespace tilescale::runtime {

// The stream that the framework of the first tensor works on.
bool KernelCall::FindStream(cuda::CUstream* stream) {
  *stream = nullptr;
  if (first_tensor_ == nullptr) return true;
  const DLPackExchangeAPI* api = bound_->caches[first_param_].api;
  if (api != nullptr && api->current_work_stream != nullptr) {
    return api->current_work_stream(kDLCUDA, binder_.device_id(), stream) == 0;
  }
  PyRef address(PyObject_CallFunctionObjArgs(bound_->stream.get(), first_tensor_, nullptr));
  if (!address) return false;
  *stream = PyLong_AsVoidPtr(address.get());
  return PyErr_Occurred() == nullptr;
}

bool KernelCall::LaunchCuda(BoundKernel* variant) {
  int64_t tiles = 0;
  if (!binder_.CountTiles(&tiles)) return ReportBindError();
  if (tiles == 0) return true;
  cuda::CUstream stream = nullptr;
  if (!FindStream(&stream)) return false;
  std::array<int64_t, 3> grid{1, 1, 1};
  for (size_t i = 0; i < signature_.grid.size(); ++i) grid[i] = binder_.Value(signature_.grid[i]);
  SmallArray<void*, 24> params(slots_.size());
  for (size_t i = 0; i < slots_.size(); ++i) params[i] = &slots_[i];
  const int device = binder_.device_id() < 0 ? 0 : binder_.device_id();
  cuda::Error error;
  if (variant->cuda->Launch(device, stream, grid, params.data(), &error)) return true;
  return Report(cuda::ErrorKindName(error.kind), -1, error.message, error.expected, error.got,
                error.remedy);
}

bool KernelCall::ReportMissingGpu() {
  if (cuda::LoadDriver().usable()) return true;
  cuda::Error error;
  bound_->cuda->Attributes(0, &error);
  return Report(cuda::ErrorKindName(error.kind), -1, error.message, error.expected, error.got,
                error.remedy);
}

}  // namespace tilescale::runtime
