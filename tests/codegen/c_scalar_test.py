"""Scalar arithmetic and conversions of generated C, exhaustively where the type is small."""

import numpy as np
import pytest
from irbuild import Kernel, load

import tilescale
from tilescale import ir
from tilescale.testing import eval_dtype, evaluator

NARROW = ["float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"]
SPECIAL = [0.0, -0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 65504.0, 65519.9, 65520.0, 448.0, 464.0]
SPECIAL += [57344.0, 61440.0, 1e-8, 2.0**-24, 2.0**-25, 3 * 2.0**-26, 2.0**-9, 2.0**-10, 3e38, 1e30]


def elementwise(dtype_in, dtype_out, function, count):
    """A kernel that stores function(A[i]) for each element."""
    k = Kernel()
    a, c = k.input("A", [count], dtype_in), k.output("C", [count], dtype_out)
    with k.parallel(count) as i:
        k.store(c, [i], function(load(a, i)))
    return tilescale.compile(k.function())


def convert(values, dtype_in, dtype_out):
    count = values.shape[0]
    return elementwise(dtype_in, dtype_out, lambda x: ir.make_cast(dtype_out, x), count)(values)


def same_bits(a, b, width):
    nan = np.isnan(a.astype(np.float64)) & np.isnan(b.astype(np.float64))
    return ((a.view(width) == b.view(width)) | nan).all()


@pytest.mark.parametrize("dtype", NARROW)
def test_every_narrow_value_to_float(dtype):
    storage = eval_dtype.storage_dtype(dtype)
    width = np.uint8 if storage.itemsize == 1 else np.uint16
    stored = np.arange(np.iinfo(width).max + 1).astype(width).view(storage)
    got = convert(stored, dtype, "float32")
    assert same_bits(got, stored.astype(np.float32), np.uint32)
    back = convert(got, "float32", dtype)
    finite = np.isfinite(stored.astype(np.float32))
    assert (back.view(width)[finite] == stored.view(width)[finite]).all()


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("source", ["float32", "float64"])
def test_rounding_to_narrow_types(dtype, source):
    rng = np.random.default_rng(0)
    scale = 10.0 ** rng.uniform(-9, 6, 4000)
    values = np.concatenate([SPECIAL, rng.standard_normal(4000) * scale]).astype(source)
    storage = eval_dtype.storage_dtype(dtype)
    width = np.uint8 if storage.itemsize == 1 else np.uint16
    expected = eval_dtype.to_storage(eval_dtype.round_float(values, dtype), dtype)
    assert same_bits(convert(values, source, dtype), expected, width)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"])
@pytest.mark.parametrize("source", ["float32", "float64"])
def test_floats_to_integers_saturate(dtype, source):
    limits = np.iinfo(dtype)
    values = np.array([0.9, -0.9, 1.5, -1.5, 127.5, 255.9, 1e20, -1e20, np.inf, -np.inf, np.nan])
    expected = [min(max(int(v), limits.min), limits.max) for v in values[:8].tolist()]
    expected += [limits.max, limits.min, 0]
    assert convert(values.astype(source), source, dtype).tolist() == expected


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32"])
def test_integers_wrap(dtype):
    values = np.array([0, 1, -1, 127, 128, 255, 256, 32768, 65535, 2**31, 2**32 + 5, -(2**40)])
    assert (convert(values, "int64", dtype) == values.astype(dtype)).all()


DIVISION = ["floordiv", "floormod", "truncdiv", "truncmod"]


@pytest.mark.parametrize("kind", DIVISION)
@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8", "uint32"])
def test_division_rounds_as_named(kind, dtype):
    low = 0 if dtype.startswith("u") else -20
    a = np.repeat(np.arange(low, 21), 9).astype(dtype)
    b = np.tile([1, 2, 3, 4, 5, 7, 8, 9, 16], a.size // 9)
    if low < 0:
        b = np.where(np.arange(a.size) % 2 == 0, b, -b)
    b = b.astype(dtype)
    k = Kernel()
    x, y, c = (
        k.input("A", [a.size], dtype),
        k.input("B", [a.size], dtype),
        k.output("C", [a.size], dtype),
    )
    with k.parallel(a.size) as i:
        k.store(c, [i], ir.make_binary(kind, load(x, i), load(y, i)))
    func = k.function()
    (expected,) = evaluator.evaluate(func, [a, b])
    np.testing.assert_array_equal(tilescale.compile(func)(a, b), expected)


@pytest.mark.parametrize("divisor", [1, 2, 3, 8, 64, 100])
@pytest.mark.parametrize("kind", DIVISION)
def test_division_by_constants(kind, divisor):
    values = np.arange(-130, 131, dtype=np.int32)
    function = lambda x: ir.make_binary(kind, x, ir.const(divisor, "int32"))  # noqa: E731
    got = elementwise("int32", "int32", function, values.size)(values)
    exact = {
        "floordiv": values // divisor,
        "floormod": values % divisor,
        "truncdiv": np.fix(values / divisor).astype(np.int32),
        "truncmod": np.fmod(values, divisor),
    }
    np.testing.assert_array_equal(got, exact[kind])


def test_bad_divisions_do_not_end_the_process():
    low = np.iinfo(np.int32).min
    for divisor in (0, -1):
        b = np.full(2, divisor, np.int32)
        k = Kernel()
        x, y, c = (k.input(n, [2], "int32") for n in "ABC")
        with k.parallel(2) as i:
            k.store(c, [i], load(x, i) // load(y, i))
        out = np.zeros(2, np.int32)
        tilescale.compile(k.function())(np.array([7, low], np.int32), b, out)
        if divisor == -1:
            assert out.tolist() == [-7, low]


def test_min_and_max_prefer_numbers():
    a = np.array([1, np.nan, 2, np.nan], np.float32)
    b = np.array([np.nan, 1, 3, np.nan], np.float32)
    for kind, expected in (("min", [1, 1, 2]), ("max", [1, 1, 3])):
        k = Kernel()
        x, y, c = k.input("A", [4]), k.input("B", [4]), k.output("C", [4])
        with k.parallel(4) as i:
            k.store(c, [i], ir.make_binary(kind, load(x, i), load(y, i)))
        out = tilescale.compile(k.function())(a, b)
        assert out[:3].tolist() == expected
        assert np.isnan(out[3])


@pytest.mark.parametrize("dtype", ["int4", "uint4"])
def test_packed_elements(dtype):
    low, high = (-8, 7) if dtype == "int4" else (0, 15)
    every = np.arange(low, high + 1)
    packed = ((every[::2] & 15) | (every[1::2] & 15) << 4).astype(np.uint8)
    k = Kernel()
    a, wide, c = k.input("A", [16], dtype), k.output("W", [16], "int32"), k.output("C", [16], dtype)
    with k.parallel(16) as i:
        k.store(wide, [i], ir.make_cast("int32", load(a, i)))
    with k.parallel(16) as i:
        k.store(c, [i], load(a, i) + load(a, i))
    values, doubled = tilescale.compile(k.function())(packed)
    assert values.tolist() == every.tolist()
    nibbles = np.stack([doubled.view(np.uint8) & 15, doubled.view(np.uint8) >> 4], 1).ravel()
    assert nibbles.tolist() == ((every * 2) & 15).tolist()


def test_narrow_arithmetic_rounds_after_each_operation():
    a = np.array([2048, 1], np.float16)
    result = elementwise(
        "float16", "float16", lambda x: x + ir.const(1.0, "float16") + ir.const(1.0, "float16"), 2
    )(a)
    # 2048 + 1 rounds to 2048 each time; in float32 the sum would have been 2050.
    assert result.tolist() == [2048, 3]


MATH = ["exp", "log", "sqrt", "rsqrt", "sin", "tanh", "erf", "sigmoid", "floor", "round", "abs"]


@pytest.mark.parametrize("name", MATH)
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_mathematical_functions(name, dtype):
    values = np.linspace(0.1, 4, 50).astype(dtype)
    k = Kernel()
    a, c = k.input("A", [50], dtype), k.output("C", [50], dtype)
    with k.parallel(50) as i:
        k.store(c, [i], ir.make_call(name, [load(a, i)], {}, dtype))
    func = k.function()
    (expected,) = evaluator.evaluate(func, [values])
    tolerance = {"float16": 2e-3, "float32": 1e-6, "float64": 1e-13}[dtype]
    np.testing.assert_allclose(tilescale.compile(func)(values), expected, rtol=tolerance)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_bit_counts(dtype):
    values = np.array([0, 1, 2, 3, 100, 127], dtype)
    width = np.dtype(dtype).itemsize * 8
    for name, function in (
        ("popcount", lambda v: bin(v).count("1")),
        ("clz", lambda v: width - v.bit_length()),
    ):
        call = lambda x, n=name: ir.make_call(n, [x], {}, "int32")  # noqa: E731
        got = elementwise(dtype, "int32", call, values.size)(values)
        assert got.tolist() == [function(int(v)) for v in values]


def test_names_that_c_reserves():
    k = Kernel()
    a, c = k.input("double", [3], "int32"), k.output("exp", [3], "int32")
    with k.parallel(3) as i:
        k.store(c, [i], load(a, i))
    assert tilescale.compile(k.function())(np.arange(3, dtype=np.int32)).tolist() == [0, 1, 2]


def test_line_directives_name_the_user_s_file():
    k = Kernel()
    c = k.output("C", [3], "int32")
    span = ir.Span('dir/user "x".py', 42, 1, 42, 5, None)
    k.add(ir.Store(c, [ir.const(0, "int32")], ir.const(1, "int32"), span))
    func = k.function()
    assert "/* user _x_.py:42 */" in tilescale.lower(func).kernel_source.replace('"x"', "_x_")
    options = {"tl.emit_line_directives": True}
    source = tilescale.lower(func, pass_configs=options).kernel_source
    assert '#line 42 "dir/user \\"x\\".py"' in source
