// `HostedKernel`: arguments are bound as for any kernel, then a function of Python runs it. The
// simulator is such a function.

#include <algorithm>
#include <array>

#include "cc/runtime/dtype.h"
#include "cc/runtime/python/kernel_object.h"
#include "cc/runtime/python/signature_reader.h"

namespace tilescale::runtime {

bool BoundKernel::ReadOwnSignature(PyObject* dict) {
  if (!ReadSignature(dict, &own_signature)) return false;
  std::string error = own_signature.Finalize();
  const auto num_symbols = static_cast<int64_t>(own_signature.symbols.size());
  if (error.empty()) error = exprs.Parse(own_signature.expr_programs, num_symbols);
  const auto num_programs = static_cast<int64_t>(own_signature.expr_programs.size());
  if (error.empty() && num_programs != own_signature.num_exprs) {
    error = "the number of expressions is not `num_exprs`";
  }
  if (!error.empty()) PyErr_SetString(PyExc_ValueError, error.c_str());
  return error.empty();
}

namespace {

struct ByteRange {
  const char* begin = nullptr;
  int64_t size = 0;
};

// The bytes between the first and the last element of a tensor.
ByteRange Bytes(const TensorView& view) {
  ByteRange range{static_cast<const char*>(view.data), StorageBytes(view.dtype)};
  int64_t contiguous = 1;
  for (int64_t d = view.rank - 1; d >= 0; --d) {
    if (view.shape[d] == 0) return {range.begin, 0};
    const int64_t stride = view.strides != nullptr ? view.strides[d] * view.stride_bytes
                                                   : contiguous * StorageBytes(view.dtype);
    const int64_t reach = (view.shape[d] - 1) * stride;
    range.size += std::max(reach, -reach);
    range.begin += std::min<int64_t>(reach, 0);
    contiguous *= view.shape[d];
  }
  return range;
}

int HostedKernelInit(PyObject* self, PyObject* args, PyObject*) {
  PyObject *dict = nullptr, *report = nullptr, *adapt = nullptr, *allocate = nullptr,
           *launch = nullptr, *variant = nullptr;
  if (!PyArg_ParseTuple(args, "OOOOO|O:HostedKernel", &dict, &report, &adapt, &allocate, &launch,
                        &variant)) {
    return -1;
  }
  auto bound = std::make_unique<BoundKernel>();
  if (!bound->ReadOwnSignature(dict)) return -1;
  bound->report = PyRef::Borrow(report);
  bound->adapt = PyRef::Borrow(adapt);
  bound->allocate = PyRef::Borrow(allocate);
  bound->launch = PyRef::Borrow(launch);
  if (variant != nullptr && variant != Py_None) bound->variant = PyRef::Borrow(variant);
  bound->caches.resize(bound->signature().params.size());
  delete std::exchange(reinterpret_cast<KernelObject*>(self)->bound, bound.release());
  return 0;
}

constexpr char kHostedKernelDoc[] =
    "HostedKernel(signature, report, adapt, allocate, launch, variant=None)\n\n"
    "A kernel that a function of Python runs. A call binds the arguments and then calls "
    "launch(slots, tensors, grid): the slots of cc/runtime/README.md as bytes, (parameter, "
    "address, "
    "bytes) of each tensor, and three extents. `variant` is as for CudaKernel.";

PyType_Slot kHostedKernelSlots[] = {
    {Py_tp_doc, const_cast<char*>(kHostedKernelDoc)},
    {Py_tp_new, reinterpret_cast<void*>(KernelNew)},
    {Py_tp_init, reinterpret_cast<void*>(HostedKernelInit)},
    {Py_tp_dealloc, reinterpret_cast<void*>(KernelDealloc)},
    {Py_tp_call, reinterpret_cast<void*>(KernelTpCall)},
    {Py_tp_members, kKernelMembers},
    {0, nullptr},
};

PyType_Spec kHostedKernelSpec = {"tilescale._runtime.HostedKernel", sizeof(KernelObject), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | kHaveVectorcallFlag,
                                 kHostedKernelSlots};

}  // namespace

PyRef KernelCall::TensorMemory() {
  PyRef list(PyList_New(0));
  for (size_t i = 0; list && i < signature_.params.size(); ++i) {
    const Param& param = signature_.params[i];
    // An address that was passed as a number says nothing of its memory.
    if (param.kind == ParamKind::kScalar || views_[i].data == nullptr) continue;
    const ByteRange range = Bytes(views_[i]);
    PyRef item(Py_BuildValue("(nLL)", static_cast<Py_ssize_t>(i),
                             reinterpret_cast<long long>(range.begin),
                             static_cast<long long>(range.size)));
    if (!item || PyList_Append(list.get(), item.get()) != 0) return PyRef();
  }
  return list ? PyRef(PyList_AsTuple(list.get())) : PyRef();
}

bool KernelCall::LaunchHosted(BoundKernel* variant) {
  int64_t tiles = 0;
  if (!binder_.CountTiles(&tiles)) return ReportBindError();
  if (tiles == 0) return true;
  std::array<long long, 3> grid{1, 1, 1};
  for (size_t i = 0; i < signature_.grid.size(); ++i) grid[i] = binder_.Value(signature_.grid[i]);
  const PyRef tensors = TensorMemory();
  if (!tensors) return false;
  const PyRef result(PyObject_CallFunction(variant->launch.get(), "y#O(LLL)",
                                           reinterpret_cast<const char*>(slots_.data()),
                                           static_cast<Py_ssize_t>(slots_.size() * sizeof(ts_slot)),
                                           tensors.get(), grid[0], grid[1], grid[2]));
  return static_cast<bool>(result);
}

int AddHosted(PyObject* module) {
  const PyRef type(PyType_FromSpec(&kHostedKernelSpec));
  return type ? PyModule_AddObjectRef(module, "HostedKernel", type.get()) : -1;
}

}  // namespace tilescale::runtime
