"""Tile operators besides `T.copy`: results on small cases, arguments that are refused."""

import numpy as np
import pytest

import tilescale.language as T
from tests.harness import kernel_run
from tilescale import errors, ir


def ints(*shape, seed=0):
    return np.random.default_rng(seed).integers(-9, 9, shape).astype(np.int32)


def statements(func, kind):
    return [s for s in func.body.body.stmts if isinstance(s, kind)]


@pytest.mark.parametrize("trans_a", [False, True])
@pytest.mark.parametrize("trans_b", [False, True])
@pytest.mark.parametrize("clear", [False, True])
def test_gemm(trans_a, trans_b, clear):
    shape_a, shape_b = ((5, 3) if trans_a else (3, 5)), ((4, 5) if trans_b else (5, 4))

    @T.prim_func
    def kernel(
        A: T.Tensor(shape_a, "int32"), B: T.Tensor(shape_b, "int32"), C: T.Tensor((3, 4), "int32")
    ):
        with T.Kernel(1, threads=128):
            a, b = T.alloc_shared(shape_a, "int32"), T.alloc_shared(shape_b, "int32")
            c = T.alloc_fragment((3, 4), "int32")
            T.copy(A, a)
            T.copy(B, b)
            T.fill(c, 1)
            T.gemm(a, b, c, trans_a, trans_b, T.GemmWarpPolicy.FullRow, clear_accum=clear)
            T.copy(c, C)

    a, b, c = ints(*shape_a), ints(*shape_b, seed=1), ints(3, 4)
    kernel_run.run(kernel, [a, b, c])
    product = (a.T if trans_a else a) @ (b.T if trans_b else b)
    np.testing.assert_array_equal(c, product + (not clear))
    assert statements(kernel, ir.op.Gemm)[0].attrs["policy"] == 1


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("sum", lambda x: x.sum(1)),
        ("max", lambda x: x.max(1)),
        ("min", lambda x: x.min(1)),
        ("abssum", lambda x: np.abs(x).sum(1)),
        ("absmax", lambda x: np.abs(x).max(1)),
        ("bitand", lambda x: np.bitwise_and.reduce(x, 1)),
        ("bitor", lambda x: np.bitwise_or.reduce(x, 1)),
        ("bitxor", lambda x: np.bitwise_xor.reduce(x, 1)),
    ],
)
@pytest.mark.parametrize("named", [False, True])
def test_reductions(kind, expected, named):
    reduction = getattr(T, f"reduce_{kind}")

    @T.prim_func
    def kernel(A: T.Tensor((3, 5), "int32"), B: T.Tensor((3,), "int32")):
        with T.Kernel(1):
            src, dst = T.alloc_fragment((3, 5), "int32"), T.alloc_fragment((3,), "int32")
            T.copy(A, src)
            if named:
                reduction(src, dst, dim=-1)
            else:
                T.reduce(src, dst, kind, 1, True)
            T.copy(dst, B)

    a, b = ints(3, 5), np.zeros(3, np.int32)
    kernel_run.run(kernel, [a, b])
    assert b.tolist() == expected(a).tolist()


def test_reduction_of_a_slice_without_clearing():
    @T.prim_func
    def kernel(A: T.Tensor((4, 6), "int32"), B: T.Tensor((6,), "int32")):
        with T.Kernel(1):
            src, dst = T.alloc_shared((4, 6), "int32"), T.alloc_shared((6,), "int32")
            T.copy(A, src)
            T.copy(B, dst)
            T.reduce_max(src[1:3, :], dst, dim=0, clear=False)
            T.copy(dst, B)

    a, b = ints(4, 6), np.full(6, 2, np.int32)
    kernel_run.run(kernel, [a, b])
    np.testing.assert_array_equal(b, np.maximum(a[1:3].max(0), 2))


@pytest.mark.parametrize("reverse", [False, True])
def test_scans(reverse):
    @T.prim_func
    def kernel(A: T.Tensor((3, 5), "int32"), B: T.Tensor((3, 5), "int32")):
        with T.Kernel(1):
            src, dst = T.alloc_shared((3, 5), "int32"), T.alloc_shared((3, 5), "int32")
            T.copy(A, src)
            T.cumsum(src, dst, dim=1, reverse=reverse)
            T.cummax(dst, dim=0)
            T.copy(dst, B)

    a, b = ints(3, 5), np.zeros((3, 5), np.int32)
    kernel_run.run(kernel, [a, b])
    sums = np.cumsum(a[:, ::-1], 1)[:, ::-1] if reverse else np.cumsum(a, 1)
    np.testing.assert_array_equal(b, np.maximum.accumulate(sums, 0))


def test_transpose_fill_clear_reshape_view():
    @T.prim_func
    def kernel(
        A: T.Tensor((2, 6), "int32"), B: T.Tensor((6, 2), "int32"), C: T.Tensor(8, "uint32")
    ):
        with T.Kernel(1):
            src, dst = T.alloc_shared((2, 6), "int32"), T.alloc_shared((6, 2), "int32")
            T.copy(A, src)
            T.clear(src[0, 0:2])
            flat = T.reshape(src, (12,))
            flat[11] = 77
            T.transpose(src, dst)
            T.copy(dst, B)
            half = T.alloc_shared((4,), "float32")
            T.fill(half, 1.0)
            T.copy(T.view(half, (4,), "uint32"), C[0:4])
            T.copy(T.view(half, (8,), "uint16")[4:8], C[4:8])

    a, b, c = ints(2, 6), np.zeros((6, 2), np.int32), np.zeros(8, np.uint32)
    expected = a.copy()
    expected[0, :2], expected[1, 5] = 0, 77
    kernel_run.run(kernel, [a, b, c])
    np.testing.assert_array_equal(b, expected.T)
    assert c.tolist() == [0x3F800000] * 4 + [0, 0x3F80] * 2


def test_reducers_may_be_updated_by_many_iterations():
    @T.prim_func
    def kernel(A: T.Tensor((4, 8), "int32"), B: T.Tensor((4,), "int32")):
        with T.Kernel(1):
            best = T.alloc_reducer((4,), "int32", op="max")
            out = T.alloc_fragment((4,), "int32")
            T.reducer_init(best)
            for i, j in T.Parallel(4, 8):
                T.reducer_update(best[i], A[i, j])
            T.finalize_reducer(best, out)
            T.copy(out, B)

    a, b = ints(4, 8), np.zeros(4, np.int32)
    kernel_run.run(kernel, [a, b])
    np.testing.assert_array_equal(b, a.max(1))


def test_reducers_are_used_through_their_operators_only():
    def trace(use):
        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32")):
            with T.Kernel(1):
                total = T.alloc_reducer((4,), "int32", op="sum")
                use(A, total)

    def assign(A, total):
        total[0] = 1

    for use in (
        assign,
        lambda A, total: T.reducer_init(A),
        lambda A, total: T.reducer_update(total, 1),
        lambda A, total: T.alloc_reducer((4,), "int32", op="mean"),
    ):
        with pytest.raises(errors.ReducerError):
            trace(use)


def test_atomics_on_elements_tiles_and_vectors():
    @T.prim_func
    def kernel(A: T.Tensor((8,), "int32"), B: T.Tensor((4,), "int32")):
        with T.Kernel(2) as bx:
            T.atomic_add(A[0], 3)
            T.atomic_max(A[1], bx)
            T.atomic_min(A[2], -bx, memory_order="relaxed")
            T.atomic_or(A[3], 1 << bx)
            tile = T.alloc_shared((4,), "int32")
            T.fill(tile, 2)
            T.atomic_add(A[4], tile)
            T.atomic_addx2(A[4], tile[0])
            T.atomic_addx4(A[4:8], tile)
            for _ in T.Parallel(1):
                old = T.atomic_add(B[0], 1, return_prev=True)
                T.atomic_store(B[1 + old], old + 10)
                T.atomic_add(B[3], T.atomic_load(B[1 + old]))

    a, b = np.zeros(8, np.int32), np.zeros(4, np.int32)
    kernel_run.run(kernel, [a, b])
    assert a.tolist() == [6, 1, -1, 3, 12, 12, 8, 8]
    assert b.tolist() == [2, 10, 11, 21]


def test_results_for_the_whole_program_are_the_cpu_s():
    @T.prim_func
    def kernel(A: T.Tensor((2,), "int32"), B: T.Tensor((1, 5), "int32"), C: T.Tensor(5, "int32")):
        with T.Kernel(1):
            old = T.atomic_add(A[0], 1, return_prev=True)
            T.atomic_store(A[1], old + 10)
            row = T.alloc_local((5,), "int32")
            T.copy(B, row)
            T.copy(row, C)

    a, b, c = np.zeros(2, np.int32), ints(1, 5), np.zeros(5, np.int32)
    kernel_run.run_on_cpu(kernel, [a, b, c], errors.IntrinsicNotOnTargetError)
    assert a.tolist() == [1, 10]
    np.testing.assert_array_equal(c, b[0])


@pytest.mark.parametrize(
    "use",
    [
        lambda A, tile: T.atomic_add(A[0], 1, memory_order="sometimes"),
        lambda A, tile: T.atomic_load(A[0], memory_order="release"),
        lambda A, tile: T.atomic_store(A[0], 1, memory_order="acquire"),
        lambda A, tile: T.atomic_add(A[0:4], tile, return_prev=True),
        lambda A, tile: T.use_swizzle(0),
        lambda A, tile: T.use_swizzle(4, order="diagonal"),
        lambda A, tile: T.reduce(tile, A[0:1], "mean"),
        lambda A, tile: T.rng_init(1, generator="mt19937"),
        lambda A, tile: T.rng_rand_float(dist="poisson"),
        lambda A, tile: T.reinterpret(A[0], "int8"),
        lambda A, tile: T.cast(A[0], "float8_e4m3fn", round="rs"),
        lambda A, tile: T.annotate_layout({tile: 3}),
    ],
)
def test_options_that_do_not_exist(use):
    with pytest.raises(errors.OperatorArgumentError) as caught:

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32")):
            with T.Kernel(1):
                tile = T.alloc_shared((4,), "int32")
                use(A, tile)

    assert caught.value.span.file == __file__


@pytest.mark.parametrize(
    ("use", "error"),
    [
        (lambda t: T.reduce_sum(t, t, dim=2), errors.DimensionError),
        (lambda t: T.cumsum(t, dim=-3), errors.DimensionError),
        (lambda t: T.view(t, (5,)), errors.ViewShapeError),
        (lambda t: T.reshape(t[0:2, 0:4], (8,)), errors.NotABufferError),
        (lambda t: T.annotate_safe_value([t]), errors.NotABufferError),
        (lambda t: T.atomic_add(3, 4), errors.NotABufferError),
        (lambda t: t + 1, errors.BufferAsScalarError),
        (lambda t: T.exp(t), errors.BufferAsScalarError),
        (lambda t: T.max(t[0:2, 0], 1), errors.BufferAsScalarError),
        (lambda t: T.alloc_shared((4,), "float12"), errors.UnknownDTypeError),
        (lambda t: T.Parallel(), errors.LoopArgumentError),
        (lambda t: T.Pipelined(4, num_stages=-1), errors.LoopArgumentError),
        (lambda t: T.Pipelined(4, order=[0]), errors.LoopArgumentError),
        (lambda t: T.Persistent([2, 2], 2, 0, group_size=0), errors.LoopArgumentError),
        (lambda t: T.serial(0, 4, 0), errors.LoopArgumentError),
        (lambda t: list(T.serial(4)), errors.LoopArgumentError),
        (lambda t: T.loop_break(), errors.LoopExitError),
        (lambda t: [1, 2][t[0, 0]], errors.SymbolicIndexError),
        (lambda t: bool(t[0, 0] > 1), errors.SymbolicBoolError),
        (lambda t: T.max(t[0, 0], "x"), errors.OperandTypeError),
        (lambda t: T.fill(t, None), errors.OperandTypeError),
        (lambda t: T.reduce_summ(t, t), errors.UnknownLanguageNameError),
        (lambda t: T.Kernel(1).__enter__(), errors.KernelCountError),
        (lambda t: T.Kernel(), errors.GridError),
        (lambda t: T.Kernel(1, 2, 3, 4), errors.GridError),
        (lambda t: T.Kernel(-1), errors.GridError),
        (lambda t: T.Kernel(1.5), errors.GridError),
        (lambda t: T.Kernel(1, threads=-32), errors.ThreadCountError),
        (lambda t: T.Kernel(1, threads=4096), errors.ThreadCountError),
        (lambda t: T.Kernel(1, threads=t[0, 0]), errors.ThreadCountError),
    ],
)
def test_mistakes_have_a_class_and_a_place(use, error):
    with pytest.raises(error) as caught:

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32")):
            with T.Kernel(1):
                tile = T.alloc_shared((4, 4), "int32")
                use(tile)

    assert caught.value.span.file == __file__


@pytest.mark.parametrize(
    "use",
    [
        lambda A: T.alloc_shared((4,), "int32"),
        lambda A: T.alloc_var("int32"),
        lambda A: T.copy(A, A),
        lambda A: T.print(A),
        lambda A: A.__setitem__(0, 1),
        lambda A: T.atomic_add(A[0], 1),
        lambda A: T.device_assert(A[0] > 1),
    ],
)
def test_statements_belong_into_the_launch(use):
    with pytest.raises(errors.OutsideKernelError):

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32")):
            use(A)
            with T.Kernel(1):
                A[0] = 1


@pytest.mark.parametrize("loop", [T.Parallel, T.vectorized])
def test_tile_operators_do_not_belong_into_elementwise_loops(loop):
    with pytest.raises(errors.OperatorPlacementError, match=r"T\.fill"):

        @T.prim_func
        def kernel(A: T.Tensor((4, 4), "int32")):
            with T.Kernel(1):
                for i in loop(4):
                    T.fill(A[i, :], 0)


def test_operators_outside_of_any_kernel():
    with pytest.raises(errors.OutsideKernelError, match=r"T\.alloc_shared"):
        T.alloc_shared((4,), "int32")
