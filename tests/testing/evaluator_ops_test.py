"""Tile operators and expressions of the evaluator, on cases computed by hand."""

import ml_dtypes
import numpy as np
import pytest
from irbuild import Kernel, const, region

from tilescale import ir
from tilescale.testing import evaluator


def ints(*values):
    return np.array(values, np.int32)


def run_op(make, source, out_shape, dtype="int32", source_dtype=None, out=None):
    """Runs `make(src, dst)` on a shared copy of `source` and returns the result."""
    k = Kernel()
    source_dtype = source_dtype or dtype
    a = k.input("A", list(source.shape), source_dtype)
    c = k.input("C", list(out_shape), dtype)
    src = k.alloc(list(source.shape), source_dtype, name="src")
    dst = k.alloc(list(out_shape), dtype, name="dst")
    k.copy(a, src)
    k.copy(c, dst)
    k.add(make(src, dst))
    k.copy(dst, c)
    result = np.zeros(out_shape, np.dtype(dtype)) if out is None else out.copy()
    evaluator.evaluate(k.function(), [source, result])
    return result.tolist()


def reduce(kind, dim=1, clear=True, nan=False):
    return lambda src, dst: ir.op.Reduce(region(src), region(dst), dim, kind, clear, nan, {}, None)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ir.op.ReduceKind.SUM, [2, -7]),
        (ir.op.ReduceKind.MAX, [4, 1]),
        (ir.op.ReduceKind.MIN, [-5, -6]),
        (ir.op.ReduceKind.ABSSUM, [12, 9]),
        (ir.op.ReduceKind.ABSMAX, [5, 6]),
        (ir.op.ReduceKind.BITAND, [0, 0]),
        (ir.op.ReduceKind.BITOR, [-1, -1]),
        (ir.op.ReduceKind.BITXOR, [-4, 5]),
    ],
)
def test_reduce(kind, expected):
    # 3 & 4 & -5 = 0; 3 | 4 | -5 = 7 | ...11011 = -1; 3 ^ 4 ^ -5 = 7 ^ -5 = -4
    # 1 & -2 & -6 = 0; 1 | -2 | -6 = -1; 1 ^ -2 ^ -6 = -1 ^ -6 = 5
    source = np.array([[3, 4, -5], [1, -2, -6]], np.int32)
    assert run_op(reduce(kind), source, (2,)) == expected


def test_reduce_along_the_first_dimension_into_a_kept_extent():
    source = np.array([[3, 4, -5], [1, -2, -6]], np.int32)
    assert run_op(reduce(ir.op.ReduceKind.SUM, 0), source, (1, 3)) == [[4, 2, -11]]


def test_reduce_without_clear_takes_the_old_value_as_it_is():
    source = np.array([[-3, 1]], np.int32)
    kind = ir.op.ReduceKind.ABSSUM
    assert run_op(reduce(kind, clear=False), source, (1,), out=ints(-10)) == [-6]
    kind = ir.op.ReduceKind.ABSMAX
    assert run_op(reduce(kind, clear=False), source, (1,), out=ints(-10)) == [3]


def test_reduce_of_nothing_gives_the_identity():
    source = np.zeros((1, 0), np.int32)
    assert run_op(reduce(ir.op.ReduceKind.MAX), source, (1,)) == [-(2**31)]
    assert run_op(reduce(ir.op.ReduceKind.BITAND), source, (1,)) == [-1]


def test_reduce_max_ignores_nan_unless_told():
    source = np.array([[1.0, np.nan, 2.0]], np.float32)
    kind = ir.op.ReduceKind.MAX
    assert run_op(reduce(kind), source, (1,), "float32") == [2.0]
    assert np.isnan(run_op(reduce(kind, nan=True), source, (1,), "float32")[0])


def test_reduce_sums_in_the_result_type():
    source = np.array([[100, 100]], np.int8)
    assert run_op(reduce(ir.op.ReduceKind.SUM), source, (1,), "int32", "int8") == [200]
    assert run_op(reduce(ir.op.ReduceKind.SUM), source, (1,), "int8") == [-56]


@pytest.mark.parametrize(
    ("kind", "reverse", "expected"),
    [
        (ir.op.ScanKind.SUM, False, [[1, 3, 0], [5, 5, 6]]),
        (ir.op.ScanKind.SUM, True, [[0, -1, -3], [6, 1, 1]]),
        (ir.op.ScanKind.MAX, False, [[1, 2, 2], [5, 5, 5]]),
        (ir.op.ScanKind.MAX, True, [[2, 2, -3], [5, 1, 1]]),
    ],
)
def test_scan(kind, reverse, expected):
    source = np.array([[1, 2, -3], [5, 0, 1]], np.int32)

    def make(src, dst):
        return ir.op.Scan(region(src), region(dst), 1, kind, reverse, {}, None)

    assert run_op(make, source, (2, 3)) == expected


def test_scan_along_the_first_dimension():
    source = np.array([[1, 2], [3, 4], [5, 6]], np.int32)

    def make(src, dst):
        return ir.op.Scan(region(src), region(dst), 0, ir.op.ScanKind.SUM, False, {}, None)

    assert run_op(make, source, (3, 2)) == [[1, 2], [4, 6], [9, 12]]


def test_transpose():
    source = np.array([[1, 2, 3], [4, 5, 6]], np.int32)

    def make(src, dst):
        return ir.op.Transpose(region(src), region(dst), {}, None)

    assert run_op(make, source, (3, 2)) == [[1, 4], [2, 5], [3, 6]]


def test_copy_between_regions_of_different_rank_that_reach_outside():
    source = np.array([[1, 2, 3], [4, 5, 6]], np.int32)

    def make(src, dst):
        return ir.op.Copy(region(src, [1, 1], [1, 4]), region(dst, [1], [4]), {}, None)

    assert run_op(make, source, (3,), out=ints(9, 9, 9)) == [9, 5, 6]


def test_fill_of_a_region_converts():
    def make(src, dst):
        return ir.op.Fill(region(dst, [1, 0], [1, 2]), const(2.9, "float32"), {}, None)

    assert run_op(make, np.zeros(1, np.int32), (2, 2)) == [[0, 0], [2, 2]]


@pytest.mark.parametrize("trans_a", [False, True])
@pytest.mark.parametrize("trans_b", [False, True])
@pytest.mark.parametrize("clear", [False, True])
def test_gemm_transposes_and_accumulates(trans_a, trans_b, clear):
    k = Kernel()
    a = k.input("A", [3, 2] if trans_a else [2, 3], "int8")
    b = k.input("B", [1, 3] if trans_b else [3, 1], "int8")
    c = k.input("C", [2, 1], "int32")
    acc = k.alloc([2, 1], "int32", "fragment")
    k.copy(c, acc)
    k.add(ir.op.Gemm(region(a), region(b), region(acc), trans_a, trans_b, clear, {}, None))
    k.copy(acc, c)
    left, right = np.array([[1, 2, 3], [4, 5, 127]], np.int8), np.array([[7], [8], [127]], np.int8)
    out = np.array([[1], [2]], np.int32)
    left, right = (left.T if trans_a else left), (right.T if trans_b else right)
    evaluator.evaluate(k.function(), [left.copy(), right.copy(), out])
    # 7 + 16 + 381 = 404; 28 + 40 + 16129 = 16197
    assert out.tolist() == ([[404], [16197]] if clear else [[405], [16199]])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ADD", [8, 3]),
        ("MAX", [6, 3]),
        ("MIN", [2, 0]),
        ("OR", [6, 3]),
        ("XOR", [4, 3]),
        ("AND", [2, 0]),
    ],
)
def test_atomic_on_tiles(kind, expected):
    def make(src, dst):
        kind_value = ir.op.AtomicKind[kind]
        return ir.op.Atomic(region(dst, [0], [3]), region(src), kind_value, {}, None)

    assert run_op(make, ints(2, 3, 100), (2,), out=ints(6, 0)) == expected


def test_scalar_atomics_of_many_iterations_hit_one_element():
    k = Kernel()
    c = k.input("C", [3], "int32")
    with k.parallel(10) as i:
        place = ir.AddressOf(c, [ir.make_binary("floormod", i, 4)])
        k.add(ir.Evaluate(ir.make_call("atomic_add", [place, i], dtype="int32"), None))
    out = np.zeros(3, np.int32)
    evaluator.evaluate(k.function(), [out])
    # 0 + 4 + 8, 1 + 5 + 9, 2 + 6; those with remainder 3 are outside and dropped.
    assert out.tolist() == [12, 15, 8]


def test_reducer_epoch():
    k = Kernel()
    c = k.input("C", [2], "int32")
    acc = k.alloc([2], "int32", "reducer")
    kind = ir.op.ReduceKind.MAX
    k.add(ir.op.ReducerInit(acc, kind, {}, None))
    with k.parallel(6) as i:
        index = ir.make_binary("floormod", i, 2)
        k.add(ir.op.ReducerUpdate(acc, [index], i * 10, kind, {}, None))
    k.add(ir.op.ReducerFinalize(acc, region(c), kind, {}, None))
    out = np.zeros(2, np.int32)
    evaluator.evaluate(k.function(), [out])
    assert out.tolist() == [40, 50]


def value_of(expr):
    k = Kernel()
    c = k.output("C", [1], str(expr.dtype))
    k.store(c, [0], expr)
    return evaluator.evaluate(k.function(), [])[0][0]


@pytest.mark.parametrize(
    ("name", "a", "b", "expected"),
    [
        ("floordiv", -7, 2, -4),
        ("floormod", -7, 2, 1),
        ("floormod", 7, -2, -1),
        ("truncdiv", -7, 2, -3),
        ("truncmod", -7, 2, -1),
        ("truncmod", 7, -2, 1),
        ("add", 2**31 - 1, 1, -(2**31)),
        ("mul", 65536, 65536, 0),
        ("sub", -(2**31), 1, 2**31 - 1),
        ("shr", -8, 1, -4),
        ("shl", 1, 31, -(2**31)),
        ("bitxor", 6, 3, 5),
        ("min", -1, 2, -1),
    ],
)
def test_integer_arithmetic(name, a, b, expected):
    kind = next(n for n in range(23) if ir.binary_name(n) == name)
    assert (
        value_of(ir.Binary("int32", kind, ir.IntImm("int32", a), ir.IntImm("int32", b))) == expected
    )


def test_unsigned_shift_right_brings_in_zeros():
    kind = next(n for n in range(23) if ir.binary_name(n) == "shr")
    left = ir.IntImm("uint8", 0xF0)
    assert value_of(ir.Binary("uint8", kind, left, ir.IntImm("uint8", 4))) == 0x0F


def test_min_and_max_ignore_nan():
    nan, one = ir.FloatImm("float32", float("nan")), ir.FloatImm("float32", 1.0)
    for name in ("min", "max"):
        kind = next(n for n in range(23) if ir.binary_name(n) == name)
        assert value_of(ir.Binary("float32", kind, nan, one)) == 1.0


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (2.9, "float32", "int32", 2),
        (-2.9, "float32", "int32", -2),
        (3e9, "float32", "int32", 2**31 - 1),
        (-3e9, "float32", "int32", -(2**31)),
        (1e30, "float64", "int64", 2**63 - 1),
        (-1.0, "float32", "uint8", 0),
        (float("nan"), "float32", "int32", 0),
        (300, "int32", "int8", 44),
        (-1, "int32", "uint32", 2**32 - 1),
        (2.5, "float32", "bool", True),
        (2049, "int32", "float16", 2048),
        (1e6, "float32", "float16", float("inf")),
        (1e6, "float32", "float8_e4m3fn", 448),
        (-1e6, "float32", "float8_e5m2", -57344),
        (1.0 + 2**-8 + 2**-40, "float64", "bfloat16", 1.0078125),
    ],
)
def test_cast(value, source, target, expected):
    imm = (ir.FloatImm if isinstance(value, float) else ir.IntImm)(source, value)
    assert value_of(ir.Cast(target, imm)).item() == expected


def test_quantifiers_look_at_a_whole_region():
    k = Kernel()
    a, c = k.input("A", [3], "int32"), k.input("C", [2], "int32")
    for at, name in enumerate(("any_of", "all_of")):
        call = ir.make_call(name, [region(a)], dtype="bool")
        k.store(c, [at], ir.make_cast("int32", call))
    out = np.zeros(2, np.int32)
    evaluator.evaluate(k.function(), [ints(0, 2, 0), out])
    assert out.tolist() == [1, 0]


def test_print_shows_values_and_regions():
    k = Kernel()
    a = k.input("A", [2], "bfloat16")
    k.add(ir.op.Print("a:", [region(a), const(3)], {}, None))
    printed = evaluator.run(k.function(), [np.array([1, 2], ml_dtypes.bfloat16)]).printed
    assert printed == ["a: [1.0, 2.0] 3"]


def test_sums_that_may_round_are_told():
    for value, exact in ((1000.0, True), (1500.0, False), (0.5, False)):
        k = Kernel()
        a, c = k.input("A", [1, 2], "float16"), k.output("C", [1], "float16")
        k.add(ir.op.Reduce(region(a), region(c), 1, 0, True, False, {}, None))
        source = np.array([[value, -value]], np.float16)
        assert evaluator.run(k.function(), [source]).exact == exact
