"""Binding of a kernel's arguments: symbols from shapes, checks, and tensors made by the runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tilescale import errors, ir
from tilescale.testing import eval_dtype, eval_memory
from tilescale.testing.eval_access import Flags, Lanes, Machine, key
from tilescale.testing.eval_expr import Expressions
from tilescale.testing.eval_memory import View

_ALLOCATED = ("output", "workspace")


class Arguments:
    """Declares the parameters of one launch in a machine."""

    def __init__(self, machine: Machine, expressions: Expressions, lanes: Lanes) -> None:
        self._machine = machine
        self._value = expressions
        self._lanes = lanes
        self._outputs: list[tuple[View, npt.NDArray[Any]]] = []

    def bind(self, func: ir.PrimFunc, args: list[Any]) -> None:
        """Binds all parameters; symbols first, because extents are expressions of them."""
        pairs = list(zip(func.params, (str(role) for role in func.roles), strict=True))
        passed = [param for param, role in pairs if role not in _ALLOCATED]
        if len(passed) != len(args):
            raise errors.ArgumentCountError(
                f"kernel `{func.name}` got the wrong number of arguments",
                expected=str(len(passed)),
                got=str(len(args)),
            )
        self._bind_scalars(passed, args)
        symbols = {key(symbol) for symbol in func.symbols}
        for param, arg in zip(passed, args, strict=True):
            if type(param) is ir.Buffer:
                self._check_array(param, arg)
                self._bind_symbols(param, arg, symbols)
        remaining = iter(args)
        for param, role in pairs:
            arg = None if role in _ALLOCATED else next(remaining)
            if type(param) is ir.Buffer:
                self._declare(param, role, arg)

    def results(self) -> tuple[list[npt.NDArray[Any]], list[Flags]]:
        """The outputs and which of their elements were written."""
        arrays, flags = [], []
        for view, array in self._outputs:
            count = int(np.prod(view.shape, dtype=np.int64))
            assert view.memory.defined is not None
            units = eval_memory.unit_offsets(view, np.arange(count))
            arrays.append(array)
            flags.append(np.asarray(view.memory.defined[units].all(axis=1)).reshape(view.shape))
        return arrays, flags

    def _bind_scalars(self, params: list[Any], args: list[Any]) -> None:
        for param, arg in zip(params, args, strict=True):
            if type(param) is not ir.Var:
                continue
            dtype = str(param.dtype)
            value = arg.ctypes.data if isinstance(arg, np.ndarray) and arg.ndim else arg
            self._lanes.bind(param, eval_dtype.constant(value, dtype))

    def _check_array(self, param: ir.Buffer, array: Any) -> None:
        if not isinstance(array, np.ndarray):
            raise errors.ArgumentTypeError(
                f"argument `{param.name}` is no array", got=type(array).__name__
            )
        dtype = str(param.dtype)
        expected = eval_dtype.storage_dtype(dtype)
        accepted = [expected]
        accepted += [np.dtype(np.bool_)] if dtype == "bool" else []
        accepted += [np.dtype(np.int8)] if eval_dtype.bits(dtype) < 8 else []
        if array.dtype not in accepted:
            raise errors.ArgumentDTypeError(
                f"argument `{param.name}` has the wrong dtype",
                expected=str(expected),
                got=str(array.dtype),
            )
        if array.ndim != len(param.shape):
            raise errors.ArgumentRankError(
                f"argument `{param.name}` has the wrong number of dimensions",
                expected=str(len(param.shape)),
                got=str(array.ndim),
            )

    @staticmethod
    def _logical(param: ir.Buffer, array: npt.NDArray[Any]) -> tuple[list[int], list[int]]:
        """The shape and the strides of an argument in elements of the parameter."""
        shape = list(array.shape)
        strides = [s // array.itemsize for s in array.strides]
        per_byte = 8 // eval_dtype.bits(str(param.dtype))
        if per_byte > 1:
            shape[-1] *= per_byte
            strides = list(eval_memory.row_major(tuple(shape)))
        return shape, strides

    def _bind_symbols(self, param: ir.Buffer, array: Any, symbols: set[int]) -> None:
        shape, strides = self._logical(param, array)
        pairs = [*zip(param.shape, shape, strict=True)]
        pairs += [*zip(param.strides, strides, strict=False)]
        for expr, actual in pairs:
            if type(expr) is ir.Var and key(expr) in symbols and key(expr) not in self._lanes.env:
                self._lanes.bind(expr, eval_dtype.constant(actual, str(expr.dtype)))

    def _declare(self, param: ir.Buffer, role: str, array: Any) -> None:
        shape = self._value.integers(param.shape, self._lanes)
        strides = tuple(self._value.integers(param.strides, self._lanes))
        strides = strides or eval_memory.row_major(tuple(shape))
        dtype = str(param.dtype)
        if role in _ALLOCATED:
            array, memory = self._allocate(tuple(shape), strides, dtype)
        else:
            self._check_shape(param, array, shape, strides)
            memory = eval_memory.from_array(array, dtype, self._lanes.space)
        view = View(str(param.name), memory, dtype, tuple(shape), strides, "global")
        self._machine.views[key(param)] = view
        if role == "output":
            self._outputs.append((view, array))

    def _check_shape(
        self, param: ir.Buffer, array: Any, shape: list[int], strides: tuple[int, ...]
    ) -> None:
        actual_shape, actual_strides = self._logical(param, array)
        if actual_shape != shape:
            raise errors.ArgumentShapeError(
                f"argument `{param.name}` has the wrong shape",
                expected=str(shape),
                got=str(actual_shape),
            )
        for extent, want, got in zip(shape, strides, actual_strides, strict=True):
            if extent > 1 and want != got and array.size:
                raise errors.ArgumentStrideError(
                    f"argument `{param.name}` has the wrong strides",
                    expected=str(list(strides)),
                    got=str(actual_strides),
                )

    def _allocate(
        self, shape: tuple[int, ...], strides: tuple[int, ...], dtype: str
    ) -> tuple[npt.NDArray[Any], eval_memory.Memory]:
        """Undefined memory of the runtime and the array that shows it."""
        steps = [(n - 1) * s for n, s in zip(shape, strides, strict=True)]
        size = 0 if 0 in shape else sum(steps) + 1
        memory = eval_memory.allocate(size, dtype, self._lanes.space, is_global=True)
        storage = eval_dtype.storage_dtype(dtype)
        per_byte = 8 // eval_dtype.bits(dtype)
        if per_byte > 1:
            return memory.data.reshape(*shape[:-1], shape[-1] // per_byte), memory
        raw = memory.data.view(f"u{storage.itemsize}")
        steps = [s * storage.itemsize for s in strides]
        array = np.lib.stride_tricks.as_strided(raw, shape, steps)
        return array.view(np.bool_ if dtype == "bool" else storage), memory
