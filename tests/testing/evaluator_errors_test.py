"""What the evaluator refuses: each check on a kernel that breaks one rule."""

import numpy as np
import pytest
from irbuild import Kernel, const, load, region, var

from tilescale import errors, ir
from tilescale.testing import evaluator


def zeros(*shape):
    return np.zeros(shape, np.int32)


def test_two_iterations_that_write_one_element_race():
    k = Kernel()
    c = k.input("C", [4], "int32")
    with k.parallel(4) as i:
        k.store(c, [i // 2], i)
    with pytest.raises(errors.RaceError, match="race on `C`") as caught:
        evaluator.evaluate(k.function(), [zeros(4)])
    assert caught.value.got == "element 0 is touched by iterations 0 and 1"


def test_an_iteration_that_reads_what_another_one_writes_races():
    k = Kernel()
    c = k.input("C", [4], "int32")
    with k.parallel(3) as i:
        k.store(c, [i], load(c, i + 1))
    with pytest.raises(errors.RaceError):
        evaluator.evaluate(k.function(), [zeros(4)])


def test_atomic_updates_race_with_plain_reads():
    k = Kernel()
    c, d = k.input("C", [1], "int32"), k.input("D", [4], "int32")
    with k.parallel(4) as i:
        call = ir.make_call("atomic_add", [ir.AddressOf(c, [const(0)]), const(1)], dtype="int32")
        k.add(ir.Evaluate(call, None))
        k.store(d, [i], load(c, 0))
    with pytest.raises(errors.RaceError):
        evaluator.evaluate(k.function(), [zeros(1), zeros(4)])


def test_a_variable_shared_by_iterations_races():
    k = Kernel()
    total = k.alloc([], "int32", "var", init=0)
    with k.parallel(4) as i:
        k.store(total, [], load(total) + i)
    with pytest.raises(errors.RaceError):
        evaluator.evaluate(k.function(), [])


def test_each_iteration_may_use_its_own_element_twice():
    k = Kernel()
    c = k.input("C", [4], "int32")
    with k.parallel(4) as i:
        k.store(c, [i], load(c, i) + 1)
        k.store(c, [i], load(c, i) + 1)
    out = zeros(4)
    evaluator.evaluate(k.function(), [out])
    assert out.tolist() == [2, 2, 2, 2]


def test_programs_that_write_one_element_race():
    k = Kernel()
    bx = var("bx")
    c = k.input("C", [1], "int32")
    k.store(c, [0], bx)
    with pytest.raises(errors.RaceError, match="programs race"):
        evaluator.evaluate(k.function([(bx, const(2))]), [zeros(1)])
    out = zeros(1)
    evaluator.run(k.function([(bx, const(2))]), [out], check_programs=False)
    assert out[0] == 1


@pytest.mark.parametrize("scope", ["shared", "fragment", "local"])
def test_reading_an_element_that_was_not_written(scope):
    k = Kernel()
    c = k.input("C", [3], "int32")
    tile = k.alloc([3], "int32", scope)
    with k.parallel(2) as i:
        k.store(tile, [i], i)
    with k.parallel(3) as i:
        k.store(c, [i], load(tile, i))
    with pytest.raises(errors.UninitializedReadError) as caught:
        evaluator.evaluate(k.function(), [zeros(3)])
    assert caught.value.got == "element [2] is undefined"


def test_undefined_elements_may_be_copied_but_not_to_a_tensor():
    k = Kernel()
    c = k.input("C", [3], "int32")
    tile, other = k.alloc([3], "int32", name="tile"), k.alloc([3], "int32", name="other")
    k.copy(tile, other)
    evaluator.evaluate(k.function(), [zeros(3)])
    k.copy(other, region(c, [3], [3]))  # all of it lies outside
    evaluator.evaluate(k.function(), [zeros(3)])
    k.copy(other, c)
    with pytest.raises(errors.UninitializedReadError, match="undefined values are copied to `C`"):
        evaluator.evaluate(k.function(), [zeros(3)])


def test_operators_refuse_undefined_operands():
    k = Kernel()
    tile, out = k.alloc([2, 2], name="tile"), k.alloc([2], name="out")
    k.add(ir.op.Reduce(region(tile), region(out), 1, 0, True, False, {}, None))
    with pytest.raises(errors.UninitializedReadError, match="`tile`"):
        evaluator.evaluate(k.function(), [])


def test_an_allocation_in_a_loop_is_undefined_again():
    k = Kernel()
    c = k.input("C", [2], "int32")
    with k.serial(2) as j:
        tile = k.alloc([1], "int32")
        with k.when(j == 0):
            k.store(tile, [0], 5)
        k.store(c, [j], load(tile, 0))
    with pytest.raises(errors.UninitializedReadError):
        evaluator.evaluate(k.function(), [zeros(2)])


def test_what_a_kernel_leaves_of_an_output_is_known():
    k = Kernel()
    c = k.output("C", [3], "int32")
    k.store(c, [1], 5)
    result = evaluator.run(k.function(), [])
    assert result.defined[0].tolist() == [False, True, False]


@pytest.mark.parametrize("index", [-1, 3])
@pytest.mark.parametrize("write", [False, True])
def test_on_chip_buffers_have_bounds(index, write):
    k = Kernel()
    c = k.input("C", [1], "int32")
    tile = k.alloc([3], "int32")
    k.fill(tile, 0)
    if write:
        k.store(tile, [index], 1)
    else:
        k.store(c, [0], load(tile, index))
    with pytest.raises(errors.OutOfBoundsError) as caught:
        evaluator.evaluate(k.function(), [zeros(1)])
    assert caught.value.got == f"[{index}]"


@pytest.mark.parametrize(
    ("name", "right"), [("floordiv", 0), ("truncmod", 0), ("shl", 32), ("shr", -1)]
)
def test_undefined_arithmetic(name, right):
    k = Kernel()
    a, c = k.input("A", [1], "int32"), k.input("C", [1], "int32")
    k.store(c, [0], ir.make_binary(name, const(1), load(a, 0)))
    with pytest.raises(errors.UndefinedOperationError):
        evaluator.evaluate(k.function(), [np.array([right], np.int32), zeros(1)])


def test_guarded_division_is_fine():
    k = Kernel()
    a, c = k.input("A", [2], "int32"), k.input("C", [2], "int32")
    with k.parallel(2) as i:
        quotient = const(6) // load(a, i)
        k.store(c, [i], ir.make_select(load(a, i) == 0, const(-1), quotient))
    out = zeros(2)
    evaluator.evaluate(k.function(), [np.array([0, 3], np.int32), out])
    assert out.tolist() == [-1, 2]


def test_assumptions_are_checked():
    k = Kernel()
    n = k.symbol("N")
    k.input("A", [n], "int32")
    k.add(ir.Assume(ir.make_binary("floormod", n, 4) == 0, None))
    evaluator.evaluate(k.function(), [zeros(8)])
    with pytest.raises(errors.BrokenAssumptionError):
        evaluator.evaluate(k.function(), [zeros(7)])


def test_device_assert():
    k = Kernel()
    a = k.input("A", [2], "int32")
    with k.parallel(2) as i:
        k.add(ir.op.DeviceAssert(load(a, i) > 0, "must be positive", {}, None))
    evaluator.evaluate(k.function(), [np.array([1, 2], np.int32)])
    with pytest.raises(errors.KernelAssertionError, match="must be positive"):
        evaluator.evaluate(k.function(), [np.array([1, 0], np.int32)])


def test_reducers_need_an_epoch():
    k = Kernel()
    acc = k.alloc([1], "int32", "reducer")
    k.add(ir.op.ReducerUpdate(acc, [const(0)], const(1), ir.op.ReduceKind.SUM, {}, None))
    with pytest.raises(errors.UninitializedReadError, match="outside an epoch"):
        evaluator.evaluate(k.function(), [])


def test_a_loop_without_end_is_stopped(monkeypatch):
    monkeypatch.setattr(evaluator, "_MAX_WHILE_ITERATIONS", 100)
    k = Kernel()
    n = k.alloc([], "int32", "var", init=0)
    with k.loop_while(load(n) < 1000):
        k.store(n, [], load(n) + 0)
    with pytest.raises(errors.EndlessLoopError):
        evaluator.evaluate(k.function(), [])


def test_unknown_functions_are_refused():
    k = Kernel()
    k.add(ir.Evaluate(ir.make_call("my_function", [], dtype="int32"), None))
    with pytest.raises(errors.UnsupportedEvaluationError, match="my_function"):
        evaluator.evaluate(k.function(), [])


def test_errors_show_the_statement():
    k = Kernel()
    c = k.input("C", [1], "int32")
    tile = k.alloc([1], "int32")
    span = ir.Span("kernel.py", 7, 5, 7, 20, None)
    k.add(ir.Store(c, [const(0)], load(tile, 0), span))
    with pytest.raises(errors.UninitializedReadError) as caught:
        evaluator.evaluate(k.function(), [zeros(1)])
    assert caught.value.span == errors.Span("kernel.py", 7, 5, 20)


@pytest.mark.parametrize(
    ("array", "error"),
    [
        (np.zeros(4, np.int32), errors.ArgumentShapeError),
        (np.zeros(3, np.int64), errors.ArgumentDTypeError),
        (np.zeros((3, 1), np.int32), errors.ArgumentRankError),
        (np.zeros((3, 2), np.int32)[:, 0], errors.ArgumentStrideError),
        ([0, 0, 0], errors.ArgumentTypeError),
    ],
)
def test_arguments_are_checked(array, error):
    k = Kernel()
    k.input("A", [3], "int32")
    with pytest.raises(error):
        evaluator.evaluate(k.function(), [array])


def test_the_number_of_arguments_is_checked():
    k = Kernel()
    k.input("A", [3], "int32")
    with pytest.raises(errors.ArgumentCountError):
        evaluator.evaluate(k.function(), [])
