"""The simulator gives, bit by bit, what an H200 gave: see lane_cases.py and record_lanes.py."""

from __future__ import annotations

import json
import re
from pathlib import Path

import lane_cases
import numpy as np
import pytest

from tilescale import sim
from tilescale.sim.headers import cuda_headers

RECORDED = Path(__file__).parent / "recorded" / "sm_90.npz"
CASES = lane_cases.cases()
#: Approximations of the GPU are exact in the simulator.
NEAR = {"near32": 2**-19, "near64": 2**-50}
#: Functions of cc/device that no case calls.
UNRECORDED = {
    "active_mask": "any lanes that happen to stand together",
    "clock_cycles": "time",
    "globaltimer": "time",
    "device_assert": "prints and ends the context",
    "print": "prints",
    "grid_barrier": "called by sync_grid",
    "byte_words": "called by load_bytes",
    "byte_source": "called by load_bytes",
    "of": "called by warp_reduce",
    "shared_address": "inside instructions",
    "shfl_segment": "inside instructions",
    **dict.fromkeys(("ldg_b256", "stg_b256"), "sm_100"),
    **{f"{op}_f32x2": "sm_100" for op in ("add", "sub", "mul", "fma")},
    **{f"atomic_add_{kind}": "called by atomic_add" for kind in ("f16", "f16x2", "bf16", "bf16x2")},
}
_DECLARED = re.compile(r"TS_DEVICE [\w<>:]+ (?:\(&)?(\w+)\(")
_BY_MACRO = re.compile(r"^ *TS_(?:SHUFFLE|MATCH|REDUX|ATOMIC|PACKED)\w*\(([a-z]\w*),", re.MULTILINE)
_ROUNDED = re.compile(r"TS_DEVICE \w+ (\w+)_##mode\(")
_ROUNDING = re.compile(r"^TS_ROUNDING\((\w+)\)", re.MULTILINE)


@pytest.fixture(scope="module")
def recorded():
    with np.load(RECORDED) as data:
        return {name: data[name] for name in data.files}


def same(out: np.ndarray, wanted: np.ndarray, compare: str) -> np.ndarray:
    """Which numbers agree, as a case wants them compared."""
    if compare == "bits":
        return out == wanted
    dtype = np.float32 if compare.endswith("32") else np.float64
    out, wanted = out.view(dtype), wanted.view(dtype)
    if compare in NEAR:
        return np.abs(out - wanted) <= NEAR[compare] * (1 + np.abs(wanted))
    # Plain arithmetic is the host's; it keeps other bits of what is not a number.
    bits = np.dtype(f"u{dtype().itemsize}")
    return (out.view(bits) == wanted.view(bits)) | (np.isnan(out) & np.isnan(wanted))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_lanes_are_those_of_the_gpu(case, recorded):
    about = json.loads(str(recorded["about"]))
    assert about["digests"][case.name] == case.digest(), "record again: see record_lanes.py"
    out = np.zeros(case.output, np.uint32)
    inputs = [array.copy() for array in case.inputs]
    report = sim.launch(
        case.source,
        "k",
        case.blocks,
        case.threads,
        [*inputs, out],
        shared_bytes=8192,
        arch=lane_cases.RECORDED_ON,
    )
    assert not report.events, report.events[0]
    wanted = recorded[case.name]
    agree = same(out.reshape(-1), wanted.reshape(-1), case.compare)
    wrong, words = np.flatnonzero(~agree), out.size // agree.size
    assert not len(wrong), (
        f"{len(wrong)} of {agree.size} numbers, first number {wrong[0]}: "
        f"{_hex(out, wrong[0], words)}, the GPU gave {_hex(wanted, wrong[0], words)}"
    )


def _hex(array: np.ndarray, number: int, words: int) -> list[str]:
    return [hex(word) for word in array.reshape(-1)[number * words :][:words]]


def declared() -> set[str]:
    """The names of the functions for kernels in cc/device, but for products of matrices."""
    names: set[str] = set()
    for text in cuda_headers().values():
        names |= {*_DECLARED.findall(text), *_BY_MACRO.findall(text)}
        names |= {
            f"{op}_{mode}" for op in _ROUNDED.findall(text) for mode in _ROUNDING.findall(text)
        }
    return names - {"name", "statement"}  # parameters of macros


def test_every_function_for_kernels_is_recorded_or_has_a_reason():
    products = {row[0] for row in lane_cases.mma_table() if int(row[1]) <= lane_cases.RECORDED_ON}
    names = declared() | products
    assert {
        "byte_permute",
        "red_add",
        "shfl_idx",
        "any",
        "add_ru",
        "load_bytes",
        "registers",
    } <= names
    called = {name for case in CASES for name in re.findall(r"(\w+)(?:<[^;()]*>)?\(", case.source)}
    assert names - called - UNRECORDED.keys() == set(), (
        "add cases to lane_cases.py, and record them"
    )
    assert UNRECORDED.keys() <= names, "not there any more"
    assert not UNRECORDED.keys() & called
