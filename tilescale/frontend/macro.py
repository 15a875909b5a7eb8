"""Macros: functions that are expanded into the kernel that calls them."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any, TypeVar

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.annotations import RefType
from tilescale.frontend.buffer import Buffer, ElementRef, Variable
from tilescale.frontend.builder import Builder
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.source import rewritten
from tilescale.frontend.values import describe

_Class = TypeVar("_Class", bound=type)


class Macro:
    """A function whose body is inserted where it is called.

    Its local names are its own. Scalars are evaluated once, at the call; buffers, and parameters
    annotated with `T.Ref`, are passed by reference. It may return values.
    """

    def __init__(self, function: types.FunctionType) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._signature: inspect.Signature | None = None

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Expands the macro; outside of a kernel it is an ordinary function."""
        builder = context.current_or_none()
        if builder is None:
            return self._function(*args, **kwargs)
        bound = self._bind(args, kwargs)
        for name, value in bound.arguments.items():
            bound.arguments[name] = self._argument(builder, name, value)
        depth, loops = len(builder.activations), len(builder.loops)
        result = rewritten(self._function)(*bound.args, **bound.kwargs)
        # Not in a finally block: errors report the place where the innermost macro stopped.
        del builder.activations[depth:]
        del builder.loops[loops:]
        return result

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> inspect.BoundArguments:
        if self._signature is None:
            self._signature = inspect.signature(self._function)
        try:
            return self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise mistake(
                errors.MacroArgumentError,
                f"the macro `{self._function.__name__}` is called with wrong arguments: {error}",
                expected=f"{self._function.__name__}{self._signature}",
                remedy="pass one value for each parameter",
            ) from error

    def _argument(self, builder: Builder, name: str, value: Any) -> Any:
        kind = self._function.__annotations__.get(name)
        if isinstance(kind, RefType) or (isinstance(kind, str) and "Ref" in kind):
            return self._reference(name, value)
        if isinstance(value, ir.Expr):
            return builder.bind(name, value)
        return value

    def _reference(self, name: str, value: Any) -> Any:
        if isinstance(value, ir.Load):
            return ElementRef(value.buffer, value.indices)
        if isinstance(value, (Variable, Buffer)):
            return value
        raise mistake(
            errors.MacroArgumentError,
            f"the argument `{name}` of the macro `{self._function.__name__}` cannot be assigned",
            expected="an element of a buffer, or a T.alloc_var",
            got=describe(value),
            remedy=f"pass a T.alloc_var for `{name}`",
        )


def macro(function: Any = None, **_: Any) -> Any:
    """Decorator: makes a function a macro, to be expanded in the kernels that call it."""
    if function is None:
        return macro
    if isinstance(function, (Macro, type)) or not isinstance(function, types.FunctionType):
        return function
    return Macro(function)


def meta_class(cls: _Class) -> _Class:
    """Class decorator: every method and property is a macro, so objects live in the trace only."""
    for name, member in list(vars(cls).items()):
        if isinstance(member, types.FunctionType):
            setattr(cls, name, Macro(member))
        elif isinstance(member, property):
            setattr(cls, name, _property(member))
        elif isinstance(member, (staticmethod, classmethod)):
            setattr(cls, name, type(member)(macro(member.__func__)))
    return cls


def _property(member: property) -> property:
    def expand(function: Callable[..., Any] | None) -> Any:
        if isinstance(function, types.FunctionType):
            expanded = Macro(function)
            return lambda *args: expanded(*args)
        return function

    return property(expand(member.fget), expand(member.fset), doc=member.__doc__)
