"""The evaluator's state: lanes, variables, buffers, and checked reads and writes."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from tilescale import errors, ir
from tilescale.testing import eval_dtype, eval_memory
from tilescale.testing.eval_dtype import Values
from tilescale.testing.eval_memory import Index, LaneSpace, View

Flags = npt.NDArray[np.bool_]


def key(node: Any) -> int:
    """The identity of a variable or buffer."""
    return int(node.__chandle__())


def magnitude(values: Values) -> Values:
    """Absolute values, infinite where a value is no integer: a bound for sums that are exact."""
    return np.where(values == np.floor(values), np.abs(values), np.inf)


@dataclasses.dataclass(eq=False)
class Lanes:
    """The iterations that execute the current statement.

    Attributes:
        space: the set that they are part of.
        env: values of variables: one for all lanes, or one for each lane of `space`.
        ids: the lanes of `space` that are active, ascending.
    """

    space: LaneSpace
    env: dict[int, Values]
    ids: Index

    @staticmethod
    def single() -> Lanes:
        """The one lane in which a program runs."""
        return Lanes(LaneSpace(1), {}, np.zeros(1, np.int64))

    @property
    def count(self) -> int:
        """How many lanes are active."""
        return self.ids.size

    def subset(self, mask: Flags) -> Lanes:
        """The active lanes for which `mask` holds."""
        return Lanes(self.space, self.env, self.ids[mask])

    def with_ids(self, parts: list[Index]) -> Lanes:
        """Lanes of the same space: the union of disjoint sets."""
        ids = np.sort(np.concatenate(parts)) if parts else np.zeros(0, np.int64)
        return Lanes(self.space, self.env, ids)

    def one_by_one(self) -> list[Lanes]:
        """Each active lane alone."""
        if self.count == 1:
            return [self]
        return [Lanes(self.space, self.env, self.ids[i : i + 1]) for i in range(self.count)]

    def lookup(self, var: ir.Var) -> Values | None:
        """The value of `var`: of length 1, or one for each active lane; None if unbound."""
        values = self.env.get(key(var))
        return values if values is None or values.size == 1 else values[self.ids]

    def bind(self, var: ir.Var, values: Values) -> None:
        """Gives `var` a value in the active lanes."""
        if values.size > 1 and values.size != self.space.size:
            full = np.zeros(self.space.size, values.dtype)
            full[self.ids] = values
            values = full
        self.env[key(var)] = values

    def spread(self, values: Values) -> Values:
        """One value for each active lane."""
        return np.broadcast_to(values, (self.count,)) if values.size == 1 else values

    def enter(self, counts: Index) -> tuple[Lanes, Index, Index]:
        """Starts a space with `counts[i]` lanes for the i-th active lane.

        Returns:
            The new lanes, the position of each one's parent in `ids`, and each one's number among
            its siblings.
        """
        parent = np.repeat(np.arange(self.count), counts)
        first = np.cumsum(counts) - counts
        number = np.arange(parent.size) - first[parent]
        space = LaneSpace(parent.size, self.space, self.ids[parent], eval_memory.AccessLog())
        env = {v: a if a.size == 1 else a[self.ids[parent]] for v, a in self.env.items()}
        return Lanes(space, env, np.arange(parent.size)), parent, number


def to_span(span: Any) -> errors.Span | None:
    """A span of the IR as errors show it."""
    if span is None:
        return None
    end = span.end_col if span.end_line == span.line else 0
    return errors.Span(str(span.file), span.line, span.col, end, to_span(span.caller))


class Machine:
    """Buffers of the running program and checked access to them.

    Attributes:
        views: memory of each declared buffer.
        safe_values: what reads outside a buffer give, where it is not 0.
        program: the number of the running program.
        statement: the statement being executed, for error messages.
        printed: texts printed so far.
        exact: whether all float sums so far were exact, so that their order does not matter.
    """

    def __init__(self, *, check_programs: bool = True) -> None:
        self.views: dict[int, View] = {}
        self.safe_values: dict[int, Values] = {}
        self.program = 0
        self.statement: Any = None
        self.printed: list[str] = []
        self.exact = True
        self._check_programs = check_programs

    def start_launch(self) -> None:
        """Forgets who touched which element: launches run one after another."""
        for view in self.views.values():
            if view.memory.programs is not None:
                view.memory.programs.clear()

    def error(self, cls: type[errors.TileScaleError], message: str, **parts: Any) -> Exception:
        """An error at the current statement."""
        span = to_span(self.statement.span) if self.statement is not None else None
        return cls(message, span=span, **parts)

    def note_sum(self, bound: Values, dtype: str) -> None:
        """Clears `exact` if a sum of terms whose magnitudes add up to `bound` may round."""
        if self.exact and eval_dtype.is_float(dtype) and bound.size:
            self.exact = bool((bound <= 2.0 ** eval_dtype.precision(dtype)).all())

    def view(self, buffer: ir.Buffer) -> View:
        """The memory of a declared buffer."""
        found = self.views.get(key(buffer))
        if found is None:
            raise self.error(errors.InternalError, f"buffer `{buffer.name}` is not declared")
        return found

    def _touch(self, view: View, kind: str, offset: Index, lanes: Lanes) -> None:
        """Records an access for the detection of races."""
        memory, space, ids = view.memory, lanes.space, lanes.ids
        units = None
        while space.parent is not None:
            if not space.encloses(memory.space):
                assert space.log is not None and space.origin is not None
                units = eval_memory.unit_offsets(view, offset) if units is None else units
                space.log.record(memory, kind, units, ids)
            assert space.origin is not None
            ids, space = space.origin[ids], space.parent
        if memory.programs is None or not self._check_programs:
            return
        units = eval_memory.unit_offsets(view, offset) if units is None else units
        rival = memory.programs.record(kind, units, self.program)
        if rival is not None:
            raise self._program_race(view, *rival)

    def _program_race(self, view: View, unit: int, other: int) -> Exception:
        element = unit * view.memory.unit // eval_dtype.bits(view.dtype)
        who = "several programs" if other < 0 else f"program {other}"
        return self.error(
            errors.RaceError,
            f"programs race on `{view.name}`",
            expected="programs that run in any order to touch different elements, or atomics",
            got=f"element {element} is touched by program {self.program} and by {who}",
        )

    def _check_inside(self, view: View, indices: list[Values], inside: Flags, verb: str) -> None:
        if inside.all():
            return
        at = int(np.flatnonzero(~inside)[0])
        where = [int(i[at if i.size > 1 else 0]) for i in indices]
        raise self.error(
            errors.OutOfBoundsError,
            f"`{view.name}` is {verb} outside its shape",
            expected=f"indices inside {list(view.shape)}",
            got=str(where),
            remedy="guard the access with `if`",
        )

    def _uninitialized(self, view: View, offset: Index, defined: Flags) -> Exception:
        first = int(offset[np.flatnonzero(~defined)[0]])
        where = []
        for extent, stride in zip(view.shape, view.strides, strict=True):
            where.append(first // stride % extent)
        return self.error(
            errors.UninitializedReadError,
            f"`{view.name}` is read before it is written",
            got=f"element {where} is undefined",
            remedy="write it first, for example with T.clear",
        )

    def _outside_value(self, buffer: ir.Buffer, view: View) -> Values:
        safe = self.safe_values.get(key(buffer))
        return eval_dtype.constant(0, view.dtype) if safe is None else safe

    def load(self, buffer: ir.Buffer, indices: list[Values], lanes: Lanes) -> Values:
        """The element at `indices` in each lane; outside a global buffer 0 or the safe value."""
        view = self.view(buffer)
        offset, inside = view.locate(indices, lanes.count)
        if view.scope != "global":
            self._check_inside(view, indices, inside, "read")
        values, defined = self._fetch(buffer, view, offset, inside, lanes)
        if not defined.all():
            raise self._uninitialized(view, offset, defined)
        return values

    def _fetch(
        self, buffer: ir.Buffer, view: View, offset: Index, inside: Flags, lanes: Lanes
    ) -> tuple[Values, Flags]:
        """Elements (0 or the safe value outside) and which of them are defined."""
        whole = bool(inside.all())
        reached = lanes if whole else lanes.subset(inside)
        at = offset if whole else offset[inside]
        at = at + eval_memory.lane_offset(view, reached.ids, reached.space)
        self._touch(view, eval_memory.READ, at, reached)
        values, defined = eval_memory.load(view, at)
        if whole:
            return values, defined
        out = np.full(offset.size, self._outside_value(buffer, view)[0], values.dtype)
        flags = np.ones(offset.size, np.bool_)
        out[inside], flags[inside] = values, defined
        return out, flags

    def store(self, buffer: ir.Buffer, indices: list[Values], values: Values, lanes: Lanes) -> None:
        """Writes one element in each lane; dropped outside a global buffer."""
        view = self.view(buffer)
        offset, inside = view.locate(indices, lanes.count)
        if view.scope != "global":
            self._check_inside(view, indices, inside, "written")
        flags = np.ones(lanes.count, np.bool_)
        self._put(view, offset, inside, lanes.spread(values), flags, lanes)

    def _put(
        self,
        view: View,
        offset: Index,
        inside: Flags,
        values: Values,
        defined: Flags,
        lanes: Lanes,
    ) -> None:
        reached = lanes.subset(inside)
        at = offset[inside] + eval_memory.lane_offset(view, reached.ids, reached.space)
        self._touch(view, eval_memory.WRITE, at, reached)
        eval_memory.store(view, at, values[inside], defined[inside])

    def run(
        self, buffer: ir.Buffer, indices: list[Values], count: int, lanes: Lanes, verb: str
    ) -> tuple[Index, Flags]:
        """Where `count` neighbours start in each lane, and whether all of them are inside.

        They may go on in the next row of a buffer without gaps.
        """
        view = self.view(buffer)
        offset, inside = view.locate(indices, lanes.count)
        fits = indices[-1] + count <= view.shape[-1]
        if not len(buffer.strides):
            fits = fits | (offset + count <= int(np.prod(view.shape)))
        inside = inside & fits
        if view.scope != "global":
            self._check_inside(view, indices, inside, verb)
        return offset, inside

    def load_run(self, buffer: ir.Buffer, offset: Index, count: int, lanes: Lanes) -> Values:
        """The neighbours from `offset` on, which lie inside, as an array of (lane, element)."""
        view, found = self.view(buffer), []
        for i in range(count):
            inside = np.ones(offset.size, np.bool_)
            values, defined = self._fetch(buffer, view, offset + i, inside, lanes)
            if not defined.all():
                raise self._uninitialized(view, offset + i, defined)
            found.append(values)
        return np.stack(found, axis=-1)

    def store_run(self, buffer: ir.Buffer, offset: Index, values: Values, lanes: Lanes) -> None:
        """Writes an array of (lane, element) to the neighbours from `offset` on."""
        flags = np.ones(offset.size, np.bool_)
        for i in range(values.shape[1]):
            self._put(self.view(buffer), offset + i, flags, values[:, i], flags, lanes)

    def update(
        self,
        buffer: ir.Buffer,
        indices: list[Values],
        values: Values,
        lanes: Lanes,
        combine: Any,
        *,
        is_sum: bool = False,
    ) -> Values:
        """Atomically replaces one element in each lane by `combine(old, value)`.

        Returns:
            The old values; outside the buffer nothing is changed and 0 is returned.
        """
        view = self.view(buffer)
        offset, inside = view.locate(indices, lanes.count)
        if view.scope != "global":
            self._check_inside(view, indices, inside, "updated")
        out = np.zeros(lanes.count, eval_dtype.register_dtype(view.dtype))
        reached, chosen = lanes.subset(inside), lanes.spread(values)[inside]
        at = offset[inside] + eval_memory.lane_offset(view, reached.ids, reached.space)
        self._touch(view, eval_memory.ATOMIC, at, reached)
        out[inside] = self._update_in_turns(view, at, chosen, combine, is_sum)
        return out

    def _update_in_turns(
        self, view: View, at: Index, values: Values, combine: Any, is_sum: bool
    ) -> Values:
        """Updates where the n-th occurrence of an element in `at` belongs to the n-th turn."""
        old = np.zeros(at.size, eval_dtype.register_dtype(view.dtype))
        order = np.argsort(at, kind="stable")
        ordered = at[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if at.size else order
        turn = np.empty(at.size, np.int64)
        turn[order] = np.arange(at.size) - np.repeat(starts, np.diff(np.r_[starts, at.size]))
        for number in range(int(turn.max(initial=-1)) + 1):
            now = turn == number
            before, defined = eval_memory.load(view, at[now])
            if not defined.all():
                raise self._uninitialized(view, at[now], defined)
            old[now] = before
            after = combine(before, values[now])
            if is_sum:
                self.note_sum(magnitude(before) + magnitude(values[now]), view.dtype)
            eval_memory.store(view, at[now], after, np.ones(after.size, np.bool_))
        return old

    def _box(self, mins: list[int], extents: list[int]) -> list[Values]:
        grid = np.indices(extents, dtype=np.int64)
        return [low + index.ravel() for low, index in zip(mins, grid, strict=True)]

    def load_box(
        self, buffer: ir.Buffer, mins: list[int], extents: list[int], lane: Lanes
    ) -> tuple[Values, Flags]:
        """The box of a buffer and which of its elements are defined, for one lane."""
        view, indices = self.view(buffer), self._box(mins, extents)
        count = int(np.prod(extents, dtype=np.int64))
        lanes = Lanes(lane.space, lane.env, np.repeat(lane.ids, count))
        offset, inside = view.locate(indices, count)
        values, defined = self._fetch(buffer, view, offset, inside, lanes)
        return values.reshape(extents), defined.reshape(extents)

    def store_box(
        self,
        buffer: ir.Buffer,
        mins: list[int],
        values: Values,
        lane: Lanes,
        defined: Flags | None = None,
    ) -> None:
        """Writes a box of a buffer for one lane; what lies outside is dropped."""
        view, indices = self.view(buffer), self._box(mins, list(values.shape))
        lanes = Lanes(lane.space, lane.env, np.repeat(lane.ids, values.size))
        offset, inside = view.locate(indices, values.size)
        flags = np.ones(values.size, np.bool_) if defined is None else defined.ravel()
        if view.scope == "global" and not flags[inside].all():
            raise self.error(
                errors.UninitializedReadError,
                f"undefined values are copied to `{view.name}`",
                remedy="write the source first, for example with T.clear",
            )
        self._put(view, offset, inside, values.ravel(), flags, lanes)
