"""Kernels that need more of a multiprocessor than it has: what is an error, and what a warning."""

import warnings

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.support import machine
from tilescale import errors

ARCHES = ("sm_70", "sm_75", "sm_80", "sm_86", "sm_89", "sm_90a", "sm_100a", "sm_120")
TARGETS = [f"{kind}{arch}" for arch in ARCHES for kind in ("cuda -arch=", "sim:")]
#: KiB of shared memory of a block, of one architecture of each kind.
FAMILIES = {"sm_70": 96, "sm_75": 64, "sm_80": 163, "sm_86": 99, "sm_90a": 227, "sm_120": 99}
MOST_THREADS = {"sm_75": 1024, "sm_86": 1536, "sm_89": 1536, "sm_120": 1536}
MOST_BLOCKS = {"sm_75": 16, "sm_86": 16, "sm_89": 24, "sm_120": 24}


def lower(func, target):
    return tilescale.lower(func, target=target).kernel_source


def make_doubled(columns, threads=32):
    @T.prim_func
    def doubled(A: T.Tensor((128, columns), "float32"), B: T.Tensor((128, columns), "float32")):
        with T.Kernel(1, threads=threads):
            tile = T.alloc_fragment((128, columns), "float32")
            T.copy(A, tile)
            for i, j in T.Parallel(128, columns):
                tile[i, j] = tile[i, j] * 2
            T.copy(tile, B)

    return doubled


def make_picked(size, threads=32, blocks=0):
    @T.prim_func
    def picked(A: T.Tensor((1,), "int32")):
        with T.Kernel(1, threads=threads):
            if blocks:
                T.annotate_min_blocks_per_sm(blocks)
            values = T.alloc_local((size,), "int32")
            for i in T.serial(size):
                values[i] = i
            if T.get_thread_binding() == 0:
                A[0] = values[A[0]]

    return picked


def make_crowd(blocks, threads, shared=0):
    @T.prim_func
    def crowd(A: T.Tensor((threads,), "float32")):
        with T.Kernel(1, threads=threads):
            T.annotate_min_blocks_per_sm(blocks)
            if shared:
                tile = T.alloc_shared((shared,), "uint8")
                T.clear(tile)
                for i in T.Parallel(threads):
                    A[i] = T.cast(tile[i + 1], "float32")
            for i in T.Parallel(threads):
                A[i] = A[i] + 1

    return crowd


@pytest.mark.parametrize("arch", sorted(FAMILIES))
@pytest.mark.parametrize("kind", ["cuda -arch=", "sim:"])
def test_a_fragment_that_fits_nowhere(kind, arch):
    assert "registers of each thread" in lower(make_doubled(96), f"{kind}{arch}")
    columns = FAMILIES[arch] * 2 + 4
    with pytest.raises(errors.RegisterLimitError, match="fragment `tile` fits neither") as caught:
        lower(make_doubled(columns), f"{kind}{arch}")
    assert f"{FAMILIES[arch] * 1024} bytes of shared memory" in caught.value.expected
    assert f"{columns * 4} registers of each thread; in all {columns * 512} bytes" in (
        caught.value.got
    )
    assert "more threads" in caught.value.remedy
    assert caught.value.span is not None and caught.value.span.line > 0
    # The remedy helps.
    assert "tile: registers" in lower(make_doubled(64, threads=256), f"{kind}{arch}")


@pytest.mark.parametrize("target", TARGETS)
def test_an_array_larger_than_the_memory_of_a_thread(target):
    lower(make_picked(131072), target)
    with pytest.raises(errors.RegisterLimitError, match="`values` is larger") as caught:
        lower(make_picked(131073), target)
    assert "524288 bytes of local memory" in caught.value.expected
    assert caught.value.got == "524292 bytes in each thread"


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(
    ("threads", "blocks", "registers"), [(32, 0, 255), (33, 0, 255), (1024, 0, 64), (256, 4, 64)]
)
def test_an_array_larger_than_the_registers_is_noted(arch, threads, blocks, registers):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fits = tilescale.compile(make_picked(registers, threads, blocks), target=f"sim:{arch}")
    assert fits.notes == ()
    with pytest.warns(errors.CompileNoteWarning, match="`picked`: `values` takes") as caught:
        kernel = tilescale.compile(
            make_picked(registers + 1, threads, blocks), target=f"sim:{arch}"
        )
    (note,) = kernel.notes
    assert f"takes {registers + 1} registers of a thread, which has {registers} at most" in note
    assert ("with 1024 threads" in note) == (threads == 1024)
    assert ("in each of 4 blocks" in note) == (blocks == 4)
    assert caught[0].filename == __file__


def test_a_noted_kernel_is_right():
    a = np.array([299], np.int32)
    with pytest.warns(errors.CompileNoteWarning):
        machine.build(make_picked(300))(a)
    assert a[0] == 299


def test_the_note_comes_with_machine_code_too(tmp_path, monkeypatch):
    monkeypatch.setenv("TILESCALE_CACHE_DIR", str(tmp_path))
    with pytest.warns(errors.CompileNoteWarning, match="300 registers"):
        kernel = tilescale.compile(make_picked(300), target="cuda -arch=sm_80")
    again = tilescale.compile(make_picked(300), target="cuda -arch=sm_80")
    assert again.from_cache and again.notes == kernel.notes
    assert kernel.resource_usage["stack_bytes"] >= 1200


@pytest.mark.parametrize("target", TARGETS)
def test_more_blocks_than_a_multiprocessor_has_threads(target):
    arch = target.rpartition(":")[2].rpartition("=")[2]
    most = MOST_THREADS.get(arch, 2048)
    assert f"__launch_bounds__(512, {most // 512})" in lower(make_crowd(most // 512, 512), target)
    with pytest.raises(errors.ThreadLimitError, match="min_blocks_per_sm") as caught:
        lower(make_crowd(most // 512 + 1, 512), target)
    assert caught.value.expected == f"at most {most} threads"
    assert caught.value.got == f"{most // 512 + 1} blocks of 512 threads"
    blocks = MOST_BLOCKS.get(arch, 32)
    lower(make_crowd(blocks, 32), target)
    with pytest.raises(errors.ThreadLimitError) as caught:
        lower(make_crowd(blocks + 1, 32), target)
    assert caught.value.expected == f"1 to {blocks} blocks"


@pytest.mark.parametrize("count", [0, -1])
def test_a_number_of_blocks_is_at_least_one(count):
    with pytest.raises(errors.OperatorArgumentError, match="annotate_min_blocks_per_sm"):
        make_crowd(count, 64)


@pytest.mark.parametrize(("arch", "most"), [("sm_70", 49152), ("sm_75", 32768), ("sm_90a", 115712)])
def test_more_blocks_than_a_multiprocessor_has_shared_memory(arch, most):
    lower(make_crowd(2, 64, most), f"sim:{arch}")
    with pytest.raises(errors.SharedMemoryLimitError, match="min_blocks_per_sm"):
        lower(make_crowd(2, 64, most + 128), f"sim:{arch}")


def test_a_fragment_in_shared_memory_says_why():
    @T.prim_func
    def stray(A: T.Tensor((64, 1024), "float32"), row: T.int32):
        with T.Kernel(1, threads=128):
            tile = T.alloc_fragment((64, 1024), "float32")
            T.copy(A, tile)
            tile[row, 0] = 1.0
            T.copy(tile, A)

    with pytest.raises(errors.SharedMemoryLimitError) as caught:
        lower(stray, "sim:sm_80")
    assert "`tile` [64, 1024] float32: 262144 (a fragment, here because" in caught.value.got
    assert "outside T.Parallel" in caught.value.got


@pytest.mark.parametrize("target", ["cuda -arch=sm_80", "sim:sm_80"])
def test_clusters_are_refused(target):
    @T.prim_func
    def pair(A: T.Tensor((64,), "float32")):
        with T.Kernel(2, threads=32, cluster_dims=(2, 1, 1)) as bx:
            A[bx] = 1.0

    with pytest.raises(errors.LaunchNotOnTargetError, match="no clusters of blocks") as caught:
        lower(pair, target)
    assert "cluster_dims" in caught.value.got
    assert "global memory" in caught.value.remedy
