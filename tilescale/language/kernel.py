"""`T.Kernel`: the launch grid."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.builder import Builder
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.dtypes import to_dtype
from tilescale.frontend.values import as_expr, const_int, describe, simplest

_MAX_THREADS = 1024


class KernelLaunch:
    """The context manager that `T.Kernel` returns; gives one index per grid dimension.

    Attributes:
        extents: grid extents, x first.
        threads: extents of a program's threads, empty if the target may choose.
        variables: grid indices, x first, while the launch is open.
    """

    def __init__(
        self, extents: list[ir.Expr], threads: list[ir.Expr], attrs: dict[str, Any]
    ) -> None:
        self.extents = extents
        self.threads = threads
        self.attrs = attrs
        self.variables: list[ir.Var] = []
        self._names: tuple[str, ...] = ()
        builder = context.current_or_none()
        self._span = builder.span() if builder is not None else None

    def __ts_names__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def __enter__(self) -> Any:
        builder = context.current("T.Kernel")
        _check_outside(builder)
        self._builder = builder
        names = self._names if len(self._names) == len(self.extents) else ("bx", "by", "bz")
        self.variables = [
            ir.Var(name, extent.dtype) for name, extent in zip(names, self.extents, strict=False)
        ]
        # What stands before a launch, such as assumptions, holds for all that follow.
        builder.prologue += builder.root.stmts[builder.launched :]
        del builder.root.stmts[builder.launched :]
        builder.kernel = builder.push("kernel")
        builder.kernel.stmts.extend(builder.prologue)
        builder.launched, builder.launch = builder.launched + 1, self
        return self.variables[0] if len(self.variables) == 1 else self.variables

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if kind is not None:
            return
        builder = self._builder
        body = builder.pop()
        builder.kernel, builder.launch = None, None
        builder.emit(
            ir.TileLoop(self.variables, self.extents, self.threads, body, self.attrs, self._span)
        )


def _launch(what: str) -> KernelLaunch:
    """The launch that is open."""
    builder = context.current(what)
    builder.require_kernel(what)
    launch: KernelLaunch = builder.launch
    return launch


def _item(what: str, items: list[Any], dim: int, kind: str) -> Any:
    if not 0 <= dim < len(items):
        raise mistake(
            errors.DimensionError,
            f"{what} is asked for a dimension that the launch does not have",
            expected=f"one of {len(items)} {kind}",
            got=str(dim),
            remedy="give T.Kernel that many extents (`threads=` for the extents of a program)",
        )
    return simplest(items[dim])


def get_block_binding(dim: int = 0) -> Any:
    """The index of this program in dimension `dim` of the grid.

    Raises:
        DimensionError: the grid has no such dimension.
    """
    what = "T.get_block_binding"
    return _item(what, list(_launch(what).variables), dim, "grid dimensions")


def get_block_bindings() -> list[Any]:
    """The indices of this program in all dimensions of the grid."""
    return list(_launch("T.get_block_bindings").variables)


def get_block_extent(dim: int = 0) -> Any:
    """The extent of the grid in dimension `dim`; raises as `get_block_binding`."""
    what = "T.get_block_extent"
    return _item(what, list(_launch(what).extents), dim, "grid dimensions")


def get_block_extents() -> list[Any]:
    """The extents of the grid."""
    return [simplest(extent) for extent in _launch("T.get_block_extents").extents]


def get_thread_extent(dim: int = 0) -> Any:
    """The number of threads of a program in dimension `dim`, which `threads=` must have given.

    Raises:
        DimensionError: `threads=` has no such dimension.
    """
    what = "T.get_thread_extent"
    return _item(what, list(_launch(what).threads), dim, "thread dimensions")


def get_thread_extents() -> list[Any]:
    """The extents of a program's threads; empty if `threads=` was not given."""
    return [simplest(extent) for extent in _launch("T.get_thread_extents").threads]


def _check_outside(builder: Builder) -> None:
    if builder.kernel is not None:
        raise mistake(
            errors.KernelCountError,
            f"the kernel `{builder.name}` has a T.Kernel inside another",
            expected="launches one after another",
            remedy="give the outer T.Kernel more grid extents, or use T.serial or T.Parallel",
        )


def Kernel(
    *blocks: Any,
    threads: Any = None,
    prelude: str | None = None,
    cluster_dims: Any = None,
) -> KernelLaunch:
    """Runs the body of the with statement once for each point of a grid.

    A function may launch several grids one after another: each sees all that those before it have
    written to tensors.

    Args:
        blocks: 1 to 3 grid extents, the fastest first; ints or run-time expressions.
        threads: number of threads of a program, or up to 3 extents; a hint on the CPU.
        prelude: C source put before the kernel (CUDA targets).
        cluster_dims: extents of a thread block cluster (CUDA sm_90 and newer).

    Raises:
        GridError: not 1 to 3 integers.
        ThreadCountError: not positive integers, or more than a block can hold.
        KernelCountError: a launch inside another.
    """
    attrs: dict[str, Any] = {}
    if prelude is not None:
        attrs["prelude"] = prelude
    if cluster_dims is not None:
        attrs["cluster_dims"] = [as_expr(dim) for dim in _listed(cluster_dims)]
    return KernelLaunch(_grid(blocks), _threads(threads), attrs)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _grid(blocks: tuple[Any, ...]) -> list[ir.Expr]:
    if len(blocks) == 1 and isinstance(blocks[0], (list, tuple)):
        blocks = tuple(blocks[0])
    if not 1 <= len(blocks) <= 3:
        raise mistake(
            errors.GridError,
            "a grid has the wrong number of dimensions",
            expected="1 to 3 extents",
            got=str(len(blocks)),
            remedy="join dimensions, and split the index with // and % in the kernel",
        )
    return [_extent(block) for block in blocks]


def _extent(block: Any) -> ir.Expr:
    expr = as_expr(block)
    number = const_int(expr)
    if not to_dtype(str(expr.dtype)).is_int() or (number is not None and number < 0):
        raise mistake(
            errors.GridError,
            "a grid extent is not a non-negative integer",
            got=describe(block),
            remedy="use T.ceildiv(n, block) for a number of tiles",
        )
    return expr


def _threads(threads: Any) -> list[ir.Expr]:
    if threads is None:
        return []
    extents = _listed(threads)
    counts = [const_int(extent) for extent in extents]
    known = [count for count in counts if count is not None]
    total = 1
    for count in known:
        total *= count
    if len(extents) > 3 or any(c is None or c < 1 for c in counts) or total > _MAX_THREADS:
        raise mistake(
            errors.ThreadCountError,
            "the number of threads of a kernel is not possible",
            expected=f"up to 3 positive constants with a product of at most {_MAX_THREADS}",
            got=", ".join(describe(extent) for extent in extents),
            remedy="a multiple of 32 such as threads=128 suits most kernels",
        )
    return [as_expr(count) for count in known]


__all__ = [
    "Kernel",
    "KernelLaunch",
    "get_block_binding",
    "get_block_bindings",
    "get_block_extent",
    "get_block_extents",
    "get_thread_extent",
    "get_thread_extents",
]
