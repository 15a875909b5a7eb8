"""Single PTX instructions written by hand: on simulator or GPU, and compiled by NVRTC."""

import functools

import ml_dtypes
import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.codegen.cuda import ptx_text
from tests.harness import thread_sim
from tests.support import machine
from tests.support.gpu import needs_nvrtc_for
from tilescale import errors

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def product(kind="float16", abbreviation="fp16", by_data=True):
    """16 x 8 += 16 x 16 by 16 x 8 in one warp; B lies as N x K."""

    @T.prim_func
    def product(
        A: T.Tensor((16, 16), kind), B: T.Tensor((8, 16), kind), C: T.Tensor((16, 8), "float32")
    ):
        with T.Kernel(1, threads=32):
            a_tile = T.alloc_shared((16, 16), kind)
            b_tile = T.alloc_shared((8, 16), kind)
            a = T.alloc_local((8,), kind)
            b = T.alloc_local((4,), kind)
            c = T.alloc_local((4,), "float32")
            lane = T.get_thread_binding(0)
            T.copy(A, a_tile)
            T.copy(B, b_tile)
            for i in T.serial(4):
                c[i] = 0
            T.ptx_ldmatrix(
                T.bool(False),
                4,
                T.access_ptr(a_tile[lane % 16, lane // 16 * 8], "r", extent=8),
                T.access_ptr(a[0], "w", extent=8),
            )
            T.ptx_ldmatrix(False, 2, b_tile[lane % 8, lane // 8 % 2 * 8], b)
            kinds = ("row", "col", abbreviation, abbreviation, "fp32")
            if by_data:
                T.ptx_mma("float32", "m16n8k16", *kinds, a.data, 0, b.data, 0, c.data, 0, False)
            else:
                T.ptx_mma("float32", "m16n8k16", *kinds, a[0], 0, b[0], 0, c[0], 0)
            for i in T.serial(4):
                C[lane // 4 + i // 2 * 8, lane % 4 * 2 + i % 2] = c[i]

    return product


@pytest.mark.parametrize(
    ("kind", "abbreviation", "by_data"),
    [("float16", "fp16", True), ("bfloat16", "bf16", True), ("float16", "float16", False)],
)
def test_product_of_a_warp(kind, abbreviation, by_data):
    dtype = ml_dtypes.bfloat16 if kind == "bfloat16" else np.float16
    a, b = (RNG.integers(-8, 8, (n, 16)).astype(dtype) for n in (16, 8))
    c = np.zeros((16, 8), np.float32)
    source = thread_sim.run(product(kind, abbreviation, by_data), [a, b, c], arch="sm_80")
    assert "ldmatrix_x4(" in source
    np.testing.assert_array_equal(c, a.astype(np.float32) @ b.astype(np.float32).T)


def transposed():
    @T.prim_func
    def transposed(A: T.Tensor((8, 8), "float16"), B: T.Tensor((8, 8), "float16")):
        with T.Kernel(1, threads=32):
            tile = T.alloc_shared((8, 8), "float16")
            mine = T.alloc_local((2,), "float16")
            lane = T.get_thread_binding(0)
            T.copy(A, tile)
            T.ptx_ldmatrix(True, 1, tile[lane % 8, 0], mine)
            for i in T.serial(2):
                B[lane // 4, lane % 4 * 2 + i] = mine[i]

    return transposed


@pytest.mark.parametrize("arch", ["sm_75", "sm_90"])
def test_transposing_load(arch):
    a, b = RNG.integers(-99, 99, (8, 8)).astype(np.float16), np.zeros((8, 8), np.float16)
    thread_sim.run(transposed(), [a, b], arch=arch)
    np.testing.assert_array_equal(b, a.T)


def volta():
    """Each lane holds the same parts of A and B."""

    @T.prim_func
    def volta(C: T.Tensor((32, 8), "float32")):
        with T.Kernel(1, threads=32):
            a = T.alloc_local((4,), "float16")
            b = T.alloc_local((4,), "float16")
            c = T.alloc_local((8,), "float32")
            lane = T.get_thread_binding(0)
            for i in T.serial(4):
                a[i] = T.cast(i + 1, "float16")
                b[i] = T.cast(i + 2, "float16")
            for i in T.serial(8):
                c[i] = lane
            T.ptx_mma_sm70("m16n16k4", "row", "col", "fp16", "fp16", "fp32", a, 0, b, 0, c, 0)
            for i in T.serial(8):
                C[lane, i] = c[i]

    return volta


def test_product_of_quarters_of_a_warp():
    c = np.zeros((32, 8), np.float32)
    thread_sim.run(volta(), [c], arch="sm_70")
    dot = sum((i + 1) * (i + 2) for i in range(4))
    np.testing.assert_array_equal(c, np.arange(32).repeat(8).reshape(32, 8) + dot)


def staged(count=8, shift=0, guarded=False):
    """Threads copy 16 bytes each, and read what their neighbours copied."""

    @T.prim_func
    def staged(A: T.Tensor((264,), "float16"), B: T.Tensor((256,), "float16")):
        with T.Kernel(1, threads=32):
            tile = T.alloc_shared((264,), "float16")
            tx = T.get_thread_binding(0)
            if guarded:
                T.ptx_cp_async(T.access_ptr(tile[tx * 8], "w", 8), A[tx * 8], count, tx < 20)
            else:
                T.ptx_cp_async(tile[tx * 8], T.access_ptr(A[tx * 8 + shift]), count)
            T.ptx_commit_group()
            T.ptx_wait_group(0)
            for i in T.serial(8):
                B[tx * 8 + i] = tile[(31 - tx) * 8 + i]

    return staged


@pytest.mark.parametrize("guarded", [False, True])
def test_asynchronous_copy(guarded):
    a, b = RNG.integers(-99, 99, 264).astype(np.float16), np.zeros(256, np.float16)
    source = thread_sim.run(staged(guarded=guarded), [a, b], arch="sm_80")
    assert source.index("cp_async_16(") < source.index("cp_async_wait<") < source.index("B[")
    wanted = a[:256].reshape(32, 8).copy()
    if guarded:
        wanted[20:] = 0
    np.testing.assert_array_equal(b, wanted[::-1].ravel())


@pytest.mark.parametrize(
    "build", [functools.partial(tilescale.compile, target="cpu"), machine.build]
)
def test_cached_loads_and_hints_of_caches(build):
    @T.prim_func
    def kernel(A: T.Tensor((8,), "int32"), B: T.Tensor((2, 8), "int32")):
        with T.Kernel(8) as i:
            T.annotate_l2_hit_ratio({A: 0.5})
            B[0, i] = T.__ldg(A[i])
            B[1, i] = T.__ldg(A, 7 - i) + T.__ldg(A)

    a, b = RNG.integers(-99, 99, 8).astype(np.int32), np.zeros((2, 8), np.int32)
    build(kernel)(a, b)
    np.testing.assert_array_equal(b, [a, a[::-1] + a[0]])


@pytest.mark.parametrize(
    ("function", "arch", "name", "first"),
    [
        (product, "sm_75", "ptx_mma", "sm_80"),
        (transposed, "sm_70", "ptx_ldmatrix", "sm_75"),
        (staged, "sm_75", "ptx_cp_async", "sm_80"),
    ],
)
def test_an_older_architecture_is_refused(function, arch, name, first):
    with pytest.raises(errors.UnsupportedInstructionError, match=rf"T\.{name}") as caught:
        tilescale.lower(function(), target=f"cuda -arch={arch}")
    assert caught.value.expected == f"{first} or newer"
    assert arch in caught.value.got
    assert first in caught.value.remedy
    assert caught.value.span.file == __file__


def test_the_cpu_target_has_no_threads():
    with pytest.raises(errors.ThreadLevelOnCpuError, match=r"T\.\w+"):
        tilescale.lower(product(), "cpu")


def test_addresses_must_be_aligned():
    with pytest.raises(errors.InstructionAlignmentError, match="`A`") as caught:
        thread_sim.lower(staged(shift=3), "sm_80")
    assert caught.value.expected == "a multiple of 16 bytes"
    assert "6 bytes" in caught.value.got


def reject(body, match):
    with pytest.raises(errors.OperatorArgumentError, match=match):

        @T.prim_func
        def kernel(A: T.Tensor((64,), "float16")):
            with T.Kernel(1, threads=32):
                tile = T.alloc_shared((64,), "float16")
                mine = T.alloc_local((8,), "float16")
                sums = T.alloc_local((4,), "float32")
                body(A, tile, mine, sums)


def mma(shape="m16n8k16", layouts=("row", "col"), kinds=("fp16", "fp16", "fp32"), saturate=False):
    def body(A, tile, mine, sums):
        T.ptx_mma("float32", shape, *layouts, *kinds, mine, 0, mine, 0, sums, 0, saturate)

    return body


@pytest.mark.parametrize(
    ("body", "match"),
    [
        (mma(shape="m16n8k17"), "no instruction computes"),
        (mma(layouts=("col", "col")), "no instruction computes"),
        (mma(kinds=("fp16", "bf16", "fp32")), "no instruction computes"),
        (mma(saturate=True), "does not saturate"),
        (lambda A, s, m, c: T.ptx_mma(*mma_head(), s, 0, m, 0, c, 0), "first operand"),
        (lambda A, s, m, c: T.ptx_ldmatrix(False, 3, s, m), "does not do"),
        (lambda A, s, m, c: T.ptx_ldmatrix(False, 4, A, m), "the source"),
        (lambda A, s, m, c: T.ptx_ldmatrix(False, 4, s, s), "the destination"),
        (lambda A, s, m, c: T.ptx_cp_async(s, A, 3), "that much"),
        (lambda A, s, m, c: T.ptx_cp_async(A, s, 8), "the destination"),
        (lambda A, s, m, c: T.ptx_wait_group(-1), "number of groups"),
        (lambda A, s, m, c: T.__ldg(s[0]), "the element"),
        (lambda A, s, m, c: T.access_ptr(s, "x"), "no such access"),
    ],
)
def test_wrong_arguments(body, match):
    reject(body, match)


def mma_head():
    return ("float32", "m16n8k16", "row", "col", "fp16", "fp16", "fp32")


@pytest.mark.parametrize("arch", ["sm_80", "sm_90", "sm_120"])
@pytest.mark.parametrize(
    ("function", "instruction"),
    [
        (product, "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32"),
        (transposed, "ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16"),
        (staged, "cp.async.cg.shared.global"),
    ],
)
def test_nvrtc_makes_the_instruction(function, instruction, arch):
    needs_nvrtc_for(arch)
    source = tilescale.lower(function(), target=f"cuda -arch={arch}").kernel_source
    assert instruction in ptx_text.ptx_of(source, arch)
