"""Expressions and buffers (`cc/ir/expr.h`, `cc/ir/buffer.h`), with Python's operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import tvm_ffi

from tilescale import _ffi, errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    class Node(tvm_ffi.Object):
        """What mypy sees: the library makes each constructor from the reflected fields."""

        def __init__(self, *args: Any) -> None: ...

else:
    Node = tvm_ffi.Object

_make_binary = _ffi.get("ir.MakeBinaryKind")
_make_not = _ffi.get("ir.MakeNot")
_make_cast = _ffi.get("ir.MakeCast")
_make_select = _ffi.get("ir.MakeSelect")
_make_int = _ffi.get("ir.MakeInt")
_make_const = _ffi.get("ir.MakeConst")
_make_call = _ffi.get("ir.MakeCall")
_promote = _ffi.get("ir.Promote")
_substitute = _ffi.get("ir.Substitute")
_expand_binds = _ffi.get("ir.ExpandBinds")

_KIND_NAMES: tuple[str, ...] = tuple(str(name) for name in _ffi.get("ir.BinaryKindNames")())
_KINDS: dict[str, int] = {name: kind for kind, name in enumerate(_KIND_NAMES)}

Operand = Any
"""What operators accept: an `Expr`, or a Python bool, int or float."""


@tvm_ffi.register_object("tilescale.ir.Span")
class Span(Node):
    """A range of user source code; lines and columns count from 1, `end_col` is exclusive."""

    file: str
    line: int
    col: int
    end_line: int
    end_col: int
    caller: Span | None


@tvm_ffi.register_object("tilescale.ir.Expr")
class Expr(Node):
    """A scalar value of a kernel. Arithmetic on it gives new expressions.

    `==` and `!=` build comparisons too, so use `same_as` or `structural_equal` to compare nodes.
    """

    dtype: tvm_ffi.dtype

    def __add__(self, other: Operand) -> Expr:
        return _binary(_ADD, self, other)

    def __radd__(self, other: Operand) -> Expr:
        return _binary(_ADD, other, self)

    def __sub__(self, other: Operand) -> Expr:
        return _binary(_SUB, self, other)

    def __rsub__(self, other: Operand) -> Expr:
        return _binary(_SUB, other, self)

    def __mul__(self, other: Operand) -> Expr:
        return _binary(_MUL, self, other)

    def __rmul__(self, other: Operand) -> Expr:
        return _binary(_MUL, other, self)

    def __truediv__(self, other: Operand) -> Expr:
        return _binary(_DIV, self, other)

    def __rtruediv__(self, other: Operand) -> Expr:
        return _binary(_DIV, other, self)

    def __floordiv__(self, other: Operand) -> Expr:
        return _binary(_FLOORDIV, self, other)

    def __rfloordiv__(self, other: Operand) -> Expr:
        return _binary(_FLOORDIV, other, self)

    def __mod__(self, other: Operand) -> Expr:
        return _binary(_FLOORMOD, self, other)

    def __rmod__(self, other: Operand) -> Expr:
        return _binary(_FLOORMOD, other, self)

    def __lshift__(self, other: Operand) -> Expr:
        return _binary(_SHL, self, other)

    def __rlshift__(self, other: Operand) -> Expr:
        return _binary(_SHL, other, self)

    def __rshift__(self, other: Operand) -> Expr:
        return _binary(_SHR, self, other)

    def __rrshift__(self, other: Operand) -> Expr:
        return _binary(_SHR, other, self)

    def __and__(self, other: Operand) -> Expr:
        return _binary(_BITAND, self, other)

    def __rand__(self, other: Operand) -> Expr:
        return _binary(_BITAND, other, self)

    def __or__(self, other: Operand) -> Expr:
        return _binary(_BITOR, self, other)

    def __ror__(self, other: Operand) -> Expr:
        return _binary(_BITOR, other, self)

    def __xor__(self, other: Operand) -> Expr:
        return _binary(_BITXOR, self, other)

    def __rxor__(self, other: Operand) -> Expr:
        return _binary(_BITXOR, other, self)

    def __lt__(self, other: Operand) -> Expr:
        return _binary(_LT, self, other)

    def __le__(self, other: Operand) -> Expr:
        return _binary(_LE, self, other)

    def __gt__(self, other: Operand) -> Expr:
        return _binary(_GT, self, other)

    def __ge__(self, other: Operand) -> Expr:
        return _binary(_GE, self, other)

    def __eq__(self, other: Operand) -> Expr:  # type: ignore[override]
        return _binary(_EQ, self, other)

    def __ne__(self, other: Operand) -> Expr:  # type: ignore[override]
        return _binary(_NE, self, other)

    __hash__ = tvm_ffi.Object.__hash__

    def __neg__(self) -> Expr:
        zero = const(0, self.dtype)
        if isinstance(zero, FloatImm):
            # 0 - x would turn -0.0 into +0.0.
            return _make_binary(_MUL, self, const(-1.0, self.dtype))
        return _make_binary(_SUB, zero, self)

    def __pos__(self) -> Expr:
        return self

    def __invert__(self) -> Expr:
        if str(self.dtype) == "bool":
            return _make_not(self)
        return _binary(_BITXOR, self, const(-1, self.dtype))

    def __pow__(self, other: Operand) -> Expr:
        return _power(self, other)

    def __rpow__(self, other: Operand) -> Expr:
        return _power(other, self)

    def __abs__(self) -> Expr:
        result: Expr = _make_call("abs", [self], {}, self.dtype)
        return result

    def __index__(self) -> int:
        raise errors.SymbolicIndexError(
            "a run-time value is used where Python needs a number",
            expected="a number known while the kernel is traced",
            got=f"a run-time {self.dtype} value",
            remedy="index Python lists in loops over Python iterables (they run while the kernel is"
            " traced), and use a buffer for what depends on run-time values",
        )

    def __bool__(self) -> bool:
        raise errors.SymbolicBoolError(
            "the truth of a run-time value is not known while the kernel is traced",
            got=f"a {self.dtype} expression where Python needs True or False",
            remedy="use `if` directly on the condition inside the kernel, or T.if_then_else",
        )

    def __getitem__(self, index: Any) -> Any:
        raise errors.NotABufferError(
            "a scalar is indexed",
            expected="a buffer",
            got=f"a run-time {self.dtype} value",
            remedy="use T.alloc_local for several elements",
        )

    def astype(self, dtype: str | tvm_ffi.dtype) -> Expr:
        """The value converted to `dtype`."""
        return _make_cast(dtype, self)


def _kind(name: str) -> int:
    return _KINDS[name]


_ADD, _SUB, _MUL, _DIV = _kind("add"), _kind("sub"), _kind("mul"), _kind("div")
_FLOORDIV, _FLOORMOD = _kind("floordiv"), _kind("floormod")
_SHL, _SHR = _kind("shl"), _kind("shr")
_BITAND, _BITOR, _BITXOR = _kind("bitand"), _kind("bitor"), _kind("bitxor")
_ROUNDED_DIVISIONS = {_kind(name) for name in ("floordiv", "floormod", "truncdiv", "truncmod")}
_LT, _LE, _GT, _GE = _kind("lt"), _kind("le"), _kind("gt"), _kind("ge")
_EQ, _NE = _kind("eq"), _kind("ne")


@tvm_ffi.register_object("tilescale.ir.IntImm")
class IntImm(Expr):
    """An integer or boolean constant."""

    value: int

    def __index__(self) -> int:
        return int(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)


@tvm_ffi.register_object("tilescale.ir.FloatImm")
class FloatImm(Expr):
    """A floating constant."""

    value: float


@tvm_ffi.register_object("tilescale.ir.StringImm")
class StringImm(Expr):
    """Text, as an argument of foreign calls."""

    value: str


@tvm_ffi.register_object("tilescale.ir.Var")
class Var(Expr):
    """An immutable named scalar; identity is the object, the name is a hint."""

    name: str


@tvm_ffi.register_object("tilescale.ir.Binary")
class Binary(Expr):
    """`a kind b`; `binary_name(kind)` tells the operator."""

    kind: int
    a: Expr
    b: Expr


@tvm_ffi.register_object("tilescale.ir.Not")
class Not(Expr):
    """Logical negation."""

    a: Expr


@tvm_ffi.register_object("tilescale.ir.Cast")
class Cast(Expr):
    """Conversion to `dtype`."""

    value: Expr


@tvm_ffi.register_object("tilescale.ir.Select")
class Select(Expr):
    """`a` if `cond` else `b`; only the chosen side is evaluated."""

    cond: Expr
    a: Expr
    b: Expr


@tvm_ffi.register_object("tilescale.ir.Call")
class Call(Expr):
    """An intrinsic or foreign function; arguments are `Expr` or `Region`."""

    op: str
    args: Sequence[Any]
    attrs: Mapping[str, Any]


@tvm_ffi.register_object("tilescale.ir.Buffer")
class Buffer(Node):
    """A named multi-dimensional array; empty strides mean row-major."""

    name: str
    dtype: tvm_ffi.dtype
    shape: Sequence[Expr]
    strides: Sequence[Expr]
    scope: str


@tvm_ffi.register_object("tilescale.ir.Region")
class Region(Node):
    """The box [mins, mins + extents) of a buffer."""

    buffer: Buffer
    mins: Sequence[Expr]
    extents: Sequence[Expr]


@tvm_ffi.register_object("tilescale.ir.Load")
class Load(Expr):
    """The element of `buffer` at `indices`."""

    buffer: Buffer
    indices: Sequence[Expr]


@tvm_ffi.register_object("tilescale.ir.AddressOf")
class AddressOf(Expr):
    """The address of an element."""

    buffer: Buffer
    indices: Sequence[Expr]


def binary_name(kind: int) -> str:
    """The name of a `Binary.kind`: "add", "floordiv", "lt", ..."""
    return _KIND_NAMES[kind]


def const(value: bool | int | float, dtype: str | tvm_ffi.dtype) -> Expr:
    """A constant of `dtype`; a float given for an integer type is truncated."""
    if isinstance(value, float) or str(dtype).startswith(("float", "bfloat")):
        return _make_const(dtype, float(value))
    return _make_int(dtype, int(value))


def _integer(value: int, kind: str) -> Expr:
    """An integer literal of type `kind`, or of the narrowest wider type that can hold it."""
    for name in (kind, "int32", "int64"):
        bits = int(name.lstrip("uint"))
        low, high = (0, 1 << bits) if name[0] == "u" else (-1 << (bits - 1), 1 << (bits - 1))
        if low <= value < high:
            # Unsigned 64-bit constants are kept as their two's complement.
            return _make_int(name, value - (1 << 64) if value >= 1 << 63 else value)
    raise errors.OperandTypeError(
        "an integer literal does not fit any integer type",
        expected="a value of at most 64 bits",
        got=str(value),
        remedy="split the constant",
    )


def _literal(value: Operand, other: Expr) -> Expr:
    """A Python number as an operand beside `other`, whose type it takes where it can hold it."""
    if isinstance(value, bool):
        return _make_int("bool", int(value))
    kind = str(other.dtype)
    is_float = kind.startswith(("float", "bfloat"))
    if isinstance(value, int):
        if kind == "bool":
            return _make_int("int32", value)
        return _make_const(kind, float(value)) if is_float else _integer(value, kind)
    if isinstance(value, float):
        return _make_const(kind if is_float else "float32", value)
    if hasattr(value, "__ts_expr__"):
        expr: Expr = value.__ts_expr__()
        return expr
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return _literal(value.item(), other)
    if hasattr(value, "__index__"):
        return _literal(value.__index__(), other)
    raise errors.OperandTypeError(
        "an operand of a kernel expression has no numeric type",
        expected="an expression, int, float or bool",
        got=f"{type(value).__name__}",
        remedy="index tensors down to an element, and convert other objects to numbers",
    )


def _binary(kind: int, a: Operand, b: Operand) -> Expr:
    if not isinstance(a, Expr):
        a = _literal(a, b)
    elif not isinstance(b, Expr):
        b = _literal(b, a)
        if kind in _ROUNDED_DIVISIONS and isinstance(b, IntImm) and b.value == 0:
            raise errors.DivisionByZeroError(
                "an integer is divided by the constant 0",
                expected="a divisor that is not 0",
                got=f"{_KIND_NAMES[kind]} by 0",
                remedy="correct the divisor; guard one that may be 0 with T.if_then_else",
            )
    result: Expr = _make_binary(kind, a, b)
    return result


def _power(base: Operand, exponent: Operand) -> Expr:
    """`base ** exponent`: a product for a small constant exponent, else the intrinsic."""
    if isinstance(exponent, int) and isinstance(base, Expr) and 1 <= exponent <= 4:
        result = base
        for _ in range(exponent - 1):
            result = result * base
        return result
    a = base if isinstance(base, Expr) else _literal(base, exponent)
    b = exponent if isinstance(exponent, Expr) else _literal(exponent, a)
    kind = _promote(a.dtype, b.dtype)
    kind = kind if "float" in kind else "float32"
    power: Expr = _make_call("pow", [_make_cast(kind, a), _make_cast(kind, b)], {}, kind)
    return power


def make_binary(name: str, a: Operand, b: Operand) -> Expr:
    """`a name b` with constants folded and types promoted; at least one operand is an `Expr`."""
    return _binary(_KINDS[name], a, b)


def make_not(a: Expr) -> Expr:
    """Logical negation."""
    result: Expr = _make_not(a)
    return result


def make_cast(dtype: str | tvm_ffi.dtype, value: Expr) -> Expr:
    """`value` converted to `dtype`."""
    result: Expr = _make_cast(dtype, value)
    return result


def make_select(cond: Expr, a: Operand, b: Operand) -> Expr:
    """`a` if `cond` else `b`, evaluated lazily; at least one of `a` and `b` is an `Expr`."""
    if not isinstance(a, Expr):
        a = _literal(a, b)
    elif not isinstance(b, Expr):
        b = _literal(b, a)
    result: Expr = _make_select(cond, a, b)
    return result


def make_call(
    op: str,
    args: Sequence[Any],
    attrs: Mapping[str, Any] | None = None,
    dtype: str | tvm_ffi.dtype = "handle",
) -> Expr:
    """A checked call; `dtype` counts only for intrinsics whose type the caller chooses."""
    result: Expr = _make_call(op, list(args), dict(attrs or {}), dtype)
    return result


def promote(a: str | tvm_ffi.dtype, b: str | tvm_ffi.dtype) -> tvm_ffi.dtype:
    """The type in which `a op b` is computed."""
    result: tvm_ffi.dtype = _promote(a, b)
    return result


def substitute(expr: Expr, values: Mapping[Var, Expr]) -> Expr:
    """`expr` with variables replaced and constants folded."""
    result: Expr = _substitute(expr, dict(values))
    return result


def expand_binds(expr: Expr, definitions: Mapping[Var, Expr]) -> Expr:
    """`expr` with bound variables replaced by their values, except values read from memory."""
    result: Expr = _expand_binds(expr, dict(definitions))
    return result


def full_region(buffer: Buffer) -> Region:
    """The region that covers all of `buffer`."""
    return Region(buffer, [const(0, extent.dtype) for extent in buffer.shape], buffer.shape)


def as_const_int(expr: Expr | int) -> int | None:
    """The value of an integer constant, or None."""
    if isinstance(expr, int):
        return expr
    return expr.value if isinstance(expr, IntImm) else None


def intrinsic_names() -> list[str]:
    """All declared intrinsics, sorted."""
    return [str(name) for name in _ffi.get("ir.IntrinsicNames")()]
