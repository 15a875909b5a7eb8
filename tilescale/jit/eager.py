"""Kernels in the eager style: compiled for the arguments of a call, then run on them."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping
from typing import Any

from tilescale.errors import ArgumentCountError
from tilescale.jit.compiler import compile_with
from tilescale.jit.kernel import JITKernel
from tilescale.jit.options import CompileOptions


class EagerKernel:
    """A function that is itself a kernel.

    Args:
        function: the function.
        options: how it is compiled.
    """

    def __init__(self, function: Callable[..., Any], options: CompileOptions) -> None:
        self._function = function
        self._signature = inspect.signature(function)
        self._options = options
        self._lock = threading.Lock()
        # Kernel and the names of its runtime arguments, by the shapes, dtypes and values given.
        self._kernels: dict[Any, tuple[JITKernel, tuple[str, ...]]] = {}
        # Parameters whose values are not part of the key: runtime scalars, known after a trace.
        self._scalars: frozenset[str] = frozenset()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the kernel, after compiling it if these shapes and values are new."""
        arguments = self._bind(args, kwargs)
        kernel, names = self._prepare(arguments)
        return kernel(*[arguments[name] for name in names])

    def compile(self, *args: Any, **kwargs: Any) -> JITKernel:
        """Returns the kernel for arguments like these."""
        return self._prepare(self._bind(args, kwargs))[0]

    def trace(self, *args: Any, **kwargs: Any) -> Any:
        """Returns the traced function for arguments like these."""
        return self._trace(self._bind(args, kwargs))

    def _bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            name = self._function.__name__
            mistake = ArgumentCountError(
                f"kernel `{name}` cannot be called like this: {error}",
                expected=f"{name}{self._signature}",
            )
            mistake.kernel = name
            raise mistake from None
        bound.apply_defaults()
        return bound.arguments

    def _trace(self, arguments: Mapping[str, Any]) -> Any:
        from tilescale.frontend.eager import trace_eager

        return trace_eager(self._function, dict(arguments))

    def _prepare(self, arguments: Mapping[str, Any]) -> tuple[JITKernel, tuple[str, ...]]:
        found = self._kernels.get(self._key(arguments))
        if found is not None:
            return found
        kernel = compile_with(self._trace(arguments), self._options)
        passed = [p for p in kernel.params if p.role == "input"]
        scalars = {p.name for p in passed if p.kind != "tensor"}
        with self._lock:
            self._scalars |= scalars
            entry = (kernel, tuple(p.name for p in passed))
            return self._kernels.setdefault(self._key(arguments), entry)

    def _key(self, arguments: Mapping[str, Any]) -> Any:
        scalars = self._scalars
        return tuple(
            type(value) if name in scalars else _describe(value)
            for name, value in arguments.items()
        )


def _describe(value: Any) -> Any:
    """What a kernel may be specialised for: a tensor's shape, dtype and strides, or the value."""
    shape = getattr(value, "shape", None)
    if shape is None or not hasattr(value, "dtype"):
        if isinstance(value, list):
            return tuple(map(_describe, value))
        return type(value), value
    strides = getattr(value, "strides", None)
    if strides is None and hasattr(value, "stride"):
        strides = value.stride()
    return tuple(shape), value.dtype, strides
