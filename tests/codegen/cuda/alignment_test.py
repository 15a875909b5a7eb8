"""Tensors that start anywhere: a variant of the kernel with shorter vectors runs for them."""

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.support import machine
from tests.support.machine import place
from tilescale import _runtime, errors
from tilescale.jit import cuda_source, tensors
from tilescale.jit.argument_errors import ArgumentReporter

ARCHES = ("sm_75", "sm_80", "sm_90")


def make_scale(dtype="float16"):
    @T.prim_func
    def scale(A: T.Tensor((16, 64), dtype), B: T.Tensor((16, 64), dtype)):
        with T.Kernel(1, threads=32):
            tile = T.alloc_shared((16, 64), dtype)
            T.copy(A, tile)
            for i, j in T.Parallel(16, 64):
                B[i, j] = tile[i, 63 - j] * T.cast(2, dtype)

    return scale


@T.prim_func
def product(
    A: T.Tensor((48, 64), "float16"),
    B: T.Tensor((64, 64), "float16"),
    C: T.Tensor((48, 64), "float32"),
):
    with T.Kernel(1, threads=64):
        a = T.alloc_shared((48, 32), "float16")
        b = T.alloc_shared((32, 64), "float16")
        c = T.alloc_fragment((48, 64), "float32")
        T.clear(c)
        for k in T.Pipelined(2, num_stages=2):
            T.copy(A[0, k * 32], a)
            T.copy(B[k * 32, 0], b)
            T.gemm(a, b, c)
        T.copy(c, C)


@T.prim_func
def through_pointer(P: T.ptr, Y: T.Tensor((64,), "float32"), skip: T.int32):
    with T.Kernel(1, threads=16):
        X = T.make_tensor(P, (64,), "float32")
        for i in T.Parallel(64):
            Y[i] = X[i] + T.cast(skip, "float32")


def longest(func, arch, alignment):
    """Bytes of the longest access to global memory."""
    configs = {"tensor_alignment": alignment}
    lowered = tilescale.lower(func, target=f"cuda -arch={arch}", pass_configs=configs)
    return [param["vector_alignment"] for param in lowered.signature["params"]]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize(("dtype", "size"), [("float16", 2), ("float32", 4), ("int8", 1)])
def test_vectors_are_as_long_as_tensors_are_aligned(arch, dtype, size):
    for alignment in (16, 8, 4, 1):
        assert longest(make_scale(dtype), arch, alignment)[0] == max(alignment, size)
    assert longest(product, arch, 16)[:2] == [16, 16]
    assert longest(product, arch, 4)[:2] == [4, 4]
    assert longest(product, arch, 1)[:2] == [2, 2]


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("offset", [0, 2, 4, 8, 10, 12, 16])
def test_slices_of_tensors_are_right(arch, offset):
    kernel = machine.build(make_scale(), arch)
    values = np.random.default_rng(0).integers(-9, 9, (16, 64)).astype(np.float16)
    for shifted in ((offset, 0), (0, offset), (offset, offset)):
        a, b = place(values, shifted[0]), place(np.zeros_like(values), shifted[1])
        kernel(a, b)
        np.testing.assert_array_equal(b, 2 * values[:, ::-1])


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("offset", [2, 4, 8])
def test_products_of_slices_are_right(arch, offset):
    rng = np.random.default_rng(0)
    a = rng.integers(-3, 3, (48, 64)).astype(np.float16)
    b = rng.integers(-3, 3, (64, 64)).astype(np.float16)
    c = place(np.zeros((48, 64), np.float32), 4)
    machine.build(product, arch)(place(a, offset), place(b, 2 * offset), c)
    np.testing.assert_array_equal(c, a.astype(np.float32) @ b.astype(np.float32))


@pytest.mark.parametrize("offset", [0, 4, 8, 12])
def test_arrays_as_pointers_are_checked_like_tensors(offset):
    x, y = place(np.arange(64, dtype=np.float32), offset), np.zeros(64, np.float32)
    machine.build(through_pointer)(x, y, 3)
    np.testing.assert_array_equal(y, x + 3)


@pytest.mark.parametrize("offset", [0, 4, 8, 12])
def test_addresses_are_checked_like_tensors(offset):
    machine.simulator_only("the addresses are the host's")
    x = place(np.arange(64, dtype=np.float32), offset)
    for pointer in (x, x.ctypes.data):
        y = np.zeros(64, np.float32)
        tilescale.compile(through_pointer, target="cpu")(pointer, y, 3)
        np.testing.assert_array_equal(y, x + 3)


def test_aligned_tensors_never_need_a_variant(monkeypatch):
    made = []
    real = cuda_source.variant_options
    monkeypatch.setattr(
        cuda_source,
        "variant_options",
        lambda options, number: made.append(number) or real(options, number),
    )
    kernel = machine.build(make_scale("float32"))
    zeros = np.zeros((16, 64), np.float32)
    for offset in (0, 16, 32):
        kernel(place(zeros, offset), place(zeros, offset))
    assert made == []
    for offset in (8, 8, 4, 12, 24):
        kernel(place(zeros, offset), place(zeros, 0))
    assert made == [4, 6]


def make_shift(dtype="float32"):
    @T.prim_func
    def shift(A: T.Tensor((50, 64), dtype), B: T.Tensor((50, 64), dtype)):
        with T.Kernel(T.ceildiv(50, 16), threads=32) as bx:
            tile = T.alloc_fragment((16, 64), dtype)
            T.copy(A[bx * 16, 0], tile)
            for i, j in T.Parallel(16, 64):
                B[bx * 16 + i, j] = tile[i, j] + T.cast(1, dtype)

    return shift


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_global_memory_moves_in_32_bytes_on_new_architectures(dtype):
    for arch, most in (("sm_90", 16), ("sm_100", 32), ("sm_120", 32)):
        assert longest(make_shift(dtype), arch, 16) == [16, 16]
        lowered = tilescale.lower(make_shift(dtype), target=f"cuda -arch={arch}")
        assert [p["vector_alignment"] for p in lowered.signature["params"]] == [most, most]
        assert ("stg_b256" in lowered.kernel_source) == (most == 32)
        # Shared memory has no such vectors.
        scale = tilescale.lower(make_scale(dtype), target=f"cuda -arch={arch}").signature
        assert [p["vector_alignment"] for p in scale["params"]] == [16, 16]


@pytest.mark.parametrize("offset", [0, 32, 16, 8, 4])
def test_tensors_at_odd_multiples_of_16_bytes_are_right(offset, monkeypatch):
    made = []
    real = cuda_source.variant_options
    monkeypatch.setattr(
        cuda_source,
        "variant_options",
        lambda options, number: made.append(number) or real(options, number),
    )
    kernel = machine.build(make_shift(), "sm_120")
    a = np.random.default_rng(0).standard_normal((50, 64)).astype(np.float32)
    kernel(place(a, offset), b := place(np.zeros_like(a), 0))
    np.testing.assert_array_equal(b, a + 1)
    assert made == {0: [], 32: [], 16: [2], 8: [4], 4: [6]}[offset]


def test_only_tensors_with_vector_accesses_must_be_aligned():
    @T.prim_func
    def gather(A: T.Tensor((64,), "float32"), B: T.Tensor((64,), "float32")):
        with T.Kernel(1, threads=64):
            for i in T.Parallel(64):
                B[i] = A[63 - i]

    assert longest(gather, "sm_80", 16) == [4, 16]


def test_instructions_of_the_user_keep_their_needs():
    @T.prim_func
    def moved(A: T.Tensor((32,), "float32"), B: T.Tensor((32,), "float32")):
        with T.Kernel(1, threads=8):
            s = T.alloc_shared((32,), "float32")
            tx = T.get_thread_binding()
            T.ptx_cp_async(T.address_of(s[tx * 4]), T.address_of(A[tx * 4]), 4)
            T.ptx_commit_group()
            T.ptx_wait_group(0)
            T.sync_threads()
            T.copy(s, B)

    kernel = machine.build(moved, "sm_80")
    a = np.arange(32, dtype=np.float32)
    kernel(place(a, 0), b := place(np.zeros(32, np.float32), 4))
    np.testing.assert_array_equal(b, a)
    with pytest.raises(errors.ArgumentAlignmentError) as caught:
        kernel(place(a, 8), place(np.zeros(32, np.float32), 0))
    assert "multiple of 16 bytes" in caught.value.expected


def test_elements_stay_aligned_themselves():
    kernel = machine.build(make_scale("float32"))
    x = place(np.zeros((16, 64), np.float32), 2)
    with pytest.raises(errors.ArgumentAlignmentError) as caught:
        kernel(x, x)
    assert caught.value.expected == "a data pointer that is a multiple of 4 bytes"


def test_the_simulator_sees_misaligned_vectors():
    """What the variant is for: the kernel itself would fault on such tensors."""
    machine.simulator_only("the fault ends the GPU's context")
    kernel = tilescale.compile(make_scale(), target="sim:sm_80")
    for param in kernel.signature["params"]:
        param["vector_alignment"] = 1
    careless = sim_kernel(kernel)
    values = np.ones((16, 64), np.float16)
    with pytest.raises(errors.ExecutionError, match="align"):
        careless(place(values, 2), place(values, 0))


def sim_kernel(kernel):
    """The kernel, bound anew by its changed signature."""
    return _runtime.HostedKernel(
        kernel.signature,
        ArgumentReporter(kernel.signature),
        tensors.adapt_array,
        tensors.allocate_like,
        kernel._launch,
    )
