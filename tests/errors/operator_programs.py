"""Mistakes with launches, loops and tile operators."""

import tilescale
import tilescale.language as T
from tests.errors.rejected import compile_for_cpu, rejected
from tilescale import errors
from tilescale.layout import Fragment


@rejected(errors.OutsideKernelError)
def allocation_outside_the_kernel():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        tile = T.alloc_shared((16,), "float32")
        with T.Kernel(1):
            T.copy(A, tile)

    compile_for_cpu(kernel)


@rejected(errors.KernelCountError)
def function_without_kernel():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        pass

    compile_for_cpu(kernel)


@rejected(errors.KernelCountError)
def nested_kernels():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            with T.Kernel(16) as bx:
                A[bx] = 0.0

    compile_for_cpu(kernel)


@rejected(errors.GridError)
def four_grid_dimensions():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1, 2, 3, 4):
            T.clear(A)

    compile_for_cpu(kernel)


@rejected(errors.GridError)
def fractional_grid():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(16 / 3):
            T.clear(A)

    compile_for_cpu(kernel)


@rejected(errors.ThreadCountError)
def negative_threads():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1, threads=-32):
            T.clear(A)

    compile_for_cpu(kernel)


@rejected(errors.ThreadCountError)
def too_many_threads():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1, threads=2048):
            T.clear(A)

    compile_for_cpu(kernel)


@rejected(errors.LoopArgumentError)
def step_of_zero():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            for i in T.serial(0, 16, 0):
                A[i] = 0.0

    compile_for_cpu(kernel)


@rejected(errors.LoopArgumentError)
def negative_number_of_stages():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            for i in T.Pipelined(16, num_stages=-1):
                A[i] = 0.0

    compile_for_cpu(kernel)


@rejected(errors.LoopArgumentError)
def order_without_stage():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            for i in T.Pipelined(16, order=[0]):
                A[i] = 0.0

    compile_for_cpu(kernel)


@rejected(errors.LoopArgumentError)
def parallel_loop_without_extents():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            for i in T.Parallel():
                A[i] = 0.0

    compile_for_cpu(kernel)


@rejected(errors.ExtentMismatchError)
def copy_between_different_extents():
    @T.prim_func
    def kernel(A: T.Tensor((64, 64), "float32")):
        with T.Kernel(1):
            tile = T.alloc_shared((32, 16), "float32")
            T.copy(A[0:32, 0:32], tile)

    compile_for_cpu(kernel)


@rejected(errors.OperatorArgumentError)
def unknown_copy_instruction():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32"), B: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            T.copy(A, B, prefer_instruction="dma")

    compile_for_cpu(kernel)


@rejected(errors.GemmShapeError)
def gemm_with_different_inner_extents():
    @T.prim_func
    def kernel(A: T.Tensor((64, 32), "float32"), B: T.Tensor((48, 64), "float32")):
        with T.Kernel(1):
            C = T.alloc_fragment((64, 64), "float32")
            T.clear(C)
            T.gemm(A, B, C)

    compile_for_cpu(kernel)


@rejected(errors.GemmShapeError)
def gemm_with_a_forgotten_transpose():
    @T.prim_func
    def kernel(A: T.Tensor((64, 32), "float32"), B: T.Tensor((64, 32), "float32")):
        with T.Kernel(1):
            C = T.alloc_fragment((64, 64), "float32")
            T.gemm(A, B, C, clear_accum=True)

    compile_for_cpu(kernel)


@rejected(errors.GemmShapeError)
def gemm_with_a_vector():
    @T.prim_func
    def kernel(A: T.Tensor((64, 32), "float32"), B: T.Tensor((32,), "float32")):
        with T.Kernel(1):
            C = T.alloc_fragment((64, 1), "float32")
            T.gemm(A, B, C)

    compile_for_cpu(kernel)


@rejected(errors.GemmDTypeError)
def gemm_of_floats_into_integers():
    @T.prim_func
    def kernel(A: T.Tensor((16, 16), "float32"), B: T.Tensor((16, 16), "float32")):
        with T.Kernel(1):
            C = T.alloc_fragment((16, 16), "int32")
            T.gemm(A, B, C)

    compile_for_cpu(kernel)


@rejected(errors.DimensionError)
def reduce_along_a_missing_dimension():
    @T.prim_func
    def kernel(A: T.Tensor((16, 16), "float32"), B: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            T.reduce_sum(A, B, dim=2)

    compile_for_cpu(kernel)


@rejected(errors.ReduceShapeError)
def reduce_into_a_wrong_shape():
    @T.prim_func
    def kernel(A: T.Tensor((16, 32), "float32")):
        with T.Kernel(1):
            tile = T.alloc_fragment((16, 32), "float32")
            sums = T.alloc_fragment((32,), "float32")
            T.copy(A, tile)
            T.reduce_sum(tile, sums, dim=1)

    compile_for_cpu(kernel)


@rejected(errors.OperatorArgumentError)
def unknown_reduction():
    @T.prim_func
    def kernel(A: T.Tensor((16, 16), "float32"), B: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            T.reduce(A, B, "product", dim=1)

    compile_for_cpu(kernel)


@rejected(errors.ReduceDTypeError)
def bitwise_reduction_of_floats():
    @T.prim_func
    def kernel(A: T.Tensor((16, 16), "float32"), B: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            T.reduce_bitand(A, B, dim=1)

    compile_for_cpu(kernel)


@rejected(errors.DimensionError)
def scan_along_a_missing_dimension():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            tile = T.alloc_shared((16,), "float32")
            T.copy(A, tile)
            T.cumsum(tile, dim=1)

    compile_for_cpu(kernel)


@rejected(errors.ScanShapeError)
def scan_into_another_shape():
    @T.prim_func
    def kernel(A: T.Tensor((16, 8), "float32"), B: T.Tensor((8, 16), "float32")):
        with T.Kernel(1):
            T.cumsum(A, B, dim=0)

    compile_for_cpu(kernel)


@rejected(errors.TransposeShapeError)
def transpose_into_the_same_shape():
    @T.prim_func
    def kernel(A: T.Tensor((16, 8), "float32"), B: T.Tensor((16, 8), "float32")):
        with T.Kernel(1):
            T.transpose(A, B)

    compile_for_cpu(kernel)


@rejected(errors.OperatorArgumentError)
def unknown_memory_order():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1) as bx:
            T.atomic_add(A[bx], 1.0, memory_order="sequential")

    compile_for_cpu(kernel)


@rejected(errors.AtomicDTypeError)
def atomic_or_of_floats():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1) as bx:
            T.atomic_or(A[bx], 1.0)

    compile_for_cpu(kernel)


@rejected(errors.OperatorArgumentError)
def unknown_swizzle_order():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1) as bx:
            T.use_swizzle(4, order="diagonal")
            A[bx] = 0.0

    compile_for_cpu(kernel)


@rejected(errors.ReducerError)
def update_of_a_plain_tile():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            total = T.alloc_fragment((1,), "float32")
            for i in T.Parallel(16):
                T.reducer_update(total[0], A[i])

    compile_for_cpu(kernel)


@rejected(errors.ReducerError)
def unknown_reducer_operation():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            total = T.alloc_reducer((1,), "float32", "mean")
            T.reducer_init(total)

    compile_for_cpu(kernel)


@rejected(errors.ParallelRaceError)
def parallel_sum_without_atomics():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32"), B: T.Tensor((1,), "float32")):
        with T.Kernel(1):
            for i in T.Parallel(16):
                B[0] = B[0] + A[i]

    compile_for_cpu(kernel)


@rejected(errors.IntrinsicNotOnTargetError)
def foreign_function_on_cpu():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(16) as bx:
            A[bx] = T.call_pure_extern("float32", "twice", A[bx])

    compile_for_cpu(kernel)


@rejected(errors.ParallelRaceError)
def parallel_writes_to_few_elements():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32"), B: T.Tensor((4,), "float32")):
        with T.Kernel(1):
            for i in T.Parallel(16):
                B[i % 4] = A[i]

    compile_for_cpu(kernel)


@rejected(errors.ParallelRaceError)
def parallel_shift_in_place():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            for i in T.Parallel(15):
                A[i + 1] = A[i]

    compile_for_cpu(kernel)


@rejected(errors.LoopArgumentError)
def negative_parallel_extent():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            for i in T.Parallel(-16):
                A[i] = 0.0

    compile_for_cpu(kernel)


@rejected(errors.OperatorArgumentError)
def unknown_warp_policy():
    @T.prim_func
    def kernel(A: T.Tensor((16, 16), "float32")):
        with T.Kernel(1):
            C = T.alloc_fragment((16, 16), "float32")
            T.gemm(A, A, C, policy="diagonal")

    compile_for_cpu(kernel)


@rejected(errors.CopyOverlapError)
def overlapping_copy_of_dynamic_extent():
    N = T.dynamic("N")

    @T.prim_func
    def kernel(A: T.Tensor((N,), "float32")):
        with T.Kernel(1):
            T.copy(A[0 : N - 1], A[1:N])

    compile_for_cpu(kernel)


@rejected(errors.LayoutConflictError)
def two_layouts_of_one_fragment():
    @T.prim_func
    def kernel(A: T.Tensor((64,), "float32")):
        with T.Kernel(1, threads=64):
            x = T.alloc_fragment((64,), "float32")
            T.annotate_layout({x: Fragment((64,), forward_fn=lambda i: (i, 0))})
            T.annotate_layout({x: Fragment((64,), forward_fn=lambda i: (i // 2, i % 2))})
            T.copy(A, x)

    tilescale.lower(kernel, target="cuda -arch=sm_80")


@rejected(errors.LayoutConflictError)
def layout_of_more_threads_than_the_block():
    @T.prim_func
    def kernel(A: T.Tensor((64,), "float32")):
        with T.Kernel(1, threads=32):
            x = T.alloc_fragment((64,), "float32")
            T.annotate_layout({x: Fragment((64,), forward_fn=lambda i: (i, 0))})
            T.copy(A, x)

    tilescale.lower(kernel, target="cuda -arch=sm_80")
