"""Loops of the language: what `T.serial(...)` and its relatives return."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NoReturn

from tilescale import errors, ir
from tilescale.frontend.builder import Builder, Loop
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.values import as_expr, as_index, const_int


class LoopNest:
    """A loop statement to be; a rewritten `for` traces its body once."""

    what = "a loop of the language"

    def __iter__(self) -> NoReturn:
        raise mistake(
            errors.LoopArgumentError,
            f"{self.what} is iterated by plain Python",
            expected="a `for` statement inside a kernel",
            remedy="in comprehensions, enumerate() and zip() use Python's range, which runs while"
            " the kernel is traced",
        )

    @contextlib.contextmanager
    def traced(self, builder: Builder, names: tuple[str, ...]) -> Iterator[Any]:
        """Opens the loop, gives the value of its target, and closes it."""
        builder.require_kernel(self.what)
        with self.body(builder, names) as item:
            yield item

    def body(self, builder: Builder, names: tuple[str, ...]) -> Any:
        """The context manager behind `traced`."""
        raise NotImplementedError


@contextlib.contextmanager
def loop_block(builder: Builder, kind: str, variables: list[ir.Var]) -> Iterator[list[ir.Stmt]]:
    """Opens the block of a loop's body; afterwards the list holds the body."""
    result: list[ir.Stmt] = []
    builder.loops.append(Loop(kind, builder.push(kind)))
    for var in variables:
        builder.loop_vars[id(var)] = var
    yield result
    for var in variables:
        del builder.loop_vars[id(var)]
    builder.loops.pop()
    result.append(builder.pop())


class CountedLoop(LoopNest):
    """One loop variable over start, start + step, ... below stop.

    Attributes:
        start: first value.
        extent: number of iterations.
        step: distance.
        kind: how iterations may be carried out.
        attrs: attributes of the `For`.
    """

    def __init__(
        self,
        what: str,
        start: Any,
        stop: Any,
        step: Any,
        kind: ir.ForKind,
        attrs: dict[str, Any] | None = None,
    ) -> None:
        self.what = what
        self.start = as_index(start)
        self.step = as_index(step)
        self.extent = as_index(_count(what, start, stop, step))
        self.kind = kind
        self.attrs = attrs or {}

    @contextlib.contextmanager
    def body(self, builder: Builder, names: tuple[str, ...]) -> Iterator[ir.Var]:
        """Traces the body once, with the loop variable."""
        span = builder.span()
        dtype = ir.promote(self.start.dtype, self.extent.dtype)
        var = ir.Var(names[0] if names else "i", dtype)
        block = "vectorized" if self.kind == ir.ForKind.VECTORIZED else "serial"
        with loop_block(builder, block, [var]) as result:
            yield var
        bounds = [ir.make_cast(dtype, e) for e in (self.start, self.extent, self.step)]
        builder.emit(ir.For(var, *bounds, int(self.kind), result[0], self.attrs, span))


def _count(what: str, start: Any, stop: Any, step: Any) -> Any:
    """Number of values from `start` below (above, for a negative step) `stop`."""
    distance = const_int(step)
    if distance is None or distance == 0:
        raise mistake(
            errors.LoopArgumentError,
            f"the step of {what} is " + ("zero" if distance == 0 else "not known"),
            expected="a constant other than 0",
            remedy="multiply the loop variable by the step in the body",
        )
    low, high = (start, stop) if distance > 0 else (stop, start)
    size = abs(distance)
    if const_int(low) is not None and const_int(high) is not None:
        return max(0, -((const_int(low) - const_int(high)) // size))  # type: ignore[operator]
    length = as_index(high) if const_int(low) == 0 else as_index(high) - as_index(low)
    return length if size == 1 else (length + (size - 1)) // size


class ParallelLoop(LoopNest):
    """`T.Parallel`: all points of a box, in any order."""

    what = "T.Parallel"

    def __init__(self, extents: tuple[Any, ...], attrs: dict[str, Any]) -> None:
        self.extents = [as_index(extent) for extent in extents]
        self.attrs = attrs

    @contextlib.contextmanager
    def body(self, builder: Builder, names: tuple[str, ...]) -> Iterator[Any]:
        """Traces the body once, with one variable for each extent."""
        span = builder.span()
        variables = variables_for(self.extents, names)
        with loop_block(builder, "parallel", variables) as result:
            yield variables[0] if len(variables) == 1 else variables
        builder.emit(ir.Parallel(variables, self.extents, result[0], self.attrs, span))


class GridLoop(LoopNest):
    """`T.grid`: nested serial loops."""

    what = "T.grid"

    def __init__(self, extents: tuple[Any, ...]) -> None:
        self.loops = [CountedLoop(self.what, 0, extent, 1, ir.ForKind.SERIAL) for extent in extents]

    @contextlib.contextmanager
    def body(self, builder: Builder, names: tuple[str, ...]) -> Iterator[Any]:
        """Traces the body once, with one variable for each extent."""
        with contextlib.ExitStack() as stack:
            variables = [
                stack.enter_context(loop.body(builder, names[i : i + 1]))
                for i, loop in enumerate(self.loops)
            ]
            yield variables[0] if len(variables) == 1 else variables


class PersistentLoop(LoopNest):
    """`T.Persistent`: the tiles of a domain dealt out to `wave_size` programs.

    Tiles are numbered so that `group_size` neighbours along the last dimension follow each other
    before the first dimensions advance; program `index` takes the tiles index, index + wave_size,
    ... A last group that is not full is handled by a guard, so every tile is visited once.
    """

    what = "T.Persistent"

    def __init__(self, domain: tuple[Any, ...], wave_size: Any, index: Any, group: int) -> None:
        self.domain = [as_index(extent) for extent in domain]
        self.wave_size = as_index(wave_size)
        self.index = as_index(index)
        self.group = as_expr(group)

    @contextlib.contextmanager
    def body(self, builder: Builder, names: tuple[str, ...]) -> Iterator[Any]:
        """Traces the body once, with one coordinate for each dimension of the domain."""
        span = builder.span()
        # At least 1: an empty domain has no tiles, but its groups are counted all the same.
        group = ir.make_binary("max", ir.make_binary("min", self.group, self.domain[-1]), 1)
        groups = (self.domain[-1] + (group - 1)) // group
        total = groups * group
        for extent in self.domain[:-1]:
            total = total * extent
        waves = (total + (self.wave_size - 1)) // self.wave_size
        with CountedLoop(self.what, 0, waves, 1, ir.ForKind.SERIAL).body(builder, ("wave",)) as w:
            linear = builder.bind("tile", w * self.wave_size + self.index)
            coords = self._coordinates(builder, linear, group, names)
            inside = ir.make_binary("and", linear < total, coords[-1] < self.domain[-1])
            builder.push("if")
            yield coords[0] if len(coords) == 1 else coords
            builder.emit(ir.If(inside, builder.pop(), None, span))

    def _coordinates(
        self, builder: Builder, linear: ir.Expr, group: ir.Expr, names: tuple[str, ...]
    ) -> list[ir.Expr]:
        inner = linear % group
        rest = linear // group
        outer: list[ir.Expr] = []
        for extent in reversed(self.domain[:-1]):
            outer.insert(0, rest % extent)
            rest = rest // extent
        values = [*outer, rest * group + inner]
        labels = list(names) if len(names) == len(values) else ["coord"] * len(values)
        return [builder.bind(label, value) for label, value in zip(labels, values, strict=True)]


def variables_for(extents: list[ir.Expr], names: tuple[str, ...]) -> list[ir.Var]:
    """Variables for the extents, named like the targets where their numbers agree."""
    if len(names) != len(extents):
        names = tuple("ijkl"[d] if d < 4 else f"i{d}" for d in range(len(extents)))
    return [ir.Var(n, extent.dtype) for n, extent in zip(names, extents, strict=True)]
