// CUDA in the extension module: compiling, linking, looking into cubins, and `CudaKernel`.

#include <cstddef>

#include "cc/runtime/cuda/cubin.h"
#include "cc/runtime/cuda/nvrtc.h"
#include "cc/runtime/python/kernel_object.h"

namespace tilescale::runtime {
namespace {

// Reads a sequence of texts or bytes. Returns false with a Python exception set.
bool ReadStrings(PyObject* list, std::vector<std::string>* result) {
  const Py_ssize_t size = PySequence_Size(list);
  for (Py_ssize_t i = 0; i < size; ++i) {
    PyRef item(PySequence_GetItem(list, i));
    if (!item) return false;
    Py_ssize_t bytes = 0;
    const char* text = nullptr;
    if (PyUnicode_Check(item.get())) {
      text = PyUnicode_AsUTF8AndSize(item.get(), &bytes);
    } else {
      char* data = nullptr;
      if (PyBytes_AsStringAndSize(item.get(), &data, &bytes) != 0) return false;
      text = data;
    }
    if (text == nullptr) return false;
    result->emplace_back(text, bytes);
  }
  return size >= 0;
}

PyObject* ToList(const std::vector<std::string>& texts) {
  PyRef list(PyList_New(0));
  for (const std::string& text : texts) {
    PyRef item(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
    if (!list || !item || PyList_Append(list.get(), item.get()) != 0) return nullptr;
  }
  return list.release();
}

// (code, log, error, missing)
PyObject* ToTuple(const cuda::CompileResult& result) {
  return Py_BuildValue("(y#NNO)", result.code.data(), static_cast<Py_ssize_t>(result.code.size()),
                       PyUnicode_DecodeUTF8(result.log.data(),
                                            static_cast<Py_ssize_t>(result.log.size()), "replace"),
                       PyUnicode_FromString(result.error.c_str()),
                       result.missing ? Py_True : Py_False);
}

PyObject* NvrtcCompile(PyObject*, PyObject* args) {
  const char *library = nullptr, *source = nullptr, *file = nullptr;
  PyObject *preload = nullptr, *names = nullptr, *texts = nullptr, *options = nullptr;
  if (!PyArg_ParseTuple(args, "sOssOOO:nvrtc_compile", &library, &preload, &source, &file, &names,
                        &texts, &options)) {
    return nullptr;
  }
  cuda::CompileJob job{library, {}, source, file, {}, {}};
  std::vector<std::string> header_names, header_texts;
  if (!ReadStrings(preload, &job.preload) || !ReadStrings(options, &job.options) ||
      !ReadStrings(names, &header_names) || !ReadStrings(texts, &header_texts)) {
    return nullptr;
  }
  for (size_t i = 0; i < std::min(header_names.size(), header_texts.size()); ++i) {
    job.headers.push_back({header_names[i], header_texts[i]});
  }
  PyThreadState* saved = PyEval_SaveThread();
  const cuda::CompileResult result = cuda::CompileCuda(job);
  PyEval_RestoreThread(saved);
  return ToTuple(result);
}

PyObject* NvrtcInfo(PyObject*, PyObject* args) {
  const char* library = nullptr;
  PyObject* preload = nullptr;
  if (!PyArg_ParseTuple(args, "sO:nvrtc_info", &library, &preload)) return nullptr;
  std::vector<std::string> before;
  if (!ReadStrings(preload, &before)) return nullptr;
  std::pair<int, int> version;
  std::vector<int> archs;
  const std::string error = cuda::DescribeNvrtc(library, before, &version, &archs);
  PyRef list(PyList_New(0));
  for (const int arch : archs) {
    PyRef number(PyLong_FromLong(arch));
    if (!list || !number || PyList_Append(list.get(), number.get()) != 0) return nullptr;
  }
  return Py_BuildValue("((ii)Ns)", version.first, version.second, list.release(), error.c_str());
}

PyObject* NvJitLink(PyObject*, PyObject* args) {
  const char* library = nullptr;
  PyObject *kinds = nullptr, *inputs = nullptr, *options = nullptr;
  if (!PyArg_ParseTuple(args, "sOOO:nvjitlink", &library, &kinds, &inputs, &options)) {
    return nullptr;
  }
  cuda::LinkJob job{library, {}, {}};
  std::vector<std::string> names, data;
  if (!ReadStrings(kinds, &names) || !ReadStrings(inputs, &data) ||
      !ReadStrings(options, &job.options)) {
    return nullptr;
  }
  for (size_t i = 0; i < std::min(names.size(), data.size()); ++i) {
    const cuda::LinkInput kind = names[i] == "cubin"   ? cuda::LinkInput::kCubin
                                 : names[i] == "ltoir" ? cuda::LinkInput::kLtoIr
                                                       : cuda::LinkInput::kArchive;
    job.inputs.emplace_back(kind, std::move(data[i]));
  }
  PyThreadState* saved = PyEval_SaveThread();
  const cuda::CompileResult result = cuda::LinkCuda(job);
  PyEval_RestoreThread(saved);
  return ToTuple(result);
}

PyObject* CubinFunctions(PyObject*, PyObject* cubin) {
  char* data = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_AsStringAndSize(cubin, &data, &size) != 0) return nullptr;
  return ToList(cuda::GlobalFunctions({data, static_cast<size_t>(size)}));
}

int CudaKernelInit(PyObject* self, PyObject* args, PyObject*) {
  const char *cubin = nullptr, *symbol = nullptr, *arch = nullptr;
  Py_ssize_t bytes = 0;
  long long shared = 0;
  int cooperative = 0;
  cuda::KernelImage image;
  auto& block = image.block;
  PyObject *dict = nullptr, *report = nullptr, *adapt = nullptr, *allocate = nullptr,
           *stream = nullptr, *variant = nullptr;
  if (!PyArg_ParseTuple(args, "y#ss(iii)LpOOOOO|O:CudaKernel", &cubin, &bytes, &symbol, &arch,
                        &block[0], &block[1], &block[2], &shared, &cooperative, &dict, &report,
                        &adapt, &allocate, &stream, &variant)) {
    return -1;
  }
  image.cubin.assign(cubin, bytes);
  image.symbol = symbol;
  image.arch = arch;
  image.shared_bytes = shared;
  image.cooperative = cooperative != 0;
  auto bound = std::make_unique<BoundKernel>();
  if (!bound->ReadOwnSignature(dict)) return -1;
  bound->cuda = std::make_unique<cuda::Module>(std::move(image));
  bound->report = PyRef::Borrow(report);
  bound->adapt = PyRef::Borrow(adapt);
  bound->allocate = PyRef::Borrow(allocate);
  bound->stream = PyRef::Borrow(stream);
  if (variant != nullptr && variant != Py_None) bound->variant = PyRef::Borrow(variant);
  bound->caches.resize(bound->signature().params.size());
  delete std::exchange(reinterpret_cast<KernelObject*>(self)->bound, bound.release());
  return 0;
}

PyObject* CudaKernelAttributes(PyObject* self, PyObject* device) {
  BoundKernel* bound = reinterpret_cast<KernelObject*>(self)->bound;
  const long number = PyLong_AsLong(device);
  if (number == -1 && PyErr_Occurred()) return nullptr;
  if (bound == nullptr) return PyErr_NoMemory();
  cuda::Error error;
  const cuda::KernelAttributes* a = bound->cuda->Attributes(static_cast<int>(number), &error);
  if (a == nullptr) {
    PyRef raised(PyObject_CallFunction(
        bound->report.get(), "sissss", cuda::ErrorKindName(error.kind), -1, error.message.c_str(),
        error.expected.c_str(), error.got.c_str(), error.remedy.c_str()));
    return nullptr;
  }
  return Py_BuildValue("{sisisisisisisi}", "registers", a->registers, "local_bytes", a->local_bytes,
                       "static_shared_bytes", a->static_shared, "max_threads", a->max_threads,
                       "blocks_per_multiprocessor", a->blocks_per_sm, "multiprocessors",
                       a->multiprocessors, "max_shared_bytes", a->max_shared);
}

PyMethodDef kCudaKernelMethods[] = {
    {"attributes", CudaKernelAttributes, METH_O,
     "Returns registers, memory and occupancy of the kernel on the device of this number."},
    {nullptr, nullptr, 0, nullptr},
};

constexpr char kCudaKernelDoc[] =
    "CudaKernel(cubin, symbol, arch, block, shared_bytes, cooperative, signature, report, adapt, "
    "allocate, stream, variant=None)\n\nA compiled CUDA kernel; calling it binds the arguments and "
    "launches it, or the kernel that variant(number) gives for such arguments.";

PyType_Slot kCudaKernelSlots[] = {
    {Py_tp_doc, const_cast<char*>(kCudaKernelDoc)},
    {Py_tp_new, reinterpret_cast<void*>(KernelNew)},
    {Py_tp_init, reinterpret_cast<void*>(CudaKernelInit)},
    {Py_tp_dealloc, reinterpret_cast<void*>(KernelDealloc)},
    {Py_tp_call, reinterpret_cast<void*>(KernelTpCall)},
    {Py_tp_members, kKernelMembers},
    {Py_tp_methods, kCudaKernelMethods},
    {0, nullptr},
};

PyType_Spec kCudaKernelSpec = {"tilescale._runtime.CudaKernel", sizeof(KernelObject), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | kHaveVectorcallFlag,
                               kCudaKernelSlots};

PyMethodDef kCudaFunctions[] = {
    {"nvrtc_compile", NvrtcCompile, METH_VARARGS,
     "nvrtc_compile(library, preload, source, file, header_names, header_texts, options) -> "
     "(code, log, error, missing)"},
    {"nvrtc_info", NvrtcInfo, METH_VARARGS,
     "nvrtc_info(library, preload) -> ((major, minor), architectures, error)"},
    {"nvjitlink", NvJitLink, METH_VARARGS,
     "nvjitlink(library, kinds, inputs, options) -> (code, log, error, missing)"},
    {"cubin_functions", CubinFunctions, METH_O, "Returns the global functions of a cubin."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

int AddCuda(PyObject* module) {
  PyRef type(PyType_FromSpec(&kCudaKernelSpec));
  if (!type || PyModule_AddObjectRef(module, "CudaKernel", type.get()) != 0) return -1;
  return PyModule_AddFunctions(module, kCudaFunctions);
}

}  // namespace tilescale::runtime
