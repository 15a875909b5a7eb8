"""Operators of the language on the simulator and on the GPU: results are those of the evaluator."""

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.support import machine
from tilescale import errors
from tilescale.testing import evaluator

RNG = np.random.default_rng(0)
INTEGERS = ["int32", "uint32", "int64", "uint64", "int16", "uint8", "int8"]
FLOATS = ["float32", "float64", "float16", "bfloat16"]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def numpy_type(dtype):
    import ml_dtypes

    return np.dtype(getattr(ml_dtypes, dtype)) if hasattr(ml_dtypes, dtype) else np.dtype(dtype)


def compare(func, args, arch=None, exact=True):
    expected = [a.copy() for a in args]
    evaluator.run(func, expected, check_programs=False)
    machine.build(func, arch)(*args)
    for actual, wanted in zip(args, expected, strict=True):
        a, b = actual.astype(np.float64), wanted.astype(np.float64)
        if exact:
            np.testing.assert_array_equal(a, b)
        else:
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def histogram(dtype, update, order=None):
    @T.prim_func
    def scatter(A: T.Tensor((256,), dtype), C: T.Tensor((8,), dtype)):
        with T.Kernel(2, threads=64) as bx:
            for i in T.Parallel(128):
                update(C[(bx * 128 + i) % 8], A[bx * 128 + i], memory_order=order)

    return scatter


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS)
@pytest.mark.parametrize("name", ["atomic_add", "atomic_max", "atomic_min"])
def test_atomic_of_every_type(name, dtype):
    values = RNG.integers(0, 3, 256).astype(numpy_type(dtype))
    compare(histogram(dtype, getattr(T, name)), [values, np.ones(8, numpy_type(dtype))])


@pytest.mark.parametrize("dtype", INTEGERS)
def test_atomic_or(dtype):
    values = RNG.integers(0, 100, 256).astype(dtype)
    compare(histogram(dtype, T.atomic_or), [values, np.zeros(8, dtype)])


@pytest.mark.parametrize("order", ["relaxed", "acquire", "release", "acq_rel", "seq_cst"])
def test_memory_orders(order):
    func = histogram("int32", T.atomic_add, order)
    source = tilescale.lower(func, target="cuda -arch=sm_80").kernel_source
    kind = {"acq_rel": "AcqRel", "seq_cst": "AcqRel"}.get(order, order.capitalize())
    assert f"ts::Order::k{kind}" in source
    assert ("fence_sc" in source) == (order == "seq_cst")
    compare(func, [np.ones(256, np.int32), np.zeros(8, np.int32)])


def test_tiles_are_added_atomically_to_shared_and_global_memory():
    @T.prim_func
    def tiles(A: T.Tensor((64, 8), "float32"), C: T.Tensor((8,), "float32")):
        with T.Kernel(4, threads=32) as bx:
            s = T.alloc_shared((8,), "float32")
            T.clear(s)
            for i, j in T.Parallel(16, 8):
                T.atomic_add(s[j], A[bx * 16 + i, j])
            T.atomic_add(C, s)

    values = RNG.integers(-4, 4, (64, 8)).astype(np.float32)
    compare(tiles, [values, np.zeros(8, np.float32)])
    source = tilescale.lower(tiles, target="cuda -arch=sm_80").kernel_source
    assert "ts::Scope::kCta" in source
    assert "ts::Scope::kGpu" in source


def test_the_old_value_of_an_atomic():
    @T.prim_func
    def tickets(C: T.Tensor((1,), "int32"), seen: T.Tensor((64,), "int32")):
        with T.Kernel(1, threads=64):
            for _ in T.Parallel(64):
                ticket = T.atomic_add(C[0], 1, return_prev=True)
                T.atomic_add(seen[ticket], 1)

    seen = np.zeros(64, np.int32)
    machine.build(tickets)(np.zeros(1, np.int32), seen)
    assert seen.all()


def test_reducers():
    @T.prim_func
    def reducers(
        A: T.Tensor((64, 8), "float32"), S: T.Tensor((8,), "float32"), L: T.Tensor((8,), "float32")
    ):
        with T.Kernel(1, threads=64):
            total = T.alloc_reducer((8,), "float32", "sum")
            largest = T.alloc_reducer((8,), "float32", "max")
            out = T.alloc_fragment((8,), "float32")
            T.reducer_init(total)
            T.reducer_init(largest)
            for i, j in T.Parallel(64, 8):
                T.reducer_update(total[j], A[i, j])
                T.reducer_update(largest[j], A[i, j])
            T.finalize_reducer(total, out)
            T.copy(out, S)
            T.finalize_reducer(largest, out)
            T.copy(out, L)

    values = RNG.integers(-40, 40, (64, 8)).astype(np.float32)
    compare(reducers, [values, np.zeros(8, np.float32), np.zeros(8, np.float32)])


def test_queries():
    @T.prim_func
    def queries(A: T.Tensor((4, 64), "int32"), B: T.Tensor((4, 2), "int32")):
        with T.Kernel(4, threads=64) as bx:
            s = T.alloc_shared((64,), "int32")
            T.copy(A[bx, 0], s)
            if T.any_of(s):
                B[bx, 0] = 1
            if T.all_of(s):
                B[bx, 1] = 1

    values = np.ones((4, 64), np.int32)
    values[0, 3] = 0
    values[1] = 0
    compare(queries, [values, np.zeros((4, 2), np.int32)])


def test_print(capfd):
    @T.prim_func
    def show(A: T.Tensor((2,), "float32")):
        with T.Kernel(2, threads=32) as bx:
            T.print(A[bx], msg="100% of")
            T.print(msg="only a text")
            if bx == 1:
                T.print(A)

    machine.build(show)(np.array([1.5, -2], np.float32))
    lines = sorted(capfd.readouterr().out.splitlines())
    assert lines == sorted(
        [
            "block (0, 0, 0), thread (0, 0, 0): 100% of 1.5",
            "block (1, 0, 0), thread (0, 0, 0): 100% of -2",
            *[f"block ({b}, 0, 0), thread (0, 0, 0): only a text" for b in (0, 1)],
            "block (1, 0, 0), thread (0, 0, 0): A[0] = 1.5",
            "block (1, 0, 0), thread (0, 0, 0): A[1] = -2",
        ]
    )


def test_print_of_a_fragment(capfd):
    @T.prim_func
    def show(A: T.Tensor((4,), "int32")):
        with T.Kernel(1, threads=32):
            x = T.alloc_fragment((4,), "int32")
            T.copy(A, x)
            T.print(x)

    machine.build(show)(np.arange(4, dtype=np.int32))
    lines = capfd.readouterr().out.splitlines()
    assert lines == [f"block (0, 0, 0), thread (0, 0, 0): x[{i}] = {i}" for i in range(4)]


@pytest.mark.parametrize("num_stages", [1, 2, 3])
def test_print_of_a_pipelined_tile(num_stages, capfd):
    @T.prim_func
    def show(A: T.Tensor((3, 64), "int32"), B: T.Tensor((3, 64), "int32")):
        with T.Kernel(1, threads=32):
            tile = T.alloc_shared((64,), "int32")
            for k in T.Pipelined(3, num_stages=num_stages):
                T.copy(A[k, 0], tile)
                T.print(tile[3:5], msg="tile")
                T.copy(tile, B[k, 0])

    if num_stages > 1:
        assert "turn" in machine.source(show)
    a, b = np.arange(192, dtype=np.int32).reshape(3, 64), np.zeros((3, 64), np.int32)
    machine.build(show)(a, b)
    np.testing.assert_array_equal(b, a)
    lines = capfd.readouterr().out.splitlines()
    assert lines == [
        f"block (0, 0, 0), thread (0, 0, 0): tile tile[{i}] = {64 * k + i}"
        for k in range(3)
        for i in (3, 4)
    ]


def test_fragments_are_added_atomically():
    @T.prim_func
    def split(A: T.Tensor((4, 48), "float16"), C: T.Tensor((48,), "float32")):
        with T.Kernel(4, threads=32) as bx:
            x = T.alloc_fragment((48,), "float32")
            T.copy(A[bx, 0], x)
            T.atomic_add(C[0:48], x)

    values = RNG.integers(-4, 4, (4, 48)).astype(np.float16)
    compare(split, [values, np.zeros(48, np.float32)])


def test_device_assert():
    @T.prim_func
    def check(A: T.Tensor((64,), "int32")):
        with T.Kernel(1, threads=32):
            for i in T.Parallel(64):
                T.device_assert(A[i] < 60, "too large")

    run = machine.build(check)
    run(np.full(64, 59, np.int32))
    machine.simulator_only("a failed assertion ends the GPU's context")
    with pytest.raises(errors.KernelAssertionError, match="too large") as caught:
        run(np.arange(64, dtype=np.int32))
    assert "operators_test.py" in str(caught.value)


@pytest.mark.parametrize("dtype", ["int4", "uint4"])
def test_elements_of_four_bits(dtype):
    @T.prim_func
    def increment(
        A: T.Tensor((64,), dtype), B: T.Tensor((64,), dtype), C: T.Tensor((64,), "int32")
    ):
        with T.Kernel(1, threads=32):
            s = T.alloc_shared((64,), dtype)
            T.copy(A, s)
            for i in T.Parallel(64):
                B[i] = s[63 - i] + 1
            for i in T.Parallel(64):
                C[i] = T.cast(s[i], "int32")

    args = [
        RNG.integers(0, 256, 32).astype(np.uint8),
        np.zeros(32, np.uint8),
        np.zeros(64, np.int32),
    ]
    compare(increment, args)


@pytest.mark.parametrize("to", ["float16", "bfloat16", "float8_e4m3", "float8_e5m2", "int8"])
@pytest.mark.parametrize("source", ["float64", "float32", "int32", "int64"])
def test_conversions_round_once(source, to):
    to = {"float8_e4m3": "float8_e4m3fn"}.get(to, to)

    @T.prim_func
    def convert(A: T.Tensor((256,), source), B: T.Tensor((256,), to)):
        with T.Kernel(1, threads=64):
            for i in T.Parallel(256):
                B[i] = T.cast(A[i], to)

    if source.startswith("float"):
        values = RNG.standard_normal(256) * np.exp2(RNG.integers(-12, 12, 256))
        # Half-way between two halves but for what float cannot hold.
        values[0] = 1 + 2.0**-11 + 2.0**-40
        values[1] = 1 + 2.0**-8 + 2.0**-40
        values[2:5] = np.inf, -np.inf, 1e30
    else:
        values = RNG.integers(-(2**30), 2**30, 256) | 1
    compare(convert, [values.astype(source), np.zeros(256, numpy_type(to))])


UNARY = {
    "float32": [
        "exp",
        "exp2",
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
        "asinh",
        "atan",
        "erf",
        "sigmoid",
        "exp10",
        "fast_rcp",
        "__exp",
        "__log",
        "__log2",
        "__log10",
        "__sin",
        "__cos",
        "__exp10",
        "floor",
        "ceil",
        "trunc",
        "round",
        "nearbyint",
        "abs",
        "ieee_fsqrt",
        "ieee_frcp",
        "ieee_frsqrt",
    ],
    "float64": ["exp", "log", "sqrt", "rsqrt", "sin", "tanh", "erf", "floor"],
    "float16": ["exp", "log", "sqrt", "tanh", "abs"],
}


@pytest.mark.parametrize(
    ("dtype", "name"), [(dtype, name) for dtype, names in UNARY.items() for name in names]
)
def test_math(dtype, name):
    function = getattr(T, name)

    @T.prim_func
    def apply(A: T.Tensor((64,), dtype), B: T.Tensor((64,), dtype)):
        with T.Kernel(1, threads=64):
            for i in T.Parallel(64):
                B[i] = function(A[i])

    values = RNG.uniform(0.1, 3, 64).astype(dtype)
    compare(apply, [values, np.zeros(64, dtype)], exact=False)


def test_bits_and_integers():
    @T.prim_func
    def bits(A: T.Tensor((64,), "int32"), B: T.Tensor((10, 64), "int32")):
        with T.Kernel(1, threads=64):
            for i in T.Parallel(64):
                B[0, i] = T.popcount(A[i])
                B[1, i] = T.clz(A[i])
                B[2, i] = A[i] // 7
                B[3, i] = A[i] % -7
                B[4, i] = T.truncdiv(A[i], 7)
                B[5, i] = T.truncmod(A[i], 7)
                B[6, i] = T.abs(A[i])
                B[7, i] = T.clamp(A[i], -5, 5)
                B[8, i] = T.reinterpret(T.cast(A[i], "float32"), "int32")
                B[9, i] = T.if_then_else(A[i] > 0, A[i], T.max(A[i], -9))

    values = RNG.integers(-(2**31), 2**31 - 1, 64).astype(np.int32)
    compare(bits, [values, np.zeros((10, 64), np.int32)])


def test_minimum_and_maximum_ignore_nan():
    @T.prim_func
    def extremes(A: T.Tensor((4,), "float32"), B: T.Tensor((2, 4), "float32")):
        with T.Kernel(1, threads=32):
            for i in T.Parallel(4):
                B[0, i] = T.max(A[i], A[3 - i])
                B[1, i] = T.min(A[i], A[3 - i])

    compare(extremes, [np.array([np.nan, 1, np.nan, 2], np.float32), np.zeros((2, 4), np.float32)])
