// Owning references to Python objects, for code that sees only the stable ABI.
#ifndef TILESCALE_CC_RUNTIME_PYTHON_PY_REF_H_
#define TILESCALE_CC_RUNTIME_PYTHON_PY_REF_H_

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <utility>

namespace tilescale::runtime {

// Owns one reference; null stands for "no object" or "an exception is set".
class PyRef {
 public:
  PyRef() = default;
  explicit PyRef(PyObject* owned) : object_(owned) {}
  PyRef(PyRef&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  PyRef& operator=(PyRef&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~PyRef() { Py_XDECREF(object_); }

  static PyRef Borrow(PyObject* object) {
    Py_XINCREF(object);
    return PyRef(object);
  }

  PyObject* get() const { return object_; }
  PyObject* release() { return std::exchange(object_, nullptr); }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  PyObject* object_ = nullptr;
};

}  // namespace tilescale::runtime

#endif  // TILESCALE_CC_RUNTIME_PYTHON_PY_REF_H_
