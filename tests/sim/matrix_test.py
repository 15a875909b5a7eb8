"""mma, ldmatrix and stmatrix, lane by lane, against the PTX ISA's tables written out in NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.sim.mma_places import (
    A_PLACES,
    B_PLACES,
    DTYPES,
    TABLE,
    c_place,
    quad,
    quad_c_place,
    quad_row,
    shape_of,
)
from tests.sim.probe import kernel
from tilescale import sim


def gather(matrix, place, count):
    """Returns the elements (lane, i) that the lanes hold of a matrix."""
    return np.array(
        [[matrix[place(lane // 4, lane % 4, i)] for i in range(count)] for lane in range(32)],
        matrix.dtype,
    )


def words(elements):
    """Returns the registers (lane, r) that hold elements."""
    return np.ascontiguousarray(elements).view(np.uint32)


def draw(rng, name, shape):
    if name in ("s8", "u8"):
        info = np.iinfo(DTYPES[name])
        return rng.integers(info.min, info.max + 1, shape).astype(DTYPES[name])
    return rng.integers(-8, 9, shape).astype(DTYPES[name])


def run_mma(name, a, b, c):
    fields = TABLE[name]
    register, na, nb, nd = fields[8], *map(int, fields[9:])
    source = kernel(
        f"""
  uint32_t ra[{na}], rb[{nb}];
  {register} rc[{nd}], rd[{nd}];
  for (int i = 0; i < {na}; ++i) ra[i] = a[threadIdx.x * {na} + i];
  for (int i = 0; i < {nb}; ++i) rb[i] = b[threadIdx.x * {nb} + i];
  for (int i = 0; i < {nd}; ++i) rc[i] = c[threadIdx.x * {nd} + i];
  ts::ptx::{name}(rd, ra, rb, rc);
  for (int i = 0; i < {nd}; ++i) d[threadIdx.x * {nd} + i] = rd[i];
""",
        f"const uint32_t* a, const uint32_t* b, const {register}* c, {register}* d",
        32,
    )
    d = np.zeros((32, nd), np.uint32)
    assert (a.shape, b.shape, c.shape) == ((32, na), (32, nb), (32, nd))
    sim.launch(source, "k", 1, 32, [a, b, c, d], arch=int(fields[1]), policy="random").check()
    return d


@pytest.mark.parametrize("name", [name for name in TABLE if shape_of(name) != "m8n8k4"])
def test_a_product_of_a_warp(name):
    _, _, m, n, k, a_type, b_type, d_type, *_ = TABLE[name]
    m, n, k = int(m), int(n), int(k)
    rng = np.random.default_rng(len(name))
    a, b = draw(rng, a_type, (m, k)), draw(rng, b_type, (k, n))
    c = rng.integers(-50, 50, (m, n)).astype(DTYPES[d_type])
    key = shape_of(name), 8 * a.dtype.itemsize
    d = run_mma(
        name,
        words(gather(a, A_PLACES[key], m * k // 32)),
        words(gather(b, B_PLACES[key], k * n // 32)),
        words(gather(c, c_place, m * n // 32)),
    )
    exact = a.astype(np.float64) @ b.astype(np.float64) + c.astype(np.float64)
    expected = gather(exact.astype(DTYPES[d_type]), c_place, m * n // 32)
    assert np.array_equal(d, words(expected))


@pytest.mark.parametrize("accumulator", ["f16", "f32"])
def test_the_four_products_of_volta(accumulator):
    rng = np.random.default_rng(4)
    a = rng.integers(-8, 9, (4, 8, 4)).astype(np.float16)
    b = rng.integers(-8, 9, (4, 4, 8)).astype(np.float16)
    c = rng.integers(-50, 50, (4, 8, 8)).astype(DTYPES[accumulator])

    def c_index(lane, i):
        return quad_c_place(accumulator, lane, i)

    def elements(pick, count, dtype):
        return np.array([[pick(lane, i) for i in range(count)] for lane in range(32)], dtype)

    d = run_mma(
        f"mma_m8n8k4_{accumulator}_f16",
        words(elements(lambda lane, i: a[quad(lane), quad_row(lane), i], 4, np.float16)),
        words(elements(lambda lane, i: b[quad(lane), i, quad_row(lane)], 4, np.float16)),
        words(elements(lambda lane, i: c[quad(lane)][c_index(lane, i)], 8, c.dtype)),
    )
    exact = (a.astype(np.float64) @ b.astype(np.float64) + c).astype(c.dtype)
    expected = elements(lambda lane, i: exact[quad(lane)][c_index(lane, i)], 8, c.dtype)
    assert np.array_equal(d, words(expected))


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("transposed", [False, True])
def test_ldmatrix_gives_each_lane_its_pair(count, transposed):
    suffix = "_trans" if transposed else ""
    source = kernel(
        f"""
  TS_DYNAMIC_SHARED(raw);
  uint16_t* s = reinterpret_cast<uint16_t*>(raw);
  int lane = threadIdx.x;
  for (int i = lane; i < {count * 64}; i += 32) s[i] = in[i];
  ts::sync_block();
  uint32_t r[{count}];
  ts::ptx::ldmatrix_x{count}{suffix}(r, s + lane % {8 * count} * 8);
  for (int i = 0; i < {count}; ++i) out[lane * {count} + i] = r[i];
""",
        "const uint16_t* in, uint32_t* out",
        32,
    )
    matrices = np.random.default_rng(0).integers(0, 2**16, (count, 8, 8)).astype(np.uint16)
    out = np.zeros((32, count), np.uint32)
    sim.launch(source, "k", 1, 32, [matrices, out], shared_bytes=1024, arch=75).check()
    for lane in range(32):
        for i in range(count):
            matrix = matrices[i].T if transposed else matrices[i]
            low, high = matrix[lane // 4, lane % 4 * 2], matrix[lane // 4, lane % 4 * 2 + 1]
            assert out[lane, i] == int(low) | int(high) << 16


@pytest.mark.parametrize("suffix", ["", "_trans"])
def test_stmatrix_undoes_ldmatrix(suffix):
    source = kernel(
        f"""
  TS_DYNAMIC_SHARED(raw);
  uint16_t* s = reinterpret_cast<uint16_t*>(raw);
  int lane = threadIdx.x;
  for (int i = lane; i < 256; i += 32) s[i] = in[i];
  ts::sync_block();
  uint32_t r[4];
  ts::ptx::ldmatrix_x4{suffix}(r, s + lane * 8);
  ts::ptx::stmatrix_x4{suffix}(s + 256 + lane * 8, r);
  ts::sync_block();
  for (int i = lane; i < 256; i += 32) out[i] = s[256 + i];
""",
        "const uint16_t* in, uint16_t* out",
        32,
    )
    values = np.random.default_rng(0).integers(0, 2**16, 256).astype(np.uint16)
    out = np.zeros(256, np.uint16)
    sim.launch(source, "k", 1, 32, [values, out], shared_bytes=1024, arch=90).check()
    assert np.array_equal(out, values)
    # stmatrix orders nothing: others must not read what it stored before a barrier.
    last = source.rindex("  ts::sync_block();\n")
    wrong = source[:last] + source[last:].replace("  ts::sync_block();\n", "")
    report = sim.launch(wrong, "k", 1, 32, [values, out], shared_bytes=1024, arch=90)
    assert report.kinds() & {"race"}


def test_the_tile_of_the_figures():
    text = (Path(__file__).parent / "tile_128x128x64.cu").read_text()
    rng = np.random.default_rng(0)
    a = rng.integers(-4, 5, (128, 64)).astype(np.float16)
    b = rng.integers(-4, 5, (128, 64)).astype(np.float16)
    for async_policy in ("eager", "late", "random"):
        c = np.zeros((128, 128), np.float32)
        report = sim.launch(
            text, "k", 1, 128, [a, b, c], shared_bytes=32768, async_policy=async_policy
        )
        assert not report.events
        assert np.array_equal(c, a.astype(np.float32) @ b.astype(np.float32).T)
        assert report.counters["mma"] == 512
    for dropped in ("ts::ptx::cp_async_wait<0>();", "ts::sync_block();"):
        wrong = sim.launch(text.replace(dropped, ""), "k", 1, 128, [a, b, c], shared_bytes=32768)
        assert "race" in wrong.kinds()


def test_bytes_are_permuted():
    source = kernel(
        "  out[threadIdx.x] = ts::ptx::byte_permute(in[0], in[1], in[2 + threadIdx.x]);",
        "const uint32_t* in, uint32_t* out",
        32,
    )
    rng = np.random.default_rng(0)
    words = rng.integers(0, 2**32, 34).astype(np.uint32)
    # The bit that repeats a sign, and what lies above the four numbers.
    words[2], words[3], words[4] = 0x6420, 0xFEDC, 0xABCD1357
    out = np.zeros(32, np.uint32)
    sim.launch(source, "k", 1, 32, [words, out], arch=70).check()
    both = [int(words[i // 4]) >> i % 4 * 8 & 255 for i in range(8)]
    for lane in range(32):
        numbers = [int(words[2 + lane]) >> 4 * i & 15 for i in range(4)]
        wanted = [both[n & 7] if n < 8 else 255 * (both[n & 7] >> 7) for n in numbers]
        assert int(out[lane]).to_bytes(4, "little") == bytes(wanted)
