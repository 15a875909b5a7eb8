"""Elements of less than a word in memory: neighbours survive, and nothing outside is touched.

The simulator reports every byte that is touched outside an argument.
"""

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.codegen.cuda import ptx_text
from tests.support import machine
from tests.support.gpu import needs_nvrtc_for
from tilescale.testing import evaluator


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


def run(func, given):
    actual, expected = given.copy(), given.copy()
    evaluator.run(func, [expected], check_programs=False)
    machine.build(func)(actual)
    np.testing.assert_array_equal(actual, expected)


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


@pytest.mark.parametrize("arch", ["sm_75", "sm_90"])
def test_the_lock_is_released_where_it_was_taken(arch):
    needs_nvrtc_for(arch)
    source = tilescale.lower(
        reversed_numbers(14, "int4"), target=f"cuda -arch={arch}"
    ).kernel_source
    ptx = ptx_text.ptx_of(source, arch)
    found = ptx_text.instructions_of(ptx)
    taken = found.index("atom.acquire.gpu.cas.b32")
    released = found.index("atom.release.gpu.exch.b32")
    between = found[taken:released]
    assert any(name.startswith("ld.volatile") for name in between)
    assert any(name.startswith("st.volatile") for name in between)
    assert "byte_lock" in ptx


def test_no_lock_without_need():
    needs_nvrtc_for("sm_80")
    func = counters(8, "int32", T.atomic_add)
    source = tilescale.lower(func, target="cuda -arch=sm_80").kernel_source
    assert "byte_lock" not in ptx_text.ptx_of(source, "sm_80")
