"""Allocation: `T.alloc_shared` and its relatives, `T.empty`, `T.alloc_global`."""

from __future__ import annotations

from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.annotations import as_shape
from tilescale.frontend.buffer import Buffer, Variable
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.dtypes import dtype as dtype_class
from tilescale.frontend.dtypes import to_dtype
from tilescale.frontend.signature import check_extents
from tilescale.frontend.values import as_expr, as_typed, const_int, describe
from tilescale.language import hints

_REDUCTIONS = ("sum", "max", "min", "bitand", "bitor", "bitxor")


def _on_chip(what: str, default: str, space: str, shape: Any, kind: Any) -> Buffer:
    builder = context.current(what)
    builder.require_kernel(what)
    name = builder.take_hint(default)
    dims = as_shape(shape)
    for dim in dims:
        if const_int(dim) is None:
            raise mistake(
                errors.ShapeError,
                f"the shape of `{name}` is not known at compile time",
                expected="constant extents for memory on the chip",
                got=describe(dim),
                remedy="use a constant tile size; edges are handled by T.copy",
            )
    check_extents(name, dims)
    buffer = Buffer(name, kind, dims, space)
    builder.emit(ir.Alloc(buffer.node, None, builder.span()))
    return buffer


def alloc_shared(shape: Any, dtype: Any = "float32", scope: str = "shared.dyn") -> Buffer:
    """A buffer in the memory that the threads of a program share.

    Args:
        shape: constant extents.
        dtype: element type.
        scope: "shared" or "shared.dyn", which are the same: all shared memory is planned together.

    Raises:
        OperatorArgumentError: another scope.
        OutsideKernelError: no `T.Kernel` is open.
        ShapeError: an extent is negative or not constant.
    """
    hints.choice("T.alloc_shared", "scope", scope, ("shared", "shared.dyn"))
    return _on_chip("T.alloc_shared", "shared", "shared", shape, dtype)


def alloc_fragment(shape: Any, dtype: Any = "float32", scope: str = "local.fragment") -> Buffer:
    """A tile in registers, spread over the threads of a program; raises as `alloc_shared`.

    The only `scope` is "local.fragment".
    """
    hints.choice("T.alloc_fragment", "scope", scope, ("local.fragment",))
    return _on_chip("T.alloc_fragment", "fragment", "fragment", shape, dtype)


def alloc_local(shape: Any, dtype: Any = "float32", scope: str = "local") -> Buffer:
    """A small array of each program; raises as `alloc_shared`. The only `scope` is "local"."""
    hints.choice("T.alloc_local", "scope", scope, ("local",))
    return _on_chip("T.alloc_local", "local", "local", shape, dtype)


def alloc_var(dtype: Any, *args: Any, init: Any = None, scope: str = "local.var") -> Variable:
    """A mutable scalar: assigning to its name stores into it.

    Args:
        dtype: element type.
        args: the initial value may be given by position too.
        init: initial value; undefined if absent.
        scope: "local.var", also by position.

    Raises:
        OperatorArgumentError: another scope, or further arguments.
        OutsideKernelError: no `T.Kernel` is open.
    """
    builder = context.current("T.alloc_var")
    builder.require_kernel("T.alloc_var")
    for value in args:
        if isinstance(value, str):
            scope = value
        elif init is None:
            init = value
        else:
            raise hints.refused("T.alloc_var", "init", value, "one initial value", "leave it out")
    hints.choice("T.alloc_var", "scope", scope, ("local.var",))
    variable = Variable(builder.take_hint("var"), to_dtype(dtype))
    value = None if init is None else as_typed(init, variable.dtype)
    builder.emit(ir.Alloc(variable.node, value, builder.span()))
    return variable


def alloc_reducer(
    shape: Any, dtype: Any = "float32", op: str = "sum", replication: str | None = None
) -> Buffer:
    """An accumulator for `T.reducer_update`, which iterations of `T.Parallel` may race on.

    Args:
        shape: constant extents.
        dtype: element type.
        op: "sum", "max", "min", "bitand", "bitor" or "bitxor".
        replication: "all" or "none": a hint without effect; the compiler chooses who holds what.

    Raises:
        OperatorArgumentError: no such replication.
        ReducerError: there is no such operation.
    """
    if replication is not None:
        hints.choice("T.alloc_reducer", "replication", replication, ("all", "none"))
    if op not in _REDUCTIONS:
        raise mistake(
            errors.ReducerError,
            f"a reducer cannot combine values by {op!r}",
            expected=", ".join(_REDUCTIONS),
            got=repr(op),
            remedy="choose one of them",
        )
    buffer = _on_chip("T.alloc_reducer", "reducer", "reducer", shape, dtype)
    context.current("T.alloc_reducer").reducers[hash(buffer.node)] = op
    return buffer


def alloc_global(shape: Any, dtype: Any = "float32") -> Buffer:
    """A workspace in global memory that exists for one launch; its contents are undefined."""
    builder = context.current("T.alloc_global")
    name = builder.take_hint("workspace")
    dims = as_shape(shape)
    check_extents(name, dims)
    buffer = Buffer(name, dtype, dims, "global")
    builder.signature.add_workspace(buffer)
    return buffer


def empty(shape: Any, *more: Any, dtype: Any = None) -> Buffer:
    """An output tensor: allocated by the call, returned by the kernel.

    Args:
        shape: extents, which may be run-time values.
        more: the element type, or further extents.
        dtype: element type, float32 by default.
    """
    builder = context.current("T.empty")
    dims = list(as_shape(shape))
    for item in more:
        if isinstance(item, (str, dtype_class)) or (
            const_int(item) is None and not _is_scalar(item)
        ):
            dtype = item
        else:
            dims.append(item)
    name = builder.take_hint("out")
    check_extents(name, dims)
    buffer = Buffer(name, "float32" if dtype is None else dtype, tuple(dims), "global")
    builder.signature.add_output(buffer)
    return buffer


def _is_scalar(value: Any) -> bool:
    return isinstance(value, ir.Expr) and as_expr(value) is not None


__all__ = [
    "alloc_fragment",
    "alloc_global",
    "alloc_local",
    "alloc_reducer",
    "alloc_shared",
    "alloc_var",
    "empty",
]
