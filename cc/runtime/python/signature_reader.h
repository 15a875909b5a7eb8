// Signatures from the dictionaries that the compiler hands over.
#ifndef TILESCALE_CC_RUNTIME_PYTHON_SIGNATURE_READER_H_
#define TILESCALE_CC_RUNTIME_PYTHON_SIGNATURE_READER_H_

#include "cc/runtime/python/py_ref.h"
#include "cc/runtime/signature.h"

namespace tilescale::runtime {

// Reads `dict` as described in cc/runtime/README.md. Returns false with a Python exception set if
// a field is missing or has the wrong type.
bool ReadSignature(PyObject* dict, Signature* signature);

}  // namespace tilescale::runtime

#endif  // TILESCALE_CC_RUNTIME_PYTHON_SIGNATURE_READER_H_
