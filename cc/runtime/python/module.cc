// The extension module `tilescale._runtime`, on the stable ABI of CPython 3.11.

#include <cstddef>

#include "cc/runtime/python/kernel_object.h"
#include "cc/runtime/python/signature_reader.h"

namespace tilescale::runtime {
namespace {

constexpr size_t kVectorcallOffsetFlag = size_t{1} << (8 * sizeof(size_t) - 1);

PyObject* CallKernel(PyObject* self, PyObject* const* args, Py_ssize_t num_args, bool keywords) {
  BoundKernel* bound = reinterpret_cast<KernelObject*>(self)->bound;
  if (bound == nullptr) {
    PyErr_SetString(PyExc_RuntimeError, "the kernel was not initialised");
    return nullptr;
  }
  if (keywords) {
    PyRef result(
        PyObject_CallFunction(bound->report.get(), "sissss", "keyword", -1, "", "", "", ""));
    return nullptr;
  }
  KernelCall call(bound, args, num_args);
  return call.Run();
}

PyObject* KernelVectorcall(PyObject* self, PyObject* const* args, size_t flags, PyObject* names) {
  const bool keywords = names != nullptr && PyTuple_Size(names) > 0;
  const auto num_args = static_cast<Py_ssize_t>(flags & ~kVectorcallOffsetFlag);
  return CallKernel(self, args, num_args, keywords);
}

}  // namespace

// Python subclasses are called through here in CPython 3.11, which does not let them inherit
// the vectorcall flag.
PyObject* KernelTpCall(PyObject* self, PyObject* args, PyObject* kwargs) {
  const Py_ssize_t num_args = PyTuple_Size(args);
  SmallArray<PyObject*, 16> items(num_args);
  for (Py_ssize_t i = 0; i < num_args; ++i) items[i] = PyTuple_GetItem(args, i);
  return CallKernel(self, items.data(), num_args, kwargs != nullptr && PyDict_Size(kwargs) > 0);
}

PyObject* KernelNew(PyTypeObject* type, PyObject*, PyObject*) {
  const auto allocate = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc));
  PyObject* self = allocate(type, 0);
  if (self == nullptr) return nullptr;
  reinterpret_cast<KernelObject*>(self)->vectorcall = KernelVectorcall;
  reinterpret_cast<KernelObject*>(self)->bound = nullptr;
  return self;
}

void KernelDealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  delete reinterpret_cast<KernelObject*>(self)->bound;
  reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(self);
  Py_DECREF(reinterpret_cast<PyObject*>(type));
}

PyMemberDef kKernelMembers[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(KernelObject, vectorcall), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

namespace {

int KernelInit(PyObject* self, PyObject* args, PyObject*) {
  const char* path = nullptr;
  PyObject *dict = nullptr, *report = nullptr, *adapt = nullptr, *allocate = nullptr;
  if (!PyArg_ParseTuple(args, "sOOOO:Kernel", &path, &dict, &report, &adapt, &allocate)) return -1;
  Signature signature;
  if (!ReadSignature(dict, &signature)) return -1;
  auto bound = std::make_unique<BoundKernel>();
  std::string error;
  bound->kernel = Kernel::Load(path, std::move(signature), &error);
  if (bound->kernel == nullptr) {
    PyErr_SetString(PyExc_OSError, error.c_str());
    return -1;
  }
  bound->exprs = Exprs(bound->kernel->exprs());
  bound->report = PyRef::Borrow(report);
  bound->adapt = PyRef::Borrow(adapt);
  bound->allocate = PyRef::Borrow(allocate);
  bound->caches.resize(bound->signature().params.size());
  auto* object = reinterpret_cast<KernelObject*>(self);
  delete std::exchange(object->bound, bound.release());
  return 0;
}

constexpr char kKernelDoc[] =
    "Kernel(library, signature, report, adapt, allocate)\n\n"
    "A compiled CPU kernel; calling it binds the arguments and runs it. See cc/runtime/README.md.";

PyType_Slot kKernelSlots[] = {
    {Py_tp_doc, const_cast<char*>(kKernelDoc)},
    {Py_tp_new, reinterpret_cast<void*>(KernelNew)},
    {Py_tp_init, reinterpret_cast<void*>(KernelInit)},
    {Py_tp_dealloc, reinterpret_cast<void*>(KernelDealloc)},
    {Py_tp_call, reinterpret_cast<void*>(KernelTpCall)},
    {Py_tp_members, kKernelMembers},
    {0, nullptr},
};

PyType_Spec kKernelSpec = {"tilescale._runtime.Kernel", sizeof(KernelObject), 0,
                           Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | kHaveVectorcallFlag,
                           kKernelSlots};

PyObject* SetNumThreads(PyObject*, PyObject* count) {
  const long width = PyLong_AsLong(count);
  if (width == -1 && PyErr_Occurred()) return nullptr;
  if (width < 0 || width > 1 << 16) {
    PyErr_SetString(PyExc_ValueError, "the number of threads must be between 0 and 65536");
    return nullptr;
  }
  SharedThreadPool().SetWidth(static_cast<int>(width));
  Py_INCREF(Py_None);
  return Py_None;
}

PyObject* NumThreads(PyObject*, PyObject*) { return PyLong_FromLong(SharedThreadPool().width()); }

PyObject* CpuCount(PyObject*, PyObject*) { return PyLong_FromLong(AvailableCpus()); }

PyMethodDef kFunctions[] = {
    {"set_num_threads", SetNumThreads, METH_O,
     "Sets the number of threads of later launches; 0 means all CPUs of the process."},
    {"num_threads", NumThreads, METH_NOARGS, "Returns the number of threads of a launch."},
    {"cpu_count", CpuCount, METH_NOARGS, "Returns the number of CPUs the process may use."},
    {nullptr, nullptr, 0, nullptr},
};

int ModuleExec(PyObject* module) {
  PyRef type(PyType_FromSpec(&kKernelSpec));
  if (!type) return -1;
  if (PyModule_AddObjectRef(module, "Kernel", type.get()) != 0) return -1;
  return AddCuda(module) != 0 ? -1 : AddHosted(module);
}

PyModuleDef_Slot kModuleSlots[] = {
    {Py_mod_exec, reinterpret_cast<void*>(ModuleExec)},
    {0, nullptr},
};

PyModuleDef kModule = {PyModuleDef_HEAD_INIT,
                       "_runtime",
                       "Runs compiled kernels.",
                       0,
                       kFunctions,
                       kModuleSlots,
                       nullptr,
                       nullptr,
                       nullptr};

}  // namespace
}  // namespace tilescale::runtime

// NOLINTNEXTLINE(bugprone-reserved-identifier): CPython prescribes the name.
PyMODINIT_FUNC PyInit__runtime() { return PyModuleDef_Init(&tilescale::runtime::kModule); }
