"""The fixed-seed slice of the CUDA target: its text on the simulator, with all checks."""

import fuzz_campaign
import pytest
from fuzz_backends import ARCHS, Simulator
from fuzz_campaign import SIM_SLICE
from fuzz_generator import CELLS, generate


@pytest.fixture(scope="module")
def report():
    return fuzz_campaign.run(SIM_SLICE, Simulator())


def test_the_cuda_target_agrees_with_the_evaluator(report):
    print(report.table())
    print(report.summary())
    assert report.failures == [], report.failures[0][1]
    assert report.illegal == []


def test_enough_programs_are_compared(report):
    assert report.checked + report.skipped.total() >= len(SIM_SLICE) - 10
    assert report.checked >= 150


def test_the_slice_has_every_operator_with_every_type():
    wanted = {(operator, dtype) for operator, dtype, _ in CELLS}
    assert {CELLS[seed % len(CELLS)][:2] for seed in SIM_SLICE} == wanted


def test_every_architecture_meets_every_shape():
    simulator = Simulator()
    met = {(simulator.arch(generate(seed)), CELLS[seed % len(CELLS)][2]) for seed in SIM_SLICE}
    assert len(met) == len(ARCHS) * 3
