"""`T.reduce_sum` and its relatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tilescale import errors, ir
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.values import const_int
from tilescale.language import hints
from tilescale.language.region import as_region, emit

_KINDS = {kind.name.lower(): kind for kind in ir.op.ReduceKind}


def normal_dim(dim: Any, rank: int, what: str) -> int:
    """`dim` counted from 0.

    Raises:
        DimensionError: it is not a dimension of the operand.
    """
    number = const_int(dim)
    if number is None or not -rank <= number < rank:
        raise mistake(
            errors.DimensionError,
            f"{what} is given a dimension that its operand does not have",
            expected=f"a constant from {-rank} to {rank - 1}",
            got=str(dim if number is None else number),
            remedy="-1 is the last dimension",
        )
    return number % rank


def reduce(
    buffer: Any,
    out: Any,
    reduce_type: str,
    dim: int = -1,
    clear: bool = True,
    batch: int = 1,
    nan_propagate: bool = False,
) -> None:
    """Combines the elements of `buffer` along one dimension.

    Args:
        buffer: a buffer or region.
        out: has the extents of `buffer` without `dim`, or with 1 there.
        reduce_type: "sum", "max", "min", "abssum", "absmax", "bitand", "bitor" or "bitxor".
        dim: the dimension; negative values count from the end.
        clear: whether the old value of `out` is dropped.
        batch: how many reductions to combine at once: a hint without effect; the compiler chooses.
        nan_propagate: whether max and min give NaN if any element is.

    Raises:
        DimensionError: no such dimension.
        OperatorArgumentError: no such reduction, or `batch` is not a constant of at least 1.
    """
    kind = _KINDS.get(reduce_type)
    if kind is None:
        raise mistake(
            errors.OperatorArgumentError,
            f"there is no reduction {reduce_type!r}",
            expected=", ".join(_KINDS),
            got=repr(reduce_type),
            remedy="choose one of them",
        )
    what = f"T.reduce_{reduce_type}"
    hints.count(what, "batch", batch, 1)
    src, dst = as_region(buffer, what), as_region(out, what)
    axis = normal_dim(dim, len(src.extents), what)
    flags = bool(clear), bool(nan_propagate)
    emit(what, ir.op.Reduce, src.node(), dst.node(), axis, int(kind), *flags, {})


def _named(kind: str) -> Callable[..., None]:
    def reduction(
        buffer: Any,
        out: Any,
        dim: int = -1,
        clear: bool = True,
        batch: int = 1,
        nan_propagate: bool = False,
    ) -> None:
        reduce(buffer, out, kind, dim, clear, batch, nan_propagate)

    reduction.__name__ = reduction.__qualname__ = f"reduce_{kind}"
    reduction.__doc__ = f"`T.reduce` with {kind!r}: see there for arguments and errors."
    return reduction


reduce_sum = _named("sum")
reduce_max = _named("max")
reduce_min = _named("min")
reduce_abssum = _named("abssum")
reduce_absmax = _named("absmax")
reduce_bitand = _named("bitand")
reduce_bitor = _named("bitor")
reduce_bitxor = _named("bitxor")


__all__ = [
    "reduce",
    "reduce_absmax",
    "reduce_abssum",
    "reduce_bitand",
    "reduce_bitor",
    "reduce_bitxor",
    "reduce_max",
    "reduce_min",
    "reduce_sum",
]
