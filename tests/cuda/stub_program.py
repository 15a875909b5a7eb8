"""Runs `call` with the driver replaced by a stub; tests/cuda/stub_driver_test.py starts it."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

_PyCapsule_New = ctypes.pythonapi.PyCapsule_New
_PyCapsule_New.restype = ctypes.py_object
_PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_CUDA = 2


class _DLManagedTensor(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("byte_offset", ctypes.c_uint64),
        ("manager", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
    )


class DeviceTensor:
    """A contiguous float32 tensor that claims to live on a CUDA device."""

    def __init__(self, *shape: int, address: int = 4096, device: int = 0, bits: int = 32) -> None:
        self._shape = (ctypes.c_int64 * len(shape))(*shape)
        self._tensor = _DLManagedTensor(
            address, _CUDA, device, len(shape), 2, bits, 1, ctypes.addressof(self._shape)
        )

    def __dlpack__(self) -> Any:
        return _PyCapsule_New(ctypes.addressof(self._tensor), b"dltensor", None)


def main() -> None:
    """Usage: stub_program.py STUB STATEMENTS; prints the error of the statements, if any."""
    # Later look-ups of libcuda.so.1 find the library that bears this name already.
    ctypes.CDLL(sys.argv[1])
    from tests.cuda import kernels
    from tilescale.errors import TileScaleError

    try:
        exec(sys.argv[2], {"kernels": kernels, "T": DeviceTensor})
    except TileScaleError as error:
        print(f"{type(error).__name__}\n{error}")


if __name__ == "__main__":
    main()
