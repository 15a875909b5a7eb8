#include "cc/runtime/python/kernel_call.h"

#include <new>

#include "cc/runtime/dtype.h"
#include "cc/runtime/python/kernel_object.h"

namespace tilescale::runtime {
namespace {

constexpr std::align_val_t kWorkspaceAlignment{64};

// Index of error kinds is BindErrorKind; the names select the class in the Python reporter.
constexpr const char* kBindErrorNames[] = {"none",   "dtype",     "rank",   "shape",
                                           "stride", "alignment", "device", "read_only",
                                           "range",  "expression"};

std::string TypeName(PyObject* object) {
  PyRef name(PyType_GetQualName(Py_TYPE(object)));
  const char* text = name ? PyUnicode_AsUTF8AndSize(name.get(), nullptr) : nullptr;
  PyErr_Clear();
  return text != nullptr ? text : "an object";
}

std::string ObjectText(PyObject* object) {
  PyRef repr(PyObject_Repr(object));
  const char* text = repr ? PyUnicode_AsUTF8AndSize(repr.get(), nullptr) : nullptr;
  PyErr_Clear();
  return text != nullptr ? text : TypeName(object);
}

// The launching thread's side of a run without the interpreter lock.
struct UnlockedRun {
  PyThreadState* saved = nullptr;
};

// T.print writes through sys.stdout, so that redirections of Python see it.
void PrintToStdout(void*, const char* text, int64_t length) {
  const PyGILState_STATE gil = PyGILState_Ensure();
  {
    PyRef string(PyUnicode_DecodeUTF8(text, length, "replace"));
    PyObject* out = PySys_GetObject("stdout");
    if (string && out != nullptr && out != Py_None) {
      PyFile_WriteObject(string.get(), out, Py_PRINT_RAW);
    }
    if (PyErr_Occurred()) PyErr_WriteUnraisable(out);
  }
  PyGILState_Release(gil);
}

bool SignalsPending(void* closure) {
  auto* run = static_cast<UnlockedRun*>(closure);
  PyEval_RestoreThread(run->saved);
  const bool raised = PyErr_CheckSignals() != 0;
  run->saved = PyEval_SaveThread();
  return raised;
}

bool FitsInteger(int64_t value, DLDataType type) {
  if (type.bits >= 64) return true;
  if (type.code == kDLBool) return value == 0 || value == 1;
  const int64_t limit = int64_t{1} << (type.code == kDLInt ? type.bits - 1 : type.bits);
  return value < limit && value >= (type.code == kDLInt ? -limit : 0);
}

}  // namespace

void KernelCall::AlignedDelete::operator()(void* data) const {
  ::operator delete(data, kWorkspaceAlignment);
}

KernelCall::KernelCall(BoundKernel* bound, PyObject* const* args, Py_ssize_t num_args)
    : bound_(bound),
      signature_(bound->signature()),
      args_(args),
      num_args_(num_args),
      slots_(signature_.num_slots),
      views_(signature_.params.size()),
      tensors_(signature_.params.size()),
      binder_(signature_, bound->exprs, slots_.data(), views_.data()) {}

PyObject* KernelCall::Run() {
  if (!BindArguments()) return nullptr;
  if (!binder_.Derive()) return ReportBindError(), nullptr;
  if (signature_.num_passed != static_cast<int64_t>(signature_.params.size()) && !AllocateAll()) {
    return nullptr;
  }
  BoundKernel* variant = FindVariant();
  if (variant == nullptr) return nullptr;
  const bool done = bound_->cuda     ? LaunchCuda(variant)
                    : bound_->launch ? LaunchHosted(variant)
                                     : Launch();
  return done ? Results() : nullptr;
}

BoundKernel* KernelCall::FindVariant() {
  int64_t number = bound_->variant ? binder_.Variant() : 0;
  while (number != 0) {
    BoundKernel* variant = MakeVariant(number);
    if (variant == nullptr) return nullptr;
    if (!CheckVariant(*variant)) return nullptr;
    // Another text may access by vectors what this one does not.
    const int64_t next = binder_.Variant();
    if (next == number) return variant;
    number = next;
  }
  return bound_;
}

BoundKernel* KernelCall::MakeVariant(int64_t number) {
  PyRef& known = bound_->variants[number];
  if (!known) {
    PyRef made(PyObject_CallFunction(bound_->variant.get(), "L", static_cast<long long>(number)));
    if (!made) return nullptr;
    if (!known) known = std::move(made);  // Another thread may have been faster.
  }
  return reinterpret_cast<KernelObject*>(known.get())->bound;
}

bool KernelCall::CheckVariant(const BoundKernel& variant) {
  const std::vector<Param>& params = variant.signature().params;
  for (size_t i = 0; i < params.size(); ++i) {
    if (params[i].kind == ParamKind::kScalar) continue;
    const auto index = static_cast<int64_t>(i);
    binder_.NoteAddress(index, params[i]);
    if (!binder_.CheckAlignment(index, params[i])) return ReportBindError();
  }
  return true;
}

bool KernelCall::BindArguments() {
  if (num_args_ != signature_.num_passed) {
    return Report("count", -1, "", "", std::to_string(num_args_));
  }
  Py_ssize_t next = 0;
  const int64_t count = static_cast<int64_t>(signature_.params.size());
  for (int64_t i = 0; i < count; ++i) {
    const Param& param = signature_.params[i];
    if (!param.passed()) continue;
    PyObject* object = args_[next++];
    bool ok = false;
    switch (param.kind) {
      case ParamKind::kTensor:
        ok = BindTensor(i, object);
        break;
      case ParamKind::kScalar:
        ok = BindScalar(i, object);
        break;
      case ParamKind::kPointer:
        ok = BindPointer(i, object);
        break;
    }
    if (!ok) return false;
  }
  return true;
}

bool KernelCall::BindTensor(int64_t param, PyObject* object) {
  const TensorArg::Outcome outcome =
      tensors_[param].Acquire(object, bound_->adapt.get(), &bound_->caches[param], &views_[param]);
  if (outcome == TensorArg::Outcome::kOk) {
    if (first_tensor_ == nullptr) {
      first_tensor_ = object;
      first_param_ = param;
    }
    return binder_.BindTensor(param) || ReportBindError();
  }
  if (outcome == TensorArg::Outcome::kRaised) return false;
  return ReportNotATensor(param, object, "a tensor: NumPy array, torch tensor or DLPack object");
}

bool KernelCall::BindScalar(int64_t param, PyObject* object) {
  const uint8_t code = signature_.params[param].dtype.code;
  const bool integral = code == kDLInt || code == kDLUInt || code == kDLBool;
  if (!(integral ? StoreInteger(param, object) : StoreFloat(param, object))) return false;
  binder_.BindScalar(param);
  return true;
}

bool KernelCall::StoreInteger(int64_t index, PyObject* object) {
  const Param& param = signature_.params[index];
  ts_slot& slot = slots_[param.slot];
  PyRef number(PyNumber_Index(object));
  if (!number && param.dtype.code == kDLBool && TypeName(object).rfind("bool", 0) == 0) {
    PyErr_Clear();  // numpy.bool is no integer.
    number = PyRef(PyBool_FromLong(PyObject_IsTrue(object)));
  }
  if (!number) {
    PyErr_Clear();
    return ReportNotATensor(index, object, param.dtype.code == kDLBool ? "a bool" : "an integer");
  }
  if (param.dtype.code == kDLUInt && param.dtype.bits == 64) {
    slot.u = PyLong_AsUnsignedLongLong(number.get());
  } else {
    slot.i = PyLong_AsLongLong(number.get());
  }
  const bool overflow = PyErr_Occurred() != nullptr;
  if (!overflow && FitsInteger(slot.i, param.dtype)) return true;
  PyErr_Clear();
  return Report("range", index, "", "a value of " + param.dtype_name, ObjectText(object));
}

bool KernelCall::StoreFloat(int64_t index, PyObject* object) {
  const Param& param = signature_.params[index];
  ts_slot& slot = slots_[param.slot];
  const double value = PyFloat_AsDouble(object);
  if (value == -1.0 && PyErr_Occurred()) {
    PyErr_Clear();
    return ReportNotATensor(index, object, "a number");
  }
  if (param.dtype.bits == 64) {
    slot.f = value;
  } else {
    slot.f32 = static_cast<float>(value);
  }
  return true;
}

bool KernelCall::BindPointer(int64_t index, PyObject* object) {
  ts_slot& slot = slots_[signature_.params[index].slot];
  if (PyLong_Check(object)) {
    slot.p = PyLong_AsVoidPtr(object);
    return PyErr_Occurred() == nullptr && BindAddress(index);
  }
  const TensorArg::Outcome outcome =
      tensors_[index].Acquire(object, bound_->adapt.get(), &bound_->caches[index], &views_[index]);
  if (outcome == TensorArg::Outcome::kRaised) return false;
  if (outcome == TensorArg::Outcome::kNotATensor) {
    return ReportNotATensor(index, object, "an address (int) or a tensor");
  }
  if (!binder_.IsOnDevice(views_[index].device)) {
    return Report("device", index, "", signature_.cuda ? "cuda" : "cpu",
                  "a tensor on another device");
  }
  slot.p = views_[index].data;
  return BindAddress(index);
}

bool KernelCall::BindAddress(int64_t param) {
  binder_.NoteAddress(param, signature_.params[param]);
  return binder_.CheckAlignment(param, signature_.params[param]) || ReportBindError();
}

bool KernelCall::StorageExtents(int64_t index, std::vector<int64_t>* extents) {
  const Param& param = signature_.params[index];
  for (const Dim& dim : param.shape) extents->push_back(binder_.Value(dim));
  for (int64_t extent : *extents) {
    if (extent >= 0) continue;
    return Report("range", index, "",
                  signature_.ShapeText(param.shape) + " without negative extents",
                  std::to_string(extent));
  }
  const int64_t packed = ElementsPerByte(param.dtype);
  if (packed == 1 || extents->empty()) return true;
  if (extents->back() % packed == 0) {
    extents->back() /= packed;
    return true;
  }
  return Report("shape", index, "", "an innermost extent that fills whole bytes",
                std::to_string(extents->back()));
}

bool KernelCall::AllocateAll() {
  outputs_.resize(signature_.params.size());
  for (size_t i = 0; i < signature_.params.size(); ++i) {
    const Param& param = signature_.params[i];
    if (param.passed()) continue;
    const int64_t index = static_cast<int64_t>(i);
    // On CUDA the framework's allocator knows when the stream no longer needs the memory.
    const bool workspace = param.role == Role::kWorkspace && bound_->kernel;
    if (!(workspace ? AllocateWorkspace(index) : AllocateOutput(index))) return false;
  }
  return true;
}

bool KernelCall::AllocateOutput(int64_t index) {
  const Param& param = signature_.params[index];
  std::vector<int64_t> extents;
  if (!StorageExtents(index, &extents)) return false;
  PyRef shape(PyTuple_New(static_cast<Py_ssize_t>(extents.size())));
  if (!shape) return false;
  for (size_t d = 0; d < extents.size(); ++d) {
    PyTuple_SetItem(shape.get(), static_cast<Py_ssize_t>(d), PyLong_FromLongLong(extents[d]));
  }
  PyRef name(PyUnicode_FromString(param.dtype_name.c_str()));
  PyObject* like = first_tensor_ != nullptr ? first_tensor_ : Py_None;
  outputs_[index] = PyRef(
      PyObject_CallFunctionObjArgs(bound_->allocate.get(), like, shape.get(), name.get(), nullptr));
  return outputs_[index] && BindTensor(index, outputs_[index].get());
}

bool KernelCall::AllocateWorkspace(int64_t index) {
  const Param& param = signature_.params[index];
  std::vector<int64_t> extents;
  if (!StorageExtents(index, &extents)) return false;
  int64_t bytes = StorageBytes(param.dtype);
  bool overflow = false;
  for (int64_t extent : extents) overflow |= __builtin_mul_overflow(bytes, extent, &bytes);
  void* data = overflow ? nullptr : ::operator new(bytes, kWorkspaceAlignment, std::nothrow);
  if (data == nullptr) return PyErr_NoMemory(), false;
  workspaces_.emplace_back(data);
  slots_[param.slot].p = data;
  return true;
}

// Bytes of all tensors passed or returned: how large this call is, compared with others.
int64_t KernelCall::TensorBytes() {
  int64_t total = 0;
  for (size_t i = 0; i < signature_.params.size(); ++i) {
    const Param& param = signature_.params[i];
    if (param.kind != ParamKind::kTensor || param.role == Role::kWorkspace) continue;
    int64_t bytes = StorageBytes(param.dtype);
    for (int64_t d = 0; d < views_[i].rank; ++d) bytes *= views_[i].shape[d];
    total += bytes;
  }
  return total;
}

bool KernelCall::Launch() {
  int64_t tiles = 0;
  if (!binder_.CountTiles(&tiles)) return ReportBindError();
  if (tiles == 0) return true;
  Kernel* kernel = bound_->kernel.get();
  const bool wide = kernel->has_wide_entry() && binder_.NeedsWideIndex();
  const int64_t bytes = TensorBytes();
  JobResult result;
  if (kernel->ExpectedTiny(tiles, bytes)) {
    result = kernel->RunHere(slots_.data(), tiles, bytes, wide, {nullptr, PrintToStdout, nullptr});
  } else {
    UnlockedRun run;
    const HostCallbacks host{&run, PrintToStdout, SignalsPending};
    run.saved = PyEval_SaveThread();
    result = kernel->RunOnPool(slots_.data(), tiles, bytes, wide, host);
    PyEval_RestoreThread(run.saved);
  }
  if (result.interrupted) return false;  // The exception of the signal handler is set.
  if (result.code == 0) return true;
  if (result.code < 0) return PyErr_SetString(PyExc_MemoryError, result.message.c_str()), false;
  return Report("assertion", result.code, result.message, "", "");
}

PyObject* KernelCall::Results() {
  const std::vector<int64_t>& returns = signature_.returns;
  if (returns.empty()) {
    Py_INCREF(Py_None);
    return Py_None;
  }
  if (returns.size() == 1 && !signature_.returns_tuple) return outputs_[returns[0]].release();
  PyRef tuple(PyTuple_New(static_cast<Py_ssize_t>(returns.size())));
  if (!tuple) return nullptr;
  for (size_t i = 0; i < returns.size(); ++i) {
    PyRef item = PyRef::Borrow(outputs_[returns[i]].get());
    PyTuple_SetItem(tuple.get(), static_cast<Py_ssize_t>(i), item.release());
  }
  return tuple.release();
}

bool KernelCall::Report(const char* kind, int64_t index, const std::string& detail,
                        const std::string& expected, const std::string& got,
                        const std::string& remedy) {
  PyRef result(PyObject_CallFunction(bound_->report.get(), "sLssss", kind,
                                     static_cast<long long>(index), detail.c_str(),
                                     expected.c_str(), got.c_str(), remedy.c_str()));
  if (result) PyErr_SetString(PyExc_SystemError, "the error reporter returned");
  return false;
}

bool KernelCall::ReportBindError() {
  const BindError& error = binder_.error();
  // Where no tensor can be on the right device, that is what the user has to know.
  if (error.kind == BindErrorKind::kDevice && bound_->cuda && !ReportMissingGpu()) return false;
  return Report(kBindErrorNames[static_cast<int>(error.kind)], error.param, error.message,
                error.expected, error.got, error.remedy);
}

bool KernelCall::ReportNotATensor(int64_t param, PyObject* object, const char* expected) {
  const std::string& refusal = tensors_[param].refusal();
  return Report("type", param, "", expected,
                TypeName(object) + (refusal.empty() ? "" : " (" + refusal + ")"));
}

}  // namespace tilescale::runtime
