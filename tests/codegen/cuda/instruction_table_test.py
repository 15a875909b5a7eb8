"""Which instruction each operator becomes on each architecture: docs/instructions.md.

The table names functions of cc/device/ptx, which the generated text must call, and PTX, which NVRTC
must make of it. After a wanted change: pytest instruction_table_test.py --update-golden
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import instruction_kernels as kernels
import ptx_text
import pytest

import tilescale
from tests.support.gpu import needs_nvrtc_for
from tilescale import errors

ARCHS = ("sm_70", "sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120")
DOCUMENT = Path(__file__).parents[3] / "docs" / "instructions.md"
PRODUCT = "mma.sync.aligned.{0}.row.col.{1}"


@dataclass(frozen=True)
class Row:
    """An operator: from which architecture on it becomes which (function, PTX)."""

    name: str
    kernel: Callable[[], Any]
    since: dict[str, tuple[str | None, str]]

    def at(self, arch: str) -> tuple[str | None, str]:
        known = [a for a in self.since if number(a) <= number(arch)]
        return self.since[max(known, key=number)]


def number(arch: str) -> int:
    return int(arch[3:])


def gemm(a: str, b: str, c: str, **since: tuple[str | None, str]) -> Row:
    """A product; `since` maps architectures to a shape and the types in PTX."""
    found: dict[str, tuple[str | None, str]] = {}
    for arch, (function, ptx) in since.items():
        found[arch] = (function, PRODUCT.format(*ptx.split(":")) if function else ptx)
    return Row(f"gemm {a} x {b} -> {c}", functools.partial(kernels.gemm, a, b, c), found)


def asked(a: str, b: str, c: str, function: str, first: str, ptx: str) -> Row:
    """A product that asks for an instruction, which architectures before the `first` refuse."""
    found = {"sm_70": REFUSED, first: (function, PRODUCT.format(*ptx.split(":")))}
    kernel = functools.partial(kernels.gemm, a, b, c, function)
    return Row(f"gemm {a} x {b} -> {c}, asked: {function}", kernel, found)


def atomic(dtype: str, **since: str) -> Row:
    """An atomic addition; `since` maps architectures to PTX."""
    kernel = functools.partial(kernels.atomic_add, dtype)
    return Row(f"atomic_add {dtype}", kernel, {arch: (None, ptx) for arch, ptx in since.items()})


def add_tile(dtype: str, scope: str = "global", **since: tuple[str | None, str]) -> Row:
    """An atomic addition of a tile; `since` maps architectures to a function and PTX."""
    kernel = functools.partial(kernels.atomic_add_tile, dtype, scope)
    return Row(f"atomic_add of a {dtype} tile to {scope} memory", kernel, since)


F16, BF16, F32, F64 = "float16", "bfloat16", "float32", "float64"
E4M3, E5M2 = "float8_e4m3fn", "float8_e5m2"
FMA = (None, "fma.rn.f32")
F16_F32 = "f32.f16.f16.f32"
RED, RED_GLOBAL = "red.relaxed.gpu.add", "red.relaxed.gpu.global.add"
MATRICES = ("ldmatrix_x4", "ldmatrix.sync.aligned.m8n8.x4.shared.b16")

REFUSED = (None, "refused")


def vector_access(name: str, ptx: str, first: str = "sm_70") -> Row:
    """A typed load or store, which architectures before the `first` refuse."""
    found = {"sm_70": REFUSED, first: (name[:3] + "_b" + name[3:], ptx)}
    return Row(f"T.{name}", functools.partial(kernels.vector_access, name), found)


def pair(op: str, dtype: str, ptx: str | None, first: str = "sm_70", **since: str) -> Row:
    """An operation on pairs: elementwise (by `ptx`) before the `first` architecture."""
    suffix = dtype.replace("bfloat", "bf").replace("float", "f") + "x2"
    found: dict[str, tuple[str | None, str]] = {} if ptx is None else {"sm_70": (None, ptx)}
    for arch, instruction in {first: f"{op}.rn.{suffix}", **since}.items():
        found[arch] = (f"{op}_{suffix}", instruction)
    return Row(f"T.{op}2 {dtype}", functools.partial(kernels.pair, f"{op}2", dtype), found)


ROWS = [
    gemm(
        F16,
        F16,
        F32,
        sm_70=("mma_m8n8k4_f32_f16", f"m8n8k4:{F16_F32}"),
        sm_75=("mma_m16n8k8_f32_f16", f"m16n8k8:{F16_F32}"),
        sm_80=("mma_m16n8k16_f32_f16", f"m16n8k16:{F16_F32}"),
    ),
    gemm(
        F16,
        F16,
        F16,
        sm_70=("mma_m8n8k4_f16_f16", "m8n8k4:f16.f16.f16.f16"),
        sm_75=("mma_m16n8k8_f16_f16", "m16n8k8:f16.f16.f16.f16"),
        sm_80=("mma_m16n8k16_f16_f16", "m16n8k16:f16.f16.f16.f16"),
    ),
    gemm(
        BF16,
        BF16,
        F32,
        sm_70=FMA,
        sm_80=("mma_m16n8k16_f32_bf16", "m16n8k16:f32.bf16.bf16.f32"),
    ),
    gemm(
        "int8",
        "int8",
        "int32",
        sm_70=(None, "dp4a.s32.s32"),
        sm_75=("mma_m8n8k16_s32_s8", "m8n8k16:s32.s8.s8.s32"),
        sm_80=("mma_m16n8k32_s32_s8", "m16n8k32:s32.s8.s8.s32"),
    ),
    gemm(
        "uint8",
        "uint8",
        "int32",
        sm_70=(None, "dp4a.u32.u32"),
        sm_75=("mma_m8n8k16_s32_u8", "m8n8k16:s32.u8.u8.s32"),
        sm_80=("mma_m16n8k32_s32_u8", "m16n8k32:s32.u8.u8.s32"),
    ),
    gemm(E4M3, E4M3, F32, sm_70=FMA, sm_89=("mma_m16n8k32_f32_e4m3", "m16n8k32:f32.e4m3.e4m3.f32")),
    gemm(E5M2, E5M2, F32, sm_70=FMA, sm_89=("mma_m16n8k32_f32_e5m2", "m16n8k32:f32.e5m2.e5m2.f32")),
    gemm(
        E4M3,
        E5M2,
        F32,
        sm_70=FMA,
        sm_89=("mma_m16n8k32_f32_e4m3_e5m2", "m16n8k32:f32.e4m3.e5m2.f32"),
    ),
    gemm(
        E5M2,
        E4M3,
        F32,
        sm_70=FMA,
        sm_89=("mma_m16n8k32_f32_e5m2_e4m3", "m16n8k32:f32.e5m2.e4m3.f32"),
    ),
    gemm(F32, F32, F32, sm_70=FMA),
    asked(F32, F32, F32, "mma_m16n8k4_f32_tf32", "sm_80", "m16n8k4:f32.tf32.tf32.f32"),
    asked(F32, F32, F32, "mma_m16n8k8_f32_tf32", "sm_80", "m16n8k8:f32.tf32.tf32.f32"),
    gemm(F16, F16, F64, sm_70=(None, "fma.rn.f64")),
    Row(
        "gemm: operands of 16 bits from shared memory",
        functools.partial(kernels.gemm, F16, F16, F32),
        {"sm_70": (None, "ld.shared.v2.u32"), "sm_75": MATRICES},
    ),
    Row(
        "gemm: operands of 8 bits from shared memory",
        functools.partial(kernels.gemm, "int8", "int8", "int32"),
        {"sm_70": (None, "ld.shared.v4.u32"), "sm_75": MATRICES},
    ),
    Row(
        "gemm: operands of 8 bits across K from shared memory",
        kernels.bytes_across,
        {
            "sm_70": (None, "ld.shared.u8"),
            "sm_75": (None, "ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16"),
            "sm_80": (None, "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16"),
        },
    ),
    Row("copy global -> shared", kernels.copy, {"sm_70": (None, "ld.global.nc.v4.u32")}),
    Row("copy shared -> global", kernels.copy, {"sm_70": (None, "st.global.v4.u32")}),
    Row(
        "copy global -> registers",
        kernels.copy_registers,
        {"sm_70": (None, "ld.global.nc.v4.u32"), "sm_100": ("ldg_b256", "ld.global.v8.b32")},
    ),
    Row(
        "copy registers -> global",
        kernels.copy_registers,
        {"sm_70": (None, "st.global.v4.u32"), "sm_100": ("stg_b256", "st.global.v8.b32")},
    ),
    Row(
        "copy accumulators in 16 bits -> shared",
        kernels.store_accumulators,
        {
            "sm_70": (None, "st.shared.v2.u16"),
            "sm_90": ("stmatrix_x4", "stmatrix.sync.aligned.m8n8.x4.shared.b16"),
        },
    ),
    Row(
        "copy global -> shared in T.Pipelined",
        kernels.pipeline,
        {
            "sm_70": (None, "ld.global.nc.v4.u32"),
            "sm_80": ("cp_async_16", "cp.async.cg.shared.global"),
        },
    ),
    Row(
        "end of a stage of T.Pipelined",
        kernels.pipeline,
        {"sm_70": (None, "barrier.sync"), "sm_80": (None, "cp.async.wait_group")},
    ),
    Row("reduce over lanes", kernels.reduce, {"sm_70": (None, "shfl.sync.bfly.b32")}),
    Row("barrier of a block", kernels.transpose, {"sm_70": (None, "barrier.sync")}),
    atomic("int32", sm_70="atom.relaxed.gpu.add.s32"),
    atomic(F32, sm_70="atom.relaxed.gpu.add.f32"),
    atomic(F64, sm_70="atom.relaxed.gpu.add.f64"),
    atomic(F16, sm_70="atom.relaxed.gpu.add.noftz.f16"),
    atomic(BF16, sm_70="atom.relaxed.gpu.cas.b16", sm_90="atom.relaxed.gpu.add.noftz.bf16"),
    add_tile(
        F16,
        sm_70=("red_add<2, ts::Scope::kGpu>", f"{RED}.noftz.f16x2"),
        sm_90=("red_add<8, ts::Scope::kGpu>", f"{RED_GLOBAL}.noftz.v4.f16x2"),
    ),
    add_tile(
        BF16,
        sm_70=(None, "atom.relaxed.gpu.cas.b16"),
        sm_90=("red_add<8, ts::Scope::kGpu>", f"{RED_GLOBAL}.noftz.v4.bf16x2"),
    ),
    add_tile(
        F32,
        sm_70=(None, "atom.relaxed.gpu.add.f32"),
        sm_90=("red_add<4, ts::Scope::kGpu>", f"{RED_GLOBAL}.v4.f32"),
    ),
    add_tile(F64, sm_70=(None, "atom.relaxed.gpu.add.f64")),
    add_tile(
        F16, "shared", sm_70=("red_add<2, ts::Scope::kCta>", "red.relaxed.cta.add.noftz.f16x2")
    ),
    add_tile(
        BF16,
        "shared",
        sm_70=(None, "atom.relaxed.cta.cas.b16"),
        sm_90=("red_add<2, ts::Scope::kCta>", "red.relaxed.cta.add.noftz.bf16x2"),
    ),
    add_tile(F32, "shared", sm_70=(None, "atom.relaxed.cta.add.f32")),
    *[pair(op, F16, None) for op in ("add", "sub", "mul", "fma")],
    *[pair(op, F16, f"{op}.f32", "sm_80", sm_80=f"{op}.f16x2") for op in ("max", "min")],
    pair("abs", F16, None, sm_70="abs.f16x2"),
    *[
        pair(op, BF16, f"{op}.f32", "sm_80", sm_80="fma.rn.bf16x2", sm_90=f"{op}.rn.bf16x2")
        for op in ("add", "sub", "mul")
    ],
    pair("fma", BF16, "add.f64", "sm_80"),
    *[pair(op, BF16, f"{op}.f32", "sm_80", sm_80=f"{op}.bf16x2") for op in ("max", "min", "abs")],
    *[pair(op, F32, f"{op}.f32", "sm_100") for op in ("add", "sub", "mul")],
    pair("fma", F32, "fma.rn.f32", "sm_100"),
    *[
        Row(
            f"T.{op}2 {F32}",
            functools.partial(kernels.pair, f"{op}2", F32),
            {"sm_70": (None, f"{op}.f32")},
        )
        for op in ("max", "min", "abs")
    ],
    vector_access("ldg32", "ld.global.b32"),
    vector_access("ldg64", "ld.global.v2.b32"),
    vector_access("ldg128", "ld.global.v4.b32"),
    vector_access("ldg256", "ld.global.v8.b32", "sm_100"),
    vector_access("stg32", "st.global.b32"),
    vector_access("stg64", "st.global.v2.b32"),
    vector_access("stg128", "st.global.v4.b32"),
    vector_access("stg256", "st.global.v8.b32", "sm_100"),
    vector_access("lds32", "ld.shared.b32"),
    vector_access("lds64", "ld.shared.v2.b32"),
    vector_access("lds128", "ld.shared.v4.b32"),
    vector_access("sts32", "st.shared.b32"),
    vector_access("sts64", "st.shared.v2.b32"),
    vector_access("sts128", "st.shared.v4.b32"),
]


@functools.cache
def source_of(row: int, arch: str) -> str:
    return str(tilescale.lower(ROWS[row].kernel(), target=f"cuda -arch={arch}").kernel_source)


def document() -> str:
    """Returns the table as Markdown."""
    lines = [
        "# Instructions",
        "",
        "What each operator becomes on each architecture, checked by",
        "`tests/codegen/cuda/instruction_table_test.py` in the generated text and in the PTX that",
        "NVRTC makes of it. A cell without a text is as the one to its left.",
        "",
        "| operator | " + " | ".join(ARCHS) + " |",
        "| --- |" + " --- |" * len(ARCHS),
    ]
    for row in ROWS:
        cells: list[str] = []
        for arch in ARCHS:
            found = row.since.get(arch)
            cells.append("" if found is None else found[1] if found == REFUSED else f"`{found[1]}`")
        lines.append(f"| {row.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def test_the_document_shows_the_table(request):
    if request.config.getoption("--update-golden", default=False):
        DOCUMENT.write_text(document())
    assert DOCUMENT.read_text() == document()


@pytest.mark.parametrize("arch", ARCHS)
@pytest.mark.parametrize("row", range(len(ROWS)), ids=[row.name for row in ROWS])
def test_functions_in_the_text(row, arch):
    function, instruction = ROWS[row].at(arch)
    if instruction == "refused":
        refusals = (errors.UnsupportedInstructionError, errors.MatrixInstructionError)
        with pytest.raises(refusals):
            source_of(row, arch)
        return
    text = source_of(row, arch)
    if function is not None:
        assert f"ts::ptx::{function}(" in text
    named = {f for f, _ in (other.at(arch) for other in ROWS) if f and f.startswith("mma")}
    if ROWS[row].name.startswith("gemm") and " -> " in ROWS[row].name:
        called = {f for f in named if f"ts::ptx::{f}(" in text}
        assert called == ({function} if function else set())


CHANGES = [
    (i, arch) for i, row in enumerate(ROWS) for arch, found in row.since.items() if found != REFUSED
]


@pytest.mark.parametrize(("row", "arch"), CHANGES)
def test_instructions_in_the_ptx(row, arch):
    needs_nvrtc_for(arch)
    _, instruction = ROWS[row].at(arch)
    found = ptx_text.instructions_of(ptx_text.ptx_of(source_of(row, arch), arch))
    assert instruction in found
    if instruction.startswith(("fma", "dp4a")):
        assert not [name for name in found if name.startswith("mma")]
