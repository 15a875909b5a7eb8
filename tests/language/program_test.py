"""Launches, loops, hints, pointers, random numbers, schedulers: whole small kernels."""

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.harness import kernel_run
from tilescale import errors, ir


def ints(*shape):
    return np.zeros(shape, np.int32)


@pytest.mark.parametrize("extents", [(5,), (3, 4), (2, 3, 4)])
def test_launches_of_one_to_three_dimensions(extents):
    shape = tuple(reversed(extents))

    @T.prim_func
    def kernel(A: T.Tensor(shape, "int32")):
        with T.Kernel(*extents, threads=(32, 2)) as grid:
            index = list(reversed(grid)) if len(extents) > 1 else [grid]
            A[tuple(index)] = sum(i * 10**n for n, i in enumerate(index)) + 1

    a = ints(*shape)
    kernel_run.run(kernel, [a])
    expected = sum(axis * 10**n for n, axis in enumerate(np.indices(shape))) + 1
    np.testing.assert_array_equal(a, expected)
    assert [ir.as_const_int(e) for e in kernel.body.threads] == [32, 2]


def test_grid_variables_take_the_names_of_the_targets():
    @T.prim_func
    def kernel(A: T.Tensor((4, 4), "int32")):
        with T.Kernel(4, 4) as (column, row):
            A[row, column] = 1

    assert [str(v.name) for v in kernel.body.vars] == ["column", "row"]


@pytest.mark.parametrize("kind", ["serial", "Serial", "unroll", "Unroll", "vectorized"])
def test_counted_loops(kind):
    loop = getattr(T, kind)

    @T.prim_func
    def kernel(A: T.Tensor((8,), "int32")):
        with T.Kernel(1):
            for i in loop(8):
                A[i] = i * i

    a = ints(8)
    kernel_run.run(kernel, [a])
    assert a.tolist() == [i * i for i in range(8)]


@pytest.mark.parametrize("options", [{"num_stages": 3}, {"order": [0, 1], "stage": [0, 1]}, {}])
def test_pipelined_loops_give_the_results_of_serial_ones(options):
    @T.prim_func
    def kernel(A: T.Tensor((5, 4), "int32"), B: T.Tensor((4,), "int32")):
        with T.Kernel(1):
            tile = T.alloc_shared((4,), "int32")
            total = T.alloc_fragment((4,), "int32")
            T.clear(total)
            for k in T.Pipelined(1, 5, **options):
                T.copy(A[k, 0:4], tile)
                for i in T.Parallel(4):
                    total[i] += tile[i] * k
            T.copy(total, B)

    a, b = np.arange(20, dtype=np.int32).reshape(5, 4), ints(4)
    kernel_run.run(kernel, [a, b])
    np.testing.assert_array_equal(b, (a * np.arange(5)[:, None]).sum(0))


@pytest.mark.parametrize(
    ("domain", "programs", "group"),
    [((7,), 3, 8), ((3, 5), 4, 8), ((3, 5), 4, 2), ((2, 3, 5), 4, 3), ((1, 1), 5, 1)],
)
def test_persistent_loops_visit_every_tile_once(domain, programs, group):
    @T.prim_func
    def kernel(A: T.Tensor(domain, "int32")):
        with T.Kernel(programs) as bx:
            if len(domain) == 1:
                for i in T.Persistent(domain, programs, bx, group_size=group):
                    T.atomic_add(A[i], 1)
            elif len(domain) == 2:
                for i, j in T.Persistent(domain, programs, bx, group_size=group):
                    T.atomic_add(A[i, j], 1)
            else:
                for i, j, k in T.Persistent(domain, programs, bx, group_size=group):
                    T.atomic_add(A[i, j, k], 1)

    a = ints(*domain)
    kernel_run.run(kernel, [a])
    assert (a == 1).all()


@pytest.mark.parametrize("swizzle", [1, 2, 4])
@pytest.mark.parametrize("column_major", [True, False])
def test_persistent_scheduler_hands_out_every_tile_once(swizzle, column_major):
    @T.prim_func
    def kernel(A: T.Tensor((5, 3), "int32"), counts: T.Tensor((4,), "int32")):
        with T.Kernel(4) as bx:
            tiles = T.PersistentTileScheduler(
                5, 3, num_workers=4, swizzle_size=swizzle, column_major=column_major
            )
            tiles.init(bx)
            while tiles.valid():
                T.atomic_add(A[tiles.m_idx, tiles.n_idx], tiles.linear_idx + 1)
                tiles.next_tile()
            counts[bx] = tiles.current_iter

    a, counts = ints(5, 3), ints(4)
    kernel_run.run(kernel, [a, counts])
    assert sorted(a.ravel().tolist()) == list(range(1, 16))
    assert counts.tolist() == [4, 4, 4, 3]


def test_user_defined_scheduler_on_the_base_class():
    @T.meta_class
    class Rows(T.BaseTileScheduler):
        def visit(self, buffer, linear):
            m, n = self.coord(linear)
            buffer[m, n] = linear

    @T.prim_func
    def kernel(A: T.Tensor((3, 4), "int32")):
        with T.Kernel(12) as bx:
            Rows(3, 4, column_major=False).visit(A, bx)

    a = ints(3, 4)
    kernel_run.run(kernel, [a])
    np.testing.assert_array_equal(np.sort(a.ravel()), np.arange(12))


def test_strided_tensors_and_dynamic_sizes():
    rows, columns, stride = T.dynamic("rows, columns, stride")

    @T.prim_func
    def kernel(
        A: T.StridedTensor((rows, columns), (stride, 1), "int32"),
        B: T.Tensor((rows, columns), "int32"),
    ):
        with T.Kernel(rows) as r:
            for c in T.serial(columns):
                B[r, c] = A[r, c] + rows

    a, b = np.arange(24, dtype=np.int32).reshape(4, 6)[:, :5], ints(4, 5)
    kernel_run.run(kernel, [a, b])
    np.testing.assert_array_equal(b, a + 4)


def test_hints_change_nothing():
    @T.prim_func
    def kernel(A: T.Tensor((8, 8), "int32")):
        with T.Kernel(2, 2) as (bx, by):
            T.use_swizzle(4, order="column")
            T.annotate_l2_hit_ratio({A: 0.5})
            T.annotate_restrict_buffers(A)
            T.annotate_min_blocks_per_sm(2)
            T.annotate_producer_reg_dealloc(24)
            T.annotate_consumer_reg_alloc(240)
            T.no_set_max_nreg()
            T.disable_warp_group_reg_alloc()
            tile = T.alloc_shared((4, 4), "int32")
            T.annotate_layout({tile: lambda i, j: (i, (i + j) % 4)})
            T.fill(tile, bx * 10 + by)
            T.copy(tile, A[bx * 4, by * 4])

    a = ints(8, 8)
    kernel_run.run(kernel, [a])
    np.testing.assert_array_equal(a, np.repeat(np.repeat([[0, 1], [10, 11]], 4, 0), 4, 1))
    keys = [str(s.key) for s in kernel.body.body.stmts if isinstance(s, ir.Annotate)]
    assert keys[:2] == ["swizzle", "l2_hit_ratio"]


def test_annotations_before_the_launch_hold_inside_it():
    @T.prim_func
    def kernel(A: T.Tensor((3,), "int32"), B: T.Tensor((4,), "int32")):
        T.annotate_safe_value({A: 9})
        with T.Kernel(1):
            T.copy(A[0], B[0:4])

    a, b = np.arange(3, dtype=np.int32), ints(4)
    kernel_run.run(kernel, [a, b])
    assert b.tolist() == [0, 1, 2, 9]


def test_quantifiers_and_dot_products():
    @T.prim_func
    def kernel(A: T.Tensor((8,), "int8"), B: T.Tensor((8,), "int32")):
        with T.Kernel(1):
            flags = T.alloc_shared((4,), "bool")
            for i in T.Parallel(4):
                flags[i] = A[i] > 0
            if T.any_of(flags):
                B[0] = 1
            if T.all_of(flags):
                B[1] = 1
            if T.all_of(flags[1:3]):
                B[2] = 1
            B[3] = T.dp4a(A[0], A[4], 100)

    a, b = np.array([0, 1, 2, 3, 4, 5, -6, 7], np.int8), ints(8)
    kernel_run.run(kernel, [a, b])
    assert b.tolist() == [1, 0, 1, 100 + 5 - 12 + 21, 0, 0, 0, 0]


@pytest.mark.parametrize("pointer", [T.ptr, T.ptr(T.float32)])
def test_pointers_and_addresses(pointer):
    @T.prim_func
    def kernel(P: pointer, table: T.Tensor((2,), "int64"), n: T.int32):
        with T.Kernel(2) as bx:
            source = T.make_tensor(P, (n,), T.float32)
            target = T.make_tensor_from_addr(table[bx], (n,), T.float32)
            for i in T.serial(n):
                target[i] = source[i] + bx

    source = np.arange(3, dtype=np.float32)
    targets = [np.zeros(3, np.float32) for _ in range(2)]
    table = np.array([t.ctypes.data for t in targets], np.int64)
    tilescale.compile(kernel, target="cpu")(source.ctypes.data, table, 3)
    assert [t.tolist() for t in targets] == [[0, 1, 2], [1, 2, 3]]


def test_random_numbers_depend_on_seed_sequence_and_offset():
    @T.prim_func
    def kernel(A: T.Tensor((4, 3), "float32"), B: T.Tensor((4,), "uint32"), seed: T.int32):
        with T.Kernel(4) as bx:
            T.rng_init(seed, seq=bx, off=1)
            for i in T.serial(3):
                A[bx, i] = T.rng_rand_float()
            B[bx] = T.rng_rand()

    def draw(seed):
        a, b = np.zeros((4, 3), np.float32), np.zeros(4, np.uint32)
        tilescale.compile(kernel, target="cpu")(a, b, seed)
        return a, b

    (a, b), (again, _), (other, _) = draw(1), draw(1), draw(2)
    np.testing.assert_array_equal(a, again)
    assert len(np.unique(np.concatenate([a.ravel(), other.ravel()]))) == 24
    assert len(np.unique(b)) == 4
    assert (a > 0).all()
    assert (a <= 1).all()


def test_device_assert_and_assume():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32"), n: T.int32):
        T.assume(n > 0)
        with T.Kernel(4) as bx:
            T.device_assert(A[bx] < n, "too large")
            A[bx] += 1

    a = np.array([0, 1, 2, 3], np.int32)
    kernel_run.run(kernel, [a, 4])
    if kernel_run.target().startswith("cuda"):
        return  # A failed assertion would end the GPU's context.
    with pytest.raises(errors.KernelAssertionError, match="too large"):
        kernel_run.call(tilescale.compile(kernel, target=kernel_run.target()), a, 4)


def test_print(capfd):
    @T.prim_func
    def kernel(A: T.Tensor((2,), "int32")):
        with T.Kernel(1):
            T.print(A[1], msg="value")
            T.print("only text")

    compiled = tilescale.compile(kernel, target=kernel_run.target())
    kernel_run.call(compiled, np.array([3, 42], np.int32))
    out = capfd.readouterr().out
    assert "value" in out
    assert "42" in out
    assert "only text" in out


@pytest.mark.parametrize(
    "use",
    [
        lambda A: T.sync_threads(),
        lambda A: A.__setitem__(0, T.get_thread_binding(0)),
        lambda A: A.__setitem__(0, T.shfl_xor(A[0], 1)),
        lambda A: A.__setitem__(0, T.warp_reduce_sum(A[0])),
    ],
)
def test_thread_level_code_is_refused_on_the_cpu(use):
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(1, threads=128):
            use(A)

    with pytest.raises(errors.TileScaleError) as caught:
        tilescale.compile(kernel, target="cpu")
    assert not isinstance(caught.value, errors.InternalError)
    assert caught.value.span.file == __file__
    assert caught.value.remedy


def test_foreign_functions_are_refused_on_the_cpu():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "int32")):
        with T.Kernel(4) as bx:
            A[bx] = T.call_pure_extern("int32", "twice", bx + 1)

    with pytest.raises(errors.TileScaleError, match="call_pure_extern") as caught:
        tilescale.compile(kernel, target="cpu")
    assert caught.value.span.file == __file__


def test_queries_of_the_launch():
    @T.prim_func
    def kernel(A: T.Tensor((2, 3), "int32")):
        with T.Kernel(3, 2, threads=(32, 4)) as (bx, _):
            assert T.get_block_extents() == [3, 2]
            assert T.get_thread_extents() == [32, 4]
            assert isinstance(T.KernelLaunchFrame, type)
            x, y = T.get_block_bindings()
            A[y, x] = T.get_block_binding(1) * T.get_block_extent() + bx + T.get_thread_extent(1)

    a = ints(2, 3)
    kernel_run.run(kernel, [a])
    assert a.tolist() == [[4, 5, 6], [7, 8, 9]]
    with pytest.raises(errors.DimensionError, match="get_thread_extent"):

        @T.prim_func
        def other(A: T.Tensor((2, 3), "int32")):
            with T.Kernel(1):
                A[0, 0] = T.get_thread_extent()
