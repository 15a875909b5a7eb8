"""Tiles over the edge of a tensor: whole vectors under one guard, as long as no edge cuts them."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.support import machine

RNG = np.random.default_rng(0)
BLOCK, COLUMNS = 16, 64
GUARDED = re.compile(r"if \(.* < .*\) \{\n +\*reinterpret_cast<ts::Words<(\d)>\*>")


def scaled(rows, dtype="float16", *, columns=COLUMNS, through="shared", base=0):
    """Twice the elements of A from row `base` on."""
    count = T.dynamic("rows") if rows is None else rows
    width = T.ceildiv(columns, 64) * 64

    @T.prim_func
    def scaled(A: T.Tensor((count, columns), dtype), B: T.Tensor((count, columns), dtype)):
        with T.Kernel(T.ceildiv(count, BLOCK), threads=32) as bx:
            tile = (T.alloc_shared if through == "shared" else T.alloc_fragment)(
                (BLOCK, width), dtype
            )
            T.copy(A[bx * BLOCK + base, 0], tile)
            for i, j in T.Parallel(BLOCK, width):
                B[bx * BLOCK + i, j] = tile[i, j] * T.cast(2, dtype)

    return scaled


def longest_guarded(func, arch="sm_75"):
    """Words of the longest vectors right behind a guard, which older architectures copy by."""
    source = tilescale.lower(func, target=f"cuda -arch={arch}").kernel_source
    return max((int(words) for words in GUARDED.findall(source)), default=0)


def traffic(func, rows, columns=COLUMNS, dtype=np.float16):
    """(requests, sectors, bytes) of global memory, after a check of the result."""
    machine.simulator_only("GPUs count no accesses")
    lowered = tilescale.lower(func, target="cuda -arch=sm_75")
    signature = lowered.signature
    a = RNG.integers(-9, 9, (rows, columns)).astype(dtype)
    b = np.zeros_like(a)
    report = tilescale.sim.launch(
        lowered.kernel_source,
        signature["kernel"],
        -(-rows // BLOCK),
        tuple(signature["block"]),
        [a, b],
        shared_bytes=signature["shared_bytes"],
        arch="sm_75",
        counters=True,
    )
    np.testing.assert_array_equal(b, 2 * a)
    return tuple(report.profile.total(what, "global") for what in ("requests", "sectors", "bytes"))


@pytest.mark.parametrize("through", ["shared", "fragment"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "int8"])
@pytest.mark.parametrize("rows", [50, None])
def test_rows_that_may_be_missing_are_vectors(rows, dtype, through):
    assert longest_guarded(scaled(rows, dtype, through=through)) == 4


@pytest.mark.parametrize(("columns", "words"), [(96, 4), (100, 2), (98, 1), (99, 0)])
def test_vectors_divide_the_row(columns, words):
    """An edge never cuts a vector; rows of 99 elements have none."""
    assert longest_guarded(scaled(50, columns=columns)) == words


@pytest.mark.parametrize("through", ["shared", "fragment"])
def test_guards_cost_no_accesses(through):
    whole, guarded = (traffic(scaled(rows, through=through), rows) for rows in (64, 52))
    assert guarded == tuple(total * 52 // 64 for total in whole)


@pytest.mark.parametrize("arch", ["sm_75", "sm_80", "sm_90"])
@pytest.mark.parametrize("through", ["shared", "fragment"])
@pytest.mark.parametrize("columns", [64, 100, 98, 99])
def test_results_at_the_edges(columns, through, arch):
    kernel = machine.build(scaled(None, columns=columns, through=through), arch)
    for rows in (1, 15, 16, 17, 50):
        a = RNG.integers(-9, 9, (rows, columns)).astype(np.float16)
        b = np.zeros_like(a)
        kernel(a, b)
        np.testing.assert_array_equal(b, 2 * a)


@pytest.mark.parametrize("base", [-3, 5])
def test_missing_rows_read_as_zeros(base):
    a = RNG.integers(1, 9, (50, COLUMNS)).astype(np.float16)
    b = np.ones_like(a)
    machine.build(scaled(50, base=base), "sm_75")(a, b)
    wanted = np.zeros_like(a)
    inside = slice(max(0, -base), min(50, 50 - base))
    wanted[inside] = 2 * a[inside.start + base : inside.stop + base]
    np.testing.assert_array_equal(b, wanted)


def test_missing_rows_read_as_the_safe_value():
    @T.prim_func
    def padded(A: T.Tensor((5, 64), "float32"), B: T.Tensor((8, 64), "float32")):
        with T.Kernel(1, threads=32):
            T.annotate_safe_value({A: 7.5})
            for i, j in T.Parallel(8, 64):
                B[i, j] = A[i, j]

    a, b = RNG.standard_normal((5, 64)).astype(np.float32), np.zeros((8, 64), np.float32)
    machine.build(padded, "sm_75")(a, b)
    np.testing.assert_array_equal(b[:5], a)
    assert (b[5:] == 7.5).all()
    assert longest_guarded(padded) == 4
