"""The fixed-seed slice of the differential fuzzer."""

import fuzz_campaign
import pytest
from fuzz_campaign import SLICE


@pytest.fixture(scope="module")
def report():
    return fuzz_campaign.run(SLICE)


def test_the_cpu_target_agrees_with_the_evaluator(report):
    print(report.table())
    print(report.summary())
    assert report.failures == [], report.failures[0][1]


def test_the_generator_makes_legal_programs(report):
    assert report.illegal == []


def test_enough_programs_are_compared(report):
    assert report.checked >= 300


def test_every_required_cell_is_reached(report):
    assert report.missing() == []
