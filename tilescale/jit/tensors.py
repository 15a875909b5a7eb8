"""Arrays of NumPy and torch: dtypes by name, allocation, access to exotic element types.

torch is imported only when a torch tensor was passed, hence is imported already.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from tilescale.errors import ArgumentDTypeError

_PACKED_STORAGE = {
    "int4": "int8",
    "int2": "int8",
    "uint4": "uint8",
    "uint2": "uint8",
    "uint1": "uint8",
    "float4_e2m1fn": "uint8",
}
_ALIASES = {"tfloat32": "float32"}


def is_torch_tensor(value: Any) -> bool:
    """Tells whether `value` is a torch tensor, without importing torch."""
    return type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "data_ptr")


def storage_dtype_name(dtype: str) -> str:
    """Returns the dtype in which tensors of `dtype` are passed: bytes for packed types."""
    return _PACKED_STORAGE.get(dtype, _ALIASES.get(dtype, dtype))


def numpy_dtype(dtype: str) -> np.dtype[Any]:
    """Returns the NumPy dtype that stores `dtype`.

    Raises:
        ArgumentDTypeError: NumPy has no such type and ml_dtypes is not installed.
    """
    name = storage_dtype_name(dtype)
    try:
        return np.dtype(name)
    except TypeError:
        pass
    try:
        return np.dtype(getattr(importlib.import_module("ml_dtypes"), name))
    except (ImportError, AttributeError) as error:
        raise ArgumentDTypeError(
            f"NumPy has no dtype for {dtype}",
            expected="an element type of NumPy or ml_dtypes",
            got=dtype,
            remedy="install ml_dtypes (`pip install ml_dtypes`), or pass torch tensors",
        ) from error


def torch_dtype(dtype: str) -> Any:
    """Returns the torch dtype that stores `dtype`.

    Raises:
        ArgumentDTypeError: torch has no such type.
    """
    torch = importlib.import_module("torch")
    found = getattr(torch, storage_dtype_name(dtype), None)
    if found is None:
        raise ArgumentDTypeError(
            f"torch has no dtype for {dtype}", expected="an element type of torch", got=dtype
        )
    return found


def allocate_like(like: Any, shape: tuple[int, ...], dtype: str) -> Any:
    """Allocates an uninitialised tensor in the framework and on the device of `like`.

    Args:
        like: a tensor, or None for NumPy on the CPU.
        shape: extents of the storage, i.e. in bytes along the last one for packed types.
        dtype: element type by its TileScale name.

    Returns:
        A torch tensor if `like` is one, else a NumPy array.
    """
    if is_torch_tensor(like):
        torch = importlib.import_module("torch")
        return torch.empty(shape, dtype=torch_dtype(dtype), device=like.device)
    return np.empty(shape, numpy_dtype(dtype))


def current_stream(tensor: Any) -> int:
    """Returns the address of the CUDA stream on which the framework of `tensor` works.

    Tensors of frameworks that do not say come synchronised with the default stream, which is 0.
    """
    if is_torch_tensor(tensor):
        torch = importlib.import_module("torch")
        return int(torch.cuda.current_stream(tensor.device).cuda_stream)
    return 0


def adapt_array(array: Any) -> tuple[np.ndarray[Any, Any], str] | None:
    """Gives access to an array whose element type the buffer protocol cannot express.

    Returns:
        A view of the same memory as unsigned integers, and the dtype's name (bfloat16, the float8
        types of ml_dtypes); None if `array` is no such array.
    """
    if not isinstance(array, np.ndarray):
        return None
    name = array.dtype.name
    # The narrower types of ml_dtypes are not packed, so their memory is no int4 or float4 tensor.
    if name != "bfloat16" and not name.startswith("float8_"):
        return None
    return array.view(np.uint8 if array.dtype.itemsize == 1 else np.uint16), name
