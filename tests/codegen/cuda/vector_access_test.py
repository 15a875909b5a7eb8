"""Typed loads and stores: T.ldg32 ... T.sts128, on all back ends."""

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.support import machine
from tilescale import errors, sim
from tilescale.testing.evaluator import evaluate

RNG = np.random.default_rng(0)
WIDTHS = (32, 64, 128)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


LOADS = (T.ldg32, T.ldg64, T.ldg128, T.ldg256, T.lds32, T.lds64, T.lds128)
STORES = (T.stg32, T.stg64, T.stg128, T.stg256, T.sts32, T.sts64, T.sts128)
ACCESSES = {function.__name__: function for function in LOADS + STORES}


def access(kind, bits):
    return ACCESSES[f"{kind}{bits}"]


def reversed_by_threads(bits, dtype="float32"):
    """Each thread moves `bits` bits through shared memory, and gets its mirror's."""
    each = bits // T.dtype(dtype).bits

    @T.prim_func
    def mirror(A: T.Tensor((32 * each,), dtype), B: T.Tensor((32 * each,), dtype)):
        with T.Kernel(1, threads=32):
            tile = T.alloc_shared((32 * each,), dtype)
            tx = T.get_thread_binding(0)
            value = access("ldg", bits)(A[tx * each])
            access("sts", bits)(tile[tx * each], value)
            other = access("lds", bits)(tile[(31 - tx) * each : (32 - tx) * each])
            access("stg", bits)(B[tx * each : tx * each + each], other)

    return mirror


@pytest.mark.parametrize("arch", ["sm_70", "sm_80"])
@pytest.mark.parametrize("dtype", ["float32", "int8", "float16"])
@pytest.mark.parametrize("bits", WIDTHS)
def test_words_move_through_all_memories(bits, dtype, arch):
    func = reversed_by_threads(bits, dtype)
    source = machine.source(func, arch)
    for kind in ("ldg", "stg", "lds", "sts"):
        assert f"ts::ptx::{kind}_b{bits}(" in source
    a = RNG.integers(-99, 99, 32 * bits // T.dtype(dtype).bits).astype(dtype)
    b = np.zeros_like(a)
    machine.build(func, arch)(a, b)
    np.testing.assert_array_equal(b.reshape(32, -1), a.reshape(32, -1)[::-1])


def test_a_barrier_stands_between_store_and_load():
    source = machine.source(reversed_by_threads(128))
    assert source.count("ts::sync_warp()") == 1
    assert source.index("sts_b128(") < source.index("ts::sync_warp()") < source.index("lds_b128(")


def copied(bits, extent=64, blocks=None, dtype="float32", guard=None):
    """Programs copy `bits` bits each, as far as `guard` lets them."""
    each = bits // T.dtype(dtype).bits

    @T.prim_func
    def copied(A: T.Tensor((extent,), dtype), B: T.Tensor((extent,), dtype)):
        with T.Kernel(blocks or extent // each, threads=32) as bx:
            value = access("ldg", bits)(A[bx * each : bx * each + each])
            pred = None if guard is None else bx < guard
            access("stg", bits)(B[bx * each], value, pred=pred)

    return copied


def aligned(array):
    """A copy at a multiple of 32 bytes, as all tensors of GPUs are."""
    raw = np.zeros(array.nbytes + 32, np.uint8)
    start = -raw.ctypes.data % 32
    copy = raw[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def everywhere(func, *arrays, arch="sm_80"):
    """The last array after running on CPU, simulator or GPU, and evaluator, which must agree."""
    results = []
    for run in (
        tilescale.compile(func, target="c"),
        machine.build(func, arch),
        lambda *args: evaluate(func, list(args)),
    ):
        copies = [aligned(a) for a in arrays]
        run(*copies)
        results.append(copies[-1])
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)
    return results[0]


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("guard", [None, 3])
def test_programs_copy_on_all_back_ends(bits, guard):
    a = RNG.integers(-99, 99, 64).astype(np.float32)
    out = everywhere(copied(bits, guard=guard), a, np.full(64, 7, np.float32))
    wanted = a.copy()
    if guard is not None:
        wanted[guard * bits // 32 :] = 7
    np.testing.assert_array_equal(out, wanted)


def test_wide_accesses_of_new_architectures():
    a = RNG.integers(-99, 99, 64).astype(np.float32)
    assert (everywhere(copied(256), a, np.zeros_like(a), arch="sm_100") == a).all()


def test_vectors_over_the_end_are_zeros_and_are_not_stored():
    """66 elements: the last vector would have two of them."""
    a, b = np.arange(1, 67, dtype=np.float32), np.full(66, 5, np.float32)
    out = everywhere(copied(128, extent=66, blocks=20), a, b)
    np.testing.assert_array_equal(out, [*a[:64], 5, 5])

    @T.prim_func
    def loads(A: T.Tensor((66,), "float32"), B: T.Tensor((80,), "uint32")):
        with T.Kernel(20, threads=32) as bx:
            v = T.ldg128(A[bx * 4])
            B[bx * 4 : bx * 4 + 4] = v

    out = everywhere(loads, a, np.full(80, 9, np.uint32)).view(np.float32)
    np.testing.assert_array_equal(out, [*a[:64], *[0] * 16])


def test_vectors_go_on_in_the_next_row():
    @T.prim_func
    def rows(A: T.Tensor((16, 2), "float32"), B: T.Tensor((16, 2), "float32")):
        with T.Kernel(8, threads=32) as bx:
            T.stg128(B[bx * 2, 0], T.ldg128(A[bx * 2, 0]))

    a = RNG.integers(-99, 99, (16, 2)).astype(np.float32)
    assert (everywhere(rows, a, np.zeros_like(a)) == a).all()


def test_lanes_and_other_types():
    @T.prim_func
    def lanes(A: T.Tensor((8, 8), "float16"), B: T.Tensor((8, 8), "float16")):
        with T.Kernel(8, threads=32) as i:
            words = T.ldg128(A[i, 0:8])
            halves = T.reinterpret(T.float16x8, words)
            B[i, 0:2] = T.float16x2(halves[7], halves[-2])
            B[i, 2:4] = T.float16x2(3)
            T.stg64(B[i, 4], T.float16x4(*[halves[k] + halves[k + 4] for k in range(4)]))

    a = RNG.integers(-99, 99, (8, 8)).astype(np.float16)
    out = everywhere(lanes, a, np.zeros_like(a))
    np.testing.assert_array_equal(out[:, :2], a[:, 7:5:-1])
    assert (out[:, 2:4] == 3).all()
    np.testing.assert_array_equal(out[:, 4:], a[:, :4] + a[:, 4:])


def test_lanes_of_64_bits_and_scalars_as_vectors():
    @T.prim_func
    def wide(
        A: T.Tensor((8,), "float64"), B: T.Tensor((8,), "float64"), C: T.Tensor((8,), "int32")
    ):
        with T.Kernel(4, threads=32) as i:
            pair = T.reinterpret(T.float64x2, T.ldg128(A[i * 2]))
            T.stg128(B[i * 2], T.float64x2(pair[1], pair[0]))
            T.stg64(C[i * 2], pair[0])

    a, c = RNG.standard_normal(8), np.zeros(8, np.int32)
    for target in ("c", "sim:sm_80"):
        b = np.zeros(8)
        tilescale.compile(wide, target=target)(a, b, c)
        np.testing.assert_array_equal(b.reshape(4, 2), a.reshape(4, 2)[:, ::-1])
        np.testing.assert_array_equal(c.view(np.float64), a[::2])


def test_loops_over_vectors():
    @T.prim_func
    def parallel(A: T.Tensor((64,), "float32"), B: T.Tensor((64,), "float32")):
        with T.Kernel(1, threads=32):
            for i in T.Parallel(16):
                v = T.ldg128(A[i * 4])
                f = T.reinterpret(T.float32x4, v)
                for k in range(4):
                    B[i * 4 + k] = f[k] + i

    a = RNG.integers(-99, 99, 64).astype(np.float32)
    out = everywhere(parallel, a, np.zeros_like(a))
    np.testing.assert_array_equal(out, a + np.arange(64) // 4)


@pytest.mark.parametrize("arch", ["sm_70", "sm_75", "sm_80"])
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_tiles_of_products_keep_their_vectors(dtype, arch):
    """A matrix product asks for a swizzle of its operands in shared memory."""
    each = 128 // T.dtype(dtype).bits

    @T.prim_func
    def product(
        A: T.Tensor((64, 64), dtype), B: T.Tensor((64, 64), dtype), C: T.Tensor((64, 64), "float32")
    ):
        with T.Kernel(1, threads=128):
            a = T.alloc_shared((64, 64), dtype)
            c = T.alloc_fragment((64, 64), "float32")
            tx = T.get_thread_binding(0)
            T.copy(A, a)
            T.gemm(a, a, c, transpose_B=True, clear_accum=True)
            T.copy(c, C)
            for row in T.serial(64):
                if tx < 64 // each:
                    T.stg128(B[row, tx * each], T.lds128(a[row, tx * each]))

    a = RNG.integers(-4, 4, (64, 64)).astype(dtype)
    b, c = np.zeros_like(a), np.zeros((64, 64), np.float32)
    machine.build(product, arch)(a, b, c)
    np.testing.assert_array_equal(b, a)
    np.testing.assert_array_equal(c, a.astype(np.float32) @ a.astype(np.float32).T)


def test_loaded_values_differ_between_threads():
    with pytest.raises(errors.DivergentTileOpError):

        @T.prim_func
        def branch(A: T.Tensor((32,), "uint32"), B: T.Tensor((32,), "uint32")):
            with T.Kernel(1, threads=32):
                tile = T.alloc_shared((32,), "uint32")
                tx = T.get_thread_binding(0)
                word = T.ldg32(A[tx])
                if word > 3:
                    T.copy(A, tile)

        machine.source(branch)


def test_addresses_that_are_known_to_be_odd():
    @T.prim_func
    def odd(A: T.Tensor((64,), "float32")):
        with T.Kernel(1, threads=32):
            tx = T.get_thread_binding(0)
            T.stg64(A[tx * 2], T.ldg64(A[tx * 2 + 1]))

    with pytest.raises(errors.InstructionAlignmentError, match=r"T\.ldg64.*`A`") as caught:
        machine.source(odd)
    assert caught.value.expected == "a multiple of 8 bytes"
    assert caught.value.span.file == __file__


def test_the_simulator_reports_odd_addresses():
    machine.simulator_only("GPUs report nothing")

    @T.prim_func
    def shifted(A: T.Tensor((64,), "float32"), shift: T.int32):
        with T.Kernel(1, threads=32):
            T.stg64(A[0], T.ldg64(A[shift]))

    a = np.arange(64, dtype=np.float32)
    kernel = tilescale.compile(shifted, target="sim:sm_80")
    kernel(a, 4)
    assert a[:2].tolist() == [4, 5]
    with pytest.raises(errors.MisalignedAccessError, match="misaligned"):
        kernel(a, 3)


@pytest.mark.parametrize("arch", ["sm_70", "sm_90"])
def test_256_bits_on_older_architectures(arch):
    with pytest.raises(errors.UnsupportedInstructionError, match=r"T\.ldg256") as caught:
        tilescale.lower(copied(256), target=f"cuda -arch={arch}")
    assert caught.value.expected == "sm_100 or newer"


def reject(body, match, error=errors.OperatorArgumentError):
    with pytest.raises(error, match=match):

        @T.prim_func
        def kernel(A: T.Tensor((64,), "float32"), S: T.StridedTensor((8, 8), (16, 2), "float32")):
            with T.Kernel(1, threads=32):
                tile = T.alloc_shared((64,), "float32")
                body(A, S, tile, T.ldg128(A[0]))


@pytest.mark.parametrize(
    ("body", "match"),
    [
        (lambda A, S, s, v: T.ldg32(s[0]), "another memory"),
        (lambda A, S, s, v: T.lds32(A[0]), "another memory"),
        (lambda A, S, s, v: T.ldg64(S[0, 0]), "neighbours"),
        (lambda A, S, s, v: T.stg64(A[0], v), "another width"),
        (lambda A, S, s, v: T.stg128(A[0], v[0]), "another width"),
        (lambda A, S, s, v: T.lds64(T.alloc_shared((4,), "int8")), "more than"),
        (lambda A, S, s, v: T.lds32(T.alloc_shared((64,), "int4")), "moves bytes"),
        (lambda A, S, s, v: T.reinterpret(T.float32x2, v), "number of bits"),
        (lambda A, S, s, v: T.float32x4(1, 2), "not made of"),
        (lambda A, S, s, v: T.int8x2(1, 2), "not made of"),
        (lambda A, S, s, v: T.float32(1, 2), "not made of"),
    ],
)
def test_wrong_arguments(body, match):
    reject(body, match)


@pytest.mark.parametrize(
    ("body", "match", "error"),
    [
        (lambda A, S, s, v: v + 1, "needed", errors.OperandTypeError),
        (lambda A, S, s, v: A.__setitem__(0, v), "needed", errors.OperandTypeError),
        (lambda A, S, s, v: v[4], "no such lane", errors.IndexRangeError),
        (lambda A, S, s, v: T.stg64(A[0], "x"), "needs a vector", errors.OperandTypeError),
        (lambda A, S, s, v: T.ldg32(1), "not in memory", errors.NotABufferError),
        (
            lambda A, S, s, v: A.__setitem__(slice(0, 3), v),
            "another size",
            errors.ExtentMismatchError,
        ),
    ],
)
def test_vectors_are_no_scalars(body, match, error):
    reject(body, match, error)


def test_a_missing_barrier_is_reported():
    machine.simulator_only("GPUs report nothing")
    lowered = tilescale.lower(reversed_by_threads(64), target="cuda -arch=sm_80")
    signature = lowered.signature
    report = sim.launch(
        lowered.kernel_source.replace("ts::sync_warp();", ""),
        signature["kernel"],
        1,
        tuple(signature["block"]),
        [np.zeros(64, np.float32), np.zeros(64, np.float32)],
        shared_bytes=signature["shared_bytes"],
        arch="sm_80",
    )
    assert report.kinds() & {"race", "uninitialized"}
