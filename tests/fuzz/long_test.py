"""A long run on seeds that the slice does not use; part of --config=full only."""

import fuzz_campaign

SEEDS = range(100_000, 103_000)


def test_the_cpu_target_agrees_with_the_evaluator():
    report = fuzz_campaign.run(SEEDS)
    print(report.table())
    assert report.failures == [], report.failures[0][1]
    assert report.illegal == []
