"""Memory of the evaluator: bytes that know which of them are defined, and race detection.

Execution is in lanes: a `LaneSpace` is the set of iterations of one `Parallel` (or the single lane
of a program), and every access carries the lane that makes it.
"""

from __future__ import annotations

import ctypes
import dataclasses
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from tilescale.testing import eval_dtype
from tilescale.testing.eval_dtype import Values

Index = npt.NDArray[np.int64]

READ, WRITE, ATOMIC = "read", "write", "atomic"


@dataclasses.dataclass(eq=False)
class LaneSpace:
    """Iterations that run at once.

    Attributes:
        size: how many there are.
        parent: the space that encloses the `Parallel`, or None for a program.
        origin: for each lane the lane of `parent` that started it.
        log: the accesses made by these lanes, or None for a program.
    """

    size: int
    parent: LaneSpace | None = None
    origin: Index | None = None
    log: AccessLog | None = None

    def ancestor_lanes(self, lanes: Index, ancestor: LaneSpace) -> Index:
        """The lanes of `ancestor` that (indirectly) started `lanes`."""
        space: LaneSpace = self
        while space is not ancestor:
            assert space.parent is not None and space.origin is not None
            lanes, space = space.origin[lanes], space.parent
        return lanes

    def encloses(self, other: LaneSpace) -> bool:
        """Whether `other` is this space or lies inside it."""
        space: LaneSpace | None = other
        while space is not None and space is not self:
            space = space.parent
        return space is self


@dataclasses.dataclass(eq=False)
class Memory:
    """One allocation.

    Attributes:
        data: the bytes; for a tensor argument they alias the caller's array.
        unit: bits of the narrowest element type under which it is seen; flags and logs have one
            entry for each unit.
        defined: whether each unit has been written, or None if everything is defined.
        space: the lanes that have a copy each, one after another in `data`.
        lane_bits: the length of one copy.
        programs: the last accesses of each unit by program, for global memory.
    """

    data: npt.NDArray[np.uint8]
    unit: int
    defined: npt.NDArray[np.bool_] | None
    space: LaneSpace
    lane_bits: int
    programs: ProgramLog | None = None

    @property
    def num_units(self) -> int:
        """How many units the memory has, all lanes together."""
        return self.data.size * 8 // self.unit

    def refine(self, width: int) -> None:
        """Prepares for a view whose elements have `width` bits."""
        if width >= self.unit:
            return
        ratio = self.unit // width
        if self.defined is not None:
            self.defined = np.repeat(self.defined, ratio)
        if self.programs is not None:
            self.programs.refine(ratio)
        self.unit = width


@dataclasses.dataclass(eq=False)
class View:
    """A buffer bound to memory: shape and strides in elements of `dtype`."""

    name: str
    memory: Memory
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    scope: str

    def locate(self, indices: list[Values], count: int) -> tuple[Index, npt.NDArray[np.bool_]]:
        """The element offset of each of `count` index tuples, and whether it lies inside."""
        offset = np.zeros(count, np.int64)
        inside = np.ones(count, np.bool_)
        for index, extent, stride in zip(indices, self.shape, self.strides, strict=True):
            inside &= (index >= 0) & (index < extent)
            offset += index.astype(np.int64) * stride
        return offset, inside


def row_major(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of `shape` without gaps, in elements."""
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


def allocate(size: int, dtype: str, space: LaneSpace, *, is_global: bool = False) -> Memory:
    """Undefined memory for `size` elements in each lane of `space`."""
    width = eval_dtype.bits(dtype)
    lane_bytes = -(-size * width // 8)
    data = np.full(space.size * lane_bytes, 0xA5, np.uint8)
    memory = Memory(data, width, None, space, lane_bytes * 8)
    memory.defined = np.zeros(memory.num_units, np.bool_)
    if is_global:
        memory.programs = ProgramLog.for_units(memory.num_units)
    return memory


def from_array(array: npt.NDArray[Any], dtype: str, space: LaneSpace) -> Memory:
    """Memory that aliases `array`, from its first element to its last."""
    steps = [s * (n - 1) for s, n in zip(array.strides, array.shape, strict=True)]
    span = 0 if array.size == 0 else sum(steps) // array.itemsize + 1
    # as_strided knows only the types of numpy itself.
    raw = array.view(f"u{array.itemsize}")
    flat = np.lib.stride_tricks.as_strided(raw, (span,), (array.itemsize,))
    data = flat.view(np.uint8)
    memory = Memory(data, eval_dtype.bits(dtype), None, space, data.size * 8)
    memory.programs = ProgramLog.for_units(memory.num_units)
    return memory


def from_address(address: int, shape: list[int], strides: list[int], dtype: str) -> Memory:
    """Memory at a run-time address, as large as a tensor of this shape needs."""
    steps = strides or list(row_major(tuple(shape)))
    size = 0 if 0 in shape else sum((n - 1) * s for n, s in zip(shape, steps, strict=True)) + 1
    size_bytes = -(-size * eval_dtype.bits(dtype) // 8)
    raw = (ctypes.c_uint8 * size_bytes).from_address(address) if size else None
    data = np.zeros(0, np.uint8) if raw is None else np.ctypeslib.as_array(raw)
    return Memory(data, eval_dtype.bits(dtype), None, LaneSpace(1), size_bytes * 8)


def load(view: View, offset: Index) -> tuple[Values, npt.NDArray[np.bool_]]:
    """The elements at `offset` (all lane offsets included), and which of them are defined."""
    memory, width = view.memory, eval_dtype.bits(view.dtype)
    storage = eval_dtype.storage_dtype(view.dtype)
    if width == 4:
        byte = memory.data[offset >> 1] >> ((offset & 1) * 4).astype(np.uint8)
        values = eval_dtype.wrap_int(byte, view.dtype)
    else:
        whole = memory.data.size // storage.itemsize * storage.itemsize
        stored = memory.data[:whole].view(storage)[offset]
        values = eval_dtype.to_registers(stored, view.dtype)
    if memory.defined is None:
        return values, np.ones(offset.size, np.bool_)
    return values, np.asarray(memory.defined[unit_offsets(view, offset)].all(axis=1))


def store(view: View, offset: Index, values: Values, defined: npt.NDArray[np.bool_]) -> None:
    """Writes register values to `offset`; `defined` marks those that carry a value."""
    memory, width = view.memory, eval_dtype.bits(view.dtype)
    if width == 4:
        # Two elements of one byte may be written by one call: low halves first, then high ones.
        for half, mask in ((0, 0xF0), (1, 0x0F)):
            chosen = (offset & 1) == half
            low = values[chosen].astype(np.uint8) & 0x0F
            at = offset[chosen] >> 1
            memory.data[at] = (memory.data[at] & mask) | (low << np.uint8(4 * half))
    else:
        storage = eval_dtype.storage_dtype(view.dtype)
        whole = memory.data.size // storage.itemsize * storage.itemsize
        memory.data[:whole].view(storage)[offset] = eval_dtype.to_storage(values, view.dtype)
    if memory.defined is not None:
        memory.defined[unit_offsets(view, offset)] = defined[:, None]


def unit_offsets(view: View, offset: Index) -> Index:
    """The units of each element: an array of shape (len(offset), units per element)."""
    ratio = eval_dtype.bits(view.dtype) // view.memory.unit
    return offset[:, None] * ratio + np.arange(ratio)


def lane_offset(view: View, lanes: Index, space: LaneSpace) -> Index | int:
    """The offset, in elements, of the copy of `view`'s memory that each lane uses."""
    memory = view.memory
    if memory.space.size == 1:
        return 0
    owner = space.ancestor_lanes(lanes, memory.space)
    return owner * (memory.lane_bits // eval_dtype.bits(view.dtype))


class AccessLog:
    """What the lanes of one `Parallel` touched; `conflict` finds two lanes that race."""

    def __init__(self) -> None:
        self._entries: dict[tuple[Memory, int], dict[str, list[tuple[Index, Index]]]] = {}

    def record(self, memory: Memory, kind: str, units: Index, lanes: Index) -> None:
        """Notes that `lanes[i]` accesses the units `units[i, :]`."""
        key = (memory, memory.unit)
        kinds = self._entries.setdefault(key, {READ: [], WRITE: [], ATOMIC: []})
        kinds[kind].append((units.ravel(), np.repeat(lanes, units.shape[1])))

    def conflict(self) -> tuple[Memory, int, int, int] | None:
        """Returns (memory, unit, one lane, another lane) of a race, or None."""
        for (memory, unit), kinds in self._entries.items():
            found = None
            if kinds[WRITE]:
                others = kinds[READ] + kinds[ATOMIC] + kinds[WRITE]
                found = _conflict(memory, unit, kinds[WRITE], others)
            if found is None and kinds[ATOMIC] and kinds[READ]:
                found = _conflict(memory, unit, kinds[ATOMIC], kinds[READ])
            if found is not None:
                return found
        return None


_Entries = list[tuple[Index, Index]]


def _conflict(
    memory: Memory, unit: int, changes: _Entries, others: _Entries
) -> tuple[Memory, int, int, int] | None:
    """Looks for a unit that one lane changes and another one touches."""
    first = np.full(memory.data.size * 8 // unit, -1, np.int64)
    last = first.copy()
    where, who = _join(changes)
    first[where[::-1]] = who[::-1]
    last[where] = who
    where, who = _join(others)
    for owner in (first, last):
        bad = np.flatnonzero((owner[where] != -1) & (owner[where] != who))
        if bad.size:
            at = bad[0]
            return memory, int(where[at]), int(owner[where[at]]), int(who[at])
    return None


def _join(entries: _Entries) -> tuple[Index, Index]:
    return np.concatenate([e[0] for e in entries]), np.concatenate([e[1] for e in entries])


@dataclasses.dataclass(eq=False)
class ProgramLog:
    """The programs that read, wrote and atomically updated each unit of a tensor.

    -1 stands for none and -2 for several.
    """

    touched: dict[str, npt.NDArray[np.int32]]

    @staticmethod
    def for_units(count: int) -> ProgramLog:
        """A log in which nothing has been touched."""
        return ProgramLog({kind: np.full(count, -1, np.int32) for kind in (READ, WRITE, ATOMIC)})

    def refine(self, ratio: int) -> None:
        """Splits each unit into `ratio` ones."""
        self.touched = {kind: np.repeat(seen, ratio) for kind, seen in self.touched.items()}

    def clear(self) -> None:
        """Makes a log in which nothing has been touched of this one."""
        for seen in self.touched.values():
            seen.fill(-1)

    def record(self, kind: str, units: Index, program: int) -> tuple[int, int] | None:
        """Notes an access; returns (unit, other program) if it races with an earlier one."""
        flat = units.ravel()
        rivals = {READ: (WRITE, ATOMIC), WRITE: (READ, WRITE, ATOMIC), ATOMIC: (READ, WRITE)}
        for rival in rivals[kind]:
            seen = self.touched[rival][flat]
            bad = np.flatnonzero((seen != -1) & (seen != program))
            if bad.size:
                return int(flat[bad[0]]), int(seen[bad[0]])
        seen = self.touched[kind][flat]
        self.touched[kind][flat] = np.where((seen == -1) | (seen == program), program, -2)
        return None
