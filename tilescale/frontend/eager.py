"""Eager kernels: tensors annotated in the body, sizes bound by the arguments of a call."""

from __future__ import annotations

import dataclasses
import inspect
import operator
from collections.abc import Callable
from types import FunctionType
from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.annotations import PointerType, TensorType
from tilescale.frontend.buffer import Buffer
from tilescale.frontend.builder import Builder
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.dtypes import dtype, is_dtype_like, to_dtype
from tilescale.frontend.signature import Signature
from tilescale.frontend.trace import _parameter_types, run
from tilescale.frontend.values import const_int, format_shape


class ConstInt:
    """A `T.const`, or a number computed from some: an int as soon as the arguments tell it."""

    __slots__ = ("_compute", "_name", "_value")

    def __init__(self, name: str, compute: Callable[[], int] | None = None) -> None:
        self._name = name
        self._compute = compute
        self._value: int | None = None

    def bind(self, value: int) -> None:
        """Sets the value of a `T.const`."""
        self._value = value

    @property
    def is_free(self) -> bool:
        """Whether this is a `T.const` without a value."""
        return self._value is None and self._compute is None

    def known(self) -> int | None:
        """The value, or None while it is unknown."""
        if self._value is None and self._compute is not None:
            try:
                self._value = self._compute()
            except errors.ConstBindingError:
                return None
        return self._value

    def __index__(self) -> int:
        if self._value is None:
            if self._compute is None:
                raise mistake(
                    errors.ConstBindingError,
                    f"the value of T.const `{self._name}` is not known here",
                    expected=f"a tensor annotation that has `{self._name}` as an extent, before",
                    remedy="annotate the tensor parameters first",
                )
            self._value = self._compute()
        return self._value

    __int__ = __index__

    def __float__(self) -> float:
        return float(self.__index__())

    def __bool__(self) -> bool:
        return bool(self.__index__())

    def __hash__(self) -> int:
        return hash(self.__index__())

    def __repr__(self) -> str:
        value = self.known()
        return self._name if value is None else str(value)

    def __format__(self, spec: str) -> str:
        return format(self.__index__(), spec)

    def __neg__(self) -> Any:
        return ConstInt.__rsub__(self, 0)  # type: ignore[attr-defined]

    def __abs__(self) -> int:
        return abs(self.__index__())


def _dunder(function: Callable[[Any, Any], Any], reflected: bool) -> Callable[[Any, Any], Any]:
    def method(self: ConstInt, other: Any) -> Any:
        if isinstance(other, ir.Expr):
            return NotImplemented
        values = (other, self) if reflected else (self, other)

        def compute() -> Any:
            return function(*(v.__index__() if isinstance(v, ConstInt) else v for v in values))

        free = any(isinstance(v, ConstInt) and v.known() is None for v in values)
        return ConstInt("an expression of T.const", compute) if free else compute()

    return method


for _op in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "rshift"):
    setattr(ConstInt, f"__{_op}__", _dunder(getattr(operator, _op), False))
    setattr(ConstInt, f"__r{_op}__", _dunder(getattr(operator, _op), True))
for _op in ("and_", "or_", "xor"):
    setattr(ConstInt, f"__{_op.rstrip('_')}__", _dunder(getattr(operator, _op), False))
    setattr(ConstInt, f"__r{_op.rstrip('_')}__", _dunder(getattr(operator, _op), True))
for _op in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(ConstInt, f"__{_op}__", _dunder(getattr(operator, _op), False))


@dataclasses.dataclass(frozen=True)
class TensorFacts:
    """What tracing needs to know of a tensor argument.

    Attributes:
        shape: extents.
        dtype: name of the element type.
    """

    shape: tuple[int, ...]
    dtype: str


def tensor_facts(value: Any) -> TensorFacts | None:
    """The facts of a tensor (NumPy, torch, or anything with `shape` and `dtype`), else None."""
    shape, kind = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is None or kind is None or isinstance(value, (ir.Expr, Buffer, TensorType)):
        return None
    return TensorFacts(tuple(int(extent) for extent in shape), str(to_dtype(kind)))


class TensorArgument:
    """A tensor parameter of an eager kernel before its annotation."""

    def __init__(self, name: str, facts: TensorFacts) -> None:
        self.name = name
        self.facts = facts
        self.const_dims: set[int] = set()

    @property
    def shape(self) -> tuple[int, ...]:
        """The actual extents, which become constants of the kernel."""
        self.const_dims.update(range(len(self.facts.shape)))
        return self.facts.shape

    @property
    def dtype(self) -> dtype:
        """The actual element type."""
        return to_dtype(self.facts.dtype)

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__ts_") or not attribute.startswith("__"):
            self._fail()
        raise AttributeError(attribute)

    def __getitem__(self, index: Any) -> Any:
        self._fail()

    def __setitem__(self, index: Any, value: Any) -> None:
        self._fail()

    def _fail(self) -> None:
        raise mistake(
            errors.AnnotationError,
            f"the tensor `{self.name}` is used before it is annotated",
            expected=f"`{self.name}: T.Tensor[[M, N], dtype]` in the body of the kernel",
            remedy="annotate each tensor parameter at the top of the kernel",
        )


class EagerSignature(Signature):
    """Parameters that become known as the body annotates them."""

    def __init__(self, order: tuple[str, ...]) -> None:
        super().__init__()
        self._order = order
        self.constants: dict[str, ConstInt] = {}
        self.arguments: dict[str, TensorArgument] = {}
        self._pending: list[tuple[str, int, ConstInt, int]] = []

    def declare_tensor(self, name: str, current: Any, kind: TensorType) -> Any:
        """A tensor parameter: its shape is matched with that of the argument."""
        if not isinstance(current, TensorArgument):
            raise mistake(
                errors.AnnotationError,
                f"`{name}` is annotated as a tensor, but is not a tensor argument",
                expected="the name of a parameter for which a tensor was passed",
                got=f"a value of type {type(current).__name__}",
                remedy="pass a tensor, or allocate one with T.empty or T.alloc_shared",
            )
        dims = self._match(current, kind)
        strides = None if kind.strides is None else [_plain(s) for s in kind.strides]
        return self._tensor(name, kind.dtype, dims, strides)

    def _match(self, argument: TensorArgument, kind: TensorType) -> list[Any]:
        shape = argument.facts.shape
        if len(shape) != len(kind.shape):
            raise mistake(
                errors.ArgumentRankError,
                f"argument `{argument.name}` has the wrong number of dimensions",
                expected=str(len(kind.shape)),
                got=f"{len(shape)}, of shape {format_shape(shape)}",
                remedy="reshape the tensor",
            )
        packed = 8 // kind.dtype.bits if kind.dtype.bits < 8 else 1
        dims = []
        for d, (wanted, actual) in enumerate(zip(kind.shape, shape, strict=True)):
            last = d + 1 == len(shape)
            dims.append(self._match_dim(argument, d, wanted, actual * packed if last else actual))
        return dims

    def _match_dim(self, argument: TensorArgument, d: int, wanted: Any, actual: int) -> Any:
        if isinstance(wanted, ir.Expr) and const_int(wanted) is None:
            return wanted
        argument.const_dims.add(d)
        if isinstance(wanted, ConstInt):
            if wanted.is_free:
                wanted.bind(actual)
            elif wanted.known() is None:
                self._pending.append((argument.name, d, wanted, actual))
                return actual
        self.check_dim(argument.name, d, wanted, actual)
        return actual

    @staticmethod
    def check_dim(name: str, d: int, wanted: Any, actual: int) -> None:
        """Fails if an extent of an argument is not the wanted one."""
        if const_int(wanted) != actual:
            raise mistake(
                errors.ArgumentShapeError,
                f"extent {d} of argument `{name}` does not fit its annotation",
                expected=str(const_int(wanted)),
                got=str(actual),
                remedy="pass tensors whose extents agree with each other",
            )

    def declare_scalar(self, name: str, current: Any, kind: dtype) -> Any:
        """A scalar parameter that is passed at run time."""
        if isinstance(current, (int, float)):
            return self.add_scalar(name, kind)
        return current

    def finish(
        self,
        name: str,
        body: ir.Stmt,
        attrs: dict[str, Any],
        returned: Any,
        span: ir.Span | None,
    ) -> ir.PrimFunc:
        """The finished function, its parameters in the order of the Python function's."""
        self.params.sort(key=lambda param: self._order.index(param[0]))
        return super().finish(name, body, attrs, returned, span)

    def check_pending(self) -> None:
        """Compares the extents whose annotations had unknown sizes when they were met."""
        for name, d, wanted, actual in self._pending:
            self.check_dim(name, d, wanted.__index__(), actual)


def constant(builder: Builder, name: str) -> ConstInt:
    """The `T.const` of this name in the kernel being traced.

    Raises:
        ConstBindingError: the kernel is not an eager one.
    """
    if not isinstance(builder.signature, EagerSignature):
        raise mistake(
            errors.ConstBindingError,
            "T.const needs a kernel that is called with tensors",
            expected="@tilescale.jit on the kernel itself",
            remedy="in a function that returns a T.prim_func, use Python integers or T.dynamic",
        )
    return builder.signature.constants.setdefault(name, ConstInt(name))


@dataclasses.dataclass(frozen=True)
class EagerTrace:
    """The trace of an eager kernel for given arguments.

    Attributes:
        func: the kernel.
        launch: names of the arguments that are passed at each call, in the order of the kernel's
            parameters (outputs and workspaces follow them).
        parameters: all parameters of the Python function, in order.
        tensors: for each tensor parameter the dimensions whose extents the trace depends on.
    """

    func: ir.PrimFunc
    launch: tuple[str, ...]
    parameters: tuple[str, ...]
    tensors: dict[str, tuple[int, ...]]

    def key(self, values: dict[str, Any]) -> tuple[Any, ...]:
        """What the trace depends on: equal keys give the same kernel.

        Args:
            values: every argument by name, defaults included.
        """
        parts: list[Any] = []
        for name in self.parameters:
            value = values[name]
            dims = self.tensors.get(name)
            if dims is not None:
                shape = value.shape
                parts.append((str(value.dtype), len(shape), *[int(shape[d]) for d in dims]))
            elif name not in self.launch:
                parts.append((type(value).__name__, _hashable(value)))
        return tuple(parts)


def _hashable(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value


def _plain(value: Any) -> Any:
    return value.__index__() if isinstance(value, ConstInt) else value


def trace_eager(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> EagerTrace:
    """Traces an eager kernel for the arguments of a call.

    Tensors are parameters of the kernel; other arguments are compile-time values, unless their
    parameter is annotated with a scalar type.

    Raises:
        ArgumentError: an argument does not fit its annotation.
        KernelError: a mistake in the kernel; each kind has its own class.
    """
    if not isinstance(function, FunctionType):
        raise errors.AnnotationError(
            "a kernel must be a Python function", got=f"an object of {type(function).__name__}"
        )
    bound = bind_arguments(function, args, kwargs)
    signature = EagerSignature(tuple(bound))
    builder = Builder(function.__name__, signature)
    builder.eager = signature
    types = _parameter_types(function, {})
    with context.activate(builder):
        arguments = {
            name: _argument(signature, name, types.get(name), value)
            for name, value in bound.items()
        }
        func = run(builder, function, [], arguments)
        signature.check_pending()
        _check_declared(signature)
    order = tuple(name for name, _, _ in signature.params)
    dims = {name: tuple(sorted(a.const_dims)) for name, a in signature.arguments.items()}
    return EagerTrace(func, order, tuple(bound), dims)


def bind_arguments(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Every argument of a call by name, defaults included.

    Raises:
        ArgumentCountError: the call does not fit the parameters.
    """
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        raise errors.ArgumentCountError(
            f"the kernel `{function.__name__}` is called with wrong arguments: {error}",
            expected=f"{function.__name__}{inspect.signature(function)}",
            remedy="pass one value for each parameter without a default",
        ) from error
    bound.apply_defaults()
    return dict(bound.arguments)


def _argument(signature: EagerSignature, name: str, kind: Any, value: Any) -> Any:
    facts = tensor_facts(value)
    if facts is not None:
        argument = TensorArgument(name, facts)
        signature.arguments[name] = argument
        if isinstance(kind, TensorType):
            return signature.declare_tensor(name, argument, kind)
        return argument
    if isinstance(kind, PointerType):
        return signature.add_annotated(name, kind)
    if isinstance(kind, dtype) and is_dtype_like(kind) and isinstance(value, (int, float)):
        return signature.add_scalar(name, kind)
    return value


def _check_declared(signature: EagerSignature) -> None:
    declared = {name for name, _, _ in signature.params}
    for name, argument in signature.arguments.items():
        if name not in declared:
            argument._fail()
