"""Indices are exact in 64 bits; values keep their own width."""

import numpy as np
from irbuild import Kernel, const, load, var

import tilescale
from tilescale import ir


def test_elements_behind_two_to_the_31():
    # 2 GiB + 64 of address space, of which one page for each of 2048 blocks and the end is touched.
    step, size = 1 << 20, (1 << 31) + 64
    k = Kernel()
    bx = var("bx")
    c = k.param(ir.Buffer("C", "int8", [const(size, "int64")], [], "global"), "input")
    k.store(c, [bx * step + 63], 1)
    k.store(c, [bx * step + 64], 2)
    values = np.zeros(size, np.int8)
    tilescale.compile(k.function([(bx, const(2049))]))(values)
    assert values[63] == 1
    assert values[64] == 2
    assert values[(1 << 31) + 63] == 1
    # bx * step + 64 = size for the last program: dropped, not written to the front.
    assert values[0] == 0


def test_user_arithmetic_still_wraps():
    k = Kernel()
    c = k.output("C", [4], "int32")
    with k.serial(4) as i:
        k.store(c, [i], i * 1103515245 + 12345)
    expected = (np.arange(4, dtype=np.int64) * 1103515245 + 12345).astype(np.int32)
    assert tilescale.compile(k.function())().tolist() == expected.tolist()


def test_bound_names_of_wrapping_values():
    k = Kernel()
    c = k.output("C", [4], "int32")
    with k.serial(4) as i:
        hashed, high = var("hashed"), var("high")
        k.add(ir.Bind(hashed, i * 1103515245 + 12345, None))
        k.add(ir.Bind(high, hashed // 65536, None))
        k.store(c, [i], high)
    exact = (np.arange(4, dtype=np.int64) * 1103515245 + 12345).astype(np.int32)
    assert tilescale.compile(k.function())().tolist() == (exact // 65536).tolist()


def test_gathered_indices():
    k = Kernel()
    index, a = k.input("I", [5], "int32"), k.input("A", [3], "int32")
    c = k.output("C", [5], "int32")
    with k.parallel(5) as i:
        k.store(c, [i], load(a, load(index, i)))
    out = tilescale.compile(k.function())(
        np.array([2, -1, 0, 3, 2**31 - 1], np.int32), np.array([7, 8, 9], np.int32)
    )
    assert out.tolist() == [9, 0, 7, 0, 0]


def test_products_below_a_division_wrap():
    # 46341 * 46341 is above 2^31: found by the fuzzer in an index, where it was divided unwrapped.
    k = Kernel()
    a, c = k.input("A", [1], "int32"), k.output("C", [7], "int32")
    value = load(a, 0)
    for i in range(7):
        k.store(c, [i], 0)
    k.store(c, [(value * value) % 7], 1)
    out = tilescale.compile(k.function())(np.array([46341], np.int32))
    wrapped = 46341 * 46341 - (1 << 32)
    assert out.tolist() == [int(i == wrapped % 7) for i in range(7)]
    assert wrapped % 7 != 46341 * 46341 % 7
