#include "cc/runtime/python/tensor_arg.h"

#include <type_traits>

#include "cc/runtime/dtype.h"

namespace tilescale::runtime {
namespace {

static_assert(std::is_same_v<Py_ssize_t, int64_t>, "buffers' shapes are used in place");

void ViewOfDLTensor(const DLTensor& tensor, bool readonly, TensorView* view) {
  view->data = static_cast<char*>(tensor.data) + tensor.byte_offset;
  view->rank = tensor.ndim;
  view->shape = tensor.shape;
  view->strides = tensor.strides;
  view->dtype = tensor.dtype;
  view->stride_bytes = StorageBytes(tensor.dtype);
  view->device = tensor.device;
  view->readonly = readonly;
}

// The exchange table of a type, or null if it has none that this code understands.
const DLPackExchangeAPI* FindExchangeApi(PyObject* type) {
  PyRef capsule(PyObject_GetAttrString(type, "__dlpack_c_exchange_api__"));
  if (!capsule || !PyCapsule_IsValid(capsule.get(), "dlpack_exchange_api")) {
    PyErr_Clear();
    return nullptr;
  }
  const auto* header = static_cast<const DLPackExchangeAPIHeader*>(
      PyCapsule_GetPointer(capsule.get(), "dlpack_exchange_api"));
  while (header != nullptr && header->version.major != DLPACK_MAJOR_VERSION) {
    header = header->prev_api;
  }
  return reinterpret_cast<const DLPackExchangeAPI*>(header);
}

void RefreshCache(PyObject* type, TypeCache* cache) {
  cache->api = FindExchangeApi(type);
  cache->type = PyRef::Borrow(type);
}

}  // namespace

TensorArg::Outcome TensorArg::Acquire(PyObject* object, PyObject* adapt, TypeCache* cache,
                                      TensorView* view) {
  PyObject* type = reinterpret_cast<PyObject*>(Py_TYPE(object));
  if (cache->type.get() != type) RefreshCache(type, cache);
  if (cache->api != nullptr) return FromExchange(object, cache->api, view);
  if (PyObject_CheckBuffer(object)) {
    const Outcome outcome = FromBuffer(object, view);
    if (outcome == Outcome::kOk) return outcome;
    PyErr_Clear();
    return FromAdapter(object, adapt, view);
  }
  return FromDLPackMethod(object, view);
}

TensorArg::Outcome TensorArg::FromExchange(PyObject* object, const DLPackExchangeAPI* api,
                                           TensorView* view) {
  if (api->dltensor_from_py_object_no_sync != nullptr) {
    if (api->dltensor_from_py_object_no_sync(object, &tensor_) != 0) return Refused();
    ViewOfDLTensor(tensor_, false, view);
    return Outcome::kOk;
  }
  DLManagedTensorVersioned* managed = nullptr;
  if (api->managed_tensor_from_py_object_no_sync(object, &managed) != 0) return Refused();
  managed_ = managed;
  held_ = Held::kManaged;
  ViewOfDLTensor(managed->dl_tensor, managed->flags & DLPACK_FLAG_BITMASK_READ_ONLY, view);
  return Outcome::kOk;
}

TensorArg::Outcome TensorArg::FromBuffer(PyObject* object, TensorView* view) {
  if (PyObject_GetBuffer(object, &buffer_, PyBUF_STRIDES | PyBUF_FORMAT) != 0) {
    return Outcome::kRaised;
  }
  held_ = Held::kBuffer;
  const auto dtype = ParseBufferFormat(buffer_.format, buffer_.itemsize);
  if (!dtype) return Outcome::kNotATensor;
  view->data = buffer_.buf;
  view->rank = buffer_.ndim;
  view->shape = buffer_.shape;
  view->strides = buffer_.strides;
  view->stride_bytes = 1;
  view->dtype = *dtype;
  view->device = {kDLCPU, 0};
  view->readonly = buffer_.readonly != 0;
  return Outcome::kOk;
}

TensorArg::Outcome TensorArg::FromAdapter(PyObject* object, PyObject* adapt, TensorView* view) {
  Release();
  PyRef adapted(PyObject_CallFunctionObjArgs(adapt, object, nullptr));
  if (!adapted) return Outcome::kRaised;
  PyObject* array = nullptr;
  const char* name = nullptr;
  if (adapted.get() == Py_None) return FromDLPackMethod(object, view);
  if (!PyArg_ParseTuple(adapted.get(), "Os", &array, &name)) return Outcome::kRaised;
  owner_ = PyRef::Borrow(array);
  const Outcome outcome = FromBuffer(array, view);
  const auto dtype = ParseDType(name);
  if (outcome == Outcome::kOk && dtype) view->dtype = *dtype;
  return dtype ? outcome : Outcome::kNotATensor;
}

TensorArg::Outcome TensorArg::FromDLPackMethod(PyObject* object, TensorView* view) {
  PyRef method(PyObject_GetAttrString(object, "__dlpack__"));
  if (!method) {
    PyErr_Clear();
    return Outcome::kNotATensor;
  }
  PyRef args(PyTuple_New(0));
  PyRef kwargs(
      Py_BuildValue("{s:(ii)}", "max_version", DLPACK_MAJOR_VERSION, DLPACK_MINOR_VERSION));
  if (!args || !kwargs) return Outcome::kRaised;
  PyRef capsule(PyObject_Call(method.get(), args.get(), kwargs.get()));
  if (!capsule && PyErr_ExceptionMatches(PyExc_TypeError)) {
    PyErr_Clear();  // Producers older than DLPack 1.0 do not know `max_version`.
    capsule = PyRef(PyObject_CallNoArgs(method.get()));
  }
  return capsule ? FromCapsule(capsule.get(), view) : Refused();
}

TensorArg::Outcome TensorArg::FromCapsule(PyObject* capsule, TensorView* view) {
  if (PyCapsule_IsValid(capsule, "dltensor_versioned")) {
    managed_ =
        static_cast<DLManagedTensorVersioned*>(PyCapsule_GetPointer(capsule, "dltensor_versioned"));
    if (managed_->version.major > DLPACK_MAJOR_VERSION) return Outcome::kNotATensor;
    PyCapsule_SetName(capsule, "used_dltensor_versioned");
    held_ = Held::kManaged;
    ViewOfDLTensor(managed_->dl_tensor, managed_->flags & DLPACK_FLAG_BITMASK_READ_ONLY, view);
    return Outcome::kOk;
  }
  if (!PyCapsule_IsValid(capsule, "dltensor")) return Outcome::kNotATensor;
  legacy_ = static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule, "dltensor"));
  PyCapsule_SetName(capsule, "used_dltensor");
  held_ = Held::kLegacy;
  ViewOfDLTensor(legacy_->dl_tensor, false, view);
  return Outcome::kOk;
}

// Called with an exception set: the producer cannot describe its memory, be it a sparse tensor, one
// without storage or an exotic dtype. Interruptions pass through.
TensorArg::Outcome TensorArg::Refused() {
  if (!PyErr_ExceptionMatches(PyExc_Exception)) return Outcome::kRaised;
  PyObject *type = nullptr, *value = nullptr, *traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  const PyRef owned[] = {PyRef(type), PyRef(value), PyRef(traceback)};
  PyRef text(value != nullptr ? PyObject_Str(value) : nullptr);
  const char* utf8 = text ? PyUnicode_AsUTF8AndSize(text.get(), nullptr) : nullptr;
  if (utf8 != nullptr) refusal_ = utf8;
  refusal_ = refusal_.substr(0, refusal_.find('\n'));
  PyErr_Clear();
  return Outcome::kNotATensor;
}

void TensorArg::Release() {
  switch (std::exchange(held_, Held::kNothing)) {
    case Held::kNothing:
      return;
    case Held::kBuffer:
      return PyBuffer_Release(&buffer_);
    case Held::kManaged:
      if (managed_->deleter != nullptr) managed_->deleter(managed_);
      return;
    case Held::kLegacy:
      if (legacy_->deleter != nullptr) legacy_->deleter(legacy_);
      return;
  }
}

}  // namespace tilescale::runtime
