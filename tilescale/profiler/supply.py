"""Inputs made from a kernel's signature."""

from __future__ import annotations

import enum
import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tilescale.errors import TensorSupplyError
from tilescale.jit import tensors

_PER_BYTE = {"int4": 2, "uint4": 2, "float4_e2m1fn": 2, "int2": 4, "uint2": 4, "uint1": 8}


class TensorSupplyType(enum.Enum):
    """What inputs hold."""

    Integer = 1
    """Small integers: -2 to 2, or 0 and 1 where there are no negative numbers."""
    Uniform = 2
    """Uniformly distributed between -1 and 1."""
    Normal = 3
    """Normally distributed with mean -1 and deviation 1."""
    Randn = 4
    """Normally distributed with mean 0 and deviation 1."""
    Zero = 5
    One = 6
    Auto = 7
    """Integer for integer types, Randn for others."""


class InputMaker:
    """Makes the arguments of a kernel.

    Args:
        signature: as in cc/runtime/README.md.
        evaluate: gives the derived extents for the symbols' values.
        supply: what the inputs hold.
        sizes: values of symbols and scalar parameters by name.
    """

    def __init__(
        self,
        signature: Mapping[str, Any],
        evaluate: Callable[[list[int]], list[int]],
        supply: TensorSupplyType,
        sizes: Mapping[str, Any],
    ) -> None:
        self._signature = signature
        self._supply = supply
        self._sizes = sizes
        self._rng = np.random.default_rng(0)
        self._symbols = [self._size(name) for name in signature["symbols"]]
        self._exprs = evaluate(self._symbols)

    def make(self) -> list[Any]:
        """Returns one argument for each parameter that the kernel does not allocate.

        Raises:
            TensorSupplyError: a size, a scalar or a pointer is not known.
        """
        passed = [p for p in self._signature["params"] if p.get("role", "input") == "input"]
        return [self._argument(param) for param in passed]

    def _size(self, name: str) -> int:
        if name not in self._sizes:
            raise TensorSupplyError(
                f"the value of `{name}` is not known, so inputs cannot be made",
                remedy=f'pass input_tensors, or dynamic_symbolic_constraints={{"{name}": ...}}',
            )
        return int(self._sizes[name])

    def _value(self, dim: Mapping[str, int]) -> int:
        if "const" in dim:
            return dim["const"]
        return self._symbols[dim["symbol"]] if "symbol" in dim else self._exprs[dim["expr"]]

    def _argument(self, param: Mapping[str, Any]) -> Any:
        if param["kind"] == "tensor":
            return self._tensor(param)
        if param["kind"] == "scalar":
            return (
                self._sizes[param["name"]] if param["name"] in self._sizes else self._scalar(param)
            )
        raise TensorSupplyError(
            f"an address for `{param['name']}` cannot be made up", remedy="pass input_tensors"
        )

    def _scalar(self, param: Mapping[str, Any]) -> int:
        if param.get("symbol") is not None:
            return self._symbols[param["symbol"]]
        return self._size(param["name"])

    def _tensor(self, param: Mapping[str, Any]) -> Any:
        dtype = param["dtype"]
        shape = [self._value(dim) for dim in param["shape"]]
        if dtype in _PER_BYTE:
            shape[-1] //= _PER_BYTE[dtype]
            values = self._rng.integers(0, 256, shape, np.uint8)
            return self._finish(values.view(tensors.numpy_dtype(dtype)), dtype)
        if param.get("strides") is None:
            return self._finish(self._values(shape, dtype), dtype)
        return self._strided(param, shape)

    def _strided(self, param: Mapping[str, Any], shape: list[int]) -> Any:
        strides = [self._value(dim) for dim in param["strides"]]
        if any(stride < 0 for stride in strides):
            raise TensorSupplyError(
                f"`{param['name']}` has negative strides", remedy="pass input_tensors"
            )
        empty = 0 in shape
        length = 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
        values = self._values([0 if empty else length], param["dtype"])
        memory = self._finish(values, param["dtype"])
        if tensors.is_torch_tensor(memory):
            return memory.as_strided(shape, strides)
        byte_strides = [s * memory.itemsize for s in strides]
        return np.lib.stride_tricks.as_strided(memory, shape, byte_strides)

    def _values(self, shape: list[int], dtype: str) -> np.ndarray[Any, Any]:
        integral = dtype.startswith(("int", "uint", "bool"))
        supply = self._supply
        if supply is TensorSupplyType.Auto:
            supply = TensorSupplyType.Integer if integral else TensorSupplyType.Randn
        if supply is TensorSupplyType.Zero:
            return np.zeros(shape, np.float32)
        if supply is TensorSupplyType.One:
            return np.ones(shape, np.float32)
        if supply is TensorSupplyType.Integer or integral:
            signed = not dtype.startswith(("uint", "bool"))
            return self._rng.integers(-2 if signed else 0, 3 if signed else 2, shape)
        if supply is TensorSupplyType.Uniform:
            return self._rng.uniform(-1, 1, shape).astype(np.float32)
        mean = -1 if supply is TensorSupplyType.Normal else 0
        return (self._rng.standard_normal(shape, np.float32) + mean).astype(np.float32)

    def _finish(self, values: np.ndarray[Any, Any], dtype: str) -> Any:
        """The values as a tensor: torch's on the GPU or if the program uses torch, else NumPy's."""
        on_gpu = self._signature.get("device") == "cuda"
        loaded = "torch" in sys.modules and hasattr(sys.modules["torch"], "from_numpy")
        if not on_gpu and not loaded:
            return values.astype(tensors.numpy_dtype(dtype), copy=False)
        torch = importlib.import_module("torch")
        tensor = torch.from_numpy(values).to(tensors.torch_dtype(dtype))
        return tensor.cuda() if on_gpu else tensor
