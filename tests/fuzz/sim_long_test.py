"""A long run on the simulator with other seeds than its slice; part of --config=full only."""

import fuzz_campaign
from fuzz_backends import Simulator

SEEDS = range(200_000, 203_000)


def test_the_cuda_target_agrees_with_the_evaluator():
    report = fuzz_campaign.run(SEEDS, Simulator())
    print(report.table())
    print(report.summary())
    assert report.failures == [], report.failures[0][1]
    assert report.illegal == []
