"""Vectors: neighbouring values that a thread holds in registers and moves together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from tilescale import errors, ir
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.dtypes import dtype, to_dtype
from tilescale.frontend.values import as_index, as_typed, const_int, describe

if TYPE_CHECKING:
    from tilescale.frontend.buffer import Buffer

_WORD = 32


class Vector:
    """Some values of one type; what is there does not change.

    `v[i]` is a lane, `len(v)` their number. A vector may be held in a variable, given to a store
    such as `T.stg128`, assigned to a region of as many elements, and reinterpreted.

    Attributes:
        dtype: such as `T.uint32x4`.
        words: its bits as uint32 values, the first lane in the lowest bits.
        array: the thread's array that holds the words, if there is one.
    """

    __slots__ = ("array", "dtype", "words")

    def __init__(self, kind: dtype, words: list[ir.Expr], array: Buffer | None = None) -> None:
        self.dtype = kind
        self.words = words
        self.array = array

    @classmethod
    def of_lanes(cls, kind: dtype, lanes: list[Any]) -> Vector:
        """The vector of these values, which are converted to the type of a lane."""
        values = [as_typed(lane, kind.scalar) for lane in lanes]
        return cls(kind, _pack(values, kind.bits))

    def __len__(self) -> int:
        return self.dtype.lanes

    def __iter__(self) -> Iterator[ir.Expr]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> ir.Expr:
        """Lane `index`: a constant, or of loaded vectors a run-time value too.

        Raises:
            IndexRangeError: there is no such lane.
        """
        lane = const_int(index)
        if lane is None and self.array is not None and self.dtype.bits <= _WORD:
            return _lane_at(self.array, self.dtype, as_index(index))
        if lane is None or not -len(self) <= lane < len(self):
            raise mistake(
                errors.IndexRangeError,
                "a vector has no such lane",
                expected=f"a constant from 0 to {len(self) - 1}",
                got=describe(index),
                remedy="store the vector into memory to choose a lane at run time",
            )
        return _lane(self, lane % len(self))

    def _needs_scalar(self, *_: Any) -> NoReturn:
        raise mistake(
            errors.OperandTypeError,
            f"a vector of type {self.dtype} is used where a scalar is needed",
            expected="one value",
            got=describe(self),
            remedy="use a lane such as `v[0]`, or T.add2 and its relatives for pairs",
        )

    __ts_expr__ = __bool__ = _needs_scalar
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _needs_scalar
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _needs_scalar
    __neg__ = __lt__ = __le__ = __gt__ = __ge__ = _needs_scalar

    def __ts_describe__(self) -> str:
        return f"a vector of type {self.dtype}"


def make_vector(kind: dtype, values: tuple[Any, ...]) -> Any:
    """What `T.float16x2(a, b)` is; a single value is that of all lanes.

    Raises:
        OperatorArgumentError: another number of values, or lanes that fill no 32-bit words.
    """
    if len(values) == 1 and isinstance(values[0], Vector):
        return Vector.of_lanes(kind, list(values[0]))
    given = list(values) * kind.lanes if len(values) == 1 else list(values)
    if kind.lanes > 1 and len(given) == kind.lanes and kind.bits * kind.lanes % _WORD == 0:
        return Vector.of_lanes(kind, given)
    raise mistake(
        errors.OperatorArgumentError,
        f"T.{kind} is not made of these values",
        expected=f"{kind.lanes} values, or one" if kind.lanes > 1 else "one value",
        got=f"{len(values)} values",
        remedy="give one value for each lane; the lanes together are whole 32-bit words",
    )


def vector_of(value: Any, what: str) -> Vector:
    """`value` as a vector: a vector, or a scalar of 32 or 64 bits.

    Raises:
        OperandTypeError: it is neither.
    """
    if isinstance(value, Vector):
        return value
    if isinstance(value, ir.Expr) or hasattr(value, "__ts_expr__"):
        expr = value if isinstance(value, ir.Expr) else value.__ts_expr__()
        kind = to_dtype(str(expr.dtype))
        if kind.bits >= _WORD and kind != "handle":
            return Vector(kind, _pack([expr], kind.bits))
    raise mistake(
        errors.OperandTypeError,
        f"{what} needs a vector",
        expected="what T.ldg128 and its relatives give, or a scalar of 32 bits",
        got=describe(value),
        remedy="make a vector of scalars, e.g. `T.uint32x2(a, b)`",
    )


def reinterpret_bits(value: ir.Expr, kind: str) -> ir.Expr:
    """The bits of a scalar as another type of the same width."""
    if value.dtype == kind:
        return value
    return ir.make_call("reinterpret", [value], {}, kind)


def reinterpret_vector(value: Any, kind: dtype) -> Any:
    """The bits of a vector or scalar as another vector or scalar.

    Raises:
        OperatorArgumentError: the widths differ.
    """
    vector = vector_of(value, "T.reinterpret")
    if kind.bits * kind.lanes != _WORD * len(vector.words):
        raise mistake(
            errors.OperatorArgumentError,
            "T.reinterpret changes the number of bits",
            expected=f"a type of {_WORD * len(vector.words)} bits",
            got=f"{kind}, which has {kind.bits * kind.lanes}",
            remedy="choose lanes of the vector first",
        )
    other = Vector(kind, vector.words, vector.array)
    return other if kind.lanes > 1 else other[0]


def _unsigned(value: ir.Expr, bits: int) -> ir.Expr:
    return reinterpret_bits(value, f"uint{bits}")


def _pack(values: list[ir.Expr], bits: int) -> list[ir.Expr]:
    if bits == 2 * _WORD:
        wide = [_unsigned(value, bits) for value in values]
        halves = [ir.make_binary("shr", x, ir.const(s, "uint64")) for x in wide for s in (0, _WORD)]
        return [ir.make_cast("uint32", half) for half in halves]
    lows = [ir.make_cast("uint32", _unsigned(value, bits)) for value in values]
    count = _WORD // bits
    words = lows[::count]
    for i, low in enumerate(lows):
        if i % count:
            shifted = ir.make_binary("shl", low, ir.const(i % count * bits, "uint32"))
            words[i // count] = ir.make_binary("bitor", words[i // count], shifted)
    return words


def _lane(vector: Vector, number: int) -> ir.Expr:
    bits = vector.dtype.bits
    kind = str(vector.dtype.scalar)
    if bits == 2 * _WORD:
        return reinterpret_bits(joined(*vector.words[2 * number : 2 * number + 2]), kind)
    per_word = _WORD // bits
    word = vector.words[number // per_word]
    shift = ir.const(number % per_word * bits, "uint32")
    low = ir.make_cast(f"uint{bits}", ir.make_binary("shr", word, shift))
    return reinterpret_bits(low, kind)


def _lane_at(array: Buffer, kind: dtype, index: ir.Expr) -> ir.Expr:
    """A lane of the words of `array`, chosen at run time."""
    per_word = _WORD // kind.bits
    place = index if per_word == 1 else ir.make_binary("floordiv", index, per_word)
    word: ir.Expr = ir.Load(array.node, [place])
    if per_word > 1:
        shift = ir.make_binary("mul", ir.make_binary("floormod", index, per_word), kind.bits)
        word = ir.make_binary("shr", word, ir.make_cast("uint32", shift))
    return reinterpret_bits(ir.make_cast(f"uint{kind.bits}", word), str(kind.scalar))


def joined(low: ir.Expr, high: ir.Expr) -> ir.Expr:
    """The uint64 of two words."""
    upper = ir.make_binary("shl", ir.make_cast("uint64", high), ir.const(_WORD, "uint64"))
    return ir.make_binary("bitor", ir.make_cast("uint64", low), upper)
