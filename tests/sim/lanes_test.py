"""The simulator gives, bit by bit, what an H200 gave: see lane_cases.py and record_lanes.py."""

from __future__ import annotations

import json
from pathlib import Path

import lane_cases
import numpy as np
import pytest

from tilescale import sim

RECORDED = Path(__file__).parent / "recorded" / "sm_90.npz"
CASES = lane_cases.cases()


@pytest.fixture(scope="module")
def recorded():
    with np.load(RECORDED) as data:
        return {name: data[name] for name in data.files}


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
    same = out == wanted
    if case.name.startswith("float_"):
        # Plain arithmetic is the host's; it keeps other bits of what is not a number.
        same |= np.isnan(out.view(np.float32)) & np.isnan(wanted.view(np.float32))
    wrong = np.argwhere(~same)
    assert not len(wrong), (
        f"{len(wrong)} of {out.size} words, first at {wrong[0].tolist()}: "
        f"{out[tuple(wrong[0])]:#x}, the GPU gave {wanted[tuple(wrong[0])]:#x}"
    )
