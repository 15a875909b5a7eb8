"""The integer arithmetic of the compiler (`cc/arith`): simplify, bound, prove.

Everything is sound for two's complement wrap-around. A range is a pair (lowest, highest), both
included; values beyond 64 bits are cut to the limits of int64.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import tvm_ffi

from tilescale import _ffi
from tilescale.ir import Expr, Var, const

Ranges = Mapping[Var, tuple[int, int]]

DEFAULT_RLIMIT = 50_000
"""Resource units that one Z3 query may use; the same on every machine."""

_INT64_MAX = 2**63 - 1

_simplify = _ffi.get("arith.Simplify")
_bounds = _ffi.get("arith.Bounds")
_can_prove = _ffi.get("arith.CanProve")


def _pack(ranges: Ranges | None) -> dict[Var, list[int]]:
    return {
        var: [min(limit, _INT64_MAX) for limit in limits] for var, limits in (ranges or {}).items()
    }


def simplify(expr: Expr, ranges: Ranges | None = None) -> Expr:
    """An expression in canonical form with the same value for all variables in `ranges`."""
    result: Expr = _simplify(expr, _pack(ranges))
    return result


def bounds(expr: Expr, ranges: Ranges | None = None) -> tuple[int, int]:
    """A range that contains every value of `expr`."""
    low, high = _bounds(expr, _pack(ranges))
    return int(low), int(high)


def can_prove(cond: Expr, ranges: Ranges | None = None, assumptions: Sequence[Expr] = ()) -> bool:
    """True only if `cond` holds for all variables in `ranges` that satisfy `assumptions`."""
    return bool(_can_prove(cond, _pack(ranges), list(assumptions)))


def z3_version() -> str:
    """The version of the Z3 library in use; empty if it is not installed."""
    return str(_ffi.get("arith.Z3Version")())


@tvm_ffi.register_object("tilescale.arith.Analyzer")
class _AnalyzerObject(tvm_ffi.Object):
    """The C++ object behind `Analyzer`."""


class Analyzer:
    """Holds facts about variables and answers questions; caches what it found."""

    def __init__(self, rlimit: int = DEFAULT_RLIMIT) -> None:
        """Starts without facts; `rlimit` 0 never asks Z3."""
        self._object: Any = _AnalyzerObject(rlimit)  # type: ignore[call-arg]

    def bind(self, var: Var, low: int, high: int) -> None:
        """States that `var` lies in [low, high]."""
        self._object.Bind(var, min(low, _INT64_MAX), min(high, _INT64_MAX))

    def bind_value(self, var: Var, value: Expr) -> None:
        """States that `var` is `value`."""
        self._object.BindValue(var, value)

    def bind_loop(
        self, var: Var, minimum: int | Expr, extent: int | Expr, step: int | Expr = 1
    ) -> None:
        """States that `var` is the index of a loop, seen from its body."""
        operands = [
            const(x, var.dtype) if isinstance(x, int) else x for x in (minimum, extent, step)
        ]
        self._object.BindLoop(var, *operands)

    def assume(self, cond: Expr) -> None:
        """States that `cond` holds."""
        self._object.Assume(cond)

    @contextmanager
    def scope(self, *conditions: Expr) -> Iterator[None]:
        """Facts stated inside, and `conditions`, are forgotten at the end."""
        self._object.Enter()
        try:
            for cond in conditions:
                self._object.Assume(cond)
            yield
        finally:
            self._object.Leave()

    def can_prove(self, cond: Expr) -> bool:
        """True only if `cond` follows from the facts."""
        return bool(self._object.CanProve(cond))

    def ask_z3(self, cond: Expr) -> bool:
        """Z3's answer alone, without the cheaper layers; False if Z3 is not installed."""
        return bool(self._object.AskZ3(cond))

    def bounds(self, expr: Expr) -> tuple[int, int]:
        """A range that contains every value of `expr`."""
        low, high = self._object.Bounds(expr)
        return int(low), int(high)

    def simplify(self, expr: Expr) -> Expr:
        """An expression in canonical form that has the same value under the facts."""
        result: Expr = self._object.Simplify(expr)
        return result

    def alignment(self, expr: Expr, modulus: int) -> int | None:
        """`expr` mod `modulus` if it is always the same, else None."""
        residue = self._object.ProveAlignment(expr, modulus)
        return None if residue is None else int(residue)

    def index_width(self, expr: Expr) -> int | None:
        """32 or 64: the bits in which `expr` is computed without overflow; None if not proved."""
        width = self._object.IndexWidth(expr)
        return None if width is None else int(width)

    def stats(self) -> dict[str, int]:
        """How many queries each layer answered."""
        return {str(name): int(count) for name, count in self._object.Stats().items()}
