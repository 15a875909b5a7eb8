#include "cc/runtime/python/signature_reader.h"

#include <exception>

#include "cc/runtime/dtype.h"

namespace tilescale::runtime {
namespace {

// A Python exception is set.
struct PythonRaised : std::exception {};

[[noreturn]] void Raise(const std::string& text) {
  PyErr_SetString(PyExc_ValueError, ("signature: " + text).c_str());
  throw PythonRaised{};
}

PyRef CheckNew(PyObject* object) {
  if (object == nullptr) throw PythonRaised{};
  return PyRef(object);
}

// The value at `key`, borrowed; null if it is missing or None.
PyObject* Find(PyObject* dict, const char* key) {
  if (!PyDict_Check(dict)) Raise("expected a dictionary");
  PyObject* value = PyDict_GetItemString(dict, key);
  return value == Py_None ? nullptr : value;
}

PyObject* Need(PyObject* dict, const char* key) {
  PyObject* value = Find(dict, key);
  if (value == nullptr) Raise(std::string("field `") + key + "` is missing");
  return value;
}

std::string ToString(PyObject* value) {
  Py_ssize_t size = 0;
  const char* text = PyUnicode_AsUTF8AndSize(value, &size);
  if (text == nullptr) throw PythonRaised{};
  return std::string(text, size);
}

int64_t ToInt(PyObject* value) {
  const long long number = PyLong_AsLongLong(value);
  if (number == -1 && PyErr_Occurred()) throw PythonRaised{};
  return number;
}

bool ToBool(PyObject* value) {
  const int truth = PyObject_IsTrue(value);
  if (truth < 0) throw PythonRaised{};
  return truth != 0;
}

// Applies `read` to each item of the list at `key`; a missing list is empty.
template <typename T, typename Read>
std::vector<T> ReadList(PyObject* dict, const char* key, Read read) {
  std::vector<T> result;
  PyObject* list = Find(dict, key);
  if (list == nullptr) return result;
  const Py_ssize_t size = PySequence_Size(list);
  if (size < 0) throw PythonRaised{};
  for (Py_ssize_t i = 0; i < size; ++i) {
    const PyRef item = CheckNew(PySequence_GetItem(list, i));
    result.push_back(read(item.get()));
  }
  return result;
}

Dim ReadDim(PyObject* dict) {
  Dim dim;
  if (PyObject* value = Find(dict, "const")) {
    dim.value = ToInt(value);
  } else if (PyObject* symbol = Find(dict, "symbol")) {
    dim.kind = Dim::Kind::kSymbol;
    dim.value = ToInt(symbol);
  } else {
    dim.kind = Dim::Kind::kExpr;
    dim.value = ToInt(Need(dict, "expr"));
  }
  return dim;
}

Role ReadRole(const std::string& text) {
  if (text == "input") return Role::kInput;
  if (text == "output") return Role::kOutput;
  if (text == "workspace") return Role::kWorkspace;
  Raise("unknown role `" + text + "`");
}

ParamKind ReadKind(const std::string& text) {
  if (text == "tensor") return ParamKind::kTensor;
  if (text == "scalar") return ParamKind::kScalar;
  if (text == "pointer") return ParamKind::kPointer;
  Raise("unknown kind of parameter `" + text + "`");
}

void ReadTensorFields(PyObject* dict, Param* param) {
  param->shape = ReadList<Dim>(dict, "shape", ReadDim);
  param->contiguous = Find(dict, "strides") == nullptr;
  param->strides = ReadList<Dim>(dict, "strides", ReadDim);
  param->role = ReadRole(ToString(Need(dict, "role")));
  if (PyObject* value = Find(dict, "written")) param->written = ToBool(value);
}

Param ReadParam(PyObject* dict) {
  Param param;
  param.kind = ReadKind(ToString(Need(dict, "kind")));
  param.name = ToString(Need(dict, "name"));
  param.dtype_name = ToString(Need(dict, "dtype"));
  const auto dtype = ParseDType(param.dtype_name);
  if (!dtype && param.kind != ParamKind::kPointer) {
    Raise("unknown dtype `" + param.dtype_name + "` of `" + param.name + "`");
  }
  if (dtype) param.dtype = *dtype;
  if (param.kind == ParamKind::kTensor) ReadTensorFields(dict, &param);
  if (PyObject* value = Find(dict, "alignment")) param.alignment = ToInt(value);
  if (PyObject* value = Find(dict, "vector_alignment")) param.vector_alignment = ToInt(value);
  if (param.alignment < 1) Raise("alignment of `" + param.name + "` is below 1");
  if (PyObject* symbol = Find(dict, "symbol")) param.symbol = ToInt(symbol);
  return param;
}

DivisibleSymbol ReadDivisible(PyObject* dict) {
  return {ToInt(Need(dict, "symbol")), ToInt(Need(dict, "multiple"))};
}

void ReadFields(PyObject* dict, Signature* signature) {
  signature->name = ToString(Need(dict, "name"));
  signature->params = ReadList<Param>(dict, "params", ReadParam);
  signature->symbols = ReadList<std::string>(dict, "symbols", ToString);
  signature->symbol_bits = ReadList<int64_t>(dict, "symbol_bits", ToInt);
  if (PyObject* value = Find(dict, "num_exprs")) signature->num_exprs = ToInt(value);
  signature->expr_text = ReadList<std::string>(dict, "expr_text", ToString);
  signature->expr_programs = ReadList<std::string>(dict, "exprs", ToString);
  if (PyObject* value = Find(dict, "device")) signature->cuda = ToString(value) == "cuda";
  signature->grid = ReadList<Dim>(dict, "grid", ReadDim);
  if (PyObject* value = Find(dict, "parallel")) signature->parallel = ToBool(value);
  signature->index32_limit = ReadList<int64_t>(dict, "index32_limit", ToInt);
  signature->divisible = ReadList<DivisibleSymbol>(dict, "divisible", ReadDivisible);
  signature->returns = ReadList<int64_t>(dict, "returns", ToInt);
  if (PyObject* value = Find(dict, "returns_tuple")) signature->returns_tuple = ToBool(value);
  if (Find(dict, "returns") != nullptr) return;
  for (size_t i = 0; i < signature->params.size(); ++i) {
    if (signature->params[i].role == Role::kOutput) signature->returns.push_back(i);
  }
}

}  // namespace

bool ReadSignature(PyObject* dict, Signature* signature) {
  try {
    ReadFields(dict, signature);
    return true;
  } catch (const PythonRaised&) {
    return false;
  }
}

}  // namespace tilescale::runtime
