"""Kernels whose outputs, lane by lane, were recorded on a GPU: see record_lanes.py.

They need NumPy alone, so that a machine with a GPU can run them without this package.
"""

from __future__ import annotations

import re
from pathlib import Path

import lane_math_cases
import lane_memory_cases
import numpy as np
from lane_case import SPECIAL_16, SPECIAL_32, Case, make_case, pairs_of, random_bits

RECORDED_ON = 90  # architecture of the recording
DEVICE_HEADERS = Path(__file__).parents[2] / "cc" / "device"
_ROW = re.compile(r"^TS_MMA\((.*)\)$", re.MULTILINE)


def _shuffles():
    widths, sources = (1, 2, 4, 8, 16, 32), (0, 1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 32, 33)
    loop = """
  int at = 0;
  for (uint32_t w = 1; w <= 32; w *= 2)
    for (int s = 0; s < COUNT; ++s) {
      out[at++ * 32 + t] = OP(kAllLanes, in0[t], in1[s], w);
    }
""".replace("COUNT", str(len(sources)))
    values = random_bits(1, 32).astype(np.uint32)
    inputs = (values, np.array(sources, np.uint32))
    for op in ("shfl_idx", "shfl_up", "shfl_down", "shfl_xor"):
        shape = (len(widths) * len(sources), 32)
        yield make_case(op, loop.replace("OP", op), inputs, shape)
    partial = """
  if (0x0f0f00ffu >> lane & 1) {
    out[t] = shfl_xor(0x0f0f00ffu, in0[t], 3, 32);
    out[32 + t] = shfl_down(0x0f0f00ffu, in0[t], 2, 4);
    out[64 + t] = shfl_idx(0x0f0f00ffu, in0[t], 1, 8);
  }
"""
    yield make_case("shfl_partial", partial, (values,), (3, 32))
    wide = """
  double d = bit_cast<double>(uint64_t(in0[t]) << 20 | 0x3ff0000000000000ull);
  uint64_t r = bit_cast<uint64_t>(shfl_xor(d, 5));
  out[t] = uint32_t(r);
  out[32 + t] = uint32_t(r >> 32);
"""
    yield make_case("shfl_64", wide, (values,), (2, 32))


def _votes():
    words = random_bits(2, 4 * 32).astype(np.uint32).reshape(4, 32)
    words[1] &= 3
    words[2] = 9
    body = """
  for (int i = 0; i < 4; ++i) {
    uint32_t v = in0[i * 32 + t], *o = out + i * 32 * 20 + t;
    uint64_t wide = uint64_t(v) << 32 | 5;
    o[0] = ballot(kAllLanes, v & 1);
    o[32] = ts::any(v == 9) + 2 * ts::all(v == 9);
    o[64] = match_any(kAllLanes, v);
    o[96] = match_all(kAllLanes, v);
    o[128] = match_any(kAllLanes, wide);
    o[160] = match_all(kAllLanes, wide);
    o[192] = redux_add(kAllLanes, v);
    o[224] = redux_add(kAllLanes, int32_t(v));
    o[256] = redux_min(kAllLanes, v);
    o[288] = redux_min(kAllLanes, int32_t(v));
    o[320] = redux_max(kAllLanes, v);
    o[352] = redux_max(kAllLanes, int32_t(v));
    o[384] = redux_and(kAllLanes, v);
    o[416] = redux_or(kAllLanes, v);
    o[448] = redux_xor(kAllLanes, v);
    o[480] = elect(kAllLanes);
    if (lane % 3 == 1) {
      uint32_t mask = 0x92492492u;
      o[512] = ballot(mask, v & 2);
      o[544] = match_any(mask, v);
      o[576] = redux_add(mask, v);
      o[608] = elect(mask);
    }
  }
"""
    yield make_case("votes", body, (words,), (4, 20, 32))
    block = """
  for (int i = 0; i < 4; ++i) {
    bool p = in0[i * 96 + t] & 1 || i == 3;
    out[i * 96 + t] = sync_block_count(p) + 1000 * sync_block_and(p) + 2000 * sync_block_or(p);
  }
"""
    bits = random_bits(3, 4 * 96).astype(np.uint32).reshape(4, 96)
    bits[0] = 0
    yield make_case("block_votes", block, (bits,), (4, 96), threads=96)
    grid = """
  if (t == 0) out[blockIdx.x] = blockIdx.x * 3 + in0[0];
  sync_grid();
  if (t == 0) out[4 + blockIdx.x] = out[(blockIdx.x + 1) % 4];
  sync_grid();
  if (t == 0) out[8 + blockIdx.x] = out[4 + (blockIdx.x + 1) % 4];
"""
    yield make_case("grid_barrier", grid, (bits[:1, :1] + 7,), (3, 4), blocks=4)


def _matrices():
    words = random_bits(4, 256).astype(np.uint32)
    for count in (1, 2, 4):
        for suffix in ("", "_trans"):
            body = f"""
  TS_DYNAMIC_SHARED(raw);
  uint32_t* s = reinterpret_cast<uint32_t*>(raw);
  for (int i = 0; i < 8; ++i) s[i * 32 + t] = in0[i * 32 + t];
  sync_block();
  uint32_t r[{count}];
  ldmatrix_x{count}{suffix}(r, s + (lane * 5 + 3) % 32 * 4);
  for (int i = 0; i < {count}; ++i) out[i * 32 + t] = r[i];
"""
            yield make_case(f"ldmatrix_x{count}{suffix}", body, (words,), (count, 32))
    for suffix in ("", "_trans"):
        body = f"""
  TS_DYNAMIC_SHARED(raw);
  uint32_t* s = reinterpret_cast<uint32_t*>(raw);
  uint32_t r[4];
  for (int i = 0; i < 4; ++i) r[i] = in0[i * 32 + t];
  stmatrix_x4{suffix}(s + (lane * 5 + 3) % 32 * 4, r);
  sync_block();
  for (int i = 0; i < 4; ++i) out[i * 32 + t] = s[i * 32 + t];
"""
        yield make_case(f"stmatrix_x4{suffix}", body, (words,), (4, 32))


def _copies():
    body = """
  TS_DYNAMIC_SHARED(raw);
  uint32_t* s = reinterpret_cast<uint32_t*>(raw);
  for (int i = 0; i < 7; ++i) s[i * 32 + t] = 0xdeadbeef;
  sync_block();
  cp_async_16(s + 4 * t, in0 + 4 * t, in0[t] & 1);
  cp_async_8(s + 128 + 2 * t, in0 + 2 * t, in0[t] & 2);
  cp_async_4(s + 192 + t, in0 + t, in0[t] & 4);
  cp_async_commit();
  cp_async_wait<0>();
  sync_block();
  for (int i = 0; i < 7; ++i) out[i * 32 + t] = s[i * 32 + t];
"""
    yield make_case("cp_async", body, (random_bits(5, 128).astype(np.uint32),), (7, 32))


def _atomics():
    run = """
  using T = KIND;
  TS_DYNAMIC_SHARED(raw);
  T* s = reinterpret_cast<T*>(raw);
  for (int i = 0; i < COUNT; ++i) {
    T* cell = IS_SHARED ? s + t : reinterpret_cast<T*>(out) + COUNT * 32 + i * 32 + t;
    *cell = bit_cast<T>(in0[i * 32 + t]);
    T old = atomic_OP<Order::kRelaxed, Scope::kGpu>(cell, bit_cast<T>(in1[i * 32 + t]));
    T now = *cell;
    reinterpret_cast<T*>(out)[i * 32 + t] = old;
    reinterpret_cast<T*>(out)[COUNT * 32 + i * 32 + t] = now;
  }
"""

    def make(name, kind, op, word, a, b, shared):
        count, size = len(a) // 32, a.dtype.itemsize
        words = {"KIND": kind, "OP": op, "COUNT": count, "IS_SHARED": str(shared).lower()}
        body = re.sub("|".join(words), lambda match: str(words[match.group()]), run)
        return make_case(name, body, (a, b), (2 * count * 32 * size // 4,), types=[word, word])

    bits_32 = pairs_of(SPECIAL_32, 6, np.uint32, 224)
    bits_16 = pairs_of(SPECIAL_16, 7, np.uint16, 231)
    pairs_16 = tuple(random_bits(8 + i, 512).astype(np.uint32) for i in range(2))
    wide = tuple(random_bits(10 + i, 256) for i in range(2))
    for shared in (False, True):
        where = "shared" if shared else "global"
        for op in ("add", "min", "max", "and", "or", "xor", "exchange"):
            for kind in ("uint32_t", "int32_t"):
                yield make(f"{where}_{op}_{kind}", kind, op, "uint32_t", *bits_32, shared)
            for kind in ("uint64_t", "int64_t"):
                yield make(f"{where}_{op}_{kind}", kind, op, "uint64_t", *wide, shared)
        yield make(f"{where}_add_float", "float", "add", "uint32_t", *bits_32, shared)
        yield make(f"{where}_add_double", "double", "add", "uint64_t", *wide, shared)
        yield make(f"{where}_add_half", "half_t", "add", "uint16_t", *bits_16, shared)
        yield make(f"{where}_add_bfloat16", "bfloat16_t", "add", "uint16_t", *bits_16, shared)
        for kind in ("half_t", "bfloat16_t"):
            pack = f"Pack<{kind}, 2>"
            yield make(f"{where}_add_{kind}x2", pack, "add", "uint32_t", *pairs_16, shared)
    body = """
  for (int i = 0; i < 16; ++i) {
    float* cell = reinterpret_cast<float*>(out) + i * 128 + 4 * t;
    for (int j = 0; j < 4; ++j) cell[j] = bit_cast<float>(in0[i * 32 + t] + j);
    Pack<float, 4> v;
    for (int j = 0; j < 4; ++j) v.value[j] = bit_cast<float>(in1[i * 32 + t] ^ j << 20);
    v = atomic_add<Order::kRelaxed, Scope::kGpu>(reinterpret_cast<Pack<float, 4>*>(cell), v);
    for (int j = 0; j < 4; ++j) out[2048 + i * 128 + 4 * t + j] = bit_cast<uint32_t>(v.value[j]);
  }
"""
    yield make_case("global_add_floatx4", body, tuple(x[:512] for x in pairs_of(
        SPECIAL_32, 12, np.uint32, 256)), (4096,))  # fmt: skip
    body = """
  for (int i = 0; i < 8; ++i) {
    uint32_t* cell = out + 512 + i * 32 + t;
    *cell = in0[i * 32 + t] & 3;
    out[i * 32 + t] = atomic_compare_exchange<Order::kAcqRel, Scope::kSys>(
        cell, in1[i * 32 + t] & 3, 77u);
  }
"""
    yield make_case("compare_exchange", body, tuple(x[:256] for x in bits_32), (768,))


def _conversions():
    special = np.append(SPECIAL_32, SPECIAL_32 ^ np.uint32(0x80000000))
    # Around each tie of each narrow format: their values, their middles, and neighbours of those.
    exponents = np.arange(90, 150, dtype=np.uint32)[:, None] << 23
    middles = np.array([0, 1 << 12, 3 << 12, 1 << 15, 3 << 15, 1 << 19, 3 << 19, 1 << 20, 3 << 20,
                        5 << 20, 7 << 20, 0x7FFFFF], np.uint32)  # fmt: skip
    ties = (exponents + middles).reshape(-1)
    values = np.concatenate([special, ties, ties + 1, ties - 1, random_bits(13, 1024)])
    values = np.append(values, values[: -len(values) % 32]).astype(np.uint32)
    count = len(values) // 32
    for kind, bits in (("half_t", 16), ("bfloat16_t", 16), ("fp8_e4m3_t", 8), ("fp8_e5m2_t", 8)):
        body = f"""
  for (int i = 0; i < {count}; ++i)
    out[i * 32 + t] = bit_cast<uint{bits}_t>({kind}(bit_cast<float>(in0[i * 32 + t])));
"""
        yield make_case(f"to_{kind}", body, (values,), (count, 32))
        codes = 2**bits // 32
        body = f"""
  for (int i = 0; i < {codes}; ++i)
    out[i * 32 + t] = in0[0] + bit_cast<uint32_t>(
        float(bit_cast<{kind}>(uint{bits}_t(i * 32 + t))));
"""
        yield make_case(f"from_{kind}", body, (np.zeros(1, np.uint32),), (codes, 32))


def _arithmetic():
    a, b = pairs_of(SPECIAL_32, 14, np.uint32, 768)
    count = len(a) // 32
    formulas = {
        "add": "x + y",
        "multiply": "x * y",
        "divide": "x / y",
        "fma": "fmaf(x, y, x)",
        "min": "fminf(x, y)",
        "max": "fmaxf(x, y)",
        "sqrt": "sqrtf(x)",
        "rint": "rintf(x)",
        "trunc": "truncf(x)",
        "floor": "floorf(x)",
    }
    for name, formula in formulas.items():
        body = f"""
  for (int i = 0; i < {count}; ++i) {{
    float x = bit_cast<float>(in0[i * 32 + t]), y = bit_cast<float>(in1[i * 32 + t]);
    out[i * 32 + t] = bit_cast<uint32_t>({formula});
  }}
"""
        yield make_case(f"float_{name}", body, (a, b), (count, 32), compare="float32")


# Sign, exponent and mantissa bits, and the exponent fields of ordinary and of all finite numbers.
_FORMATS = {
    "f16": (5, 10, 31),
    "bf16": (8, 7, 255),
    "tf32": (8, 23, 255),
    "f32": (8, 23, 255),
    "e4m3": (4, 3, 16),
    "e5m2": (5, 2, 31),
}
MMA_KINDS = ("ones", "near", "near", "near", "wide", "wide", "wide", "special")


def _operand(kind: str, dtype: str, seed: int, count: int) -> np.ndarray:
    """Returns `count` codes of a number format."""
    bits = random_bits(seed, count)
    if dtype in ("s8", "u8", "s32"):
        return bits
    exponent_bits, mantissa_bits, limit = _FORMATS[dtype]
    bias = 2 ** (exponent_bits - 1) - 1
    sign = bits >> np.uint64(63) << np.uint64(exponent_bits + mantissa_bits)
    mantissa = bits & np.uint64(2**mantissa_bits - 1)
    field = bits >> np.uint64(32) & np.uint64(0xFFFF)
    if kind == "ones":  # exact in any order: -1, 1, 2
        exponent, mantissa = bias + field % np.uint64(2), mantissa * np.uint64(0)
    elif kind == "near":
        exponent = np.uint64(bias - 2) + field % np.uint64(5)
    elif kind == "wide":
        low = max(0, bias - 14)
        exponent = np.uint64(low) + field % np.uint64(min(limit, bias + 14) - low)
    else:
        exponent = field % np.uint64(2**exponent_bits)
    return sign | exponent.astype(np.uint64) << np.uint64(mantissa_bits) | mantissa


def _registers(kind: str, dtype: str, seed: int, count: int) -> np.ndarray:
    """Returns `count` registers full of elements."""
    bits = {"f16": 16, "bf16": 16}.get(dtype, 8 if dtype in ("s8", "u8", "e4m3", "e5m2") else 32)
    codes = _operand(kind, dtype, seed, count * 32 // bits)
    return codes.astype({8: np.uint8, 16: np.uint16, 32: np.uint32}[bits]).view(np.uint32)


def mma_table() -> list[list[str]]:
    """Returns the fields of each row of cc/device/mma_table.cuh."""
    text = (DEVICE_HEADERS / "mma_table.cuh").read_text()
    return [[field.strip() for field in row.split(",")] for row in _ROW.findall(text)]


def _products():
    for number, fields in enumerate(mma_table()):
        name, a_type, b_type, d_type, register = fields[0], *fields[5:9]
        if int(fields[1]) > RECORDED_ON:
            continue
        na, nb, nd = map(int, fields[9:])
        body = f"""
  for (int i = 0; i < {len(MMA_KINDS)}; ++i) {{
    uint32_t a[{na}], b[{nb}];
    {register} c[{nd}], d[{nd}];
    for (int j = 0; j < {na}; ++j) a[j] = in0[(i * 32 + t) * {na} + j];
    for (int j = 0; j < {nb}; ++j) b[j] = in1[(i * 32 + t) * {nb} + j];
    for (int j = 0; j < {nd}; ++j) c[j] = bit_cast<{register}>(in2[(i * 32 + t) * {nd} + j]);
    {name}(d, a, b, c);
    for (int j = 0; j < {nd}; ++j) out[(i * 32 + t) * {nd} + j] = bit_cast<uint32_t>(d[j]);
  }}
"""
        inputs = []
        for place, (dtype, count) in enumerate(((a_type, na), (b_type, nb), (d_type, nd))):
            parts = [
                _registers(kind, dtype, 1000 + 100 * number + 10 * i + place, 32 * count)
                for i, kind in enumerate(MMA_KINDS)
            ]
            inputs.append(np.concatenate(parts))
        yield make_case(name, body, inputs, (len(MMA_KINDS), 32, nd))


def cases() -> list[Case]:
    """Returns all cases."""
    groups = (_shuffles, _votes, _matrices, _copies, _atomics, _conversions, _arithmetic, _products)
    ours = [case for group in groups for case in group()]
    return [*ours, *lane_math_cases.cases(), *lane_memory_cases.cases()]
