"""`T.vectorized` in the code of single threads: whole vectors where that is proved to be right."""

import numpy as np
import pytest

import tilescale.language as T
from tests.support import machine

RNG = np.random.default_rng(0)
THREADS = 64


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def doubled(width, size, dtype="float16", shift=0):
    """Each thread doubles `width` neighbours of `size` elements, from `shift` on."""

    @T.prim_func
    def kernel(A: T.Tensor((size,), dtype), B: T.Tensor((size,), dtype)):
        with T.Kernel(1, threads=THREADS):
            tx = T.get_thread_binding()
            mine = T.alloc_local((width,), dtype)
            for v in T.vectorized(width):
                mine[v] = A[tx * width + shift + v] * 2
            for v in T.vectorized(width):
                B[tx * width + shift + v] = mine[v]

    return kernel


def check(kernel, size, touched=slice(None), arch="sm_80"):
    a = RNG.integers(-9, 9, size).astype(np.float16)
    b = np.zeros(size, np.float16)
    machine.build(kernel, arch)(a, b)
    want = np.zeros(size, np.float16)
    want[touched] = a[touched] * 2
    np.testing.assert_array_equal(b, want)


@pytest.mark.parametrize("arch", ["sm_75", "sm_80", "sm_120"])
@pytest.mark.parametrize(
    ("width", "vectors"), [(8, "Words<4>"), (4, "Words<2>"), (16, "Words<4>"), (6, "Words<1>")]
)
def test_whole_vectors(width, vectors, arch):
    kernel = doubled(width, THREADS * width)
    text = machine.source(kernel, arch)
    assert ("ldg_b256" if (width, arch) == (16, "sm_120") else vectors) in text
    assert "sync" not in text
    check(kernel, THREADS * width, arch=arch)


@pytest.mark.parametrize(
    ("width", "size", "shift"),
    [
        (3, THREADS * 3, 0),  # no multiple of 32 bits
        (8, THREADS * 8 - 5, 0),  # the last thread's elements are not all there
        (8, THREADS * 8 + 8, 1),  # misaligned
    ],
)
def test_elements_where_vectors_would_be_wrong(width, size, shift):
    kernel = doubled(width, size, shift=shift)
    assert "Words<" not in machine.source(kernel)
    check(kernel, size, slice(shift, shift + THREADS * width))


def test_vectors_of_shared_memory():
    @T.prim_func
    def kernel(A: T.Tensor((THREADS, 4), "float32"), B: T.Tensor((THREADS, 4), "float32")):
        with T.Kernel(1, threads=THREADS):
            tx = T.get_thread_binding()
            tile = T.alloc_shared((THREADS, 4), "float32")
            for v in T.vectorized(4):
                tile[tx, v] = A[tx, v]
            for v in T.vectorized(4):
                B[tx, v] = tile[THREADS - 1 - tx, v]

    text = machine.source(kernel)
    assert text.count("Words<4>*>(&tile[") == 2
    assert text.count("ts::sync_block()") == 1
    a, b = RNG.standard_normal((2, THREADS, 4)).astype(np.float32)
    machine.build(kernel)(a, b)
    np.testing.assert_array_equal(b, a[::-1])


def test_a_long_loop_keeps_its_elements():
    kernel = doubled(128, THREADS * 128)
    assert "Words<" not in machine.source(kernel)
    check(kernel, THREADS * 128)
