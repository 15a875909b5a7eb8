"""Kernels that an architecture, a multiprocessor or the machine cannot run."""

import os
from unittest import mock

import tilescale
import tilescale.language as T
from tests.errors.rejected import rejected
from tilescale import errors
from tilescale.cuda.architectures import check_grid
from tilescale.cuda.toolkit import find_toolkit


def lower(function, arch="sm_80"):
    """Makes CUDA C++ of a kernel; neither NVRTC nor a GPU is asked."""
    return tilescale.lower(function, target=f"cuda -arch={arch}")


def product(dtype, instruction):
    size = 64

    @T.prim_func
    def kernel(
        A: T.Tensor((size, size), dtype),
        B: T.Tensor((size, size), dtype),
        C: T.Tensor((size, size), "float32"),
    ):
        with T.Kernel(1, threads=128):
            a, b = T.alloc_shared((size, size), dtype), T.alloc_shared((size, size), dtype)
            c = T.alloc_fragment((size, size), "float32")
            T.copy(A, a)
            T.copy(B, b)
            T.gemm(a, b, c, clear_accum=True, annotations={"instruction": instruction})
            T.copy(c, C)

    return kernel


@rejected(errors.MatrixInstructionError)
def matrix_instruction_of_a_newer_architecture():
    lower(product("bfloat16", "mma"), "sm_75")


@rejected(errors.MatrixInstructionError)
def named_matrix_instruction_of_a_newer_architecture():
    lower(product("float8_e4m3", "mma_m16n8k32_f32_e4m3"), "sm_80")


@rejected(errors.MatrixInstructionError)
def matrix_instruction_of_other_types():
    lower(product("float16", "mma_m16n8k32_f32_e4m3"), "sm_89")


@rejected(errors.MatrixInstructionError)
def misspelt_matrix_instruction():
    lower(product("float16", "mma_m16n8k32_f32_f16"))


@rejected(errors.UnsupportedInstructionError)
def single_instruction_of_a_newer_architecture():
    @T.prim_func
    def kernel(A: T.Tensor((128,), "float32")):
        with T.Kernel(1, threads=128):
            tile = T.alloc_shared((128,), "float32")
            tx = T.get_thread_binding()
            T.ptx_cp_async(T.address_of(tile[tx]), T.address_of(A[tx]), 4)

    lower(kernel, "sm_75")


@rejected(errors.InstructionAlignmentError)
def single_instruction_with_an_odd_address():
    @T.prim_func
    def kernel(A: T.Tensor((1024,), "float32")):
        with T.Kernel(1, threads=128):
            tile = T.alloc_shared((512,), "float32")
            tx = T.get_thread_binding()
            T.ptx_cp_async(T.address_of(tile[tx * 4]), T.address_of(A[tx * 4 + 1]), 4)

    lower(kernel)


@rejected(errors.UnsupportedInstructionError)
def copy_instruction_of_a_newer_architecture():
    @T.prim_func
    def kernel(A: T.Tensor((128,), "float32")):
        with T.Kernel(1, threads=128):
            tile = T.alloc_shared((128,), "float32")
            T.copy(A, tile, prefer_instruction="cp_async")

    lower(kernel, "sm_75")


@rejected(errors.UnsupportedInstructionError)
def copy_instruction_that_is_not_generated():
    @T.prim_func
    def kernel(A: T.Tensor((128,), "float32")):
        with T.Kernel(1, threads=128):
            tile = T.alloc_shared((128,), "float32")
            T.copy(A, tile, prefer_instruction="tma")

    lower(kernel, "sm_90a")


@rejected(errors.DTypeNotOnTargetError)
def element_type_without_a_gpu_type():
    @T.prim_func
    def kernel(A: T.Tensor((128,), "float4_e2m1fn")):
        with T.Kernel(1, threads=128):
            tile = T.alloc_shared((128,), "float4_e2m1fn")
            T.copy(A, tile)

    lower(kernel)


@rejected(errors.SharedMemoryLimitError)
def too_much_shared_memory():
    @T.prim_func
    def kernel(A: T.Tensor((256, 128), "float32"), B: T.Tensor((256, 128), "float32")):
        with T.Kernel(1, threads=128):
            a = T.alloc_shared((256, 128), "float32")
            b = T.alloc_shared((256, 128), "float32")
            T.copy(A, a)
            T.copy(B, b)
            for i, j in T.Parallel(256, 128):
                A[i, j] = a[i, 127 - j] + b[255 - i, j]

    lower(kernel)


@rejected(errors.RegisterLimitError)
def fragment_that_fits_nowhere():
    @T.prim_func
    def kernel(A: T.Tensor((128, 512), "float32")):
        with T.Kernel(1, threads=32):
            tile = T.alloc_fragment((128, 512), "float32")
            T.copy(A, tile)
            for i, j in T.Parallel(128, 512):
                A[i, j] = tile[i, j] * 2

    lower(kernel)


@rejected(errors.RegisterLimitError)
def array_larger_than_the_memory_of_a_thread():
    @T.prim_func
    def kernel(A: T.Tensor((1,), "int32")):
        with T.Kernel(1, threads=32):
            values = T.alloc_local((1 << 20,), "int32")
            for i in T.serial(1 << 20):
                values[i] = i
            A[0] = values[A[0]]

    lower(kernel)


@rejected(errors.ThreadLimitError)
def more_blocks_than_a_multiprocessor_holds():
    @T.prim_func
    def kernel(A: T.Tensor((1024,), "float32")):
        with T.Kernel(1, threads=1024):
            T.annotate_min_blocks_per_sm(3)
            for i in T.Parallel(1024):
                A[i] = A[i] + 1

    lower(kernel)


@rejected(errors.GridLimitError)
def more_blocks_than_a_grid_holds():
    check_grid("sm_80", "kernel", (1, 70000, 1))


@rejected(errors.DivergentBarrierError)
def barrier_for_some_threads():
    @T.prim_func
    def kernel(A: T.Tensor((128,), "float32")):
        with T.Kernel(1, threads=128):
            tx = T.get_thread_binding()
            if tx < 40:
                T.sync_threads()
                A[tx] = 0

    lower(kernel)


@rejected(errors.DivergentTileOpError)
def tile_operator_for_some_threads():
    @T.prim_func
    def kernel(A: T.Tensor((128,), "float32")):
        with T.Kernel(1, threads=128):
            tile = T.alloc_shared((128,), "float32")
            if T.get_thread_binding() < 64:
                T.copy(A, tile)

    lower(kernel)


@rejected(errors.UnsupportedArchitectureError)
def misspelt_architecture():
    lower(product("float16", "mma"), "sm_81")


@rejected(errors.MissingCudaLibraryError)
def folder_without_nvrtc():
    with mock.patch.dict(os.environ, TILESCALE_CUDA_PATH="/a/folder/without/cuda"):
        find_toolkit("sm_80")
