// One call of a kernel from Python: binding, allocation of outputs, launch.
#ifndef TILESCALE_CC_RUNTIME_PYTHON_KERNEL_CALL_H_
#define TILESCALE_CC_RUNTIME_PYTHON_KERNEL_CALL_H_

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "cc/runtime/cuda/module.h"
#include "cc/runtime/exprs.h"
#include "cc/runtime/kernel.h"
#include "cc/runtime/python/tensor_arg.h"
#include "cc/runtime/small_array.h"

namespace tilescale::runtime {

// What a Python kernel object holds: a kernel of the CPU, of CUDA, or one that Python launches.
struct BoundKernel {
  std::unique_ptr<Kernel> kernel;
  std::unique_ptr<cuda::Module> cuda;
  PyRef launch;             // launch(slots, tensors, grid); see hosted_kernel.cc.
  Signature own_signature;  // Of a kernel without a shared object of its own.
  Exprs exprs;
  PyRef report;    // report(kind, index, detail, expected, got, remedy) raises the user's error.
  PyRef adapt;     // adapt(array) -> (array, dtype name) or None; see TensorArg.
  PyRef allocate;  // allocate(first tensor or None, shape, dtype name) -> tensor.
  PyRef stream;    // CUDA: stream(tensor) -> address of the stream to launch on.
  PyRef variant;   // None or variant(number) -> kernel object with the same signature.
  std::array<PyRef, kNumVariants> variants;  // Those that were needed.
  std::vector<TypeCache> caches;             // One for each parameter.

  const Signature& signature() const { return kernel ? kernel->signature() : own_signature; }
  // Reads the signature of a kernel whose expressions are texts. Returns false with a Python
  // exception set.
  bool ReadOwnSignature(PyObject* dict);
};

// Lives for the duration of one call.
class KernelCall {
 public:
  KernelCall(BoundKernel* bound, PyObject* const* args, Py_ssize_t num_args);

  // Returns what the kernel returns, or null with a Python exception set.
  PyObject* Run();

 private:
  // Memory of the workspaces, freed with the call.
  struct AlignedDelete {
    void operator()(void* data) const;
  };
  using AlignedMemory = std::unique_ptr<void, AlignedDelete>;

  bool BindArguments();
  bool BindTensor(int64_t param, PyObject* object);
  bool BindScalar(int64_t param, PyObject* object);
  bool BindPointer(int64_t param, PyObject* object);
  bool BindAddress(int64_t param);
  bool StoreInteger(int64_t param, PyObject* object);
  bool StoreFloat(int64_t param, PyObject* object);
  bool AllocateAll();
  bool AllocateOutput(int64_t param);
  bool AllocateWorkspace(int64_t param);
  bool StorageExtents(int64_t param, std::vector<int64_t>* extents);
  int64_t TensorBytes();
  bool Launch();
  bool LaunchCuda(BoundKernel* variant);
  bool LaunchHosted(BoundKernel* variant);
  // What the arguments need: this kernel, or a variant that is compiled when it is first needed.
  // Null with a Python exception set.
  BoundKernel* FindVariant();
  // The variant of a number; null with a Python exception.
  BoundKernel* MakeVariant(int64_t number);
  // Checks, and notes for `Binder::Variant`, what a variant needs of addresses.
  bool CheckVariant(const BoundKernel& variant);
  PyRef TensorMemory();
  bool FindStream(cuda::CUstream* stream);
  PyObject* Results();

  // All of them raise, and return false.
  bool Report(const char* kind, int64_t index, const std::string& detail,
              const std::string& expected, const std::string& got, const std::string& remedy = "");
  bool ReportBindError();
  // Raises if there is no usable driver; returns true otherwise.
  bool ReportMissingGpu();
  bool ReportNotATensor(int64_t param, PyObject* object, const char* expected);

  BoundKernel* bound_;
  const Signature& signature_;
  PyObject* const* args_;
  Py_ssize_t num_args_;
  PyObject* first_tensor_ = nullptr;  // Borrowed.
  int64_t first_param_ = -1;          // Its parameter.
  SmallArray<ts_slot, 24> slots_;
  SmallArray<TensorView, 8> views_;
  SmallArray<TensorArg, 8> tensors_;
  Binder binder_;
  std::vector<PyRef> outputs_;  // Parallel to `params` once something was allocated.
  std::vector<AlignedMemory> workspaces_;
};

}  // namespace tilescale::runtime

#endif  // TILESCALE_CC_RUNTIME_PYTHON_KERNEL_CALL_H_
