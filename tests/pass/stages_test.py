"""After every pass the function obeys its stage's rules and its text reads back."""

import pytest
from irbuild import Kernel, const, load, region, var

from tilescale import _ffi, ir

#: Passes after which tile operators or `Parallel` loops may be left.
TILE = ("check_kernel", "serialize_loops", "lower_tile_ops", "lower_tile_queries")


def gemm():
    k = Kernel()
    m, n, depth = (k.symbol(name) for name in "MNK")
    bx, by = var("bx"), var("by")
    a, b, c = k.input("A", [m, depth], "float16"), k.input("B", [n, depth]), k.output("C", [m, n])
    a_tile, b_tile = k.alloc([16, 8], "float16"), k.alloc([16, 8])
    acc = k.alloc([16, 16], scope="fragment")
    k.fill(acc, 0.0)
    with k.serial((depth + 7) // 8) as step:
        k.copy(region(a, [by * 16, step * 8], [16, 8]), a_tile)
        k.copy(region(b, [bx * 16, step * 8], [16, 8]), b_tile)
        k.add(ir.op.Gemm(*map(region, (a_tile, b_tile, acc)), False, True, False, {}, None))
    k.copy(acc, region(c, [by * 16, bx * 16], [16, 16]))
    return k.function([(bx, (n + 15) // 16), (by, (m + 15) // 16)])


def everything_else():
    k = Kernel()
    a, c = k.input("A", [20, 30]), k.output("C", [20])
    tile, rows = k.alloc([8, 32]), k.alloc([8])
    bx = var("bx")
    k.add(ir.Annotate("safe_value", a, const(1.0, "float32"), None))
    k.copy(region(a, [bx * 8, 0], [8, 32]), tile)
    k.add(ir.op.Scan(region(tile), region(tile), 1, ir.op.ScanKind.SUM, False, {}, None))
    k.add(ir.op.Reduce(region(tile), region(rows), 1, ir.op.ReduceKind.MAX, True, False, {}, None))
    with k.when(ir.make_call("any_of", [region(rows)], {}, "bool")):
        k.copy(rows, region(c, [bx * 8], [8]))
    k.add(ir.op.Print("rows", [region(rows), load(rows, 0)], {}, None))
    k.add(ir.op.DeviceAssert(load(rows, 0) > 0.0, "text", {}, None))
    return k.function([(bx, const(3))])


@pytest.mark.parametrize("make", [gemm, everything_else])
def test_every_stage_is_legal_and_prints(make):
    names = list(_ffi.get("pass.PassNames")())
    stages = _ffi.get("pass.Stages")(make(), {})
    assert [name for name, _ in stages] == names
    for name, func in stages:
        if name in TILE:
            assert ir.check_spec(func, "tile") == [], name
        text = ir.to_text(func)
        (again,) = ir.parse(text).functions.values()
        assert ir.to_text(again) == text, name
    assert ir.check_spec(stages[-1][1], "thread") == []


def test_compiling_twice_gives_the_same_source():
    compile_cpu = _ffi.get("pass.CompileCPU")
    assert compile_cpu(gemm(), {})["source"] == compile_cpu(gemm(), {})["source"]
