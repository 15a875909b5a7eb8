"""Elements of less than a word in memory: neighbours survive, and nothing outside is touched.

The simulator reports every byte that is touched outside an argument.
"""

import re

import numpy as np
import pytest

import tilescale.language as T
from tests.support import machine
from tilescale import errors
from tilescale.testing import evaluator

RNG = np.random.default_rng(4)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def reversed_numbers(n, dtype, fixed=True):
    """The threads and blocks that write the two halves of a byte differ."""
    N = n if fixed else T.dynamic("N")

    @T.prim_func
    def kernel(B: T.Tensor((N,), dtype)):
        with T.Kernel(T.ceildiv(N, 4), threads=32) as bx:
            for i in T.Parallel(4):
                if bx + i * T.ceildiv(N, 4) < N:
                    B[N - 1 - bx - i * T.ceildiv(N, 4)] = T.cast((bx + i * 3) % 7, dtype)

    return kernel


def counters(n, dtype, update):
    @T.prim_func
    def kernel(B: T.Tensor((n,), dtype)):
        with T.Kernel(3, threads=32) as bx:
            for i in T.Parallel(64):
                update(B[(i + bx) % n], T.cast(i % 2, dtype))

    return kernel


def run(func, *given):
    """Runs the kernel; returns its text."""
    actual, expected = [a.copy() for a in given], [a.copy() for a in given]
    evaluator.run(func, expected, check_programs=False)
    machine.build(func)(*actual)
    for ours, wanted in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(ours, wanted)
    return machine.source(func)


@pytest.mark.parametrize("dtype", ["int4", "uint4"])
@pytest.mark.parametrize("n", [2, 6, 8, 14, 16, 26])
def test_halves_of_bytes_of_two_blocks(n, dtype):
    run(reversed_numbers(n, dtype), np.zeros(n // 2, np.uint8))


@pytest.mark.parametrize("n", [8, 14])
def test_halves_of_bytes_of_an_array_of_any_length(n):
    run(reversed_numbers(n, "uint4", fixed=False), np.zeros(n // 2, np.uint8))


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_counters_of_one_byte(n, dtype):
    run(counters(n, dtype, T.atomic_add), np.zeros(n, dtype))
    run(counters(n, dtype, T.atomic_max), np.zeros(n, dtype))


@pytest.mark.parametrize("n", [1, 3])
def test_counters_of_two_bytes(n):
    run(counters(n, "float16", T.atomic_max), np.zeros(n, np.float16))


def copied(rows, columns, dtype, offset=0):
    """Through shared memory; the target's rows are longer."""
    longer = columns + 16

    @T.prim_func
    def kernel(A: T.Tensor((rows * columns,), dtype), B: T.Tensor((rows * longer,), dtype)):
        with T.Kernel(1, threads=64):
            s = T.alloc_shared((rows, columns), dtype)
            for i, j in T.Parallel(rows, columns):
                s[i, j] = A[i * columns + j]
            for i, j in T.Parallel(rows, columns):
                B[i * longer + j + offset] = s[i, j]

    return kernel


def packed(rows, columns):
    return RNG.integers(0, 256, (rows * columns + 1) // 2).astype(np.uint8)


@pytest.mark.parametrize("dtype", ["int4", "uint4"])
@pytest.mark.parametrize(("columns", "width"), [(64, 64), (24, 32), (12, 16), (6, 8)])
def test_rows_of_whole_bytes_are_stored_plainly(columns, width, dtype):
    text = run(copied(10, columns, dtype), packed(10, columns), packed(10, columns + 16))
    assert "set_i4(" not in text
    vector = f"uint{width}_t" if width < 32 else f"ts::Words<{width // 32}>"
    assert f"*reinterpret_cast<{vector}*>(&B[" in text


@pytest.mark.parametrize("dtype", ["int4", "uint4"])
@pytest.mark.parametrize(("columns", "offset"), [(7, 0), (1, 0), (6, 1), (8, 3)])
def test_bytes_of_two_threads_are_changed_atomically(columns, offset, dtype):
    text = run(copied(10, columns, dtype, offset), packed(10, columns), packed(10, columns + 16))
    assert "set_i4(B, " in text


def test_a_thread_that_writes_both_halves_stores_a_byte():
    @T.prim_func
    def pack(A: T.Tensor((32, 2), "int32"), B: T.Tensor((64,), "uint4")):
        with T.Kernel(1, threads=32):
            for i in T.Parallel(32):
                B[2 * i] = T.cast(A[i, 0], "uint4")
                B[2 * i + 1] = T.cast(A[i, 1], "uint4")

    values = RNG.integers(0, 16, (32, 2)).astype(np.int32)
    text = run(pack, values, np.zeros(32, np.uint8))
    body = text[text.index("__global__") :]
    assert re.findall(r"^ *(\S.*B.*;)", body, re.MULTILINE) == [
        "alignas(16) uint8_t B_v[1];",
        "set_i4_mine(B_v, 0, uint8_t((A[i * 2]) & 15));",
        "set_i4_mine(B_v, 1, uint8_t((A[(i * 2) + 1]) & 15));",
        "*reinterpret_cast<uint8_t*>(&B[(i * 2) / 2]) = *reinterpret_cast<const uint8_t*>(B_v);",
    ]


def test_two_blocks_that_store_the_same_bytes_are_reported():
    machine.simulator_only("only the simulator finds races")

    @T.prim_func
    def racing(A: T.Tensor((128,), "int4"), B: T.Tensor((64,), "int4")):
        with T.Kernel(2, threads=32) as bx:
            T.copy(A[bx * 64 : bx * 64 + 64], B)

    with pytest.raises(errors.RaceError):
        machine.build(racing)(packed(2, 64), packed(1, 64))
