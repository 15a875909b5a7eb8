// The Python objects that run kernels: `Kernel` on the CPU, `CudaKernel` on CUDA devices,
// `HostedKernel` wherever a function of Python runs them.
#ifndef TILESCALE_CC_RUNTIME_PYTHON_KERNEL_OBJECT_H_
#define TILESCALE_CC_RUNTIME_PYTHON_KERNEL_OBJECT_H_

#include <cstddef>

#include "cc/runtime/python/kernel_call.h"

namespace tilescale::runtime {

// Both are part of the ABI since 3.9, but of the limited API's headers only since 3.12.
using VectorcallFunction = PyObject* (*)(PyObject*, PyObject* const*, size_t, PyObject*);
constexpr unsigned kHaveVectorcallFlag = 1U << 11;

struct KernelObject {
  PyObject head;
  VectorcallFunction vectorcall;
  BoundKernel* bound;  // Null until `__init__` has succeeded.
};

// Slots that the types share.
PyObject* KernelNew(PyTypeObject* type, PyObject* args, PyObject* kwargs);
PyObject* KernelTpCall(PyObject* self, PyObject* args, PyObject* kwargs);
void KernelDealloc(PyObject* self);
extern PyMemberDef kKernelMembers[];

// Adds what concerns CUDA to the extension module. Returns -1 with a Python exception set.
int AddCuda(PyObject* module);
// Adds `HostedKernel`. Returns -1 with a Python exception set.
int AddHosted(PyObject* module);

}  // namespace tilescale::runtime

#endif  // TILESCALE_CC_RUNTIME_PYTHON_KERNEL_OBJECT_H_
