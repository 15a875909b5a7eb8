"""Arithmetic on pairs: bit by bit what the scalar operations give, on all back ends."""

import ml_dtypes
import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.support import machine
from tilescale import errors
from tilescale.testing.evaluator import evaluate

RNG = np.random.default_rng(0)
COUNT = 512
DTYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "float32": np.float32}
OPERATIONS = {
    "add": (T.add2, lambda x, y, z: x + y),
    "sub": (T.sub2, lambda x, y, z: x - y),
    "mul": (T.mul2, lambda x, y, z: x * y),
    "fma": (T.fma2, T.fma),
    "max": (T.max2, lambda x, y, z: T.max(x, y)),
    "min": (T.min2, lambda x, y, z: T.min(x, y)),
    "abs": (T.abs2, lambda x, y, z: T.abs(x)),
}
ARITY = {"fma": 3, "abs": 1}


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def all_operations(dtype):
    """Row 0 of each operation by pairs, row 1 by scalars."""
    shape = (COUNT, 2)

    @T.prim_func
    def kernel(
        X: T.Tensor(shape, dtype),
        Y: T.Tensor(shape, dtype),
        Z: T.Tensor(shape, dtype),
        Out: T.Tensor((len(OPERATIONS), 2, *shape), dtype),
    ):
        with T.Kernel(COUNT // 32, threads=32) as bx:
            for t in T.Parallel(32):
                i = bx * 32 + t
                operands = [X[i, 0:2], Y[i, 0:2], Z[i, 0:2]]
                for n, (name, (pairs, scalar)) in enumerate(OPERATIONS.items()):
                    Out[n, 0, i, 0:2] = pairs(*operands[: ARITY.get(name, 2)])
                    Out[n, 1, i, 0] = scalar(X[i, 0], Y[i, 0], Z[i, 0])
                    Out[n, 1, i, 1] = scalar(X[i, 1], Y[i, 1], Z[i, 1])

    return kernel


def numbers(dtype, seed):
    """Random bits without NaN: large, tiny and subnormal numbers, infinities."""
    kind = np.dtype(DTYPES[dtype])
    bits = np.random.default_rng(seed).integers(0, 256, COUNT * 2 * kind.itemsize, np.uint8)
    values = bits.view(kind).copy()
    values[:8] = np.array([0.0, -0.0, 1, -1, np.inf, -np.inf, 0.5, 2]).astype(kind)[
        np.random.default_rng(seed).permutation(8)
    ]
    wide = values.astype(np.float64)
    values[np.isnan(wide)] = 3
    # Half of them of like size, so that sums round.
    values[COUNT:] = np.random.default_rng(seed).standard_normal(COUNT).astype(kind)
    return values.reshape(COUNT, 2)


def bits(values):
    """The bits; all NaN are alike."""
    unsigned = values.view(f"u{values.itemsize}").copy()
    unsigned[np.isnan(values.astype(np.float64))] = 1
    return unsigned


def places():
    yield "cpu", lambda func: tilescale.compile(func, target="c")
    yield "evaluator", lambda func: lambda *args: evaluate(func, list(args))
    for arch in ("sm_70", "sm_75", "sm_80", "sm_90", "sm_100"):
        yield arch, lambda func, arch=arch: machine.build(func, arch)


PLACES = dict(places())
RESULTS = {}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_pairs_are_bitwise_the_scalar_operations(dtype, place):
    x, y, z = (numbers(dtype, seed) for seed in (1, 2, 3))
    out = np.zeros((len(OPERATIONS), 2, COUNT, 2), DTYPES[dtype])
    PLACES[place](all_operations(dtype))(x, y, z, out)
    for n, name in enumerate(OPERATIONS):
        np.testing.assert_array_equal(bits(out[n, 0]), bits(out[n, 1]), err_msg=name)
    first = RESULTS.setdefault(dtype, out)
    for n, name in enumerate(OPERATIONS):
        np.testing.assert_array_equal(bits(out[n, 0]), bits(first[n, 0]), err_msg=name)


@pytest.mark.parametrize("place", ["cpu", "evaluator", "sm_70", "sm_80"])
@pytest.mark.parametrize(
    ("dtype", "x", "y", "tiny"),
    [
        ("bfloat16", 1 + 2.0**-4, 1 + 2.0**-4, 2.0**-60),
        ("float16", 1 + 2.0**-5, 1 + 2.0**-6, 2.0**-24),
    ],
)
def test_fma_of_narrow_types_rounds_once(dtype, x, y, tiny, place):
    """The product lies half way between two values of the type: the addend decides."""
    kind = DTYPES[dtype]
    operands = [np.full((COUNT, 2), v, kind) for v in (x, y, tiny)]
    operands[2][:, 1] = -tiny
    out = np.zeros((len(OPERATIONS), 2, COUNT, 2), kind)
    PLACES[place](all_operations(dtype))(*operands, out)
    for got in out[list(OPERATIONS).index("fma")].astype(np.float64):
        assert (got[:, 0] > x * y).all()
        assert (got[:, 1] < x * y).all()


def test_pairs_of_loaded_vectors_chain():
    @T.prim_func
    def chain(A: T.Tensor((64,), "float16"), B: T.Tensor((64,), "float16")):
        with T.Kernel(1, threads=32):
            tx = T.get_thread_binding(0)
            v = T.reinterpret(T.float16x2, T.ldg32(A[tx * 2]))
            doubled = T.add2(v, v)
            T.stg32(B[tx * 2], T.fma2(doubled, T.float16x2(3), T.abs2(v)))

    a = RNG.integers(-9, 9, 64).astype(np.float16)
    b = np.zeros_like(a)
    source = machine.source(chain)
    assert source.count("ts::ptx::add_f16x2(") == source.count("ts::ptx::fma_f16x2(") == 1
    machine.build(chain)(a, b)
    np.testing.assert_array_equal(b, 6 * a + np.abs(a))


@pytest.mark.parametrize(
    ("body", "match"),
    [
        (lambda A: T.add2(A[0], A[1]), "needs pairs"),
        (lambda A: T.add2(A[0:2], 1.0), "needs pairs"),
        (lambda A: T.add2(A[0:4], A[0:4]), "needs pairs"),
        (lambda A: T.abs2(T.int32x2(1, 2)), "needs pairs"),
        (lambda A: T.mul2(A[0:2], T.bfloat16x2(1)), "different types"),
    ],
)
def test_what_is_no_pair(body, match):
    with pytest.raises(errors.OperandTypeError, match=match):

        @T.prim_func
        def kernel(A: T.Tensor((64,), "float16")):
            with T.Kernel(1, threads=32):
                body(A)
