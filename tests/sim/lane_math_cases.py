"""Cases of lane_cases.py that compute: packed halves, roundings, bits, approximations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from lane_case import SPECIAL_16, SPECIAL_32, Case, make_case, pairs_of, random_bits

_ROUNDINGS = ("rn", "rz", "ru", "rd")
_ARITY = {"add": 2, "sub": 2, "mul": 2, "div": 2, "rcp": 1, "sqrt": 1, "fma": 3}
#: Of the approximations: the least and the largest operand.
_DOMAINS = {
    "rsqrt": (1e-3, 1e3),
    "fast_exp": (-4, 4),
    "fast_exp10": (-2, 2),
    "fast_log": (1e-3, 1e3),
    "fast_log2": (1e-3, 1e3),
    "fast_log10": (1e-3, 1e3),
    "fast_sin": (-3, 3),
    "fast_cos": (-3, 3),
    "fast_tan": (-1, 1),
    "fast_rcp": (1e-3, 1e3),
}


def _near_one(seed: int, count: int, one: int, mantissa: int) -> np.ndarray:
    """Codes of a 16-bit format between 1/4 and 2, of both signs: sums of them are rounded."""
    bits = random_bits(seed, count)
    fraction = bits & np.uint64(2**mantissa - 1 | 0x8000)
    field = bits >> np.uint64(32) & np.uint64(3)
    return (fraction + np.uint64(one) - (field << np.uint64(mantissa))).astype(np.uint16)


def _packed_operands(seed: int, one: int, mantissa: int) -> list[np.ndarray]:
    """Three arrays of 352 words: pairs of special values, then ordinary ones."""
    a, b = pairs_of(SPECIAL_16, seed, np.uint16, 7)
    c = np.resize(SPECIAL_16, len(a))
    ordinary = [_near_one(seed + 1 + i, 256, one, mantissa) for i in range(3)]
    return [np.append(x, y).view(np.uint32) for x, y in zip((a, b, c), ordinary, strict=True)]


def _packed() -> Iterator[Case]:
    for kind, one, mantissa in (("f16", 0x3C00, 10), ("bf16", 0x3F80, 7)):
        inputs = _packed_operands(100, one, mantissa)
        count = len(inputs[0]) // 32
        for op, operands in {**dict.fromkeys(("add", "sub", "mul", "max", "min"), 2),
                             "abs": 1, "fma": 3}.items():  # fmt: skip
            values = ", ".join(f"in{i}[i * 32 + t]" for i in range(operands))
            body = f"  for (int i = 0; i < {count}; ++i) out[i * 32 + t] = {op}_{kind}x2({values});"
            yield make_case(f"{op}_{kind}x2", body, inputs, (count, 32))
        words = [x.view(np.uint16) for x in inputs]
        values = ", ".join(f"value(in{i}[i * 32 + t])" for i in range(3))
        narrow = "half_t" if kind == "f16" else "bfloat16_t"
        body = f"""
  auto value = [](uint16_t x) {{ return float(bit_cast<{narrow}>(x)); }};
  for (int i = 0; i < {2 * count}; ++i) out[i * 32 + t] = bit_cast<uint32_t>(fma_{kind}({values}));
"""
        shape = (2 * count, 32)
        yield make_case(
            f"fma_{kind}", body, words, shape, types=["uint16_t"] * 3, compare="float32"
        )


def _rounded() -> Iterator[Case]:
    a, b = pairs_of(SPECIAL_32, 110, np.uint32, 256)
    near = random_bits(111, 512) % np.uint64(1 << 25)
    a, b = np.append(a, 0x3F000000 + near[:256]), np.append(b, 0x3F000000 + near[256:])
    floats = [x.astype(np.uint32) for x in (a, b, np.roll(a, 7))]
    doubles = [random_bits(112 + i, 512) for i in range(3)]
    for i, wide in enumerate(doubles):  # Half of them near 1.
        wide[256:] = wide[256:] % np.uint64(1 << 54) + np.uint64(0x3FE << 52)
        wide[:16] = np.roll(SPECIAL_32.astype(np.uint64) << np.uint64(32), 3 * i)
    for kind, bits, inputs in (("float", 32, floats), ("double", 64, doubles)):
        count = len(inputs[0]) // 32
        for op, operands in _ARITY.items():
            values = ", ".join(f"bit_cast<{kind}>(in{i}[i * 32 + t])" for i in range(operands))
            lines = [
                f"    to[({mode} * {count} + i) * 32 + t] = "
                f"bit_cast<uint{bits}_t>({op}_{name}({values}));"
                for mode, name in enumerate(_ROUNDINGS)
            ]
            body = "\n".join([
                f"  uint{bits}_t* to = reinterpret_cast<uint{bits}_t*>(out);",
                f"  for (int i = 0; i < {count}; ++i) {{", *lines, "  }",
            ])  # fmt: skip
            yield make_case(
                f"rounded_{op}_{kind}", body, inputs, (4, count, bits),
                types=[f"uint{bits}_t"] * 3, compare=f"float{bits}",
            )  # fmt: skip


def _bits() -> Iterator[Case]:
    words = random_bits(120, 3 * 256).astype(np.uint32).reshape(3, 256)
    words[0, :33] = [0, *(1 << i for i in range(32))]
    body = """
  for (int i = 0; i < 8; ++i) {
    uint32_t a = in0[i * 32 + t], b = in0[256 + i * 32 + t], c = in0[512 + i * 32 + t];
    uint32_t* o = out + i * 32 * 7 + t;
    uint64_t wide = uint64_t(a) << (b & 32) | (b & 1);
    o[0] = popcount(a);
    o[32] = popcount(wide);
    o[64] = clz(a);
    o[96] = clz(wide);
    o[128] = byte_permute(a, b, c);
    o[160] = byte_permute(a, b, c & 0x7777u);
    o[192] = dp4a(int32_t(a), int32_t(b), int32_t(c));
  }
"""
    yield make_case("bits", body, (words,), (8, 7, 32))


def _approximations() -> Iterator[Case]:
    noise = (random_bits(130, 512) >> np.uint64(11)).astype(np.float64) / 2**53
    for name, (low, high) in _DOMAINS.items():
        values = (low + (high - low) * noise).astype(np.float32).view(np.uint32)
        body = f"""
  for (int i = 0; i < 16; ++i)
    out[i * 32 + t] = bit_cast<uint32_t>(ts::ptx::{name}(bit_cast<float>(in0[i * 32 + t])));
"""
        yield make_case(f"near_{name}", body, (values,), (16, 32), compare="near32")
    body = """
  for (int i = 0; i < 16; ++i)
    reinterpret_cast<double*>(out)[i * 32 + t] = ts::ptx::rsqrt(in0[i * 32 + t]);
"""
    values = (1e-3 + 1e3 * noise).view(np.float64)
    yield make_case(
        "near_rsqrt_double", body, (values,), (16, 64), types=["double"], compare="near64"
    )


def cases() -> list[Case]:
    """Returns all of them."""
    return [case for group in (_packed, _rounded, _bits, _approximations) for case in group()]
