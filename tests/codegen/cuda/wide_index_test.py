"""Offsets in tensors of dynamic extents: 32 bits if all fit, else another variant of the kernel."""

import math
import re

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.support import machine
from tilescale import _runtime, errors
from tilescale.jit import tensors
from tilescale.jit.argument_errors import ArgumentReporter

WIDE = {"tl.config_index_bitwidth": 64}
MOST = 2**31 - 1
MOST_SYMBOL = MOST - 2**20


def make_add(dtype="int32"):
    M, N = T.dynamic("M, N", dtype)

    @T.prim_func
    def add(A: T.Tensor((M, N), "int8"), B: T.Tensor((M, N), "int8")):
        with T.Kernel(T.ceildiv(N, 64), T.ceildiv(M, 8), threads=64) as (bx, by):
            for i, j in T.Parallel(8, 64):
                B[by * 8 + i, bx * 64 + j] = A[by * 8 + i, bx * 64 + j] + T.int8(1)

    return add


def make_strided():
    M, s, t = T.dynamic("M"), T.dynamic("s"), T.dynamic("t")

    @T.prim_func
    def strided(A: T.StridedTensor((M, 32), (s, t), "int8"), B: T.Tensor((4, 32), "int8")):
        with T.Kernel(1, threads=32):
            for i, j in T.Parallel(4, 32):
                B[i, j] = A[i, j]

    return strided


def make_product():
    M = T.dynamic("M")

    @T.prim_func
    def product(
        A: T.Tensor((M, 64), "float16"),
        B: T.Tensor((64, 64), "float16"),
        C: T.Tensor((M, 64), "float32"),
    ):
        with T.Kernel(T.ceildiv(M, 32), threads=32) as bx:
            a = T.alloc_shared((32, 32), "float16")
            b = T.alloc_shared((32, 64), "float16")
            c = T.alloc_fragment((32, 64), "float32")
            T.clear(c)
            for k in T.Pipelined(2, num_stages=2):
                T.copy(A[bx * 32, k * 32], a)
                T.copy(B[k * 32, 0], b)
                T.gemm(a, b, c)
            T.copy(c, C[bx * 32, 0])

    return product


def text(func, **configs):
    made = tilescale.lower(func, target="cuda -arch=sm_80", **configs)
    return made.kernel_source


def offsets(source):
    return re.findall(r"(?<!\w)[A-C]\[([^\]]*)\]", source)


@pytest.mark.parametrize("make", [make_add, make_strided, make_product])
def test_the_text_has_one_width_of_offsets(make):
    narrow, wide = offsets(text(make())), offsets(text(make(), pass_configs=WIDE))
    assert narrow and not any("int64_t" in offset for offset in narrow)
    assert any("int64_t" in offset for offset in wide)


def test_64_bit_symbols_are_narrowed_too():
    source = text(make_add("int64"))
    assert not any("int64_t(" in offset for offset in offsets(source))
    assert "int64_t M, int64_t N" in source


def test_addresses_outside_may_wrap_around():
    copies = [line for line in text(make_product()).splitlines() if "cp_async_16" in line]
    assert "&A[(uint32_t((bx * 32) + i) * 64u)" in copies[0] and "< M" in copies[0]
    assert "&B[(i_1 * 64)" in copies[1]


def test_static_tensors_need_no_check():
    @T.prim_func
    def static(A: T.Tensor((64,), "int8"), B: T.Tensor((64,), "int8")):
        with T.Kernel(1, threads=64):
            T.copy(A, B)

    assert tilescale.compile(static, target=machine.target()).signature["index32_limit"] == []


def test_a_width_that_there_is_not():
    with pytest.raises(errors.CompileOptionError, match="config_index_bitwidth") as caught:
        text(make_add(), pass_configs={"tl.config_index_bitwidth": 16})
    assert caught.value.expected == "32 or 64"


@pytest.mark.parametrize("configs", [{}, WIDE])
@pytest.mark.parametrize("shape", [(1, 1), (8, 64), (13, 70), (0, 5), (3, 0)])
@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_both_variants_are_right(configs, shape, dtype):
    a = np.random.default_rng(0).integers(-9, 9, shape, np.int8)
    b = np.zeros_like(a)
    machine.build(make_add(dtype), pass_configs=configs)(a, b)
    np.testing.assert_array_equal(b, a + 1)


@pytest.mark.parametrize("configs", [{}, WIDE])
@pytest.mark.parametrize("step", [(1, 1), (2, 1), (1, 3), (-1, 1)])
def test_both_variants_follow_strides(configs, step):
    a = np.random.default_rng(0).integers(-9, 9, (9, 96), np.int8)[:: step[0], :: step[1]][:, :32]
    b = np.zeros((4, 32), np.int8)
    machine.build(make_strided(), pass_configs=configs)(a, b)
    np.testing.assert_array_equal(b, a[:4])


@pytest.mark.parametrize("configs", [{}, WIDE])
@pytest.mark.parametrize("rows", [1, 32, 45])
def test_both_variants_of_a_product(configs, rows):
    rng = np.random.default_rng(0)
    a = rng.integers(-3, 3, (rows, 64)).astype(np.float16)
    b = rng.integers(-3, 3, (64, 64)).astype(np.float16)
    c = np.zeros((rows, 64), np.float32)
    machine.build(make_product(), pass_configs=configs)(a, b, c)
    np.testing.assert_array_equal(c, a.astype(np.float32) @ b.astype(np.float32))


class Launches:
    """The variants that calls have launched, without running them."""

    def __init__(self, func):
        machine.simulator_only("a GPU has no tensors of this size, or without memory behind them")
        self.seen, self.made = [], []
        # Without the other thing that is asked of extents.
        general = {"divisible_sizes": False}
        kernel = tilescale.compile(func, target=machine.target(), pass_configs=general)
        self.call = self._make(kernel.signature, 0)

    def _make(self, signature, number):
        return _runtime.HostedKernel(
            signature,
            ArgumentReporter(signature),
            tensors.adapt_array,
            tensors.allocate_like,
            lambda *_: self.seen.append(number),
            lambda variant: self.made.append(variant) or self._make(signature, variant),
        )


def huge(shape, strides=None):
    """An array of bytes that says that it is that large."""
    contiguous = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    return np.lib.stride_tricks.as_strided(
        np.zeros(64, np.int8), shape, strides or contiguous, writeable=True
    )


@pytest.mark.parametrize(
    ("shape", "variant"),
    [
        ((4, 4), 0),
        ((1, MOST_SYMBOL), 0),
        ((MOST_SYMBOL, 1), 0),
        ((1, MOST_SYMBOL + 1), 1),
        ((MOST_SYMBOL + 1, 1), 1),
        ((2**16, 2**15 - 1), 0),
        ((2**16, 2**15), 1),
        ((46340, 46341), 0),
        ((46341, 46341), 1),
        ((2**30, 2**30), 1),
        ((0, MOST_SYMBOL), 0),
    ],
)
@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_the_number_of_elements_decides(shape, variant, dtype):
    launches = Launches(make_add(dtype))
    for _ in range(2):
        launches.call(huge(shape), huge(shape))
    grid_is_empty = 0 in shape
    assert launches.seen == ([] if grid_is_empty else [variant] * 2)
    assert launches.made == [variant] * (variant > 0)


@pytest.mark.parametrize(
    ("rows", "strides", "variant"),
    [
        (4, (32, 1), 0),
        (4, (2**29, 1), 0),
        (4, ((MOST - 32) // 3, 1), 0),
        (4, ((MOST - 32) // 3 + 1, 1), 1),
        (4, (-(2**30), 1), 1),
        (2, (-(2**30), 1), 0),
        (4, (1, 2**27), 1),
        (MOST_SYMBOL, (0, 1), 0),
        (MOST, (0, 1), 1),
    ],
)
def test_strides_decide(rows, strides, variant):
    launches = Launches(make_strided())
    launches.call(huge((rows, 32), strides), huge((4, 32)))
    assert launches.seen == [variant]


def test_three_extents_do_not_overflow_the_check():
    N = T.dynamic("N", "int64")

    @T.prim_func
    def cube(A: T.Tensor((N, N, N), "int8"), B: T.Tensor((1,), "int8")):
        with T.Kernel(1, threads=32):
            for i in T.Parallel(1):
                B[i] = A[i, i, i]

    launches = Launches(cube)
    for extent in (1290, 1291, 2**20):
        launches.call(huge((extent,) * 3), huge((1,)))
    assert launches.seen == [0, 1, 1]


def repeated_row():
    """So many rows that 32 bits do not count their elements."""
    return np.lib.stride_tricks.as_strided(np.arange(32, dtype=np.int8), (MOST, 32), (0, 1))


def test_the_other_variant_runs():
    a, b = repeated_row(), np.zeros((4, 32), np.int8)
    machine.build(make_strided())(a, b)
    np.testing.assert_array_equal(b, a[:4])


def test_the_other_variant_reports():
    machine.simulator_only("GPUs report nothing")
    kernel = tilescale.compile(make_strided(), target="sim:sm_80")
    a, b = repeated_row(), np.zeros((4, 32), np.int8)
    assert kernel.last_report is None
    kernel(a, b)
    np.testing.assert_array_equal(b, a[:4])
    assert kernel.last_report is not None
    first = kernel.last_report
    kernel(a[:5], b)
    assert kernel.last_report is not first


@pytest.mark.parametrize("target", ["cpu", "sim:sm_80"])
def test_an_extent_beyond_its_symbol(target):
    machine.simulator_only("torch has no tensors that are larger than their memory")
    kernel = tilescale.compile(make_add(), target=target)
    with pytest.raises(errors.TileScaleError, match="add") as caught:
        kernel(huge((1, 2**31)), huge((1, 2**31)))
    assert caught.value.got == "2147483648 in dimension 1"
    assert 'T.dynamic("N", "int64")' in caught.value.remedy
