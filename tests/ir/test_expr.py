"""Folding, promotion and operators of expressions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tilescale import errors, ir

X = ir.Var("x", "int32")
F = ir.Var("f", "float32")

_NUMPY = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "floordiv": np.floor_divide,
    "floormod": np.mod,
    "min": np.minimum,
    "max": np.maximum,
    "bitand": np.bitwise_and,
    "bitor": np.bitwise_or,
    "bitxor": np.bitwise_xor,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
}
_INTS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"]


@settings(deadline=None, derandomize=True, max_examples=600, database=None)
@given(st.data())
def test_integer_constants_fold_as_the_type_wraps(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(_NUMPY)))
    dtype = data.draw(st.sampled_from(_INTS))
    info = np.iinfo(dtype)
    edge = st.sampled_from([info.min, info.max, 0, 1, 2, 3, 7])
    values = edge | st.integers(int(info.min), int(info.max))
    a, b = data.draw(values), data.draw(values)
    if "floor" in name and b == 0:
        return
    folded = ir.make_binary(name, ir.const(int(a), dtype), ir.const(int(b), dtype))
    with np.errstate(over="ignore"):
        want = _NUMPY[name](np.array(a, dtype), np.array(b, dtype))
    if isinstance(folded, ir.Binary):
        assert "floor" in name and b == -1, "only overflowing division may stay unfolded"
        return
    assert isinstance(folded, ir.IntImm)
    assert folded.value == int(want)


@pytest.mark.parametrize(("a", "b"), [(7, -2), (-7, 2), (-7, -2), (7, 2), (-8, 2)])
def test_truncating_division_rounds_towards_zero(a: int, b: int) -> None:
    quotient = ir.make_binary("truncdiv", ir.const(a, "int32"), b)
    remainder = ir.make_binary("truncmod", ir.const(a, "int32"), b)
    assert ir.as_const_int(quotient) == int(a / b)
    assert ir.as_const_int(remainder) == a - int(a / b) * b


def test_division_without_meaning_is_left_alone() -> None:
    assert isinstance(ir.const(5, "int32") // ir.const(0, "int32"), ir.Binary)
    assert isinstance(ir.const(5, "int32") << ir.const(32, "int32"), ir.Binary)


@pytest.mark.parametrize(
    "folded", [X + 0, 0 + X, X - 0, X * 1, 1 * X, X // 1, X << 0, X | 0, X ^ 0]
)
def test_identities_give_the_operand_itself(folded: ir.Expr) -> None:
    assert folded.same_as(X)


def test_products_with_zero_fold_only_for_integers() -> None:
    assert ir.as_const_int(X * 0) == 0
    assert isinstance(F * 0.0, ir.Binary), "0 * inf and 0 * -1 are not 0"
    assert isinstance(F + 0.0, ir.Binary), "-0.0 + 0.0 is not -0.0"


@pytest.mark.parametrize(
    ("a", "b", "want"),
    [
        ("int32", "int64", "int64"),
        ("int8", "uint8", "int8"),
        ("int8", "uint32", "uint32"),
        ("int64", "float16", "float16"),
        ("float16", "bfloat16", "float32"),
        ("float16", "float32", "float32"),
        ("bool", "int8", "int8"),
        ("float8_e4m3fn", "float8_e5m2", "float16"),
    ],
)
def test_promotion(a: str, b: str, want: str) -> None:
    assert str(ir.promote(a, b)) == want
    assert str(ir.promote(b, a)) == want


def test_python_numbers_take_the_type_of_the_other_operand() -> None:
    half = ir.Var("h", "float16")
    assert str((half + 1).dtype) == "float16"
    assert str((1.5 * half).dtype) == "float16"
    assert str((X + 1.5).dtype) == "float32"
    assert str((X / 2).dtype) == "float32"


def test_truth_of_an_expression_is_an_error() -> None:
    with pytest.raises(errors.SymbolicBoolError, match="not known while the kernel is traced"):
        bool(X < 3)


def test_operand_without_number_is_an_error() -> None:
    with pytest.raises(errors.OperandTypeError) as caught:
        X + "three"  # type: ignore[operator]
    assert caught.value.got == "str"


@pytest.mark.parametrize("name", ["floordiv", "floormod", "truncdiv", "truncmod"])
def test_division_by_a_literal_zero_is_an_error(name: str) -> None:
    with pytest.raises(errors.DivisionByZeroError):
        ir.make_binary(name, X, 0)
    assert isinstance(F / 0, ir.Binary), "a float divided by 0 is infinite"


def test_negation_keeps_negative_zero() -> None:
    negated = -F
    assert isinstance(negated, ir.Binary)
    assert ir.binary_name(negated.kind) == "mul"


def test_substitute_folds_on_the_way_up() -> None:
    e = ir.make_select(X < 4, X * 2, X // 3)
    assert ir.as_const_int(ir.substitute(e, {X: ir.const(3, "int32")})) == 6
    assert ir.as_const_int(ir.substitute(e, {X: ir.const(9, "int32")})) == 3


def test_logical_operators_short_circuit_constants() -> None:
    cond = X < 3
    true, false = ir.const(True, "bool"), ir.const(False, "bool")
    assert ir.make_binary("and", true, cond).same_as(cond)
    assert ir.as_const_int(ir.make_binary("and", false, cond)) == 0
    assert ir.as_const_int(ir.make_binary("or", true, cond)) == 1
    assert ir.make_not(ir.make_not(cond)).same_as(cond)


def test_boolean_constants_are_0_or_1() -> None:
    assert ir.const(2, "bool").value == 1
    assert ir.const(0.5, "bool").value == 1
    assert ir.const(0, "bool").value == 0
