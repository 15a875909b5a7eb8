"""Dependences, schedules, and what applying and erasing them does."""

import importlib.util
from pathlib import Path

import pytest
from irbuild import Kernel, region

import tilescale
import tilescale.language as T
from tests.codegen.cuda import pipeline_kernels as kernels
from tilescale import _ffi, errors, ir

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
choose = _ffi.get("pass.ChooseSchedule")
dependences = _ffi.get("pass.Dependences")
erase = _ffi.get("pass.EraseSchedule")


def loads(body, num_stages=3, **loop):
    @T.prim_func
    def kernel(X: T.Tensor((8, 64), "float32"), Y: T.Tensor((8, 64), "float32")):
        with T.Kernel(1, threads=64):
            tile = T.alloc_shared((64,), "float32")
            for k in T.Pipelined(8, num_stages=num_stages, **loop):
                body(X, Y, tile, k)

    return kernel


@T.macro
def reverse(X, Y, tile, k):
    T.copy(X[k, 0], tile)
    for i in T.Parallel(64):
        Y[k, i] = tile[63 - i]


@T.macro
def shift(X, Y, tile, k):
    T.copy(X[k, 0], tile)
    for i in T.Parallel(64):
        X[k + 2, i] = tile[63 - i]


@T.macro
def carried(X, Y, tile, k):
    for i in T.Parallel(64):
        Y[k, i] = tile[63 - i]
    T.copy(X[k, 0], tile)


def plan(func, arch="sm_80"):
    (loop,) = choose(func, {"arch": arch}).loops
    return loop


def test_dependences_of_a_load_and_its_use():
    (text,) = dependences(loads(reverse), 2)
    assert text.splitlines() == [
        "0: Copy X -> tile",
        "1: Parallel tile -> Y",
        "0 -> 0 output 1 tile",
        "0 -> 1 flow 0 tile",
        "1 -> 0 anti 1 tile",
    ]


def test_a_dependence_through_global_memory_has_its_distance():
    (text,) = dependences(loads(shift), 3)
    assert "1 -> 0 flow 2 X" in text.splitlines()


def test_loads_run_ahead():
    loop = plan(loads(reverse))
    assert [(op.stage, op.order) for op in loop.operators] == [(0, 0), (2, 1)]
    assert loop.operators[0].atom == "cp.async.16"
    assert [(c.buffer, c.depth) for c in loop.channels] == [("tile", 3)]


@pytest.mark.parametrize(
    ("body", "note"),
    [
        (shift, "`Parallel tile -> X` must run before it because of `X`"),
        (carried, "`tile` carries values from one iteration to the next"),
    ],
)
def test_what_stays_says_why(body, note):
    loop = plan(loads(body, num_stages=4))
    assert {op.stage for op in loop.operators} == {3}
    assert not loop.channels
    assert note in [op.note for op in loop.operators]


def test_a_distance_as_long_as_the_pipeline_is_no_obstacle():
    assert plan(loads(shift, num_stages=2)).channels


@pytest.mark.parametrize("arch", ["sm_70", "sm_75"])
def test_without_cp_async_loads_run_ahead_through_registers(arch):
    loop = plan(loads(reverse), arch)
    assert loop.operators[0].atom == "ldg.sts"
    assert loop.operators[0].note == f"no cp.async: {arch} has no cp.async"
    assert [(op.stage, op.order) for op in loop.operators] == [(0, 0), (2, 1)]
    assert [(c.buffer, c.depth) for c in loop.channels] == [("tile", 3)]


def wide(tiles, size):
    """Several loads of `size` elements in each of 64 threads."""

    @T.prim_func
    def kernel(X: T.Tensor((8, 64 * size), "float32"), Y: T.Tensor((8, 64 * size), "float32")):
        with T.Kernel(1, threads=64):
            parts = [T.alloc_shared((64 * size,), "float32") for _ in range(tiles)]
            for k in T.Pipelined(8, num_stages=2):
                for part in parts:
                    T.copy(X[k, 0], part)
                for part in parts:
                    for i in T.Parallel(64 * size):
                        Y[k, i] += part[64 * size - 1 - i]

    return kernel


def test_loads_take_no_more_registers_than_there_are_to_spare():
    loop = plan(wide(3, 24), "sm_75")
    assert [op.atom for op in loop.operators[:3]] == ["ldg.sts", "ldg.sts", ""]
    assert "no prefetch: 72 registers are too many" in loop.operators[2].note
    assert [op.stage for op in loop.operators[:3]] == [0, 0, 0]


def test_what_a_load_depends_on_may_not_change_before_it_is_stored():
    loop = plan(loads(shift, num_stages=2), "sm_75")
    assert loop.operators[0].atom == ""
    assert "no prefetch: the loop writes `X`" in loop.operators[0].note


@pytest.mark.parametrize(("arch", "depth"), [("sm_75", 0), ("sm_80", 2), ("sm_90", 3)])
def test_stages_that_do_not_fit_are_cut(arch, depth):
    @T.prim_func
    def kernel(X: T.Tensor((8, 16384), "float32"), Y: T.Tensor((8, 16384), "float32")):
        with T.Kernel(1, threads=64):
            tile = T.alloc_shared((16384,), "float32")
            for k in T.Pipelined(8, num_stages=3):
                T.copy(X[k, 0], tile)
                for i in T.Parallel(16384):
                    Y[k, i] = tile[16383 - i]

    loop = plan(kernel, arch)
    assert [channel.depth for channel in loop.channels] == [depth][: depth > 0]
    assert ("3 stages do not fit" in loop.operators[0].note) == (depth < 3)
    tilescale.lower(kernel, target=f"cuda -arch={arch}")


def test_a_branch_that_loads_and_computes_becomes_two():
    loop = plan(kernels.sums(kernels.one_branch))
    load, rest = loop.operators
    assert (load.stage, load.order, load.atom) == (0, 0, "cp.async.16")
    assert (rest.stage, rest.order, rest.atom) == (2, 1, "")
    assert {(c.buffer, c.depth) for c in loop.channels} == {("tile", 3), ("other", 3)}


def test_both_arms_of_a_branch_load_ahead():
    loop = plan(kernels.sums(kernels.two_arms))
    assert [op.stage for op in loop.operators] == [0, 2, 0, 2]


def test_a_branch_that_changes_its_condition_stays_whole():
    loop = plan(kernels.sums(kernels.changing_condition))
    assert [op.stage for op in loop.operators] == [2]


@pytest.mark.parametrize(
    ("arch", "atom"),
    [
        ("sm_70", "mma_m8n8k4_f32_f16 on 1 x 2 warps"),
        ("sm_75", "mma_m16n8k8_f32_f16 on 1 x 2 warps"),
        ("sm_90", "mma_m16n8k16_f32_f16 on 1 x 2 warps"),
    ],
)
def test_products_say_by_which_instructions(arch, atom):
    schedule = choose(kernels.products(), {"arch": arch})
    (loop,) = schedule.loops
    assert loop.operators[1].atom == atom
    assert f'atom "{atom}"' in str(schedule)
    assert str(ir.Schedule.parse(str(schedule))) == str(schedule)


def test_the_text_reads_back():
    schedule = choose(loads(reverse), {"arch": "sm_80"})
    again = ir.Schedule.parse(str(schedule))
    assert str(again) == str(schedule)
    assert ir.structural_equal(again, schedule)


def test_a_schedule_of_the_user_is_obeyed():
    text = str(choose(loads(reverse), {"arch": "sm_80"}))

    def with_schedule(text):
        @T.prim_func
        def kernel(X: T.Tensor((8, 64), "float32"), Y: T.Tensor((8, 64), "float32")):
            with T.Kernel(1, threads=64):
                T.annotate_schedule(text)
                tile = T.alloc_shared((64,), "float32")
                for k in T.Pipelined(8):
                    T.copy(X[k, 0], tile)
                    for i in T.Parallel(64):
                        Y[k, i] = tile[63 - i]

        return tilescale.lower(kernel, target="cuda -arch=sm_80").kernel_source

    assert with_schedule(text).count("cp_async_wait<1>") == 1
    assert with_schedule(text.replace("stage 2", "stage 5")).count("cp_async_wait<4>") == 1
    with pytest.raises(errors.ScheduleError, match="would change what the kernel computes"):
        with_schedule(
            text.replace("stage 2", "stage 0").replace("stage 0 order 0", "stage 3 order 0")
        )
    with pytest.raises(errors.ScheduleError, match="has no plan for loop `k`"):
        with_schedule("schedule grid { }")
    through_registers = with_schedule(text.replace("cp.async.16", "ldg.sts"))
    assert "cp_async" not in through_registers and "tile_next" in through_registers
    with pytest.raises(errors.ScheduleError, match="asks for instructions that there are not"):
        with_schedule(text.replace("cp.async.16", "cp.async.8"))
    with pytest.raises(errors.IrSyntaxError):
        with_schedule("schedule")


def example_functions():
    """(name, kernel) of each example that is a function of plain parameters."""
    small = {
        "conv_im2col": ("conv2d", (1, 8, 8, 16, 16)),
        "flash_attention": ("flash_attention", (1, 2, 128, 64, True)),
        "gemm": ("matmul", (128, 128, 128)),
        "gemm_batched": ("batched_matmul", (2, 64, 64, 64)),
    }
    for name, (function, args) in small.items():
        spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield pytest.param(getattr(module, function), args, id=name)


@pytest.mark.parametrize(("make", "args"), [*example_functions()])
def test_erasing_the_schedule_gives_the_kernel_back(make, args):
    stages = list(_ffi.get("pass.CudaStages")(make.get_tir(*args), {}))
    (at,) = (i for i, (name, _) in enumerate(stages) if name == "plan_schedule")
    before, scheduled = stages[at - 1][1], stages[at][1]
    assert "pipeline" in ir.to_text(scheduled)
    assert ir.check_spec(scheduled, "scheduled") == []
    erased = erase(scheduled)
    assert ir.structural_equal(erased, before)
    assert ir.to_text(erased) == ir.to_text(before)
    assert ir.check_spec(erased, "tile") == []


def test_a_schedule_of_another_kernel_is_refused():
    k = Kernel()
    x, tile = k.input("X", [4]), k.alloc([4])
    with k.serial(2):
        k.copy(region(x), tile)
    schedule = choose(loads(reverse), {"arch": "sm_80"})
    with pytest.raises(errors.ScheduleError, match="too many loops"):
        _ffi.get("pass.ApplySchedule")(k.function(), schedule)
