"""Cases of lane_cases.py that access memory, meet at barriers, or combine instructions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from lane_case import SPECIAL_16, SPECIAL_32, Case, make_case, pairs_of, random_bits

_SHARED = """
  TS_DYNAMIC_SHARED(raw);
  uint32_t* s = reinterpret_cast<uint32_t*>(raw);
"""


def _vectors() -> Iterator[Case]:
    words = random_bits(200, 128).astype(np.uint32)
    for count, bits in ((1, 32), (2, 64), (4, 128)):
        body = f"""{_SHARED}
  uint32_t r[{count}], q[{count}];
  for (int i = 0; i < {count}; ++i) s[i * 32 + t] = 0xdeadbeef;
  sync_warp();
  ldg_b{bits}(r, in0 + t * {count}, in0[t] & 1);
  sts_b{bits}(s + t * {count}, r, in0[t] & 2);
  sync_warp();
  lds_b{bits}(q, s + (31 - t) * {count}, in0[t] & 4);
  stg_b{bits}(out + t * {count}, q, in0[t] & 8);
  ldg_b{bits}(r, in0 + (t ^ 5) * {count});
  stg_b{bits}(out + (32 + t) * {count}, r);
"""
        yield make_case(f"vectors_b{bits}", body, (words,), (2, 32, count))


def _reductions() -> Iterator[Case]:
    """Additions whose old values nobody gets, to the cells of a thread."""
    halves, floats = (
        pairs_of(SPECIAL_16, 210, np.uint16, 327),
        pairs_of(SPECIAL_32, 211, np.uint32, 256),
    )
    for kind, bits, counts, inputs in (
        ("half_t", 16, (2, 4, 8), halves),
        ("bfloat16_t", 16, (2, 4, 8), halves),
        ("float", 32, (2, 4), floats),
    ):
        for count in counts:
            rounds = len(inputs[0]) // (32 * count)
            body = f"""
  {kind}* cells = reinterpret_cast<{kind}*>(out);
  for (int i = 0; i < {rounds}; ++i) {{
    int at = (i * 32 + t) * {count};
    {kind} v[{count}];
    for (int j = 0; j < {count}; ++j) {{
      cells[at + j] = bit_cast<{kind}>(in0[at + j]);
      v[j] = bit_cast<{kind}>(in1[at + j]);
    }}
    red_add<{count}, Scope::kGpu>(cells + at, v);
  }}
"""
            shape = (rounds * 32 * count * bits // 32,)
            types = [f"uint{bits}_t"] * 2
            yield make_case(f"red_{kind}x{count}", body, inputs, shape, types=types)
    for kind in ("half_t", "bfloat16_t"):
        body = f"""{_SHARED}
  for (int i = 0; i < 12; ++i) {{
    {kind}* cell = reinterpret_cast<{kind}*>(s + t);
    s[t] = in0[i * 32 + t];
    uint32_t word = in1[i * 32 + t];
    {kind} v[2] = {{bit_cast<{kind}>(uint16_t(word)), bit_cast<{kind}>(uint16_t(word >> 16))}};
    red_add<2, Scope::kCta>(cell, v);
    out[i * 32 + t] = bit_cast<uint16_t>(cell[0]) | uint32_t(bit_cast<uint16_t>(cell[1])) << 16;
  }}
"""
        words = [x.view(np.uint32) for x in halves]
        yield make_case(f"red_shared_{kind}x2", body, words, (12, 32))


def _words_of(kind: str) -> int:
    return 2 if "64" in kind or kind == "double" else 1


def _atomics() -> Iterator[Case]:
    wide = random_bits(220, 64)
    for kind in ("uint32_t", "int32_t", "uint64_t", "int64_t", "float", "double"):
        body = f"""
  const {kind}* from = reinterpret_cast<const {kind}*>(in0);
  {kind}* to = reinterpret_cast<{kind}*>(out);
  {kind} a = atomic_load<Order::kRelaxed, Scope::kGpu>(from + t);
  {kind} b = atomic_load<Order::kAcquire, Scope::kSys>(from + 32 + t);
  atomic_store<Order::kRelease, Scope::kGpu>(to + 32 + t, a);
  atomic_store<Order::kRelaxed, Scope::kCta>(to + t, b);
"""
        yield make_case(f"load_store_{kind}", body, (wide.view(np.uint32),), (64, _words_of(kind)))
    few = random_bits(221, 512) % np.uint64(3)
    for kind, bits in (("uint16_t", 16), ("int32_t", 32), ("uint64_t", 64), ("int64_t", 64)):
        body = f"""
  {kind}* cells = reinterpret_cast<{kind}*>(out);
  for (int i = 0; i < 8; ++i) {{
    {kind}* cell = cells + 256 + i * 32 + t;
    *cell = {kind}(in0[i * 32 + t]);
    cells[i * 32 + t] = atomic_compare_exchange<Order::kAcqRel, Scope::kGpu>(
        cell, {kind}(in0[256 + i * 32 + t]), {kind}(77 - i));
  }}
"""
        shape = (512 * bits // 32,)
        yield make_case(f"compare_exchange_{kind}", body, (few.astype(np.uint32),), shape)
    for kind, count in (("float", 2), ("double", 2), ("half_t", 4), ("uint32_t", 4)):
        body = f"""
  {kind}* cells = reinterpret_cast<{kind}*>(out);
  Pack<{kind}, {count}> v;
  for (int j = 0; j < {count}; ++j) {{
    cells[t * {count} + j] = {kind}(float(in0[t] % 1000) / 8);
    v.value[j] = {kind}(float(in0[32 + t] % 1000) / 8 + j);
  }}
  v = atomic_add<Order::kRelaxed, Scope::kGpu>(
      reinterpret_cast<Pack<{kind}, {count}>*>(cells + t * {count}), v);
  for (int j = 0; j < {count}; ++j) cells[(32 + t) * {count} + j] = v.value[j];
"""
        size = {"double": 2, "half_t": 1}.get(kind, 1) * count // (2 if kind == "half_t" else 1)
        words = random_bits(222, 64).astype(np.uint32)
        yield make_case(f"add_{kind}x{count}", body, (words,), (64, size))


def _updates() -> Iterator[Case]:
    """All lanes change one cell; what is left does not depend on their order."""
    words = random_bits(230, 96).astype(np.uint32)
    body = """
  uint8_t* bytes = reinterpret_cast<uint8_t*>(out);
  uint32_t old = 0;
  for (int i = 0; i < 3; ++i) {
    uint8_t x = uint8_t(in0[i * 32 + t]);
    old = old << 8 | locked_byte<Order::kRelaxed, Scope::kGpu>(
        bytes + t, [&](uint8_t byte) { return uint8_t(3 * byte + x); });
  }
  locked_byte<Order::kRelaxed, Scope::kGpu>(
      bytes + 32, [&](uint8_t byte) { return uint8_t(byte + t + 1); });
  out[32 + t] = old;
"""
    yield make_case("locked_byte", body, (words,), (2, 32))
    body = """
  float* most = reinterpret_cast<float*>(out);
  half_t* sum = reinterpret_cast<half_t*>(out + 1);
  double* least = reinterpret_cast<double*>(out + 2);
  float x = float(int32_t(in0[t])) / 1024;
  atomic_update<Order::kRelaxed, Scope::kGpu>(most, [&](float v) { return v > x ? v : x; });
  atomic_update<Order::kAcqRel, Scope::kGpu>(
      sum + t % 2, [&](half_t v) { return half_t(float(v) + t); });
  atomic_update<Order::kRelaxed, Scope::kSys>(
      least, [&](double v) { return v < double(x) ? v : double(x); });
"""
    yield make_case("atomic_update", body, (words,), (4,))


def _meetings() -> Iterator[Case]:
    words = random_bits(240, 64).astype(np.uint32)
    body = f"""{_SHARED}
  if (t < 32) {{
    s[lane] = in0[t];
    bar_arrive(1, 64);
    bar_sync(2, 64);
    out[t] = s[63 - lane];
  }} else {{
    bar_sync(1, 64);
    out[t] = s[31 - lane];
    s[t] = in0[t] + 1;
    bar_arrive(2, 64);
  }}
"""
    yield make_case("named_barriers", body, (words,), (2, 32), threads=64)
    fences = ("fence_cta", "fence_gpu", "fence_sc_gpu", "fence_sys")
    body = "".join(
        f"""
  {{
    uint32_t *data = out + {i} * 96, *flag = data + 64;
    if (t < 32) {{
      data[lane] = in0[{i} + lane];
      {fence}();
      atomic_store<Order::kRelaxed, Scope::kGpu>(flag + lane, 1u);
    }} else {{
      while (atomic_load<Order::kRelaxed, Scope::kGpu>(flag + lane) == 0) {{}}
      {fence}();
      data[t] = data[lane] + 1;
    }}
  }}
"""
        for i, fence in enumerate(fences)
    )
    yield make_case("fences", body, (words,), (4, 3, 32), threads=64)


def _bytes() -> Iterator[Case]:
    words = random_bits(250, 128).astype(np.uint32)
    rows = """
  for (int i = 0; i < 4; ++i) s[i * 32 + t] = in0[i * 32 + t];
  sync_block();
  const uint32_t* row = s + (lane * 5 + 3) % 32 * 4;
"""
    for blocks in (1, 2):
        for first in ("false", "true"):
            body = f"""{_SHARED}{rows}
  uint32_t r[{2 * blocks}];
  load_bytes<{blocks}, {first}>(r, row, lane);
  for (int i = 0; i < {2 * blocks}; ++i) out[i * 32 + t] = r[i];
"""
            yield make_case(f"load_bytes_{blocks}_{first}", body, (words,), (2 * blocks, 32))
        body = f"""{_SHARED}{rows}
  float r[{2 * blocks}];
  load_bytes_half<{blocks}>(registers<uint32_t, {blocks}>(&r[0]), row, lane, 0);
  load_bytes_half<{blocks}>(registers<uint32_t, {blocks}>(&r[{blocks}]), row, lane, 1);
  for (int i = 0; i < {2 * blocks}; ++i) out[i * 32 + t] = bit_cast<uint32_t>(r[i]);
"""
        yield make_case(f"load_bytes_half_{blocks}", body, (words,), (2 * blocks, 32))


def _warp_reductions() -> Iterator[Case]:
    values = (random_bits(260, 48) % np.uint64(4001)).astype(np.float64) / 8 - 250
    for kind, ops in {
        "float": ("Sum", "Max", "Min"),
        "double": ("Sum", "Max", "Min"),
        "int32_t": ("Sum", "Max", "Min", "BitAnd", "BitOr"),
    }.items():
        lines = [
            f"""
  v = warp_reduce<{op}>(x, lanes_of(t, 48));
  to[{2 * i} * 48 + t] = v;
  if (t < 32) to[{2 * i + 1} * 48 + t] = warp_reduce<{op}>(x);
"""
            for i, op in enumerate(ops)
        ]
        head = f"  {kind} x = {kind}(in0[t]), v, *to = reinterpret_cast<{kind}*>(out);\n"
        shape = (2 * len(ops), 48 * _words_of(kind))
        yield make_case(
            f"warp_reduce_{kind}", head + "".join(lines), (values,), shape, 48, types=["double"]
        )


def cases() -> list[Case]:
    """Returns all of them."""
    groups = (_vectors, _reductions, _atomics, _updates, _meetings, _bytes, _warp_reductions)
    return [case for group in groups for case in group()]
