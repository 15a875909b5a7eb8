"""Mistakes in the text of a kernel: statements, names, macros, parameters."""

import tilescale
import tilescale.language as T
from tests.errors.rejected import compile_for_cpu, rejected
from tilescale import errors


@rejected(errors.UnsupportedSyntaxError)
def try_statement():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1) as bx:
            try:
                A[bx] = 0.0
            except ValueError:
                A[bx] = 1.0

    compile_for_cpu(kernel)


@rejected(errors.UnsupportedSyntaxError)
def yield_statement():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1) as bx:
            yield A[bx]

    compile_for_cpu(kernel)


@rejected(errors.UnknownNameError)
def misspelt_name():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1) as bx:
            A[bx] = valeu

    compile_for_cpu(kernel)


@rejected(errors.UnknownLanguageNameError)
def misspelt_operator():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            T.cpoy(A, A)

    compile_for_cpu(kernel)


@rejected(errors.ComesLaterError)
def operator_of_another_target():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            T.tma_copy(A, A)

    compile_for_cpu(kernel)


@rejected(errors.ThreadLevelOnCpuError)
def thread_binding_on_cpu():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1, threads=16):
            tx = T.get_thread_binding(0)
            A[tx] = 0.0

    compile_for_cpu(kernel)


@rejected(errors.ThreadLevelOnCpuError)
def barrier_on_cpu():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1, threads=16):
            T.sync_threads()

    compile_for_cpu(kernel)


@rejected(errors.LaunchNotOnTargetError)
def clusters_on_cpu():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(2, threads=16, cluster_dims=(2, 1, 1)) as bx:
            A[bx] = 0.0

    compile_for_cpu(kernel)


@rejected(errors.NotPortedError)
def raw_buffer():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            buffer = T.alloc_buffer((16,), "float32")
            T.copy(A, buffer)

    compile_for_cpu(kernel)


@rejected(errors.UndefinedValueError)
def value_of_one_branch():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(16) as bx:
            if bx > 3:
                value = A[bx] * 2
            A[bx] = value

    compile_for_cpu(kernel)


@rejected(errors.ImmutableValueError)
def sum_in_a_plain_name():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32"), B: T.Tensor((1,), "float32")):
        with T.Kernel(1):
            total = A[0]
            for i in T.serial(1, 16):
                total = total + A[i]
            B[0] = total

    compile_for_cpu(kernel)


@rejected(errors.LoopVariableAssignError)
def loop_variable_assigned():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            for i in T.serial(16):
                i = i + 1
                A[i] = 0.0

    compile_for_cpu(kernel)


@rejected(errors.UnpackError)
def grid_unpacked_into_too_many_names():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(4, 4) as (bx, by, bz):
            A[bx + by + bz] = 0.0

    compile_for_cpu(kernel)


@rejected(errors.UnpackError)
def parallel_loop_with_too_few_names():
    @T.prim_func
    def kernel(A: T.Tensor((16, 16), "float32")):
        with T.Kernel(1):
            for i, j, k in T.Parallel(16, 16):
                A[i, j] = k

    compile_for_cpu(kernel)


@rejected(errors.ReturnError)
def return_inside_a_loop():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            for i in T.serial(16):
                if A[i] > 0:
                    return

    compile_for_cpu(kernel)


@rejected(errors.ReturnValueError)
def returned_input():
    import numpy as np

    @tilescale.jit
    def kernel(A):
        A: T.Tensor((16,), "float32")
        with T.Kernel(1):
            T.clear(A)
        return A[0]

    kernel(np.zeros(16, np.float32))


@rejected(errors.LoopExitError)
def break_in_a_parallel_loop():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            for i in T.Parallel(16):
                if A[i] > 0:
                    break

    compile_for_cpu(kernel)


@rejected(errors.LoopExitError)
def continue_outside_of_loops():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            for i in T.Parallel(16):
                A[i] = 0.0
                continue

    compile_for_cpu(kernel)


@rejected(errors.CompileTimeAssertError)
def failed_assert():
    block = 48

    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1) as bx:
            assert block % 32 == 0, "block must be a multiple of 32"
            A[bx] = 0.0

    compile_for_cpu(kernel)


@rejected(errors.MacroRecursionError)
def endless_macro():
    @T.macro
    def again(A):
        again(A)

    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            again(A)

    compile_for_cpu(kernel)


@rejected(errors.MacroArgumentError)
def macro_without_its_argument():
    @T.macro
    def fill(A, value):
        T.fill(A, value)

    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            fill(A)

    compile_for_cpu(kernel)


@rejected(errors.ExtentMismatchError)
def mistake_inside_a_macro():
    @T.macro
    def store(source, target):
        T.copy(source, target)

    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32"), B: T.Tensor((20,), "float32")):
        with T.Kernel(1):
            store(A, B)

    compile_for_cpu(kernel)


@rejected(errors.AnnotationError)
def parameter_without_annotation():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32"), n):
        with T.Kernel(1):
            A[0] = n

    compile_for_cpu(kernel)


@rejected(errors.AnnotationError)
def parameter_with_a_foreign_annotation():
    @T.prim_func
    def kernel(A: list):
        with T.Kernel(1):
            A[0] = 1.0

    compile_for_cpu(kernel)


@rejected(errors.ArgumentShapeError)
def two_values_for_one_extent():
    import numpy as np

    @tilescale.jit
    def kernel(A, B):
        N = T.const("N")
        A: T.Tensor((N,), "float32")
        B: T.Tensor((N,), "float32")
        with T.Kernel(1):
            T.copy(A, B)

    kernel(np.zeros(16, np.float32), np.zeros(17, np.float32))


@rejected(errors.SourceUnavailableError)
def kernel_without_source():
    scope = {"T": T}
    exec("def kernel(A: T.Tensor((16,), 'float32')):\n    pass\n", scope)
    T.prim_func(scope["kernel"])


@rejected(errors.AnnotationError)
def keyword_only_parameter():
    @T.prim_func
    def kernel(A: T.Tensor((16,), "float32"), *, B: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            T.copy(A, B)

    compile_for_cpu(kernel)
