"""Working names of the tile language that no example happens to use, each with its result."""

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.harness import kernel_run
from tests.support import machine
from tilescale.testing import place


def run(function, *arrays):
    kernel_run.run(function, list(arrays))


def run_on_host(function, *args):
    """What only the CPU target can do, without the evaluator."""
    tilescale.compile(function, target="cpu")(*args)


def run_with_address(function, array, *args):
    """Passes `args(address of the array)`; the simulator knows the memory of arguments only."""
    target = kernel_run.target()
    if target.startswith("sim"):
        pytest.skip("raw addresses are outside of what the simulator checks")
    there = place(target, array)
    address = there.ctypes.data if isinstance(there, np.ndarray) else there.data_ptr()
    given = [arg(address) if callable(arg) else arg for arg in args]
    machine.call(tilescale.compile(function, target=target), target, *given)


def test_loops():
    @T.prim_func
    def kernel(Y: T.Tensor((8, 16), "int32")):
        with T.Kernel(1):
            for i in T.serial(16):
                Y[0, i] = i
            for i in T.Serial(0, 16, 2):
                Y[1, i] = i
            for i in T.unroll(16):
                Y[2, i] = i
            for i in T.Unroll(16):
                Y[3, i] = i
            for i in T.vectorized(16):
                Y[4, i] = i
            for i in T.Vectorized(16):
                Y[5, i] = i
            for i, j in T.grid(4, 4):
                Y[6, i * 4 + j] = i * 10 + j
            for i in range(16):
                if i == 3:
                    T.loop_break()
                Y[7, i] = i

    y = np.full((8, 16), -1, np.int32)
    run(kernel, y)
    count = np.arange(16)
    for row in (0, 2, 3, 4, 5):
        np.testing.assert_array_equal(y[row], count)
    np.testing.assert_array_equal(y[1], np.where(count % 2 == 0, count, -1))
    np.testing.assert_array_equal(y[6], count // 4 * 10 + count % 4)
    np.testing.assert_array_equal(y[7], np.where(count < 3, count, -1))


def test_persistent_visits_every_tile_once():
    @T.prim_func
    def kernel(Y: T.Tensor((7, 5), "int32")):
        with T.Kernel(3) as worker:
            for i, j in T.Persistent([7, 5], 3, worker):
                T.atomic_add(Y[i, j], 1)

    y = np.zeros((7, 5), np.int32)
    run(kernel, y)
    np.testing.assert_array_equal(y, 1)


def test_tile_scheduler():
    @T.prim_func
    def kernel(Y: T.Tensor((6, 5), "int32")):
        with T.Kernel(4) as worker:
            scheduler = T.PersistentTileScheduler(6, 5, num_workers=4)
            scheduler.init(worker)
            while scheduler.valid():
                T.atomic_add(Y[scheduler.m_idx, scheduler.n_idx], 1)
                scheduler.next_tile()

    y = np.zeros((6, 5), np.int32)
    run(kernel, y)
    np.testing.assert_array_equal(y, 1)
    assert issubclass(T.PersistentTileScheduler, T.BaseTileScheduler)


def test_meta_class_and_inline():
    @T.meta_class
    class Counter:
        def __init__(self):
            self.count = T.alloc_var("int32", init=0)

        def step(self, amount):
            self.count = self.count + amount

    @T.inline
    def store(target: T.Buffer, value):
        target[0] = value

    @T.prim_func
    def kernel(Y: T.Tensor((1,), "int32")):
        with T.Kernel(1):
            counter = Counter()
            for i in T.serial(5):
                counter.step(i)
            store(Y, counter.count)

    y = np.zeros(1, np.int32)
    run(kernel, y)
    assert y[0] == 10


def test_macro_parameters():
    @T.macro
    def bump(variable: T.Ref[T.int32], tile: T.SharedBuffer, small: T.LocalBuffer):
        variable = variable + tile[0] + small[0]

    @T.prim_func
    def kernel(Y: T.Tensor((1,), "int32")):
        with T.Kernel(1):
            variable = T.alloc_var("int32", init=1)
            tile = T.alloc_shared((1,), "int32")
            small = T.alloc_local((1,), "int32")
            tile[0] = 2
            small[0] = 3
            bump(variable, tile, small)
            Y[0] = variable

    y = np.zeros(1, np.int32)
    run(kernel, y)
    assert y[0] == 6


def test_pointers_and_strides():
    N = T.symbolic("N")

    @T.prim_func
    def kernel(
        pointer: T.ptr("float32"),
        address: T.handle,
        S: T.StridedTensor((4, 3), (5, 1), "float32"),
        Y: T.Tensor((N, 3), "float32"),
    ):
        with T.Kernel(4) as i:
            A = T.make_tensor(pointer, (4, 3), "float32")
            B = T.make_tensor(address, (4, 3), "float32")
            for j in T.Parallel(3):
                Y[i, j] = A[i, j] + B[i, j] + S[i, j]

    a = np.arange(12, dtype=np.float32).reshape(4, 3)
    s = np.arange(20, dtype=np.float32).reshape(4, 5)[:, :3]
    y = np.zeros((4, 3), np.float32)
    run_with_address(kernel, a, lambda address: address, lambda address: address, s, y)
    np.testing.assert_array_equal(y, 2 * a + s)


def test_view_workspace_and_conditions():
    @T.prim_func
    def kernel(X: T.Tensor((16,), "float32"), Y: T.Tensor((4,), "int32")):
        with T.Kernel(1):
            workspace = T.alloc_global((16,), "float32")
            flags = T.alloc_shared((16,), "bool")
            T.copy(X, workspace)
            bits = T.view(workspace, (16,), "int32")
            for i in T.Parallel(16):
                flags[i] = X[i] > 3
            Y[0] = bits[1]
            Y[1] = T.cast(T.any_of(flags), "int32")
            Y[2] = T.cast(T.all_of(flags), "int32")
            Y[3] = T.Select(X[0] > 1, 5, 7)

    x = np.arange(16, dtype=np.float32)
    y = np.zeros(4, np.int32)
    run(kernel, x, y)
    np.testing.assert_array_equal(y, [x.view(np.int32)[1], 1, 0, 7])


def test_reductions():
    kinds = ("sum", "abssum", "max", "min", "absmax", "bitand", "bitor", "bitxor")
    named = (T.reduce_sum, T.reduce_abssum, T.reduce_max, T.reduce_min)
    named += (T.reduce_absmax, T.reduce_bitand, T.reduce_bitor, T.reduce_bitxor)

    @T.prim_func
    def kernel(X: T.Tensor((5, 7), "int32"), Y: T.Tensor((16, 5), "int32")):
        with T.Kernel(1):
            tile = T.alloc_fragment((5, 7), "int32")
            row = T.alloc_fragment((5,), "int32")
            T.copy(X, tile)
            for k, reduction in enumerate(named):
                reduction(tile, row, dim=1)
                T.copy(row, Y[k, 0:5])
            for k, kind in enumerate(kinds):
                T.reduce(tile, row, kind, 1, True)
                T.copy(row, Y[8 + k, 0:5])

    x = np.random.default_rng(0).integers(-9, 9, (5, 7)).astype(np.int32)
    y = np.zeros((16, 5), np.int32)
    run(kernel, x, y)
    expected = [x.sum(1), abs(x).sum(1), x.max(1), x.min(1), abs(x).max(1)]
    expected += [f.reduce(x, axis=1) for f in (np.bitwise_and, np.bitwise_or, np.bitwise_xor)]
    np.testing.assert_array_equal(y, expected * 2)


def test_reducer():
    @T.prim_func
    def kernel(X: T.Tensor((5, 7), "float32"), Y: T.Tensor((5,), "float32")):
        with T.Kernel(1):
            sums = T.alloc_reducer((5,), "float32", "sum")
            row = T.alloc_fragment((5,), "float32")
            T.reducer_init(sums)
            for i, j in T.Parallel(5, 7):
                T.reducer_update(sums[i], X[i, j])
            T.finalize_reducer(sums, row)
            T.copy(row, Y)

    x = np.arange(35, dtype=np.float32).reshape(5, 7)
    y = np.zeros(5, np.float32)
    run(kernel, x, y)
    np.testing.assert_array_equal(y, x.sum(1))


def test_scan_and_transpose():
    @T.prim_func
    def kernel(
        X: T.Tensor((5, 7), "int32"), Y: T.Tensor((5, 7), "int32"), Z: T.Tensor((7, 5), "int32")
    ):
        with T.Kernel(1):
            tile = T.alloc_shared((5, 7), "int32")
            T.copy(X, tile)
            T.cummax(tile, Y, dim=1)
            T.transpose(tile, Z)

    x = np.random.default_rng(0).integers(-9, 9, (5, 7)).astype(np.int32)
    y, z = np.zeros_like(x), np.zeros((7, 5), np.int32)
    run(kernel, x, y, z)
    np.testing.assert_array_equal(y, np.maximum.accumulate(x, axis=1))
    np.testing.assert_array_equal(z, x.T)


def test_atomics():
    @T.prim_func
    def kernel(X: T.Tensor((64,), "int32"), Y: T.Tensor((5,), "int32")):
        with T.Kernel(64) as i:
            T.atomic_add(Y[0], X[i])
            T.atomic_max(Y[1], X[i])
            T.atomic_min(Y[2], X[i])
            T.atomic_or(Y[3], X[i])
            for _ in T.Parallel(1):
                T.atomic_store(Y[4], T.atomic_load(X[5]))

    x = np.random.default_rng(0).integers(-99, 99, 64).astype(np.int32)
    y = np.zeros(5, np.int32)
    run(kernel, x, y)
    np.testing.assert_array_equal(
        y, [x.sum(), max(x.max(), 0), min(x.min(), 0), np.bitwise_or.reduce(x), x[5]]
    )


def test_dot_of_bytes_and_coordinates():
    @T.prim_func
    def kernel(A: T.Tensor((8,), "int8"), B: T.Tensor((8,), "int8"), C: T.Tensor((3,), "int32")):
        with T.Kernel(1):
            T.dp4a(A[0:4], B[0:4], C[0])
            i, j = T.index_to_coordinates(17, (4, 5))
            C[1] = i
            C[2] = j

    a = np.arange(8, dtype=np.int8)
    c = np.zeros(3, np.int32)
    run(kernel, a, a, c)
    np.testing.assert_array_equal(c, [14, 3, 2])


def test_random_numbers_depend_on_the_seed_only():
    @T.prim_func
    def kernel(Y: T.Tensor((4, 8), "uint32"), F: T.Tensor((4, 8), "float32")):
        with T.Kernel(4) as i:
            T.rng_init(7, i)
            for j in T.serial(8):
                Y[i, j] = T.rng_rand()
            for j in T.serial(8):
                F[i, j] = T.rng_rand_float()

    results = []
    for _ in range(2):
        y, f = np.zeros((4, 8), np.uint32), np.zeros((4, 8), np.float32)
        run_on_host(kernel, y, f)
        results.append(y)
    np.testing.assert_array_equal(results[0], results[1])
    assert np.unique(results[0]).size == 32
    assert ((f >= 0) & (f <= 1)).all()
    assert np.unique(f).size > 24


def test_hints_change_nothing():
    @T.prim_func
    def kernel(X: T.Tensor((16, 16), "float32"), Y: T.Tensor((16, 16), "float32")):
        with T.Kernel(1, threads=128):
            tile = T.alloc_shared((16, 16), "float32")
            T.annotate_layout({tile: tilescale.layout.make_swizzled_layout(tile)})
            T.annotate_l2_hit_ratio({X: 0.5})
            T.annotate_restrict_buffers(X)
            T.annotate_min_blocks_per_sm(1)
            T.annotate_producer_reg_dealloc(24)
            T.annotate_consumer_reg_alloc(240)
            T.no_set_max_nreg()
            T.disable_warp_group_reg_alloc()
            T.use_swizzle(4)
            T.assume(X[0, 0] >= 0)
            T.copy(X, tile)
            T.copy(tile, Y)

    x = np.arange(256, dtype=np.float32).reshape(16, 16)
    y = np.zeros_like(x)
    run(kernel, x, y)
    np.testing.assert_array_equal(y, x)


def test_safe_value():
    @T.prim_func
    def kernel(X: T.Tensor((10,), "float32"), Y: T.Tensor((16,), "float32")):
        with T.Kernel(1):
            T.annotate_safe_value({X: -1.0})
            tile = T.alloc_shared((16,), "float32")
            T.copy(X[0:16], tile)
            T.copy(tile, Y)

    y = np.zeros(16, np.float32)
    run(kernel, np.ones(10, np.float32), y)
    np.testing.assert_array_equal(y, [1.0] * 10 + [-1.0] * 6)


DTYPES = [T.bool, T.int8, T.int16, T.int32, T.int64, T.uint8, T.uint16, T.uint32, T.uint64]
DTYPES += [T.float16, T.bfloat16, T.float32, T.float64, T.float8_e4m3fn, T.float8_e5m2]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_element_types(dtype: T.dtype):
    @T.prim_func
    def kernel(X: T.Tensor((16,), dtype), Y: T.Tensor((16,), dtype)):
        with T.Kernel(1):
            tile = T.alloc_fragment((16,), dtype)
            T.copy(X, tile)
            T.copy(tile, Y)

    x = (np.arange(16) % 2).astype(dtype.as_numpy())
    y = np.zeros_like(x)
    run(kernel, x, y)
    np.testing.assert_array_equal(y.astype(np.float64), x.astype(np.float64))


@pytest.mark.parametrize(("dtype", "low"), [(T.int4, -8), (T.uint4, 0)])
def test_packed_types(dtype, low):
    @T.prim_func
    def kernel(X: T.Tensor((16,), dtype), Y: T.Tensor((16,), "int32")):
        with T.Kernel(16) as i:
            Y[i] = T.cast(X[i], "int32")

    values = np.arange(16) + low
    packed = ((values[::2] & 15) | (values[1::2] & 15) << 4).astype(np.uint8)
    y = np.zeros(16, np.int32)
    run(kernel, packed if low == 0 else packed.view(np.int8), y)
    np.testing.assert_array_equal(y, values)


def test_print_says_its_message(capfd):
    @T.prim_func
    def kernel(X: T.Tensor((2,), "int32")):
        with T.Kernel(1):
            T.print(X[1], msg="second")

    run(kernel, np.array([4, 5], np.int32))
    assert "second" in capfd.readouterr().out


def test_intrinsics_and_options_in_the_body():
    @T.prim_func
    def kernel(X: T.Tensor((4,), "float32"), Y: T.Tensor((4,), "float32")):
        T.annotate_compile_flags(["-DUNUSED=1"])
        T.annotate_pass_configs({tilescale.PassConfigKey.TL_ENABLE_FAST_MATH: False})
        with T.Kernel(4) as i:
            Y[i] = T.call_intrin("float32", "exp", X[i])

    x = np.arange(4, dtype=np.float32)
    y = np.zeros(4, np.float32)
    run(kernel, x, y)
    np.testing.assert_allclose(y, np.exp(x), rtol=1e-6)


def test_tensor_at_an_address():
    @T.prim_func
    def kernel(addresses: T.Tensor((2,), "int64"), Y: T.Tensor((2, 4), "float32")):
        with T.Kernel(2) as i:
            X = T.make_tensor_from_addr(addresses[i], (4,), "float32")
            for j in T.Parallel(4):
                Y[i, j] = X[j]

    x = np.arange(8, dtype=np.float32).reshape(2, 4)
    y = np.zeros_like(x)
    run_with_address(kernel, x, lambda address: np.array([address + 16, address]), y)
    np.testing.assert_array_equal(y, x[::-1])


def test_vector_atomics():
    @T.prim_func
    def kernel(X: T.Tensor((4,), "float32"), Y: T.Tensor((6,), "float32")):
        with T.Kernel(3):
            T.atomic_addx2(Y[0], X[0])
            T.atomic_addx4(Y[2], X[0])

    x = np.arange(1, 5, dtype=np.float32)
    y = np.zeros(6, np.float32)
    run(kernel, x, y)
    np.testing.assert_array_equal(y, 3 * np.concatenate([x[:2], x]))


def test_aliases():
    assert (T.half, T.float, T.double) == ("float16", "float32", "float64")
    assert T.Tensor((4,), T.float8_e4m3).dtype == T.float8_e4m3fn
    assert T.is_float4(T.float4_e2m1fn)
    assert T.is_float4_e2m1fn(T.float4_e2m1fn)
    assert T.is_float6(T.float6_e2m3fn)
    assert T.is_float8(T.float8_e5m2)
    assert T.is_f8f6f4_family(T.float8_e5m2)
    assert not T.is_float8(T.float16)


def test_inputs_of_the_profiler():
    @T.prim_func
    def kernel(X: T.Tensor((4096,), "float32"), Y: T.Tensor((4096,), "float32")):
        with T.Kernel(1):
            T.copy(X, Y)

    supply = tilescale.TensorSupplyType
    kernel = tilescale.compile(kernel, out_idx=[1], target="cpu")
    results = {s: kernel.get_profiler(s).run_once() for s in supply}
    assert (results[supply.Zero] == 0).all()
    assert (results[supply.One] == 1).all()
    assert (results[supply.Integer] == np.round(results[supply.Integer])).all()
    for name in (supply.Uniform, supply.Normal, supply.Randn, supply.Auto):
        assert np.unique(results[name]).size > 100, name
    assert abs(results[supply.Randn].std() - 1) < 0.1
    assert isinstance(kernel, tilescale.JITKernel)
    assert isinstance(kernel.get_profiler(), tilescale.Profiler)


def test_cache_switch(tmp_path, monkeypatch):
    monkeypatch.setenv("TILESCALE_CACHE_DIR", str(tmp_path))

    @T.prim_func
    def kernel(Y: T.Tensor((1,), "int32")):
        with T.Kernel(1):
            Y[0] = 1

    try:
        tilescale.disable_cache()
        tilescale.compile(kernel, target="cpu")
        assert not any(tmp_path.rglob("kernel.so"))
        tilescale.enable_cache()
        tilescale.compile(kernel, target="cpu")
        assert any(tmp_path.rglob("kernel.so"))
    finally:
        tilescale.enable_cache()


def test_device_assert_stops_the_kernel():
    @T.prim_func
    def kernel(X: T.Tensor((4,), "int32")):
        with T.Kernel(4) as i:
            T.device_assert(X[i] > 0, "counts must be positive")

    run(kernel, np.ones(4, np.int32))
    with pytest.raises(tilescale.errors.KernelAssertionError, match="counts must be positive"):
        run(kernel, np.zeros(4, np.int32))
