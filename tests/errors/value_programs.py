"""Mistakes with values: types, indices, regions, and run-time values where Python needs its own."""

import tilescale.language as T
from tests.errors.rejected import compile_for_cpu, rejected
from tilescale import errors


@rejected(errors.SymbolicBoolError)
def builtin_max_of_run_time_values():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            A[0] = max(A[1], A[2])

    compile_for_cpu(kernel)


@rejected(errors.SymbolicIndexError)
def list_indexed_by_a_run_time_value():
    table = [1.0, 2.0]

    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(2) as bx:
            A[bx] = table[bx]

    compile_for_cpu(kernel)


@rejected(errors.OperandTypeError)
def text_as_operand():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1) as bx:
            A[bx] = A[bx] + "1"

    compile_for_cpu(kernel)


@rejected(errors.BufferAsScalarError)
def whole_buffer_in_arithmetic():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32"), B: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            A[0] = B * 2

    compile_for_cpu(kernel)


@rejected(errors.NotABufferError)
def number_as_source_of_a_copy():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            T.copy(0.0, A)

    compile_for_cpu(kernel)


@rejected(errors.NotABufferError)
def number_as_operand_of_gemm():
    @T.prim_func
    def kernel(A: T.Tensor((16, 16), "float32")):
        with T.Kernel(1):
            C = T.alloc_fragment((16, 16), "float32")
            T.gemm(A, 2, C)

    compile_for_cpu(kernel)


@rejected(errors.UnknownDTypeError)
def misspelt_element_type():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "flaot32")):
        with T.Kernel(1):
            T.clear(A)

    compile_for_cpu(kernel)


@rejected(errors.UnknownDTypeError)
def misspelt_element_type_of_an_allocation():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            tile = T.alloc_shared((16,), "float31")
            T.copy(A, tile)

    compile_for_cpu(kernel)


@rejected(errors.IndexCountError)
def too_few_indices():
    @T.prim_func
    def kernel(A: T.Tensor((16, 16), "float32"), B: T.Tensor((16,), "float32")):
        with T.Kernel(1) as bx:
            B[bx] = A[bx] + 1

    compile_for_cpu(kernel)


@rejected(errors.IndexCountError)
def too_many_indices():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1) as bx:
            A[bx, 0] = 1.0

    compile_for_cpu(kernel)


@rejected(errors.IndexRangeError)
def constant_index_outside_the_tile():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            tile = T.alloc_shared((16,), "float32")
            T.copy(A, tile)
            A[0] = tile[16]

    compile_for_cpu(kernel)


@rejected(errors.IndexRangeError)
def constant_region_outside_the_tile():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            tile = T.alloc_shared((16,), "float32")
            T.copy(A[0:8], tile[12:20])

    compile_for_cpu(kernel)


@rejected(errors.IndexTypeError)
def fractional_index():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(16) as bx:
            A[bx / 2] = 1.0

    compile_for_cpu(kernel)


@rejected(errors.RegionStepError)
def strided_slice():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            tile = T.alloc_shared((8,), "float32")
            T.copy(A[0:16:2], tile)

    compile_for_cpu(kernel)


@rejected(errors.OperandTypeError)
def bits_of_a_float():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "int32")):
        with T.Kernel(1) as bx:
            A[bx] = T.popcount(T.cast(A[bx], "float32"))

    compile_for_cpu(kernel)


@rejected(errors.OperandTypeError)
def bitwise_and_of_floats():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1) as bx:
            A[bx] = A[bx] & 3

    compile_for_cpu(kernel)


@rejected(errors.ShapeError)
def negative_extent():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            tile = T.alloc_shared((-16,), "float32")
            T.copy(A, tile)

    compile_for_cpu(kernel)


@rejected(errors.ShapeError)
def tile_of_dynamic_extent():
    N = T.dynamic("N")

    @T.prim_func
    def kernel(A: T.Tensor((N,), "float32")):
        with T.Kernel(1):
            tile = T.alloc_shared((N,), "float32")
            T.copy(A, tile)

    compile_for_cpu(kernel)


@rejected(errors.ViewShapeError)
def reshape_to_another_size():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            square = T.reshape(A, (4, 5))
            T.clear(square)

    compile_for_cpu(kernel)


@rejected(errors.ViewShapeError)
def view_of_wider_elements():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            wide = T.view(A, (16,), "float64")
            T.clear(wide)

    compile_for_cpu(kernel)


@rejected(errors.DTypeNotOnTargetError)
def vector_elements_on_cpu():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32x4")):
        with T.Kernel(16) as bx:
            A[bx] = A[bx]

    compile_for_cpu(kernel)


@rejected(errors.ComesLaterError)
def element_type_of_another_target():
    @T.prim_func
    def kernel(A: T.Tensor((16,), T.tfloat32)):
        with T.Kernel(16) as bx:
            A[bx] = A[bx]

    compile_for_cpu(kernel)


@rejected(errors.BufferAsScalarError)
def arithmetic_on_regions():
    @T.prim_func
    def kernel(A: T.Tensor((8, 8), "float32"), B: T.Tensor((8,), "float32")):
        with T.Kernel(1):
            B[:] = A[0, :] + A[1, :]

    compile_for_cpu(kernel)


@rejected(errors.DivisionByZeroError)
def division_by_zero():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "int32")):
        with T.Kernel(1):
            for i in T.Parallel(16):
                A[i] = A[i] // 0

    compile_for_cpu(kernel)
