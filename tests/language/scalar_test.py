"""Element types, casts, mathematical functions, conditional values."""

import math

import ml_dtypes
import numpy as np
import pytest

import tilescale.language as T
from tests.harness import kernel_run
from tilescale import errors, ir
from tilescale.frontend.dtypes import SCALAR_BITS


def apply(function, values, out="float32"):
    """Function(x) of each value, computed in a kernel."""
    values = np.asarray(values)

    @T.prim_func
    def kernel(A: T.Tensor(values.shape, values.dtype), B: T.Tensor(values.shape, out)):
        with T.Kernel(values.shape[0]) as i:
            B[i] = function(A[i])

    result = np.zeros(values.shape, T.dtype(out).as_numpy())
    kernel_run.run(kernel, [values, result])
    return result


def test_types_are_strings_with_properties():
    assert T.float16 == "float16"
    assert (T.int4.bits, T.int4.bytes, T.int64.bytes, T.bool.bytes) == (4, 1, 8, 1)
    assert (T.float16x4.lanes, T.float16x4.bytes, T.float16x4.scalar) == (4, 8, T.float16)
    assert T.bfloat16.as_numpy() == ml_dtypes.bfloat16
    assert T.float == T.float32
    assert hash(T.int8) == hash("int8")
    assert T.float8_e4m3fn.is_float()
    assert not T.uint8.is_float()


@pytest.mark.parametrize("name", sorted(set(SCALAR_BITS) - {"handle"}))
def test_every_type_is_a_name_of_the_language(name):
    assert getattr(T, name) == name
    assert getattr(T, f"{name}x2").lanes == 2


@pytest.mark.parametrize(
    "value", ["half", "torch.float16", np.float16, np.dtype("float16"), T.float16, "float16"]
)
def test_types_are_accepted_in_many_forms(value):
    assert T.to_dtype(value) is not None
    assert T.to_dtype(value) == "float16"


@pytest.mark.parametrize(
    "name",
    ["bool", "int8", "uint8", "int16", "uint32", "int64", "uint64", "float16", "float64"],
)
def test_numpy_types_keep_their_width(name):
    assert T.to_dtype(np.dtype(name)) == name
    assert T.to_dtype(np.dtype(name).type) == name
    assert (T.to_dtype(int), T.to_dtype(float), T.to_dtype(bool)) == ("int32", "float32", "bool")


@pytest.mark.parametrize("value", ["float12", object(), 3, "float17x4"])
def test_what_is_not_a_type(value):
    with pytest.raises(errors.UnknownDTypeError):
        T.to_dtype(value)


def test_casts():
    x = np.array([1.75, -2.5, 300.0], np.float32)
    assert apply(lambda v: T.int32(v), x, "int32").tolist() == [1, -2, 300]
    assert apply(lambda v: T.cast(v, "int32") + v.astype(T.int32), x, "int32")[0] == 2
    assert apply(lambda v: T.cast("int8", T.cast(v, "int32")), x, "int8").tolist() == [1, -2, 44]
    assert apply(lambda v: T.reinterpret(v, "int32"), x[:1], "int32")[0] == 0x3FE00000


def test_literals_take_the_type_of_the_other_operand():
    x, h = ir.Var("x", "int8"), ir.Var("h", "float16")
    assert str((x + 1).dtype) == "int8"
    assert str((2 * h).dtype) == "float16"
    assert str((x * 1.5).dtype) == "float32"
    assert str((h + 1.5).dtype) == "float16"
    assert str((x + ir.Var("y", "int32")).dtype) == "int32"
    assert str(T.max(h, 0).dtype) == "float16"
    assert str(T.if_then_else(x > 1, h, 0).dtype) == "float16"


@pytest.mark.parametrize(
    "name",
    [
        "exp",
        "exp2",
        "exp10",
        "log",
        "log2",
        "log10",
        "log1p",
        "sqrt",
        "rsqrt",
        "sin",
        "cos",
        "tan",
        "sinh",
        "cosh",
        "tanh",
        "atan",
        "asinh",
        "erf",
        "sigmoid",
        "floor",
        "ceil",
        "trunc",
        "nearbyint",
        "abs",
        "__exp",
        "__log",
        "__sin",
        "fast_rcp",
    ],
)
def test_functions_of_one_value(name):
    x = np.array([0.5, 1.25, 2.0], np.float32)
    plain = name.removeprefix("__")
    reference = {
        "exp10": lambda v: 10.0**v,
        "rsqrt": lambda v: 1 / math.sqrt(v),
        "sigmoid": lambda v: 1 / (1 + math.exp(-v)),
        "nearbyint": round,
        "abs": abs,
        "fast_rcp": lambda v: 1 / v,
        "exp2": lambda v: 2.0**v,
    }.get(plain, getattr(math, plain, None))
    np.testing.assert_allclose(
        apply(getattr(T, name), x), [reference(float(v)) for v in x], rtol=1e-6
    )


@pytest.mark.parametrize(
    ("function", "reference"),
    [
        (lambda v: T.pow(v, 1.5), lambda v: v**1.5),
        (lambda v: v**2 + v**0.5, lambda v: v**2 + v**0.5),
        (lambda v: T.fmod(v, 0.75), lambda v: math.fmod(v, 0.75)),
        (lambda v: T.atan2(v, 2), lambda v: math.atan2(v, 2)),
        (lambda v: T.hypot(3.0, v), lambda v: math.hypot(3, v)),
        (lambda v: T.copysign(v, -1.0), lambda v: -v),
        (lambda v: T.fma(v, 2.0, 1.0), lambda v: 2 * v + 1),
        (lambda v: T.ldexp(v, 3), lambda v: 8 * v),
        (lambda v: T.clamp(v, 1.0, 1.5), lambda v: min(max(v, 1.0), 1.5)),
        (lambda v: T.min(v, 1.0, 0.75) + T.max([v, 1]), lambda v: min(v, 0.75) + max(v, 1.0)),
        (lambda v: T.Select(v > 1, v, -v), lambda v: v if v > 1 else -v),
        (lambda v: -v - +v, lambda v: -2 * v),
        (lambda v: T.cast(T.isnan(v), "float32"), lambda v: 0.0),
        (lambda v: T.cast(T.isfinite(v), "float32"), lambda v: 1.0),
        (lambda v: T.ieee_mul(v, v, rounding_mode="rn"), lambda v: v * v),
    ],
)
def test_functions_of_several_values(function, reference):
    x = np.array([0.5, 1.25, 2.0], np.float32)
    np.testing.assert_allclose(apply(function, x), [reference(float(v)) for v in x], rtol=1e-6)


@pytest.mark.parametrize(
    ("function", "reference"),
    [
        (lambda v: T.floordiv(v, 3) + v // 3, lambda v: 2 * (v // 3)),
        (lambda v: T.floormod(v, 3) + v % 3, lambda v: 2 * (v % 3)),
        (lambda v: T.truncdiv(v, 3), lambda v: int(v / 3)),
        (lambda v: T.truncmod(v, 3), lambda v: int(math.fmod(v, 3))),
        (lambda v: T.div(v, 2), lambda v: int(v / 2)),
        (lambda v: T.ceildiv(v, 4), lambda v: -(-v // 4)),
        (lambda v: T.cdiv(v + 0, T.abs(v) + 1), lambda v: -(-v // (abs(v) + 1))),
        (lambda v: (v << 2) | 1, lambda v: v << 2 | 1),
        (lambda v: (v >> 1) ^ 3, lambda v: v >> 1 ^ 3),
        (lambda v: ~v & 7, lambda v: ~v & 7),
        (lambda v: T.bitwise_and(T.shift_left(v, 1), 6), lambda v: v << 1 & 6),
        (lambda v: T.popcount(v & 15), lambda v: (v & 15).bit_count()),
        (lambda v: T.clz(v & 15), lambda v: 32 - (v & 15).bit_length()),
        (lambda v: T.if_then_else((v > 0) & (v < 9), v, 5), lambda v: v if 0 < v < 9 else 5),
        (lambda v: T.floor(v) + abs(v), lambda v: v + abs(v)),
    ],
)
def test_integer_arithmetic(function, reference):
    x = np.array([-7, -1, 0, 5, 12], np.int32)
    assert apply(function, x, "int32").tolist() == [reference(int(v)) for v in x]


def test_python_numbers_stay_python_numbers():
    assert (T.ceildiv(7, 2), T.cdiv(8, 2), T.floordiv(-7, 2)) == (4, 4, -4)
    assert (T.max(1, 5, 3), T.min([4, 2]), T.abs(-3), T.clamp(9, 0, 4)) == (5, 2, 3, 4)
    assert (T.truncdiv(-7, 2), T.truncmod(-7, 2), T.pow(2, 3)) == (-3, -1, 8)
    assert T.if_then_else(True, "a", "b") == "a"


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float8_e4m3fn", "float8_e5m2"])
def test_limits_of_floating_types(name):
    info = ml_dtypes.finfo(T.dtype(name).as_numpy())
    assert float(T.max_value(name).value) == float(info.max)
    assert float(T.min_value(name).value) == float(info.min)
    has_infinity = name != "float8_e4m3fn"
    assert math.isinf(T.infinity(name).value) == has_infinity


@pytest.mark.parametrize("name", ["int8", "uint8", "int4", "int32", "uint32", "int64", "bool"])
def test_limits_of_integer_types(name):
    bits = 1 if name == "bool" else T.dtype(name).bits
    unsigned = name.startswith(("u", "b"))
    assert int(T.max_value(name)) == 2 ** (bits if unsigned else bits - 1) - 1
    assert int(T.min_value(name)) == (0 if unsigned else -(2 ** (bits - 1)))


def test_families_of_types():
    assert T.is_float8("float8_e5m2")
    assert T.is_float6("float6_e2m3fn")
    assert T.is_float4("float4_e2m1fn")
    assert T.is_f8f6f4_family(T.float8_e4m3fn)
    assert not T.is_f8f6f4_family(T.float16)


def stores(value, kind):
    @T.prim_func
    def kernel(A: T.Tensor((4,), kind)):
        with T.Kernel(1):
            A[0] = value

    return kernel


def test_literals_that_do_not_fit():
    x = ir.Var("x", "int32")
    assert str((x < 2**40).a.dtype) == "int64"
    assert str((ir.Var("u", "uint8") + 300).dtype) == "int32"
    for value, kind in ((300, "int8"), (-1, "uint8"), (0.5, "int32"), (2**40, "int32")):
        with pytest.raises(errors.LiteralRangeError, match=kind):
            stores(value, kind)

    @T.prim_func
    def fits(A: T.Tensor((4,), "uint64"), B: T.Tensor((4,), "int8")):
        with T.Kernel(1):
            A[0] = 2**64 - 1
            B[0] = 3.0
            B[1] = True

    a, b = np.zeros(4, np.uint64), np.zeros(4, np.int8)
    kernel_run.run(fits, [a, b])
    assert (int(a[0]), b.tolist()) == (2**64 - 1, [3, 1, 0, 0])


@pytest.mark.parametrize(
    "use",
    [
        lambda f: f | 1,
        lambda f: 1 & f,
        lambda f: f ^ f,
        lambda f: f << 1,
        lambda f: 8 >> f,
        lambda f: ~f,
        lambda f: T.bitwise_and(f, 3),
        lambda f: ir.Var("i", "int32") | 1.5,
    ],
)
def test_floating_values_have_no_bit_operators(use):
    with pytest.raises(errors.OperandTypeError, match="works on bits"):
        use(ir.Var("f", "float32"))
