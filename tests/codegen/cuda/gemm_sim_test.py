"""`T.gemm` for each architecture: all shapes, types and places of the operands."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.support import machine
from tilescale import sim
from tilescale.errors import MatrixInstructionError
from tilescale.layout import make_linear_layout, make_swizzled_layout
from tilescale.testing import evaluator
from tilescale.testing.eval_dtype import storage_dtype


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@dataclass(frozen=True)
class Case:
    """One product of an M x K and a K x N tile by one block."""

    arch: str = "sm_80"
    shape: tuple[int, int, int] = (64, 64, 32)
    dtypes: tuple[str, str, str] = ("float16", "float16", "float32")
    transposes: tuple[bool, bool] = (False, True)
    threads: int = 128
    policy: int = 0
    scopes: tuple[str, str, str] = ("shared", "shared", "fragment")
    clear: bool = False
    asks: str | None = None  # for an instruction
    layout: Callable[..., Any] | None = None  # of the shared operands, given by the user
    instruction: str | None = None

    def __str__(self) -> str:
        letters = "".join("NT"[t] for t in self.transposes)
        shape = "x".join(map(str, self.shape))
        return "-".join([self.arch, shape, self.dtypes[0], letters])


def make(case):
    m, n, k = case.shape
    a_type, b_type, c_type = case.dtypes
    a_shape = (k, m) if case.transposes[0] else (m, k)
    b_shape = (n, k) if case.transposes[1] else (k, n)
    allocate = {"shared": T.alloc_shared, "fragment": T.alloc_fragment}

    @T.prim_func
    def gemm(
        A: T.Tensor(a_shape, a_type), B: T.Tensor(b_shape, b_type), C: T.Tensor((m, n), c_type)
    ):
        with T.Kernel(1, threads=case.threads):
            a = allocate[case.scopes[0]](a_shape, a_type)
            b = allocate[case.scopes[1]](b_shape, b_type)
            c = allocate[case.scopes[2]]((m, n), c_type)
            if case.layout:
                T.annotate_layout({a: case.layout(a), b: case.layout(b)})
            T.copy(A, a)
            T.copy(B, b)
            T.copy(C, c)
            T.gemm(
                a,
                b,
                c,
                *case.transposes,
                policy=case.policy,
                clear_accum=case.clear,
                annotations={"instruction": case.asks} if case.asks else None,
            )
            T.copy(c, C)

    return gemm, (a_shape, b_shape, (m, n))


def draw(shape, dtype, rng):
    if "int" in dtype:
        info = np.iinfo(dtype)
        return rng.integers(max(info.min, -128), min(info.max, 127) + 1, shape).astype(dtype)
    return rng.standard_normal(shape).astype(storage_dtype(dtype))


def small_integers(shape, dtype, rng):
    return rng.integers(-8, 9, shape).astype(dtype)


def check(case, draw=draw):
    func, shapes = make(case)
    rng = np.random.default_rng(1)
    tensors = [draw(s, t, rng) for s, t in zip(shapes, case.dtypes, strict=True)]
    expected = [tensor.copy() for tensor in tensors]
    evaluator.run(func, expected, check_programs=False)
    if case.instruction:
        assert f"ts::ptx::{case.instruction}(" in machine.source(func, case.arch)
    machine.build(func, case.arch)(*tensors)
    # Accumulators of float16 round at every step, in an order that each instruction chooses.
    tolerance = {"float16": 2e-2, "float32": 1e-4}.get(case.dtypes[2], 0)
    actual, wanted = tensors[2].astype(np.float64), expected[2].astype(np.float64)
    np.testing.assert_allclose(actual, wanted, rtol=tolerance, atol=tolerance * 8)


def profile(case):
    machine.simulator_only("GPUs do not count bank conflicts")
    func, shapes = make(case)
    rng = np.random.default_rng(1)
    lowered = tilescale.lower(func, target=f"cuda -arch={case.arch}")
    return sim.launch(
        lowered.kernel_source,
        "gemm",
        (1, 1, 1),
        tuple(lowered.signature["block"]),
        [draw(s, t, rng) for s, t in zip(shapes, case.dtypes, strict=True)],
        shared_bytes=lowered.signature["shared_bytes"],
        arch=case.arch,
        counters=True,
    ).profile


F16 = ("float16", "float16", "float32")
HALVES = ("float16", "float16", "float16")
BF16 = ("bfloat16", "bfloat16", "float32")
S8 = ("int8", "int8", "int32")
U8 = ("uint8", "uint8", "int32")
E4M3 = ("float8_e4m3fn", "float8_e4m3fn", "float32")
MIXED = ("float8_e5m2", "float8_e4m3fn", "float32")

INSTRUCTIONS = [
    ("sm_70", F16, "mma_m8n8k4_f32_f16"),
    ("sm_70", HALVES, "mma_m8n8k4_f16_f16"),
    ("sm_75", F16, "mma_m16n8k8_f32_f16"),
    ("sm_75", HALVES, "mma_m16n8k8_f16_f16"),
    ("sm_75", S8, "mma_m8n8k16_s32_s8"),
    ("sm_80", F16, "mma_m16n8k16_f32_f16"),
    ("sm_80", HALVES, "mma_m16n8k16_f16_f16"),
    ("sm_80", BF16, "mma_m16n8k16_f32_bf16"),
    ("sm_80", S8, "mma_m16n8k32_s32_s8"),
    ("sm_80", U8, "mma_m16n8k32_s32_u8"),
    ("sm_89", E4M3, "mma_m16n8k32_f32_e4m3"),
    ("sm_120", MIXED, "mma_m16n8k32_f32_e5m2_e4m3"),
]


@pytest.mark.parametrize(("arch", "dtypes", "instruction"), INSTRUCTIONS)
def test_instructions_of_each_architecture(arch, dtypes, instruction):
    check(Case(arch=arch, dtypes=dtypes, instruction=instruction))


@pytest.mark.parametrize("arch", ["sm_70", "sm_75", "sm_80"])
@pytest.mark.parametrize("transposes", [(False, False), (True, False), (True, True)])
def test_transposes(arch, transposes):
    check(Case(arch=arch, transposes=transposes))


@pytest.mark.parametrize("transposes", [(False, False), (True, True)])
def test_transposes_of_8_bits(transposes):
    check(Case(dtypes=S8, transposes=transposes))


#: Tiles and warps that do not divide each other.
ODD = [
    ((48, 48, 32), 128),
    ((40, 20, 32), 128),
    ((64, 64, 24), 128),
    ((16, 8, 16), 256),
    ((17, 9, 5), 64),
    ((64, 64, 32), 80),
    ((96, 80, 48), 96),
    ((1, 64, 64), 32),
]


@pytest.mark.parametrize(("shape", "threads"), ODD)
def test_shapes_that_nothing_divides(shape, threads):
    check(Case(shape=shape, threads=threads))


@pytest.mark.parametrize("arch", ["sm_70", "sm_75"])
@pytest.mark.parametrize(("shape", "threads"), ODD[:3])
def test_shapes_that_nothing_divides_on_old_architectures(arch, shape, threads):
    check(Case(arch=arch, shape=shape, threads=threads, transposes=(True, False)))


@pytest.mark.parametrize("policy", [0, 1, 2])
@pytest.mark.parametrize("threads", [32, 256])
def test_policies(policy, threads):
    check(Case(policy=policy, threads=threads, clear=True))


PLACES = [
    ("fragment", "shared", "fragment"),
    ("shared", "fragment", "fragment"),
    ("fragment", "fragment", "shared"),
    ("shared", "shared", "shared"),
]


@pytest.mark.parametrize("scopes", PLACES)
@pytest.mark.parametrize("transposes", [(False, True), (True, False)])
def test_places_of_the_operands(scopes, transposes):
    check(Case(scopes=scopes, transposes=transposes))


def test_operands_without_an_instruction():
    for dtypes in (("float32", "float32", "float32"), ("float16", "float16", "float64")):
        check(Case(dtypes=dtypes, shape=(16, 24, 8)))
    check(replace(Case(), arch="sm_80", dtypes=E4M3, shape=(16, 16, 32)))


@pytest.mark.parametrize("columns", [16, 32, 128])
def test_layouts_of_the_user_move_the_elements(columns):
    for transposes in ((False, True), (True, False)):
        shape = (64, 64, columns) if transposes[1] else (columns, columns, 64)
        check(Case(shape=shape, transposes=transposes, layout=make_swizzled_layout))


TRANSPOSES = [(a, b) for a in (False, True) for b in (False, True)]
BYTES = [("sm_75", S8), ("sm_80", S8), ("sm_80", U8), ("sm_89", E4M3), ("sm_120", E4M3)]


@pytest.mark.parametrize("transposes", TRANSPOSES)
@pytest.mark.parametrize(("arch", "dtypes"), BYTES)
@pytest.mark.parametrize(
    ("shape", "threads"),
    # Whole and half pieces of 16 columns, tiles that no number of warps divides.
    [((64, 64, 64), 128), ((32, 24, 32), 32), ((48, 112, 64), 96), ((16, 40, 32), 160)],
)
def test_bytes_in_either_order(shape, threads, arch, dtypes, transposes):
    case = Case(arch=arch, shape=shape, dtypes=dtypes, transposes=transposes, threads=threads)
    check(case)
    text = machine.source(make(case)[0], arch)
    m, n, _ = shape
    across = [
        extent for extent, is_across in ((m, transposes[0]), (n, not transposes[1])) if is_across
    ]
    if all(extent % 16 == 0 for extent in across):
        # No element of an operand is read by itself.
        assert ("ts::load_bytes" in text) == bool(across)
        reads = re.findall(r"^ *[ab]_?\w*\[.*\] = [ab]\w*\[", text, re.MULTILINE)
        assert not reads, reads


@pytest.mark.parametrize("transposes", TRANSPOSES)
@pytest.mark.parametrize(("arch", "dtypes"), BYTES)
def test_bytes_have_no_bank_conflicts(arch, dtypes, transposes):
    case = Case(arch=arch, shape=(64, 128, 64), dtypes=dtypes, transposes=transposes, clear=True)
    counted = profile(case)
    assert counted.total("requests", "shared") > 0
    assert counted.total("conflicts", "shared") == 0


#: Tiles of usual kernels.
STANDARD = [
    Case(shape=(64, 64, 32)),
    Case(shape=(128, 64, 64)),
    Case(shape=(64, 128, 128)),
    Case(shape=(64, 128, 32), transposes=(False, False)),
    Case(shape=(128, 64, 32), transposes=(True, False)),
    Case(shape=(64, 64, 64), dtypes=S8),
    Case(shape=(64, 64, 64), dtypes=E4M3, arch="sm_89"),
    Case(shape=(64, 64, 32), arch="sm_75"),
]


@pytest.mark.parametrize("case", STANDARD, ids=str)
def test_standard_tiles_have_no_bank_conflicts(case):
    check(replace(case, clear=True))
    counted = profile(replace(case, clear=True))
    assert counted.total("requests", "shared") > 0
    assert counted.total("conflicts", "shared") == 0


def test_rows_without_a_swizzle_have_bank_conflicts():
    case = Case(shape=(64, 64, 32), layout=make_linear_layout)
    check(case)
    assert profile(case).total("conflicts", "shared") > 0


TF32 = "mma_m16n8k8_f32_tf32"


def test_an_instruction_that_is_asked_for():
    floats = ("float32", "float32", "float32")
    # Both read what they can hold exactly.
    check(Case(dtypes=floats, asks=TF32, instruction=TF32), draw=small_integers)
    check(Case(asks="mma_m16n8k8_f32_f16", instruction="mma_m16n8k8_f32_f16"))
    func, _ = make(Case(asks="fma"))
    assert "mma_" not in tilescale.lower(func, target="cuda -arch=sm_80").kernel_source


@pytest.mark.parametrize(
    ("arch", "dtypes", "asks", "expected", "remedy"),
    [
        ("sm_80", E4M3, "mma_m16n8k32_f32_e4m3", "fma", "compile for sm_89 or later"),
        ("sm_75", BF16, "mma", "fma", "compile for sm_80 or later"),
        ("sm_80", S8, "mma_m16n8k16_f32_f16", "mma_m16n8k32_s32_s8", "leave `instruction` out"),
        ("sm_80", F16, "wgmma", "mma_m16n8k16_f32_f16", "leave `instruction` out"),
    ],
)
def test_an_instruction_that_there_is_not(arch, dtypes, asks, expected, remedy):
    func, _ = make(Case(dtypes=dtypes, asks=asks))
    with pytest.raises(MatrixInstructionError) as caught:
        tilescale.lower(func, target=f"cuda -arch={arch}")
    assert caught.value.got.startswith(f'"{asks}"')
    assert expected in caught.value.expected
    assert remedy in caught.value.remedy
    assert arch in caught.value.message
