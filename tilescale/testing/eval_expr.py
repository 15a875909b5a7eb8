"""Expressions of the tile stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tilescale import errors, ir
from tilescale.testing import eval_dtype, eval_intrinsics, eval_vector
from tilescale.testing.eval_access import Lanes, Machine, magnitude
from tilescale.testing.eval_dtype import Values


def floor_div(a: Values, b: Values) -> Values:
    """Division rounded towards minus infinity."""
    if a.dtype.kind == "f":
        return np.floor(a / b)
    return np.floor_divide(a, b)


def trunc_div(a: Values, b: Values) -> Values:
    """Division rounded towards zero."""
    if a.dtype.kind == "f":
        return np.trunc(a / b)
    quotient = np.floor_divide(a, b)
    inexact = np.remainder(a, b) != 0
    return quotient + (inexact & ((a < 0) != (b < 0))).astype(quotient.dtype)


def _minimum(a: Values, b: Values) -> Values:
    return np.fmin(a, b) if a.dtype.kind == "f" else np.minimum(a, b)


def _maximum(a: Values, b: Values) -> Values:
    return np.fmax(a, b) if a.dtype.kind == "f" else np.maximum(a, b)


BINARY: dict[str, Callable[[Values, Values], Values]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "floordiv": floor_div,
    "floormod": np.remainder,
    "truncdiv": trunc_div,
    "truncmod": np.fmod,
    "min": _minimum,
    "max": _maximum,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "bitand": np.bitwise_and,
    "bitor": np.bitwise_or,
    "bitxor": np.bitwise_xor,
    "shl": np.left_shift,
    "shr": np.right_shift,
}
_COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
_DIVISIONS = ("floordiv", "floormod", "truncdiv", "truncmod")


def combine(name: str, a: Values, b: Values, dtype: str) -> Values:
    """`a name b` of register values of `dtype`, rounded or wrapped to it."""
    if dtype == "bool" and name in ("add", "mul", "min", "max"):
        result = (np.logical_or if name in ("add", "max") else np.logical_and)(a, b)
        return np.asarray(result)
    result = BINARY[name](a, b)
    return result if name in _COMPARISONS else finish(result, dtype)


def finish(values: Values, dtype: str) -> Values:
    """Rounds or wraps a freshly computed value into `dtype`."""
    kind = eval_dtype.split(dtype)[0]
    if kind == "float":
        return eval_dtype.round_float(values, dtype)
    return values if kind in ("bool", "handle") else eval_dtype.wrap_int(values, dtype)


class Expressions:
    """Evaluates expressions in the active lanes; results have length 1 or one entry per lane."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._rules: dict[type, Callable[[Any, Lanes], Values]] = {
            ir.IntImm: self._constant,
            ir.FloatImm: self._constant,
            ir.Var: self._var,
            ir.Binary: self._binary,
            ir.Not: self._not,
            ir.Cast: self._cast,
            ir.Select: self._select,
            ir.Load: self._load,
            ir.AddressOf: self._address_of,
            ir.Call: self._call,
        }

    def __call__(self, expr: Any, lanes: Lanes) -> Values:
        """The value of `expr`."""
        rule = self._rules.get(type(expr))
        if rule is None:
            raise self.machine.error(
                errors.UnsupportedEvaluationError,
                f"the evaluator has no rule for {type(expr).__name__}",
            )
        return rule(expr, lanes)

    def integer(self, expr: Any, lanes: Lanes) -> int:
        """The value of an integer expression that is the same in all active lanes."""
        values = self(expr, lanes)
        if values.size > 1 and (values != values[0]).any():
            raise self.machine.error(
                errors.UnsupportedEvaluationError,
                "a shape differs between parallel iterations",
            )
        return int(values[0])

    def integers(self, exprs: Any, lanes: Lanes) -> list[int]:
        """The values of several integer expressions."""
        return [self.integer(e, lanes) for e in exprs]

    def _constant(self, expr: Any, lanes: Lanes) -> Values:
        return eval_dtype.constant(expr.value, str(expr.dtype))

    def _var(self, expr: ir.Var, lanes: Lanes) -> Values:
        values = lanes.lookup(expr)
        if values is None:
            raise self.machine.error(errors.InternalError, f"variable `{expr.name}` is unbound")
        return values

    def _binary(self, expr: ir.Binary, lanes: Lanes) -> Values:
        name, dtype = ir.binary_name(expr.kind), str(expr.a.dtype)
        a = self(expr.a, lanes)
        if name in ("and", "or"):
            return self._short_circuit(name, a, expr.b, lanes)
        b = self(expr.b, lanes)
        if not eval_dtype.is_float(dtype):
            self._check_operands(name, b, dtype)
        result = combine(name, a, b, dtype)
        if name in ("add", "sub", "mul") and dtype in ("float32", "float64"):
            # A product may be fused with a sum.
            self.machine.note_sum(magnitude(result), dtype)
        return result

    def _check_operands(self, name: str, b: Values, dtype: str) -> None:
        if name in _DIVISIONS and (b == 0).any():
            raise self.machine.error(
                errors.UndefinedOperationError,
                "an integer is divided by zero",
                remedy="guard the division with `if`",
            )
        if name in ("shl", "shr"):
            bad = (b < 0) | (b >= eval_dtype.bits(dtype))
            if bad.any():
                raise self.machine.error(
                    errors.UndefinedOperationError,
                    "an integer is shifted by more than its width",
                    expected=f"0 <= amount < {eval_dtype.bits(dtype)}",
                    got=str(int(b[bad][0])),
                )

    def _short_circuit(self, name: str, a: Values, right: Any, lanes: Lanes) -> Values:
        decided = a if name == "or" else ~a
        if decided.size == 1:
            return a if decided[0] else self(right, lanes)
        out = a.copy()
        if not decided.all():
            out[~decided] = self(right, lanes.subset(~decided))
        return out

    def _not(self, expr: ir.Not, lanes: Lanes) -> Values:
        return np.logical_not(self(expr.a, lanes))

    def _cast(self, expr: ir.Cast, lanes: Lanes) -> Values:
        value = self(expr.value, lanes)
        return eval_dtype.cast(value, str(expr.value.dtype), str(expr.dtype))

    def _select(self, expr: ir.Select, lanes: Lanes) -> Values:
        cond = self(expr.cond, lanes)
        if cond.size == 1:
            return self(expr.a if cond[0] else expr.b, lanes)
        out = np.zeros(lanes.count, eval_dtype.register_dtype(str(expr.dtype)))
        for mask, side in ((cond, expr.a), (~cond, expr.b)):
            if mask.any():
                out[mask] = self(side, lanes.subset(mask))
        return out

    def _load(self, expr: ir.Load, lanes: Lanes) -> Values:
        indices = [self(i, lanes) for i in expr.indices]
        return self.machine.load(expr.buffer, indices, lanes)

    def _address_of(self, expr: ir.AddressOf, lanes: Lanes) -> Values:
        view = self.machine.view(expr.buffer)
        offset, _ = view.locate([self(i, lanes) for i in expr.indices], lanes.count)
        return view.memory.data.ctypes.data + offset * eval_dtype.bits(view.dtype) // 8

    def _call(self, expr: ir.Call, lanes: Lanes) -> Values:
        name = str(expr.op)
        if name.startswith("atomic_"):
            return self._atomic(name.removeprefix("atomic_"), expr, lanes)
        if name in ("load_vector", "store_vector"):
            return eval_vector.move(self.machine, self, expr, lanes)
        if name in ("any_of", "all_of"):
            return self._quantifier(name, expr.args[0], lanes)
        function = eval_intrinsics.PURE.get(name)
        if function is None:
            raise self.machine.error(
                errors.UnsupportedEvaluationError,
                f"the evaluator cannot execute `{name}`",
            )
        if name == "dp4a":
            args = [*[self._four_bytes(a, lanes) for a in expr.args[:2]], self(expr.args[2], lanes)]
        else:
            args = [self(arg, lanes) for arg in expr.args]
        source = str(expr.args[0].dtype) if args else ""
        rounding = str(expr.attrs.get("rounding_mode", "rn"))
        context = eval_intrinsics.Context(source, str(expr.dtype), rounding)
        values = np.asarray(function(context, *args))
        return finish(values, str(expr.dtype))

    def _four_bytes(self, place: ir.Expr, lanes: Lanes) -> Values:
        """Four int8 in one int32 for each lane, given as such or by the address of the first."""
        if not isinstance(place, ir.AddressOf):
            return self(place, lanes)
        *outer, last = [self(i, lanes) for i in place.indices]
        loaded = [self.machine.load(place.buffer, [*outer, last + i], lanes) for i in range(4)]
        values = [np.broadcast_to(v, lanes.count).astype(np.int8) for v in loaded]
        return np.ascontiguousarray(np.stack(values, -1)).view(np.int32)[:, 0]

    def _atomic(self, name: str, expr: ir.Call, lanes: Lanes) -> Values:
        """The scalar atomics: the first argument is the address, the value is the old element."""
        place = expr.args[0]
        indices = [self(i, lanes) for i in place.indices]
        dtype = str(place.buffer.dtype)
        values = np.zeros(1, eval_dtype.register_dtype(dtype))
        if name != "load":
            operand = expr.args[1]
            values = eval_dtype.cast(self(operand, lanes), str(operand.dtype), dtype)
        rule = atomic_rule(name, dtype)
        is_sum = name == "add"
        return self.machine.update(place.buffer, indices, values, lanes, rule, is_sum=is_sum)

    def _quantifier(self, name: str, region: ir.Region, lanes: Lanes) -> Values:
        results = []
        for lane in lanes.one_by_one():
            mins, extents = self.integers(region.mins, lane), self.integers(region.extents, lane)
            values, defined = self.machine.load_box(region.buffer, mins, extents, lane)
            if not defined.all():
                raise self.machine.error(
                    errors.UninitializedReadError,
                    f"`{region.buffer.name}` is read before it is written",
                )
            results.append(bool((values != 0).any() if name == "any_of" else (values != 0).all()))
        return np.array(results)


_ATOMIC_STEMS = {
    **{"add": "add", "max": "max", "min": "min"},
    **{"or": "bitor", "and": "bitand", "xor": "bitxor"},
}


def atomic_rule(name: str, dtype: str) -> Callable[[Values, Values], Values]:
    """How an atomic of `dtype` combines the old element with the operand."""
    if name == "load":
        return lambda old, value: old
    if name in ("store", "exch"):
        return lambda old, value: value
    stem = _ATOMIC_STEMS[name]
    return lambda old, value: combine(stem, old, value, dtype)
