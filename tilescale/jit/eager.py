"""Kernels in the eager style: compiled for the arguments of a call, then run on them."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tilescale.errors import ArgumentCountError
from tilescale.jit.compiler import compile_with
from tilescale.jit.kernel import JITKernel
from tilescale.jit.options import CompileOptions

if TYPE_CHECKING:
    from tilescale.frontend import EagerTrace

# Calls remembered by the exact shapes of their arguments; forgotten all at once when full.
_MAX_CALLS = 4096


class EagerKernel:
    """A function that is itself a kernel.

    Args:
        function: the function.
        options: how it is compiled.
    """

    def __init__(self, function: Callable[..., Any], options: CompileOptions) -> None:
        self._function = function
        self._signature = inspect.signature(function)
        parameters = self._signature.parameters.values()
        self._names = tuple(p.name for p in parameters)
        # Values of the parameters that a call may leave out; they are the last ones.
        self._defaults = tuple(p.default for p in parameters if p.default is not p.empty)
        self._is_plain = all(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
        self._options = options
        self._lock = threading.Lock()
        self._variants: list[_Variant] = []
        self._calls: dict[Any, _Variant] = {}
        # Parameters whose values make no new kernel: scalars that are passed at each call.
        self._scalars: frozenset[str] = frozenset()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the kernel, after compiling it if these shapes and values are new."""
        arguments = self._bind(args, kwargs)
        variant = self._find(arguments)
        return variant.kernel(*[arguments[name] for name in variant.launch])

    def compile(self, *args: Any, **kwargs: Any) -> JITKernel:
        """Returns the kernel for arguments like these."""
        return self._find(self._bind(args, kwargs)).kernel

    def trace(self, *args: Any, **kwargs: Any) -> Any:
        """Returns the traced function for arguments like these."""
        return self._trace(self._bind(args, kwargs)).func

    def _bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        missing = len(self._names) - len(args)
        if not kwargs and self._is_plain and 0 <= missing <= len(self._defaults):
            rest = self._defaults[len(self._defaults) - missing :]
            return dict(zip(self._names, (*args, *rest), strict=True))
        return self._bind_slowly(args, kwargs)

    def _bind_slowly(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
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

    def _trace(self, arguments: Mapping[str, Any]) -> EagerTrace:
        from tilescale.frontend import trace_eager

        return trace_eager(self._function, (), dict(arguments))

    def _find(self, arguments: dict[str, Any]) -> _Variant:
        key = self._call_key(arguments)
        found = self._calls.get(key) if key is not None else None
        return found if found is not None else self._find_slowly(key, arguments)

    def _find_slowly(self, key: Any, arguments: dict[str, Any]) -> _Variant:
        variant = next((v for v in self._variants if v.fits(arguments)), None)
        if variant is None:
            trace = self._trace(arguments)
            variant = _Variant(trace, arguments, compile_with(trace.func, self._options))
        with self._lock:
            if variant not in self._variants:
                self._variants.append(variant)
            self._scalars |= variant.scalars
            if len(self._calls) >= _MAX_CALLS:
                self._calls.clear()
            if key is not None:
                return self._calls.setdefault(self._call_key(arguments), variant)
        return variant

    def _call_key(self, arguments: Mapping[str, Any]) -> Any:
        scalars = self._scalars
        key = tuple(
            [None if name in scalars else _describe(value) for name, value in arguments.items()]
        )
        try:
            hash(key)
        except TypeError:
            return None
        return key


class _Variant:
    """The kernel for one choice of what a trace depends on.

    Attributes:
        kernel: the kernel.
        launch: names of the arguments that it takes.
        scalars: those of them that are not tensors.
    """

    def __init__(self, trace: EagerTrace, arguments: dict[str, Any], kernel: JITKernel) -> None:
        self.kernel = kernel
        self.launch = trace.launch
        self.scalars = frozenset(trace.launch) - frozenset(trace.tensors)
        self._trace = trace
        self._key = trace.key(arguments)

    def fits(self, arguments: dict[str, Any]) -> bool:
        """Tells whether a trace with these arguments would give the same kernel."""
        try:
            return bool(self._trace.key(arguments) == self._key)
        except (AttributeError, IndexError):
            return False  # Another kind of argument: no tensor, or one of another rank.


def _describe(value: Any) -> Any:
    """What a kernel may be specialised for: a tensor's shape and dtype, or the value."""
    try:
        return value.shape, value.dtype
    except AttributeError:
        return type(value), value
