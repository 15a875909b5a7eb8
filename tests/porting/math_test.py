"""Each mathematical name of the tile language against NumPy, on every back end."""

import math

import numpy as np
import pytest

import tilescale.language as T
from tests.harness import kernel_run

erf = np.vectorize(math.erf)

# name: (function, reference, inputs)
SMALL = np.linspace(-0.9, 0.9, 32)
POSITIVE = np.linspace(0.1, 9.0, 32)
WIDE = np.linspace(-5.5, 5.5, 32)
UNARY = {
    "abs": (T.abs, np.abs, WIDE),
    "fabs": (T.fabs, np.abs, WIDE),
    "exp": (T.exp, np.exp, WIDE),
    "exp2": (T.exp2, np.exp2, WIDE),
    "exp10": (T.exp10, lambda x: 10.0**x, WIDE),
    "log": (T.log, np.log, POSITIVE),
    "log2": (T.log2, np.log2, POSITIVE),
    "log10": (T.log10, np.log10, POSITIVE),
    "log1p": (T.log1p, np.log1p, POSITIVE),
    "sqrt": (T.sqrt, np.sqrt, POSITIVE),
    "rsqrt": (T.rsqrt, lambda x: 1 / np.sqrt(x), POSITIVE),
    "erf": (T.erf, erf, WIDE),
    "sigmoid": (T.sigmoid, lambda x: 1 / (1 + np.exp(-x)), WIDE),
    "sin": (T.sin, np.sin, WIDE),
    "cos": (T.cos, np.cos, WIDE),
    "tan": (T.tan, np.tan, SMALL),
    "asin": (T.asin, np.arcsin, SMALL),
    "acos": (T.acos, np.arccos, SMALL),
    "atan": (T.atan, np.arctan, WIDE),
    "sinh": (T.sinh, np.sinh, WIDE),
    "cosh": (T.cosh, np.cosh, WIDE),
    "tanh": (T.tanh, np.tanh, WIDE),
    "asinh": (T.asinh, np.arcsinh, WIDE),
    "acosh": (T.acosh, np.arccosh, POSITIVE + 1),
    "atanh": (T.atanh, np.arctanh, SMALL),
    "floor": (T.floor, np.floor, WIDE),
    "ceil": (T.ceil, np.ceil, WIDE),
    "trunc": (T.trunc, np.trunc, WIDE),
    "round": (T.round, lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x), WIDE),
    "nearbyint": (T.nearbyint, np.rint, WIDE),
    "__exp": (T.__exp, np.exp, WIDE),
    "__exp10": (T.__exp10, lambda x: 10.0**x, WIDE),
    "__log": (T.__log, np.log, POSITIVE),
    "__log2": (T.__log2, np.log2, POSITIVE),
    "__log10": (T.__log10, np.log10, POSITIVE),
    "__sin": (T.__sin, np.sin, WIDE),
    "__cos": (T.__cos, np.cos, WIDE),
    "__tan": (T.__tan, np.tan, SMALL),
    "fast_rcp": (T.fast_rcp, lambda x: 1 / x, POSITIVE),
    "ieee_frcp": (T.ieee_frcp, lambda x: 1 / x, POSITIVE),
    "ieee_fsqrt": (T.ieee_fsqrt, np.sqrt, POSITIVE),
    "ieee_frsqrt": (T.ieee_frsqrt, lambda x: 1 / np.sqrt(x), POSITIVE),
}
BINARY = {
    "pow": (T.pow, np.power, POSITIVE, WIDE),
    "power": (T.power, np.power, POSITIVE, WIDE),
    "div": (T.div, np.divide, WIDE, POSITIVE),
    "copysign": (T.copysign, np.copysign, POSITIVE, WIDE),
    "atan2": (T.atan2, np.arctan2, WIDE, POSITIVE),
    "fmod": (T.fmod, np.fmod, WIDE, POSITIVE),
    "hypot": (T.hypot, np.hypot, WIDE, POSITIVE),
    "min": (T.min, np.minimum, WIDE, SMALL),
    "max": (T.max, np.maximum, WIDE, SMALL),
    "fmul": (T.fmul, np.multiply, WIDE, SMALL),
    "ieee_add": (T.ieee_add, np.add, WIDE, SMALL),
    "ieee_sub": (T.ieee_sub, np.subtract, WIDE, SMALL),
    "ieee_mul": (T.ieee_mul, np.multiply, WIDE, SMALL),
    "ieee_fdiv": (T.ieee_fdiv, np.divide, WIDE, POSITIVE),
}
INTEGER = {
    "ceildiv": (T.ceildiv, lambda a, b: -(-a // b)),
    "cdiv": (T.cdiv, lambda a, b: -(-a // b)),
    "floordiv": (T.floordiv, np.floor_divide),
    "floormod": (T.floormod, np.mod),
    "truncdiv": (T.truncdiv, lambda a, b: np.trunc(a / b).astype(np.int32)),
    "truncmod": (T.truncmod, np.fmod),
    "shift_left": (T.shift_left, np.left_shift),
    "shift_right": (T.shift_right, np.right_shift),
    "bitwise_and": (T.bitwise_and, np.bitwise_and),
    "bitwise_or": (T.bitwise_or, np.bitwise_or),
    "bitwise_xor": (T.bitwise_xor, np.bitwise_xor),
}


def run_unary(table, dtype, tolerance):
    functions = [entry[0] for entry in table.values()]
    inputs = np.stack([entry[2] for entry in table.values()]).astype(dtype)

    @T.prim_func
    def kernel(X: T.Tensor(inputs.shape, dtype), Y: T.Tensor(inputs.shape, dtype)):
        with T.Kernel(inputs.shape[1]) as i:
            for row, function in enumerate(functions):
                Y[row, i] = function(X[row, i])

    results = np.zeros_like(inputs)
    kernel_run.run(kernel, [inputs, results], tolerance)
    return inputs, results


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-5), ("float64", 1e-12)])
def test_unary(dtype, tolerance):
    inputs, results = run_unary(UNARY, dtype, tolerance)
    for (name, (_, reference, _)), x, y in zip(UNARY.items(), inputs, results, strict=True):
        expected = reference(x.astype(np.float64))
        np.testing.assert_allclose(y, expected, rtol=tolerance, atol=tolerance, err_msg=name)


def test_binary():
    functions = [entry[0] for entry in BINARY.values()]
    a = np.stack([entry[2] for entry in BINARY.values()])
    b = np.stack([entry[3] for entry in BINARY.values()])

    @T.prim_func
    def kernel(
        A: T.Tensor(a.shape, "float64"),
        B: T.Tensor(a.shape, "float64"),
        C: T.Tensor(a.shape, "float64"),
    ):
        with T.Kernel(a.shape[1]) as i:
            for row, function in enumerate(functions):
                C[row, i] = function(A[row, i], B[row, i])

    results = np.zeros_like(a)
    kernel_run.run(kernel, [a, b, results])
    for name, x, y, result in zip(BINARY, a, b, results, strict=True):
        np.testing.assert_allclose(result, BINARY[name][1](x, y), rtol=1e-12, err_msg=name)


def test_integer():
    functions = [entry[0] for entry in INTEGER.values()]
    a = np.arange(-16, 16, dtype=np.int32)
    b = np.tile(np.array([1, 2, 3, 5], np.int32), 8)

    @T.prim_func
    def kernel(
        A: T.Tensor((32,), "int32"),
        B: T.Tensor((32,), "int32"),
        C: T.Tensor((len(functions), 32), "int32"),
    ):
        with T.Kernel(32) as i:
            for row, function in enumerate(functions):
                C[row, i] = function(A[i], B[i])

    results = np.zeros((len(functions), 32), np.int32)
    kernel_run.run(kernel, [a, b, results])
    for name, result in zip(INTEGER, results, strict=True):
        np.testing.assert_array_equal(result, INTEGER[name][1](a, b), err_msg=name)


def test_bits_and_classes():
    x = np.array([0, 1, 255, -1, 1 << 30, 12345], np.int32)
    f = np.array([0.0, np.nan, np.inf, -np.inf, 1e30, -2.5], np.float32)

    @T.prim_func
    def kernel(
        X: T.Tensor((6,), "int32"), F: T.Tensor((6,), "float32"), Y: T.Tensor((8, 6), "int32")
    ):
        with T.Kernel(6) as i:
            Y[0, i] = T.popcount(X[i])
            Y[1, i] = T.clz(X[i])
            Y[2, i] = T.bitwise_not(X[i])
            Y[3, i] = T.cast(T.isnan(F[i]), "int32")
            Y[4, i] = T.cast(T.isinf(F[i]), "int32")
            Y[5, i] = T.cast(T.isfinite(F[i]), "int32")
            Y[6, i] = T.reinterpret(F[i], "int32")
            Y[7, i] = T.clamp(X[i], 2, 300)

    y = np.zeros((8, 6), np.int32)
    kernel_run.run(kernel, [x, f, y])
    bits = [format(int(v) & 0xFFFFFFFF, "032b") for v in x]
    np.testing.assert_array_equal(y[0], [b.count("1") for b in bits])
    np.testing.assert_array_equal(y[1], [len(b) - len(b.lstrip("0")) for b in bits])
    np.testing.assert_array_equal(y[2], ~x)
    np.testing.assert_array_equal(y[3], np.isnan(f))
    np.testing.assert_array_equal(y[4], np.isinf(f))
    np.testing.assert_array_equal(y[5], np.isfinite(f))
    np.testing.assert_array_equal(y[6], f.view(np.int32))
    np.testing.assert_array_equal(y[7], np.clip(x, 2, 300))


def test_fused_and_scaled():
    a = np.linspace(-3, 3, 16)
    n = np.arange(16, dtype=np.int32) - 8

    @T.prim_func
    def kernel(
        A: T.Tensor((16,), "float64"), N: T.Tensor((16,), "int32"), Y: T.Tensor((4, 16), "float64")
    ):
        with T.Kernel(16) as i:
            Y[0, i] = T.fma(A[i], A[i], 0.5)
            Y[1, i] = T.ldexp(A[i], N[i])
            Y[2, i] = T.ieee_fmaf(A[i], A[i], 0.5)
            Y[3, i] = T.max(T.min_value("float64"), T.min(T.infinity("float64"), A[i]))

    y = np.zeros((4, 16))
    kernel_run.run(kernel, [a, n, y])
    np.testing.assert_allclose(y[0], a * a + 0.5, rtol=1e-15)
    np.testing.assert_array_equal(y[1], np.ldexp(a, n))
    np.testing.assert_allclose(y[2], a * a + 0.5, rtol=1e-15)
    np.testing.assert_array_equal(y[3], a)


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float16", "float32"])
def test_limits(dtype):
    @T.prim_func
    def kernel(Y: T.Tensor((2,), dtype)):
        with T.Kernel(1):
            Y[0] = T.min_value(dtype)
            Y[1] = T.max_value(dtype)

    limits = np.zeros(2, dtype)
    kernel_run.run(kernel, [limits])
    info = np.finfo(dtype) if "float" in dtype else np.iinfo(dtype)
    assert limits.tolist() == [info.min, info.max]
