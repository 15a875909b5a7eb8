"""Bounds guards: kept where an access may lie outside, gone where it cannot."""

import numpy as np
from irbuild import Kernel, const, load, var

import tilescale
from tilescale import _ffi, arith, ir


def after(func, name, **options):
    stages = _ffi.get("pass.Stages")(func, options)
    return next(ir.to_text(f) for stage, f in stages if stage == name)


def guards(func, **options):
    """How many comparisons guard accesses after the pass."""
    text = after(func, "legalize_memory", **options)
    return sum(line.count("<") for line in text.splitlines() if "select(" in line or "if " in line)


def copy_kernel(size, block):
    k = Kernel()
    bx = var("bx")
    a, c = k.input("A", [size], "int32"), k.output("C", [size], "int32")
    with k.parallel(block) as i:
        k.store(c, [bx * block + i], load(a, bx * block + i))
    extent = size if not isinstance(size, int) else const(size)
    return k.function([(bx, (extent + (block - 1)) // block)])


def test_a_ragged_tail_keeps_its_guard():
    func = copy_kernel(100, 32)
    assert guards(func) == 1
    assert "if" in after(func, "legalize_memory")
    values = np.arange(100, dtype=np.int32)
    assert (tilescale.compile(func)(values) == values).all()


def test_a_dynamic_extent_keeps_its_guard():
    k = Kernel()
    n, bx = k.symbol("N"), var("bx")
    a, c = k.input("A", [n], "int32"), k.output("C", [n], "int32")
    with k.parallel(32) as i:
        k.store(c, [bx * 32 + i], load(a, bx * 32 + i))
    func = k.function([(bx, (n + 31) // 32)])
    # Only the upper bound: indices are never negative. The load is inside the store's guard.
    assert guards(func) == 1
    for size in (0, 1, 31, 32, 33, 95):
        values = np.arange(size, dtype=np.int32)
        assert (tilescale.compile(func)(values) == values).all()


def test_whole_tiles_need_no_guard():
    func = copy_kernel(96, 32)
    assert guards(func) == 0
    assert "if" not in after(func, "legalize_memory")
    # The proof is what removes it.
    assert guards(func, disable_bounds_proof=True) > 0


def test_assumptions_remove_guards():
    def kernel(assume):
        k = Kernel()
        n = k.symbol("N")
        a, c = k.input("A", [n], "int32"), k.output("C", [16], "int32")
        if assume:
            k.add(ir.Assume(n >= 16, None))
        with k.parallel(16) as i:
            k.store(c, [i], load(a, i))
        return k.function()

    assert guards(kernel(False)) == 1
    assert guards(kernel(True)) == 0


def square_kernel():
    """Reads A[(i - 1)**2], written out, for i < 16: never negative, at most 225."""
    k = Kernel()
    a, c = k.input("A", [226], "int32"), k.output("C", [16], "int32")
    with k.parallel(16) as i:
        k.store(c, [i], load(a, i * i - i * 2 + 1))
    return k.function()


def test_z3_proves_what_intervals_cannot():
    i = ir.Var("i", "int64")
    index = i * i - i * 2 + 1
    for rlimit, expected in ((0, False), (None, True)):
        analyzer = arith.Analyzer() if rlimit is None else arith.Analyzer(rlimit)
        analyzer.bind(i, 0, 15)
        assert analyzer.can_prove(index < 226) is expected
        assert analyzer.can_prove(index >= 0) is expected
    assert guards(square_kernel()) == 0
    values = np.arange(226, dtype=np.int32)
    expected = [(i - 1) ** 2 for i in range(16)]
    assert tilescale.compile(square_kernel())(values).tolist() == expected


def test_negative_and_far_indices_are_guarded():
    k = Kernel()
    a, c = k.input("A", [5], "int32"), k.output("C", [9], "int32")
    k.add(ir.Annotate("safe_value", a, const(-7), None))
    with k.parallel(12) as i:
        k.store(c, [i - 1], load(a, i - 3))
    func = k.function()
    assert "int64(0) <= (i0 + int64(-3))" in after(func, "legalize_memory").replace(
        "i0 - int64(3)", "i0 + int64(-3)"
    )
    out = tilescale.compile(func)(np.arange(1, 6, dtype=np.int32))
    assert out.tolist() == [-7, -7, 1, 2, 3, 4, 5, -7, -7]


def test_atomics_outside_are_dropped():
    k = Kernel()
    c = k.param(ir.Buffer("C", "int32", [const(4)], [], "global"), "input")
    with k.parallel(8) as i:
        address = ir.AddressOf(c, [i - 2])
        k.add(ir.Evaluate(ir.make_call("atomic_add", [address, const(1)], {}, "int32"), None))
    counts = np.zeros(6, np.int32)
    tilescale.compile(k.function())(counts[1:5])
    assert counts.tolist() == [0, 1, 1, 1, 1, 0]
