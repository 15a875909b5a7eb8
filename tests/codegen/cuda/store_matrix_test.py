"""Accumulators to shared memory: stmatrix where there is one, pairs of elements elsewhere."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.support import machine
from tilescale import sim
from tilescale.sim.mutate import mutate


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def product(shape=(64, 64), dtype="float16", threads=128, accumulator="float32", scale=False):
    """A product whose result goes through a shared tile of its operands' type."""
    m, n = shape

    @T.prim_func
    def product(
        A: T.Tensor((m, 32), dtype), B: T.Tensor((32, n), dtype), C: T.Tensor(shape, dtype)
    ):
        with T.Kernel(1, threads=threads):
            a = T.alloc_shared((m, 32), dtype)
            b = T.alloc_shared((32, n), dtype)
            c = T.alloc_fragment(shape, accumulator)
            o = T.alloc_shared(shape, dtype)
            T.copy(A, a)
            T.copy(B, b)
            T.gemm(a, b, c, clear_accum=True)
            if scale:
                for i, j in T.Parallel(m, n):
                    o[i, j] = c[i, j] * 2 + i
            else:
                T.copy(c, o)
            T.copy(o, C)

    return product


def arguments(shape, dtype):
    rng = np.random.default_rng(0)
    numpy_type = getattr(ml_dtypes, dtype, None) or np.dtype(dtype)
    a, b = (rng.integers(-2, 3, s).astype(numpy_type) for s in ((shape[0], 32), (32, shape[1])))
    return [a, b, np.zeros(shape, numpy_type)]


def source(func, arch):
    return tilescale.lower(func, target=f"cuda -arch={arch}").kernel_source


#: The last one says whether each warp has a multiple of four matrices.
CASES = [
    ((64, 64), "float16", 128, "float32", True),
    ((64, 64), "bfloat16", 128, "float32", True),
    ((32, 32), "float16", 64, "float16", True),
    ((32, 24), "float16", 64, "float16", False),
    ((128, 128), "bfloat16", 256, "float32", True),
    ((48, 80), "float16", 96, "float32", True),
    ((16, 32), "float16", 224, "float32", False),
]


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("arch", ["sm_80", "sm_90", "sm_100", "sm_120"])
@pytest.mark.parametrize(("shape", "dtype", "threads", "accumulator", "fours"), CASES, ids=str)
def test_results(shape, dtype, threads, accumulator, fours, arch, scale):
    func = product(shape, dtype, threads, accumulator, scale)
    assert ("stmatrix_x4" in source(func, arch)) == (fours and arch != "sm_80")
    a, b, c = arguments(shape, dtype)
    machine.build(func, arch)(a, b, c)
    wanted = a.astype(np.float32) @ b.astype(np.float32)
    if scale:
        wanted = wanted * 2 + np.arange(shape[0])[:, None]
    np.testing.assert_array_equal(c.astype(np.float32), wanted.astype(c.dtype).astype(np.float32))


@pytest.mark.parametrize("shape", [(9, 17), (50, 50), (72, 40), (16, 8), (40, 12)])
def test_tiles_that_are_no_whole_matrices(shape):
    """What reaches beyond a tile is stored by pairs or elements."""
    a, b, c = arguments(shape, "float16")
    machine.build(product(shape), "sm_90")(a, b, c)
    np.testing.assert_array_equal(c, (a.astype(np.float32) @ b.astype(np.float32)).astype(c.dtype))


def launch(func, arch, args, **options):
    machine.simulator_only("GPUs report nothing")
    lowered = tilescale.lower(func, target=f"cuda -arch={arch}")
    signature = lowered.signature
    return sim.launch(
        options.pop("text", lowered.kernel_source),
        signature["kernel"],
        (1, 1, 1),
        tuple(signature["block"]),
        args,
        shared_bytes=signature["shared_bytes"],
        arch=signature["arch"],
        **options,
    )


@pytest.mark.parametrize("arch", ["sm_75", "sm_80", "sm_90"])
@pytest.mark.parametrize("shape", [(64, 64), (64, 128), (128, 32), (32, 256)])
def test_no_bank_conflicts(arch, shape):
    profile = launch(product(shape), arch, arguments(shape, "float16"), counters=True).profile
    assert profile is not None
    assert profile.total("requests", "shared") > 0
    assert profile.total("conflicts", "shared") == 0


def test_stores_to_two_slots_need_no_barrier_between_them():
    @T.prim_func
    def twice(
        A: T.Tensor((32, 32), "float16"),
        B: T.Tensor((32, 32), "float16"),
        C: T.Tensor((2, 32, 32), "float16"),
    ):
        with T.Kernel(1, threads=64):
            a = T.alloc_shared((32, 32), "float16")
            b = T.alloc_shared((32, 32), "float16")
            c = T.alloc_fragment((32, 32), "float16")
            o = T.alloc_shared((2, 32, 32), "float16")
            T.copy(A, a)
            T.copy(B, b)
            T.gemm(a, b, c, clear_accum=True)
            T.copy(c, o[0, :, :])
            for i, j in T.Parallel(32, 32):
                c[i, j] = c[i, j] * 2
            T.copy(c, o[1, :, :])
            T.copy(o, C)

    first, second, rest = source(twice, "sm_90").split("stmatrix_x4")
    assert "sync_block" not in second
    assert first.count("sync_block") == rest.count("sync_block") == 1
    a, b, c = *arguments((32, 32), "float16")[:2], np.zeros((2, 32, 32), np.float16)
    machine.build(twice, "sm_90")(a, b, c)
    wanted = a.astype(np.float32) @ b.astype(np.float32)
    np.testing.assert_array_equal(c, np.stack([wanted, 2 * wanted]).astype(np.float16))


def test_who_reads_the_tile_waits_for_all_lanes():
    """The reader has the writer's layout, but stmatrix writes elements of other lanes."""

    @T.prim_func
    def back(
        A: T.Tensor((32, 32), "float16"),
        B: T.Tensor((32, 32), "float16"),
        C: T.Tensor((32, 32), "float16"),
    ):
        with T.Kernel(1, threads=64):
            a = T.alloc_shared((32, 32), "float16")
            b = T.alloc_shared((32, 32), "float16")
            c = T.alloc_fragment((32, 32), "float16")
            o = T.alloc_shared((32, 32), "float16")
            T.copy(A, a)
            T.copy(B, b)
            T.gemm(a, b, c, clear_accum=True)
            T.copy(c, o)
            for i, j in T.Parallel(32, 32):
                c[i, j] = c[i, j] + o[i, j]
            T.copy(c, C)

    text = source(back, "sm_90")
    assert "stmatrix_x4" in text
    args = arguments((32, 32), "float16")
    table = mutate(
        text,
        lambda changed, **options: launch(
            back, "sm_90", [x.copy() for x in args], text=changed, **options
        ),
    )
    assert not table.baseline
    assert {row.verdict for row in table.rows} == {"reported"}, str(table)


def test_a_slot_of_a_ring():
    """The tile may be one of several."""

    @T.prim_func
    def ring(
        A: T.Tensor((32, 32), "float16"),
        B: T.Tensor((32, 32), "float16"),
        C: T.Tensor((3, 32, 32), "float16"),
    ):
        with T.Kernel(1, threads=64):
            a = T.alloc_shared((32, 32), "float16")
            b = T.alloc_shared((32, 32), "float16")
            c = T.alloc_fragment((32, 32), "float32")
            o = T.alloc_shared((2, 32, 32), "float16")
            T.copy(A, a)
            T.copy(B, b)
            T.clear(c)
            for k in T.serial(3):
                T.gemm(a, b, c)
                T.copy(c, o[k % 2, :, :])
                T.copy(o[k % 2, :, :], C[k, :, :])

    a, b, _ = arguments((32, 32), "float16")
    c = np.zeros((3, 32, 32), np.float16)
    machine.build(ring, "sm_90")(a, b, c)
    for k in range(3):
        np.testing.assert_array_equal(
            c[k].astype(np.float32), (k + 1) * (a.astype(np.float32) @ b.astype(np.float32))
        )
