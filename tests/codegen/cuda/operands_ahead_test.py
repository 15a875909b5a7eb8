"""Products whose operands are read ahead, over the barrier between two iterations."""

import re

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.support import machine
from tilescale import _ffi, ir, sim

choose = _ffi.get("pass.ChooseSchedule")
M, N, THREADS = 64, 64, 128


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def product(num_stages, trans_a=False, trans_b=True, dtype="float16", acc="float32", text=None):
    """C = A * B over a number of steps that comes with the call."""
    steps = T.dynamic("steps")
    k = 64 if dtype == "int8" else 32

    @T.prim_func
    def product(
        A: T.Tensor((steps, k, M) if trans_a else (steps, M, k), dtype),
        B: T.Tensor((steps, N, k) if trans_b else (steps, k, N), dtype),
        C: T.Tensor((M, N), acc),
    ):
        with T.Kernel(1, threads=THREADS):
            if text is not None:
                T.annotate_schedule(text)
            a = T.alloc_shared((k, M) if trans_a else (M, k), dtype)
            b = T.alloc_shared((N, k) if trans_b else (k, N), dtype)
            c = T.alloc_fragment((M, N), acc)
            T.clear(c)
            for step in T.Pipelined(steps, num_stages=num_stages):
                T.copy(A[step, 0, 0], a)
                T.copy(B[step, 0, 0], b)
                T.gemm(a, b, c, transpose_A=trans_a, transpose_B=trans_b)
            T.copy(c, C)

    return product


def ahead(num_stages, arch="sm_90", **options):
    """The function with the schedule that reads operands ahead, which a tile so small has not."""
    text = str(choose(product(num_stages, **options), {"arch": arch}))
    assert "operands ahead" not in text
    text = text.replace(' warps"', ' warps, operands ahead"')
    return product(num_stages, text=text, **options)


def lower(func, arch="sm_90"):
    return tilescale.lower(func, target=f"cuda -arch={arch}")


def run(func, steps, types, trans_a, trans_b, **options):
    """Checks the result of a launch; returns the report of the simulator."""
    dtype, acc = types
    rng = np.random.default_rng(steps)
    k = 64 if dtype == "int8" else 32
    a = rng.integers(-3, 4, (steps, k, M) if trans_a else (steps, M, k)).astype(dtype)
    b = rng.integers(-3, 4, (steps, N, k) if trans_b else (steps, k, N)).astype(dtype)
    c = np.full((M, N), 7, acc)
    left = a.transpose(0, 2, 1) if trans_a else a
    right = b.transpose(0, 2, 1) if trans_b else b
    wanted = (left.astype(acc) @ right.astype(acc)).sum(axis=0)
    report = None
    if machine.GPU:
        machine.build(func, "sm_90")(a, b, c)
    else:
        report = simulate(lower(func), [a, b, c, np.int32(steps)], **options)
    np.testing.assert_array_equal(c, wanted)
    return report


def simulate(lowered, args, **options):
    signature = lowered.signature
    report = sim.launch(
        lowered.kernel_source,
        signature["kernel"],
        (1, 1, 1),
        tuple(signature["block"]),
        args,
        shared_bytes=signature["shared_bytes"],
        arch=signature["arch"],
        **options,
    )
    report.check()
    return report


@pytest.mark.parametrize("num_stages", [2, 3, 4])
@pytest.mark.parametrize(
    ("trans_a", "trans_b", "types"),
    [
        (False, True, ("float16", "float32")),
        (True, False, ("float16", "float32")),
        (False, True, ("int8", "int32")),
    ],
)
def test_any_number_of_iterations(num_stages, trans_a, trans_b, types):
    func = ahead(num_stages, trans_a=trans_a, trans_b=trans_b, dtype=types[0], acc=types[1])
    assert lower(func).kernel_source.count("ts::sync_block()") == 1
    for steps in sorted({0, 1, 2, num_stages - 1, num_stages, 7}):
        for policy in ("eager",) if machine.GPU else ("eager", "late", "random"):
            run(func, steps, types, trans_a, trans_b, async_policy=policy)


def test_operands_are_read_by_ldmatrix_without_bank_conflicts():
    machine.simulator_only("GPUs count no conflicts")
    report = run(ahead(3), 4, ("float16", "float32"), False, True, counters=True)
    assert report.profile.total("requests", "shared") > 0
    assert report.profile.total("conflicts", "shared") == 0


def test_what_stands_behind_the_barrier():
    source = lower(ahead(3)).kernel_source
    loop = source[source.index("for (int32_t step = 0;") :]
    loop = loop[: loop.index("turn = ")]
    what = re.findall(r"sync_block|ldmatrix|mma_m|cp_async_16|commit", loop)
    runs = [name for i, name in enumerate(what) if i == 0 or what[i - 1] != name]
    step = ["ldmatrix", "mma_m"]
    assert runs == ["sync_block", *step, *step, "cp_async_16", "commit"]


@pytest.mark.parametrize(
    ("tile", "threads", "expected"),
    [
        ((128, 128, 32), 128, False),  # two blocks of an SM cover each other's waits
        ((128, 128, 32), 256, False),
        ((128, 256, 64), 256, True),
        ((256, 128, 32), 256, True),
        ((128, 256, 16), 256, False),  # one step
        ((256, 256, 64), 256, False),  # too many registers
    ],
)
def test_the_planner_takes_it_where_a_block_is_alone(tile, threads, expected):
    m, n, k = tile

    @T.prim_func
    def kernel(
        A: T.Tensor((m, 8 * k), "float16"),
        B: T.Tensor((n, 8 * k), "float16"),
        C: T.Tensor((m, n), "float16"),
    ):
        with T.Kernel(1, threads=threads):
            a = T.alloc_shared((m, k), "float16")
            b = T.alloc_shared((n, k), "float16")
            c = T.alloc_fragment((m, n), "float32")
            T.clear(c)
            for step in T.Pipelined(8, num_stages=3):
                T.copy(A[0, step * k], a)
                T.copy(B[0, step * k], b)
                T.gemm(a, b, c, transpose_B=True)
            T.copy(c, C)

    schedule = choose(kernel, {"arch": "sm_90"})
    assert schedule.loops[0].operators[2].atom.endswith(", operands ahead") == expected
    assert ir.structural_equal(ir.Schedule.parse(str(schedule)), schedule)
    assert not choose(kernel, {"arch": "sm_75"}).loops[0].operators[2].atom.endswith("ahead")
