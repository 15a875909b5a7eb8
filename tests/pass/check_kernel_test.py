"""What the first pass refuses, and what it must not refuse."""

import numpy as np
import pytest
from irbuild import Kernel, const, load, region, var

import tilescale
from tilescale import errors, ir


def store_kernel(index, value=1, guard=None, scope="global"):
    k = Kernel()
    c = k.input("C", [8], "int32")
    target = c if scope == "global" else k.alloc([8], "int32", scope)
    with k.parallel(8) as i:
        if guard is None:
            k.store(target, [index(i)], value)
        else:
            with k.when(guard(i)):
                k.store(target, [index(i)], value)
    return k.function()


@pytest.mark.parametrize("scope", ["global", "shared", "fragment"])
def test_all_iterations_writing_one_element_is_an_error(scope):
    with pytest.raises(errors.ParallelRaceError, match="same element"):
        tilescale.lower(store_kernel(lambda i: const(0), scope=scope))


def test_a_branch_may_select_one_iteration():
    func = store_kernel(lambda i: const(3), value=5, guard=lambda i: i == 2)
    out = np.zeros(8, np.int32)
    tilescale.compile(func)(out)
    assert out.tolist() == [0, 0, 0, 5, 0, 0, 0, 0]


def test_a_scalar_of_the_iteration_is_private():
    k = Kernel()
    c = k.output("C", [4], "int32")
    with k.parallel(4) as i:
        total = k.alloc([], "int32", "var", init=0)
        with k.serial(3) as j:
            k.store(total, [], load(total) + i + j)
        k.store(c, [i], load(total))
    assert tilescale.compile(k.function())().tolist() == [3, 6, 9, 12]


def test_a_shared_scalar_is_not():
    k = Kernel()
    total = k.alloc([], "int32", "var", init=0)
    with k.parallel(4) as i:
        k.store(total, [], load(total) + i)
    with pytest.raises(errors.ParallelRaceError):
        tilescale.lower(k.function())


def test_two_dimensional_race_names_the_missing_variable():
    k = Kernel()
    c = k.input("C", [4, 4], "int32")
    with k.parallel(4, 4) as (i, _):
        k.store(c, [i, 0], 1)
    with pytest.raises(errors.ParallelRaceError) as info:
        tilescale.lower(k.function())
    assert "`i1`" in str(info.value)


@pytest.mark.parametrize("name", ["sync_threads", "get_thread_binding", "shfl_xor"])
def test_thread_level_constructs(name):
    k = Kernel()
    k.add(ir.Evaluate(ir.make_call(name, [], {}, "int32"), None))
    with pytest.raises(errors.ThreadLevelOnCpuError, match=name):
        tilescale.lower(k.function())


@pytest.mark.parametrize("dtype", ["float8_e4m3fnuz", "float4_e2m1fn"])
def test_types_that_the_target_lacks(dtype):
    k = Kernel()
    k.input("A", [8], dtype)
    with pytest.raises(errors.DTypeNotOnTargetError, match=dtype):
        tilescale.lower(k.function())


def test_a_kernel_must_launch_something():
    body = ir.Seq([], None)
    func = ir.PrimFunc("empty", [], [], [], body, {}, None)
    with pytest.raises(errors.MissingKernelError, match="empty"):
        tilescale.lower(func)


def test_regions_may_reach_outside():
    k = Kernel()
    bx = var("bx")
    a, c = k.input("A", [10], "int32"), k.output("C", [10], "int32")
    tile = k.alloc([8], "int32")
    k.copy(region(a, [bx * 8], [8]), tile)
    k.copy(tile, region(c, [bx * 8], [8]))
    values = np.arange(10, dtype=np.int32)
    assert (tilescale.compile(k.function([(bx, const(2))]))(values) == values).all()
