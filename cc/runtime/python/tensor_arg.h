// Tensor arguments from Python objects, without copies.
#ifndef TILESCALE_CC_RUNTIME_PYTHON_TENSOR_ARG_H_
#define TILESCALE_CC_RUNTIME_PYTHON_TENSOR_ARG_H_

#include <string>

#include "cc/runtime/binder.h"
#include "cc/runtime/python/py_ref.h"

namespace tilescale::runtime {

// How objects of the type seen last at one parameter give access to their memory. Saves the
// attribute look-ups when the next argument has the same type, as it nearly always has.
struct TypeCache {
  PyRef type;
  const DLPackExchangeAPI* api = nullptr;  // Null: through the buffer protocol or `__dlpack__`.
};

// The memory of one tensor argument. Keeps whatever it holds of the argument until destroyed; the
// argument itself must be kept alive by the caller.
class TensorArg {
 public:
  enum class Outcome { kOk, kNotATensor, kRaised };

  TensorArg() = default;
  ~TensorArg() { Release(); }
  TensorArg(const TensorArg&) = delete;
  TensorArg& operator=(const TensorArg&) = delete;

  // Fills `view`. `adapt` is called for arrays whose element type the buffer protocol cannot
  // express; it returns (array of integers with the same memory, dtype name), or None. With
  // kRaised a Python exception is set.
  Outcome Acquire(PyObject* object, PyObject* adapt, TypeCache* cache, TensorView* view);

  // With kNotATensor: what the producer says against sharing its memory; may be empty.
  const std::string& refusal() const { return refusal_; }

 private:
  enum class Held : uint8_t { kNothing, kBuffer, kManaged, kLegacy };

  Outcome FromExchange(PyObject* object, const DLPackExchangeAPI* api, TensorView* view);
  Outcome FromBuffer(PyObject* object, TensorView* view);
  Outcome FromAdapter(PyObject* object, PyObject* adapt, TensorView* view);
  Outcome FromDLPackMethod(PyObject* object, TensorView* view);
  Outcome FromCapsule(PyObject* capsule, TensorView* view);
  Outcome Refused();
  void Release();

  Held held_ = Held::kNothing;
  union {
    Py_buffer buffer_;
    DLTensor tensor_;
    DLManagedTensorVersioned* managed_;
    DLManagedTensor* legacy_;
  };
  PyRef owner_;  // The adapter's array.
  std::string refusal_;
};

}  // namespace tilescale::runtime

#endif  // TILESCALE_CC_RUNTIME_PYTHON_TENSOR_ARG_H_
