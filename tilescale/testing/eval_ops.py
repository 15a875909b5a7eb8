"""Tile operators: one function for each, run for one lane at a time on whole regions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tilescale import errors, ir
from tilescale.testing import eval_dtype
from tilescale.testing.eval_access import Flags, Lanes, Machine, key, magnitude
from tilescale.testing.eval_dtype import Values
from tilescale.testing.eval_expr import Expressions, atomic_rule, combine

REDUCE_STEMS = ("add", "max", "min", "add", "max", "bitand", "bitor", "bitxor")
ATOMIC_NAMES = ("add", "max", "min", "or", "and", "xor", "exch")


def reduce_identity(kind: int, dtype: str) -> Values:
    """The value that changes nothing, as an array of length 1."""
    if kind in (ir.op.ReduceKind.MAX, ir.op.ReduceKind.MIN):
        sign = -1 if kind == ir.op.ReduceKind.MAX else 1
        if eval_dtype.is_float(dtype):
            return eval_dtype.constant(sign * np.inf, dtype)
        return eval_dtype.constant(eval_dtype.int_limits(dtype)[0 if sign < 0 else 1], dtype)
    return eval_dtype.constant(-1 if kind == ir.op.ReduceKind.BITAND else 0, dtype)


def reduce_step(kind: int, dtype: str, acc: Values, element: Values, nan: bool = False) -> Values:
    """`acc` combined with one more element of its type."""
    if kind in (ir.op.ReduceKind.ABSSUM, ir.op.ReduceKind.ABSMAX):
        element = np.abs(element)
    stem = REDUCE_STEMS[kind]
    if nan and stem in ("max", "min") and eval_dtype.is_float(dtype):
        return np.maximum(acc, element) if stem == "max" else np.minimum(acc, element)
    return combine(stem, acc, element, dtype)


def squeeze_to(values: Any, rank: int) -> Any:
    """`values` without leading extents of 1, down to `rank` dimensions."""
    while values.ndim > rank and values.shape[0] == 1:
        values = values[0]
    return values


class Operators:
    """Executes tile operators."""

    def __init__(self, machine: Machine, expressions: Expressions) -> None:
        self._machine = machine
        self._value = expressions
        self._reducers: dict[int, int] = {}
        self._rules: dict[type, Callable[[Any, Lanes], None]] = {
            ir.op.Copy: self._copy,
            ir.op.Fill: self._fill,
            ir.op.Gemm: self._gemm,
            ir.op.Transpose: self._transpose,
            ir.op.LoadOperand: self._copy,
            ir.op.Reduce: self._reduce,
            ir.op.Scan: self._scan,
            ir.op.Atomic: self._atomic,
            ir.op.ReducerInit: self._reducer_init,
            ir.op.ReducerFinalize: self._reducer_finalize,
            ir.op.Print: self._print,
        }
        self._vector_rules: dict[type, Callable[[Any, Lanes], None]] = {
            ir.op.ReducerUpdate: self._reducer_update,
            ir.op.DeviceAssert: self._device_assert,
        }

    def knows(self, statement: Any) -> bool:
        """Whether `statement` is a tile operator."""
        return type(statement) in self._rules or type(statement) in self._vector_rules

    def __call__(self, statement: Any, lanes: Lanes) -> None:
        """Executes one operator in the active lanes."""
        vector = self._vector_rules.get(type(statement))
        if vector is not None:
            vector(statement, lanes)
            return
        for lane in lanes.one_by_one():
            self._rules[type(statement)](statement, lane)

    def _place(self, region: ir.Region, lane: Lanes) -> tuple[list[int], list[int]]:
        mins = self._value.integers(region.mins, lane)
        return mins, [max(0, n) for n in self._value.integers(region.extents, lane)]

    def _read_raw(self, region: ir.Region, lane: Lanes) -> tuple[Values, Flags]:
        mins, extents = self._place(region, lane)
        return self._machine.load_box(region.buffer, mins, extents, lane)

    def _read(self, region: ir.Region, lane: Lanes, dtype: str) -> Values:
        """The defined elements of a region, converted to `dtype`."""
        values, defined = self._read_raw(region, lane)
        if not defined.all():
            where = [int(i) for i in np.argwhere(~defined)[0]]
            raise self._machine.error(
                errors.UninitializedReadError,
                f"`{region.buffer.name}` is read before it is written",
                got=f"element {where} of the region is undefined",
                remedy="write it first, for example with T.clear",
            )
        return eval_dtype.cast(values, str(region.buffer.dtype), dtype)

    def _write(
        self, region: ir.Region, values: Values, lane: Lanes, defined: Flags | None = None
    ) -> None:
        mins, extents = self._place(region, lane)
        if values.size != int(np.prod(extents, dtype=np.int64)):
            raise self._machine.error(
                errors.InternalError,
                f"a region of `{region.buffer.name}` has the wrong shape",
                expected=str(list(values.shape)),
                got=str(extents),
            )
        flags = None if defined is None else defined.reshape(extents)
        self._machine.store_box(region.buffer, mins, values.reshape(extents), lane, flags)

    def _copy(self, op: ir.op.Copy, lane: Lanes) -> None:
        values, defined = self._read_raw(op.src, lane)
        values = eval_dtype.cast(values, str(op.src.buffer.dtype), str(op.dst.buffer.dtype))
        self._write(op.dst, values, lane, defined)

    def _fill(self, op: ir.op.Fill, lane: Lanes) -> None:
        value = self._value(op.value, lane)
        value = eval_dtype.cast(value, str(op.value.dtype), str(op.dst.buffer.dtype))
        _, extents = self._place(op.dst, lane)
        self._write(op.dst, np.full(extents, value[0], value.dtype), lane)

    def _gemm(self, op: ir.op.Gemm, lane: Lanes) -> None:
        dtype = str(op.c.buffer.dtype)
        a = squeeze_to(self._read(op.a, lane, dtype), 2)
        b = squeeze_to(self._read(op.b, lane, dtype), 2)
        a, b = (a.T if op.trans_a else a), (b.T if op.trans_b else b)
        if op.clear_accum:
            acc = np.zeros((a.shape[0], b.shape[1]), a.dtype)
        else:
            acc = squeeze_to(self._read(op.c, lane, dtype), 2)
        self._machine.note_sum(magnitude(acc) + magnitude(a) @ magnitude(b), dtype)
        for k in range(a.shape[1]):
            product = combine("mul", a[:, k, None], b[k, None, :], dtype)
            acc = combine("add", acc, product, dtype)
        self._write(op.c, acc, lane)

    def _transpose(self, op: ir.op.Transpose, lane: Lanes) -> None:
        values, defined = self._read_raw(op.src, lane)
        values = eval_dtype.cast(values, str(op.src.buffer.dtype), str(op.dst.buffer.dtype))
        values, defined = squeeze_to(values, 2).T, squeeze_to(defined, 2).T
        self._write(op.dst, values, lane, np.ascontiguousarray(defined))

    def _reduce(self, op: ir.op.Reduce, lane: Lanes) -> None:
        dtype = str(op.dst.buffer.dtype)
        source = np.moveaxis(self._read(op.src, lane, dtype), op.dim, 0)
        acc = np.full(source.shape[1:], reduce_identity(op.kind, dtype)[0], source.dtype)
        for element in source:
            acc = reduce_step(op.kind, dtype, acc, element, op.nan_propagate)
        if not op.clear:
            old = self._read(op.dst, lane, dtype).reshape(acc.shape)
            acc = self._join(op, dtype, old, acc)
        if REDUCE_STEMS[op.kind] == "add":
            self._machine.note_sum(magnitude(acc) + magnitude(source).sum(axis=0), dtype)
        self._write(op.dst, np.asarray(acc), lane)

    @staticmethod
    def _join(op: ir.op.Reduce, dtype: str, old: Values, acc: Values) -> Values:
        """The old value of the result takes part as it is: no |x| is taken of it."""
        plain = {ir.op.ReduceKind.ABSSUM: 0, ir.op.ReduceKind.ABSMAX: 1}
        kind = plain.get(ir.op.ReduceKind(op.kind), op.kind)
        return reduce_step(kind, dtype, old, acc, op.nan_propagate)

    def _scan(self, op: ir.op.Scan, lane: Lanes) -> None:
        dtype = str(op.dst.buffer.dtype)
        source = np.moveaxis(self._read(op.src, lane, dtype), op.dim, 0)
        stem = "add" if op.kind == ir.op.ScanKind.SUM else "max"
        out = np.array(source[::-1] if op.reverse else source)
        for i in range(1, out.shape[0]):
            out[i] = combine(stem, out[i - 1], out[i], dtype)
        if stem == "add":
            self._machine.note_sum(magnitude(source).sum(axis=0), dtype)
        out = out[::-1] if op.reverse else out
        self._write(op.dst, np.ascontiguousarray(np.moveaxis(out, 0, op.dim)), lane)

    def _atomic(self, op: ir.op.Atomic, lane: Lanes) -> None:
        dtype = str(op.dst.buffer.dtype)
        values = self._read(op.src, lane, dtype).ravel()
        mins, extents = self._place(op.dst, lane)
        grid = np.indices(extents, dtype=np.int64)
        indices = [low + index.ravel() for low, index in zip(mins, grid, strict=True)]
        view = self._machine.view(op.dst.buffer)
        # Parts outside are dropped in every scope, unlike with the scalar form.
        _, inside = view.locate(indices, values.size)
        lanes = Lanes(lane.space, lane.env, np.repeat(lane.ids, values.size)).subset(inside)
        rule = atomic_rule(ATOMIC_NAMES[op.kind], dtype)
        indices = [index[inside] for index in indices]
        is_sum = op.kind == ir.op.AtomicKind.ADD
        self._machine.update(op.dst.buffer, indices, values[inside], lanes, rule, is_sum=is_sum)

    def _reducer_init(self, op: ir.op.ReducerInit, lane: Lanes) -> None:
        view = self._machine.view(op.reducer)
        identity = reduce_identity(op.kind, view.dtype)
        self._reducers[key(op.reducer)] = op.kind
        values = np.full(view.shape, identity[0], identity.dtype)
        self._machine.store_box(op.reducer, [0] * len(view.shape), values, lane)

    def _check_epoch(self, reducer: ir.Buffer, kind: int) -> None:
        if self._reducers.get(key(reducer)) != kind:
            raise self._machine.error(
                errors.UninitializedReadError,
                f"reducer `{reducer.name}` is used outside an epoch of this kind",
                remedy="call T.reducer_init first",
            )

    def _reducer_update(self, op: ir.op.ReducerUpdate, lanes: Lanes) -> None:
        self._check_epoch(op.reducer, op.kind)
        dtype = str(op.reducer.dtype)
        indices = [self._value(i, lanes) for i in op.indices]
        values = eval_dtype.cast(self._value(op.value, lanes), str(op.value.dtype), dtype)

        def step(old: Values, value: Values) -> Values:
            return reduce_step(op.kind, dtype, old, value)

        is_sum = REDUCE_STEMS[op.kind] == "add"
        self._machine.update(op.reducer, indices, values, lanes, step, is_sum=is_sum)

    def _reducer_finalize(self, op: ir.op.ReducerFinalize, lane: Lanes) -> None:
        self._check_epoch(op.reducer, op.kind)
        del self._reducers[key(op.reducer)]
        whole = ir.full_region(op.reducer)
        self._write(op.dst, self._read(whole, lane, str(op.dst.buffer.dtype)), lane)

    def _print(self, op: ir.op.Print, lane: Lanes) -> None:
        parts = [str(op.msg)] if op.msg else []
        for value in op.values:
            if type(value) is ir.Region:
                parts.append(str(self._read(value, lane, str(value.buffer.dtype)).tolist()))
            else:
                parts.append(str(self._value(value, lane)[0].item()))
        self._machine.printed.append(" ".join(parts))

    def _device_assert(self, op: ir.op.DeviceAssert, lanes: Lanes) -> None:
        if not self._value(op.cond, lanes).all():
            message = str(op.msg) or "an assertion of the kernel failed"
            raise self._machine.error(errors.KernelAssertionError, message)
