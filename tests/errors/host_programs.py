"""Mistakes outside kernels: calls, options, targets, the machine, the command line."""

import numpy as np

import tilescale
import tilescale.language as T
from tests.errors.rejected import compile_for_cpu, rejected
from tilescale import errors


@T.prim_func
def add(
    A: T.Tensor((16, 8), "float32"),
    B: T.Tensor((16, 8), "float32"),
    C: T.Tensor((16, 8), "float32"),
):
    with T.Kernel(1):
        for i, j in T.Parallel(16, 8):
            C[i, j] = A[i, j] + B[i, j]


def arrays(count=3, shape=(16, 8), dtype=np.float32):
    return [np.zeros(shape, dtype) for _ in range(count)]


@rejected(errors.ArgumentCountError)
def missing_argument():
    compile_for_cpu(add)(*arrays(2))


@rejected(errors.ArgumentCountError)
def extra_argument():
    compile_for_cpu(add)(*arrays(4))


@rejected(errors.ArgumentCountError)
def output_passed_that_is_returned():
    compile_for_cpu(add, out_idx=[2])(*arrays(3))


@rejected(errors.ArgumentKeywordError)
def keyword_argument():
    compile_for_cpu(add)(*arrays(2), C=arrays(1)[0])


@rejected(errors.ArgumentTypeError)
def list_as_tensor():
    a, b, _ = arrays()
    compile_for_cpu(add)(a, b, [[0.0] * 8] * 16)


@rejected(errors.ArgumentDTypeError)
def wrong_element_type():
    a, b, c = arrays()
    compile_for_cpu(add)(a, b.astype(np.float64), c)


@rejected(errors.ArgumentRankError)
def wrong_rank():
    a, b, c = arrays()
    compile_for_cpu(add)(a, b, c.reshape(128))


@rejected(errors.ArgumentShapeError)
def wrong_extent():
    a, b, _ = arrays()
    compile_for_cpu(add)(a, b, np.zeros((16, 9), np.float32))


@rejected(errors.ArgumentStrideError)
def transposed_argument():
    a, b, _ = arrays()
    compile_for_cpu(add)(a, b, np.zeros((8, 16), np.float32).T)


@rejected(errors.ArgumentReadOnlyError)
def read_only_output():
    a, b, c = arrays()
    c.flags.writeable = False
    compile_for_cpu(add)(a, b, c)


@rejected(errors.ArgumentShapeError)
def two_values_for_a_dynamic_extent():
    N = T.dynamic("N")

    @T.prim_func
    def kernel(A: T.Tensor((N,), "float32"), B: T.Tensor((N,), "float32")):
        with T.Kernel(N) as bx:
            B[bx] = A[bx]

    compile_for_cpu(kernel)(np.zeros(4, np.float32), np.zeros(5, np.float32))


@rejected(errors.ArgumentRangeError)
def scalar_too_large():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32"), n: T.int32):
        with T.Kernel(4) as bx:
            A[bx] = n

    compile_for_cpu(kernel)(np.zeros(4, np.int32), 2**31)


@rejected(errors.ArgumentTypeError)
def text_as_scalar():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32"), n: T.int32):
        with T.Kernel(4) as bx:
            A[bx] = n

    compile_for_cpu(kernel)(np.zeros(4, np.int32), "4")


@rejected(errors.KernelAssertionError)
def failed_device_assert():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(4) as bx:
            T.device_assert(A[bx] > 0, "counts must be positive")

    compile_for_cpu(kernel)(np.zeros(4, np.int32))


@rejected(errors.UnknownTargetError)
def misspelt_target():
    tilescale.compile(add, target="cpuu")


@rejected(errors.UnsupportedTargetError)
def target_that_comes_later():
    tilescale.compile(add, target="cutedsl")


@rejected(errors.CompileOptionError)
def output_index_out_of_range():
    compile_for_cpu(add, out_idx=[3])


@rejected(errors.UnknownPassConfigError)
def misspelt_pass_config():
    compile_for_cpu(add, pass_configs={"tl.disable_wgmmma": True})


@rejected(errors.ResultMismatchError)
def wrong_result():
    profiler = compile_for_cpu(add, out_idx=[2]).get_profiler()
    profiler.assert_allclose(lambda a, b: a - b + 100.0)


@rejected(errors.SizeExpressionError)
def grid_divided_by_zero():
    N = T.dynamic("N")

    @T.prim_func
    def kernel(A: T.Tensor((N,), "int32"), block: T.int32):
        with T.Kernel(T.ceildiv(N, block)) as bx:
            A[bx] = 1

    compile_for_cpu(kernel)(np.zeros(4, np.int32), 0)
