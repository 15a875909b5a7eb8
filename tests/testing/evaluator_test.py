"""Statements, loops and memory of the evaluator, on cases computed by hand."""

import ml_dtypes
import numpy as np
import pytest
from irbuild import Kernel, const, load, region, var

from tilescale import ir
from tilescale.testing import evaluator


def floats(*values):
    return np.array(values, np.float32)


def test_elementwise_add_with_a_ragged_last_program():
    k = Kernel()
    n, bx = k.symbol("N"), var("bx")
    a, b, c = k.input("A", [n]), k.input("B", [n]), k.output("C", [n])
    with k.parallel(4) as i:
        k.store(c, [bx * 4 + i], load(a, bx * 4 + i) + load(b, bx * 4 + i))
    func = k.function([(bx, (n + 3) // 4)])

    (out,) = evaluator.evaluate(func, [floats(1, 2, 3, 4, 5), floats(10, 20, 30, 40, 50)])
    assert out.tolist() == [11, 22, 33, 44, 55]
    (empty,) = evaluator.evaluate(func, [floats(), floats()])
    assert empty.shape == (0,)


def gemm_kernel(block):
    k = Kernel()
    m, n, depth = (k.symbol(name) for name in "MNK")
    bx, by = var("bx"), var("by")
    a, b, c = k.input("A", [m, depth]), k.input("B", [depth, n]), k.output("C", [m, n])
    a_tile, b_tile = (k.alloc([block, block], name=x) for x in ("a_tile", "b_tile"))
    acc = k.alloc([block, block], scope="fragment", name="acc")
    k.fill(acc, 0.0)
    with k.serial((depth + block - 1) // block) as step:
        k.copy(region(a, [by * block, step * block], [block, block]), a_tile)
        k.copy(region(b, [step * block, bx * block], [block, block]), b_tile)
        k.add(ir.op.Gemm(*map(region, (a_tile, b_tile, acc)), False, False, False, {}, None))
    k.copy(acc, region(c, [by * block, bx * block], [block, block]))
    grid = [(v, (extent + block - 1) // block) for v, extent in ((bx, n), (by, m))]
    return k.function(grid)


@pytest.mark.parametrize("shape", [(5, 7, 3), (3, 3, 3), (1, 1, 1), (4, 2, 0)])
def test_tiled_gemm_of_ragged_sizes(shape):
    m, n, depth = shape
    a = np.arange(m * depth, dtype=np.float32).reshape(m, depth)
    b = np.arange(depth * n, dtype=np.float32).reshape(depth, n) - 3
    (out,) = evaluator.evaluate(gemm_kernel(3), [a, b])
    expected = [[sum(a[i, x] * b[x, j] for x in range(depth)) for j in range(n)] for i in range(m)]
    assert out.tolist() == np.array(expected, np.float32).reshape(m, n).tolist()


def test_reads_outside_give_the_safe_value_and_writes_are_dropped():
    k = Kernel()
    a, c = k.input("A", [3], "int32"), k.input("C", [6], "int32")
    k.add(ir.Annotate("safe_value", a, const(7), None))
    with k.parallel(8) as i:
        k.store(c, [i - 1], load(a, i - 2))
    out = np.full(6, -1, np.int32)
    evaluator.evaluate(k.function(), [np.array([1, 2, 3], np.int32), out])
    assert out.tolist() == [7, 1, 2, 3, 7, 7]


def test_a_safe_value_holds_to_the_end_of_the_body_in_which_it_stands():
    k = Kernel()
    a, c = k.input("A", [1], "int32"), k.input("C", [3], "int32")
    k.store(c, [0], load(a, 1))
    with k.serial(1):
        k.add(ir.Annotate("safe_value", a, const(7), None))
        k.store(c, [1], load(a, 1))
    k.store(c, [2], load(a, 1))
    out = np.full(3, -1, np.int32)
    evaluator.evaluate(k.function(), [np.array([1], np.int32), out])
    assert out.tolist() == [0, 7, 0]


def test_only_the_chosen_side_of_a_select_reads():
    k = Kernel()
    c = k.input("C", [4], "int32")
    tile = k.alloc([2], "int32")
    k.fill(tile, 5)
    with k.parallel(4) as i:
        k.store(c, [i], ir.make_select(i < 2, load(tile, i), const(9)))
    out = np.zeros(4, np.int32)
    evaluator.evaluate(k.function(), [out])
    assert out.tolist() == [5, 5, 9, 9]


def test_serial_loop_bounds_that_differ_between_iterations():
    k = Kernel()
    c = k.input("C", [4], "int32")
    with k.parallel(4) as i:
        total = k.alloc([], "int32", "var", init=0)
        with k.serial(i, first=10, step=2) as j:
            k.store(total, [], load(total) + j)
        k.store(c, [i], load(total))
    out = np.zeros(4, np.int32)
    evaluator.evaluate(k.function(), [out])
    assert out.tolist() == [0, 10, 22, 36]


def test_break_and_continue_act_per_iteration():
    k = Kernel()
    c = k.input("C", [4], "int32")
    with k.parallel(4) as i:
        total = k.alloc([], "int32", "var", init=0)
        with k.serial(10) as j:
            with k.when(ir.make_binary("floormod", j, 2) == 1):
                k.add(ir.Continue(None))
            with k.when(j > i * 2):
                k.add(ir.Break(None))
            k.store(total, [], load(total) + j)
        k.store(c, [i], load(total))
    out = np.zeros(4, np.int32)
    evaluator.evaluate(k.function(), [out])
    assert out.tolist() == [0, 2, 6, 12]


def test_while_counts_collatz_steps():
    k = Kernel()
    c = k.input("C", [5], "int32")
    with k.parallel(5) as i:
        n = k.alloc([], "int32", "var", init=0, name="n")
        steps = k.alloc([], "int32", "var", init=0, name="steps")
        k.store(n, [], i + 1)
        with k.loop_while(load(n) != 1):
            odd = ir.make_binary("floormod", load(n), 2) == 1
            k.store(n, [], ir.make_select(odd, load(n) * 3 + 1, load(n) // 2))
            k.store(steps, [], load(steps) + 1)
        k.store(c, [i], load(steps))
    out = np.zeros(5, np.int32)
    evaluator.evaluate(k.function(), [out])
    assert out.tolist() == [0, 1, 7, 2, 5]


def test_nested_parallel_loops_with_different_extents():
    k = Kernel()
    c = k.input("C", [3, 3], "int32")
    with k.parallel(3) as i, k.parallel(i + 1) as j:
        k.store(c, [i, j], i * 10 + j)
    out = np.full((3, 3), -1, np.int32)
    evaluator.evaluate(k.function(), [out])
    assert out.tolist() == [[0, -1, -1], [10, 11, -1], [20, 21, 22]]


def test_grid_is_run_with_the_first_index_fastest():
    k = Kernel()
    x, y = var("x"), var("y")
    k.add(ir.op.Print("at", [x, y], {}, None))
    seen = evaluator.run(k.function([(x, const(2)), (y, const(2))]), []).printed
    assert seen == ["at 0 0", "at 1 0", "at 0 1", "at 1 1"]


def test_strided_tensor_keeps_its_gaps():
    k = Kernel()
    row = k.symbol("row")
    a = k.input("A", [2, 3], "int32", [row, 1])
    with k.parallel(2, 3) as (i, j):
        k.store(a, [i, j], i * 3 + j)
    storage = np.full((2, 5), -1, np.int32)
    evaluator.evaluate(k.function(), [storage[:, :3]])
    assert storage.tolist() == [[0, 1, 2, -1, -1], [3, 4, 5, -1, -1]]


def test_view_reinterprets_the_bits():
    k = Kernel()
    a, c = k.input("A", [2], "float32"), k.input("C", [4], "uint16")
    halves = ir.Buffer("halves", "uint16", [const(4)], [], "global")
    k.add(ir.View(halves, a, None))
    with k.parallel(4) as i:
        k.store(c, [i], load(halves, i))
    out = np.zeros(4, np.uint16)
    evaluator.evaluate(k.function(), [floats(1.0, -2.0), out])
    assert out.tolist() == [0, 0x3F80, 0, 0xC000]


def test_int4_is_packed_low_half_first():
    k = Kernel()
    a, c = k.input("A", [4], "int4"), k.input("C", [4], "int32")
    b = k.output("B", [4], "int4")
    with k.parallel(4) as i:
        k.store(c, [i], load(a, i).astype("int32"))
        k.store(b, [i], load(a, i) + const(1, "int4"))
    out = np.zeros(4, np.int32)
    (packed,) = evaluator.evaluate(k.function(), [np.array([0x7F, 0x08], np.int8), out])
    assert out.tolist() == [-1, 7, -8, 0]
    # 7 + 1 wraps to -8.
    assert packed.view(np.uint8).tolist() == [0x80, 0x19]


def test_half_precision_rounds_after_each_operation():
    k = Kernel()
    a, c = k.input("A", [1], "float16"), k.output("C", [1], "float16")
    x = load(a, 0)
    k.store(c, [0], (x + const(1.0, "float16")) - x)
    (out,) = evaluator.evaluate(k.function(), [np.array([2048], np.float16)])
    assert out.tolist() == [0]


def test_bfloat16_and_fp8_tensors():
    k = Kernel()
    a, c = k.input("A", [3], "bfloat16"), k.output("C", [3], "float8_e4m3fn")
    k.copy(a, c)
    source = np.array([1.0625, -500.0, 0.0], ml_dtypes.bfloat16)
    (out,) = evaluator.evaluate(k.function(), [source])
    assert out.astype(np.float32).tolist() == [1.0, -448.0, 0.0]


def test_bool_tensors():
    k = Kernel()
    a, c = k.input("A", [3], "bool"), k.output("C", [3], "bool")
    with k.parallel(3) as i:
        k.store(c, [i], ir.make_not(load(a, i)))
    (out,) = evaluator.evaluate(k.function(), [np.array([True, False, True])])
    assert out.tolist() == [False, True, False]


def test_pointer_table():
    k = Kernel()
    table, c = k.input("table", [2], "int64"), k.input("C", [2], "int32")
    bx = var("bx")
    tensor = ir.Buffer("tensor", "int32", [const(2)], [], "global")
    k.add(ir.DeclTensor(tensor, load(table, bx), None))
    k.store(c, [bx], load(tensor, 1))
    first, second = np.array([1, 2], np.int32), np.array([3, 4], np.int32)
    out = np.zeros(2, np.int32)
    pointers = np.array([first.ctypes.data, second.ctypes.data])
    evaluator.evaluate(k.function([(bx, const(2))]), [pointers, out])
    assert out.tolist() == [2, 4]
