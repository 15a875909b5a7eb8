"""Scans on simulator and GPU: groups of lanes give what the evaluator gives, in any shape."""

import itertools

import ml_dtypes
import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.support import machine
from tilescale import sim
from tilescale.sim.mutate import mutate
from tilescale.testing import evaluator

RNG = np.random.default_rng(0)
SCANS = {"cumsum": T.cumsum, "cummax": T.cummax}
ALLOCS = {"shared": T.alloc_shared, "fragment": T.alloc_fragment}


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def numpy_type(dtype):
    return np.dtype(getattr(ml_dtypes, dtype)) if hasattr(ml_dtypes, dtype) else np.dtype(dtype)


def scan_kernel(
    name="cumsum", shape=(4, 100), dtype="int32", dim=1, reverse=False, threads=128, scope="shared"
):
    operation, alloc = SCANS[name], ALLOCS[scope]

    @T.prim_func
    def scan(A: T.Tensor(shape, dtype), B: T.Tensor(shape, dtype), C: T.Tensor(shape, dtype)):
        with T.Kernel(1, threads=threads):
            a = alloc(shape, dtype)
            b = alloc(shape, dtype)
            T.copy(A, a)
            operation(a, b, dim=dim, reverse=reverse)
            operation(a, dim=dim, reverse=reverse)
            T.copy(a, B)
            T.copy(b, C)

    return scan


def arguments(shape, dtype):
    # Sums stay small enough to be exact in every order and type.
    values = RNG.integers(-1, 2, shape).astype(numpy_type(dtype))
    return [values, np.zeros_like(values), np.zeros_like(values)]


def check(func, args, exact=True):
    expected = [a.copy() for a in args]
    evaluator.run(func, expected, check_programs=False)
    machine.build(func)(*args)
    for actual, wanted in zip(args, expected, strict=True):
        a, b = actual.astype(np.float64), wanted.astype(np.float64)
        if exact:
            np.testing.assert_array_equal(a, b)
        else:
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("threads", [32, 80, 96, 128])
@pytest.mark.parametrize(
    ("shape", "dim"),
    [((1, 1), 1), ((3, 7), 1), ((2, 100), 1), ((33, 6), 0), ((2, 9, 5), 1), ((257,), 0)],
)
def test_shapes_and_threads(shape, dim, threads, reverse):
    func = scan_kernel(shape=shape, dim=dim, threads=threads, reverse=reverse)
    check(func, arguments(shape, "int32"))


@pytest.mark.parametrize(
    "dtype", ["float32", "float16", "bfloat16", "int8", "uint8", "uint32", "int64", "float64"]
)
@pytest.mark.parametrize("name", SCANS)
def test_types(name, dtype):
    check(scan_kernel(name, (5, 37), dtype, reverse=True), arguments((5, 37), dtype))


@pytest.mark.parametrize("name", SCANS)
@pytest.mark.parametrize("dim", [0, 1])
def test_fragments(name, dim):
    func = scan_kernel(name, (6, 20), "float32", dim, scope="fragment", threads=64)
    check(func, arguments((6, 20), "float32"))


@pytest.mark.parametrize("threads", [32, 33, 96])
@pytest.mark.parametrize(
    ("shape", "dim"), [((4, 5, 8), 0), ((7, 5, 7), 1), ((5, 32, 5), 2), ((48, 5, 5), 0)]
)
def test_fragments_whose_lines_have_several_coordinates(shape, dim, threads):
    """The lines of a team are no regular pattern of the tile: it comes through shared memory."""
    func = scan_kernel(shape=shape, dim=dim, scope="fragment", threads=threads)
    check(func, arguments(shape, "int32"))


def long_kernel(length, dtype, threads, scopes, reverse=False, name="cumsum"):
    operation = SCANS[name]
    alloc_a, alloc_b = (ALLOCS[scope] for scope in scopes)

    @T.prim_func
    def long_scan(A: T.Tensor((length,), dtype), B: T.Tensor((length,), dtype)):
        with T.Kernel(1, threads=threads):
            a = alloc_a((length,), dtype)
            b = alloc_b((length,), dtype)
            T.copy(A, a)
            operation(a, b, dim=0, reverse=reverse)
            T.copy(b, B)

    return long_scan


@pytest.mark.parametrize(("source", "result"), list(itertools.product(ALLOCS, ALLOCS)))
@pytest.mark.parametrize("threads", [32, 80, 96, 256])
@pytest.mark.parametrize("length", [1000, 1024, 4096])
def test_long_lines(length, threads, source, result):
    reverse = (source == result) == (threads > 80)
    if length == 4096 and threads == 32 and "fragment" in (source, result):
        length = 2040  # what one warp holds
    func = long_kernel(length, "int32", threads, (source, result), reverse)
    check(func, arguments((length,), "int32")[:2])


@pytest.mark.parametrize("name", SCANS)
@pytest.mark.parametrize(
    "dtype", ["float32", "float16", "bfloat16", "int8", "uint8", "uint32", "int64", "float64"]
)
def test_types_of_long_lines(name, dtype):
    func = long_kernel(500, dtype, 128, ("fragment", "shared"), True, name)
    check(func, arguments((500,), dtype)[:2])


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("shape", "dim", "threads"),
    [((15000,), 0, 128), ((3, 5000), 1, 256), ((600, 20), 0, 224), ((150, 9, 5), 1, 32)],
)
def test_blocks_of_lines(shape, dim, threads, reverse):
    """More than the registers hold at once: what is before a block is carried on."""
    func = scan_kernel(shape=shape, dtype="int16", dim=dim, threads=threads, reverse=reverse)
    check(func, arguments(shape, "int16"))


@pytest.mark.parametrize(
    ("shape", "dim", "threads"), [((4, 300), 1, 256), ((300, 4), 0, 256), ((2, 300, 1), 1, 192)]
)
@pytest.mark.parametrize("scope", ALLOCS)
def test_several_warps_for_each_of_several_lines(shape, dim, threads, scope):
    func = scan_kernel(shape=shape, dim=dim, threads=threads, scope=scope)
    source = tilescale.lower(func, target="cuda -arch=sm_80").kernel_source
    assert "totals" in source
    check(func, arguments(shape, "int32"))


def test_long_sums_are_the_same_in_every_schedule():
    values = RNG.standard_normal(1000).astype(np.float32)
    results = []
    for seed in range(3):
        func = long_kernel(1000, "float32", 160, ("shared", "fragment"))
        result = np.zeros_like(values)
        kernel = tilescale.compile(func, target={"kind": "sim", "arch": "sm_80", "seed": seed})
        kernel(values, result)
        results.append(result)
    np.testing.assert_allclose(results[0], np.cumsum(values), rtol=1e-4, atol=1e-4)
    assert results[0].tobytes() == results[1].tobytes() == results[2].tobytes()


def test_parts_of_threads_use_different_banks():
    lowered = tilescale.lower(
        long_kernel(4096, "float32", 128, ("shared", "shared")), target="cuda -arch=sm_80"
    )
    report = sim.launch(
        lowered.kernel_source,
        "long_scan",
        (1, 1, 1),
        (128, 1, 1),
        [np.ones(4096, np.float32), np.zeros(4096, np.float32)],
        shared_bytes=lowered.signature["shared_bytes"],
        arch="sm_80",
        counters=True,
    )
    assert report.profile is not None
    assert report.profile.total("requests", "shared") > 0
    assert report.profile.total("conflicts", "shared") == 0


def test_rounding_of_sums_is_close():
    values = RNG.standard_normal((4, 100)).astype(np.float32)
    func = scan_kernel(dtype="float32")
    check(func, [values, np.zeros_like(values), np.zeros_like(values)], exact=False)


@pytest.mark.parametrize("name", SCANS)
@pytest.mark.parametrize("dtype", ["int64", "float64"])
def test_wide_values_travel_whole(name, dtype):
    func = scan_kernel(name, dtype=dtype)
    source = tilescale.lower(func, target="cuda -arch=sm_80").kernel_source
    assert "shfl_up(" in source
    values = (RNG.integers(-9, 9, (4, 100)) * (2**40 + 1)).astype(dtype)
    check(func, [values, np.zeros_like(values), np.zeros_like(values)])


@pytest.mark.parametrize("name", SCANS)
def test_infinities_and_integers_that_wrap(name):
    values = RNG.integers(-(2**31), 2**31 - 1, (4, 100)).astype(np.int32)
    check(scan_kernel(name), [values, np.zeros_like(values), np.zeros_like(values)])
    if name == "cummax":
        floats = np.full((4, 100), -np.inf, np.float32)
        floats[1, 50], floats[2, 30], floats[3, 0] = 1, np.nan, np.inf
        func = scan_kernel(name, dtype="float32")
        check(func, [floats, np.zeros_like(floats), np.zeros_like(floats)])


def test_a_part_of_a_buffer():
    @T.prim_func
    def part(A: T.Tensor((4, 64), "int32"), B: T.Tensor((4, 64), "int32")):
        with T.Kernel(1, threads=64):
            a = T.alloc_shared((4, 64), "int32")
            T.copy(A, a)
            T.cumsum(a[1:3, 3:50], a[1:3, 3:50], dim=1)
            T.copy(a, B)

    values = RNG.integers(-9, 9, (4, 64)).astype(np.int32)
    check(part, [values, np.zeros_like(values)])


@pytest.mark.parametrize(("shape", "lanes"), [((1, 100), 32), ((16, 100), 8), ((128, 8), 0)])
def test_lanes_share_lines(shape, lanes):
    """As many lanes as the block has for each line; one thread each where lines abound."""
    source = tilescale.lower(scan_kernel(shape=shape), target="cuda -arch=sm_80").kernel_source
    steps = max(lanes.bit_length(), 0)
    # Each of the two scans: log2(lanes) exchanges and one for what is before a part.
    assert source.count("shfl_up(") == 2 * steps


def test_every_removal_is_reported():
    machine.simulator_only("GPUs report nothing")

    @T.prim_func
    def reversed_copy(A: T.Tensor((6, 50), "int32"), B: T.Tensor((6, 50), "int32")):
        with T.Kernel(1, threads=128):
            a = T.alloc_shared((6, 50), "int32")
            b = T.alloc_shared((6, 50), "int32")
            T.copy(A, a)
            T.cumsum(a, dim=1)
            for i, j in T.Parallel(6, 50):
                b[5 - i, 49 - j] = a[i, j]
            T.cumsum(b, dim=0)
            T.copy(b, B)

    table = removals(reversed_copy, RNG.integers(-9, 9, (6, 50)).astype(np.int32))
    assert len(table.rows) == 4
    assert {row.verdict for row in table.rows} == {"reported"}, str(table)


def test_every_removal_from_a_scan_over_warps_is_reported():
    table = removals(long_kernel(500, "int32", 96, ("shared", "shared")), np.ones(500, np.int32))
    assert len(table.rows) >= 3
    assert {row.verdict for row in table.rows} == {"reported"}, str(table)


def removals(func, values):
    """The table of removed synchronisations; the kernel itself is clean."""
    lowered = tilescale.lower(func, target="cuda -arch=sm_80")
    signature = lowered.signature

    def run(text, **options):
        return sim.launch(
            text,
            signature["kernel"],
            (1, 1, 1),
            tuple(signature["block"]),
            [values.copy(), np.zeros_like(values)],
            shared_bytes=signature["shared_bytes"],
            arch=signature["arch"],
            **options,
        )

    table = mutate(lowered.kernel_source, run)
    assert not table.baseline
    return table
