"""Pipelined loops: the results of the evaluator, whenever copies arrive."""

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.codegen.cuda import pipeline_kernels as kernels
from tests.support import machine
from tilescale import sim
from tilescale.sim.mutate import mutate
from tilescale.testing import evaluator

POLICIES = ("eager", "late", "random")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def lower(func, arch=None):
    return tilescale.lower(func, target=f"cuda -arch={machine.arch_for(arch)}")


def launch(lowered, tensors, symbols=(), source=None, **options):
    signature = lowered.signature
    return sim.launch(
        source or lowered.kernel_source,
        signature["kernel"],
        (1, 1, 1),
        tuple(signature["block"]),
        [*tensors, *symbols],
        shared_bytes=signature["shared_bytes"],
        arch=signature["arch"],
        **options,
    )


def results(func, lowered, tensors, symbols=()):
    """What the kernel makes of the tensors, by how soon copies arrive."""
    for policy in POLICIES if machine.GPU is None else ("GPU",):
        actual = [tensor.copy() for tensor in tensors]
        if machine.GPU is None:
            launch(lowered, actual, symbols, async_policy=policy).check()
        else:
            machine.build(func)(*actual)
        yield policy, actual


def agree(func, lowered, tensors, symbols=()):
    expected = [tensor.copy() for tensor in tensors]
    evaluator.run(func, expected, check_programs=False)
    for policy, actual in results(func, lowered, tensors, symbols):
        for ours, theirs in zip(actual, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs, err_msg=policy)


@pytest.mark.parametrize("num_stages", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("arch", ["sm_70", "sm_80"])
def test_any_number_of_stages_and_iterations(num_stages, arch):
    func = kernels.sums(kernels.plain, num_stages=num_stages)
    lowered = lower(func, arch)
    for steps in range(7):
        agree(func, lowered, kernels.arguments(steps), [np.int32(steps)])


@pytest.mark.parametrize("name", sorted(set(kernels.BODIES) - {"feedback"}))
@pytest.mark.parametrize("arch", ["sm_75", "sm_80"])
def test_any_body(name, arch):
    func = kernels.sums(kernels.BODIES[name])
    lowered = lower(func, arch)
    for steps in (0, 1, 4):
        agree(func, lowered, kernels.arguments(steps), [np.int32(steps)])


@pytest.mark.parametrize("name", ["one_branch", "two_arms", "nested_branch"])
@pytest.mark.parametrize("num_stages", [2, 3, 4])
def test_branches_that_load_and_compute(name, num_stages):
    func = kernels.sums(kernels.BODIES[name], num_stages=num_stages)
    lowered = lower(func)
    waits = f"cp_async_wait<{num_stages - 2}>" in lowered.kernel_source
    assert waits == machine.at_least("sm_80")
    for steps in sorted({0, 1, 2, num_stages - 1, num_stages, 9}):
        agree(func, lowered, kernels.arguments(steps), [np.int32(steps)])


def test_a_loop_that_writes_what_it_loads():
    func = kernels.sums(kernels.feedback)
    lowered = lower(func)
    assert "cp_async" not in lowered.kernel_source
    agree(func, lowered, kernels.arguments(4), [np.int32(4)])


@pytest.mark.parametrize("types", [("float16", "float32"), ("int8", "int32")])
def test_conversions_and_narrow_elements(types):
    func = kernels.sums(kernels.plain, dtype=types[0], out_dtype=types[1])
    agree(func, lower(func), kernels.arguments(4, *types), [np.int32(4)])


def test_a_tile_that_is_used_after_the_loop():
    func = kernels.after_the_loop()
    tensors = [*kernels.arguments(5)[:1], np.zeros((2, kernels.TILE, kernels.TILE), np.float32)]
    agree(func, lower(func), tensors)


@pytest.mark.parametrize("num_stages", [2, 3, 4])
def test_a_pipeline_in_an_outer_loop(num_stages):
    func = kernels.nested(num_stages)
    tensors = [*kernels.arguments(5)[:1], np.zeros((6, kernels.TILE, kernels.TILE), np.float32)]
    agree(func, lower(func), tensors)


@pytest.mark.parametrize(("stage", "order"), [([0, 1], [0, 1]), ([0, 2], [1, 0]), ([1, 0], [0, 1])])
def test_stages_that_the_user_chooses(stage, order):
    func = kernels.sums(kernels.plain, stage=stage, order=order)
    lowered = lower(func)
    for steps in (0, 1, 2, 5):
        agree(func, lowered, kernels.arguments(steps), [np.int32(steps)])


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("arch", ["sm_75", "sm_80"])
def test_copies_that_the_user_starts(waits, arch):
    func = kernels.background(waits and arch == "sm_80")
    lowered = lower(func, arch)
    assert lowered.kernel_source.count("cp_async_wait<0>") == (arch == "sm_80")
    tensors = [np.arange(64, dtype=np.float32), np.zeros(64, np.float32)]
    for policy, (source, copied) in results(func, lowered, tensors):
        np.testing.assert_array_equal(copied, source[::-1], err_msg=policy)


def test_one_barrier_and_one_wait_in_each_iteration():
    waits = int(machine.at_least("sm_80"))
    for num_stages in (2, 3, 4):
        source = lower(kernels.sums(kernels.plain, num_stages=num_stages)).kernel_source
        loop = source[source.index("slot_ahead") :]
        assert source.count("ts::sync_block()") == 1
        assert loop.count("ts::sync_block()") == 1
        assert loop.count(f"cp_async_wait<{num_stages - 2}>") == waits


@pytest.mark.parametrize("num_stages", [2, 3])
@pytest.mark.parametrize("arch", ["sm_70", "sm_75"])
def test_loads_are_under_way_while_the_iteration_before_computes(arch, num_stages):
    machine.simulator_only("text of another architecture")
    source = lower(kernels.products(num_stages), arch).kernel_source
    loop = source[source.index("for (int32_t k = 0;") :]
    loop = loop[: loop.index("turn = ")]
    load, product = loop.index("&X["), loop.index("ts::ptx::mma_")
    store = loop.rindex("slot_ahead * 1024")
    assert load < loop.index("ts::sync_block()") < product < store
    # Nothing waits for the loads before the products.
    assert "tile_next" not in loop[loop.index("ts::sync_block()") : product]
    assert loop.count("ts::sync_block()") == 1


def test_the_timeline_has_one_barrier_between_products():
    machine.simulator_only("GPUs record no timeline")
    func = kernels.products(2)
    lowered = lower(func, "sm_75")
    rng = np.random.default_rng(0)
    x = rng.integers(-3, 4, (5, kernels.TILE, kernels.TILE)).astype(np.float16)
    y = np.zeros((kernels.TILE, kernels.TILE), np.float32)
    report = launch(lowered, [x, y], timeline=True)
    report.check()
    np.testing.assert_array_equal(y, sum(t.astype(np.float32) @ t for t in x))
    warp = [e for e in report.timeline.events if e["ph"] == "X" and e["tid"] == 1]
    order = [e["cat"] for e in sorted(warp, key=lambda e: e["ts"])]
    order = [kind for kind in order if kind in ("barrier", "mma")]
    runs = [kind for i, kind in enumerate(order) if i == 0 or order[i - 1] != kind]
    assert runs == ["barrier", "mma"] * 5
    assert order.count("barrier") == 5


@pytest.mark.parametrize("arch", ["sm_75", "sm_80"])
def test_no_synchronisation_can_go(arch):
    machine.simulator_only("GPUs do not report races")
    func = kernels.sums(kernels.plain)
    lowered = lower(func, arch)
    tensors = kernels.arguments(5)

    def run(text, **options):
        return launch(lowered, [t.copy() for t in tensors], [np.int32(5)], text, **options)

    table = mutate(lowered.kernel_source, run)
    assert not table.baseline
    assert {row.verdict for row in table.rows} == {"reported"}, str(table)


@pytest.mark.parametrize("arch", ["sm_70", "sm_80"])
def test_elements_of_half_a_byte_in_a_pipeline(arch):
    @T.prim_func
    def packed(A: T.Tensor((64,), "int4"), B: T.Tensor((64,), "int4")):
        with T.Kernel(1, threads=32):
            tile = T.alloc_shared((16,), "int4")
            for k in T.Pipelined(4, num_stages=2):
                T.copy(A[k * 16], tile)
                T.copy(tile, B[k * 16])

    a, b = np.arange(32, dtype=np.int8) * 7, np.zeros(32, np.int8)
    machine.build(packed, arch)(a, b)
    np.testing.assert_array_equal(b, a)
