"""Properties of the scheduler: what seeds decide, what policies must not, how soon races show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sim.probe import kernel
from tilescale import sim

POLICIES = ("round_robin", "random", "adversarial")
ASYNC = ("eager", "late", "random")
SEEDS = st.integers(0, 2**31)

# Rounds through shared memory with asynchronous copies, shuffles, votes and atomics: no race.
CLEAN = kernel(
    """
  using namespace ts; using namespace ts::ptx;
  TS_DYNAMIC_SHARED(raw);
  int* s = reinterpret_cast<int*>(raw);
  int t = threadIdx.x, block = blockIdx.x, sum = 0;
  for (int round = 0; round < 3; ++round) {
    cp_async_4(s + t, in + (block * 64 + t + round * 7) % 256);
    cp_async_commit();
    cp_async_wait<0>();
    sync_block();
    sum += s[(t + 13) % 64] + shfl_xor(s[t], 1 << round);
    sync_block();
    if (t % 3 == round) atomic_add<Order::kRelaxed, Scope::kGpu>(out + 256, sum);
    sum ^= sync_block_count(sum & 1);
  }
  out[block * 64 + t] = sum;
""",
    "const int* in, int* out",
    64,
)


def run(source, **options):
    data, out = np.arange(256, dtype=np.int32) * 3, np.zeros(257, np.int32)
    report = sim.launch(source, "k", 4, 64, [data, out], shared_bytes=1024, **options)
    return report, out


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, policy=st.sampled_from(POLICIES), async_policy=st.sampled_from(ASYNC))
def test_a_clean_kernel_has_one_result(seed, policy, async_policy):
    _, wanted = run(CLEAN)
    report, out = run(CLEAN, seed=seed, policy=policy, async_policy=async_policy)
    assert not report.events
    assert np.array_equal(out, wanted)


@settings(max_examples=8, deadline=None)
@given(seed=SEEDS, policy=st.sampled_from(POLICIES))
def test_a_seed_decides_the_whole_run(seed, policy):
    racy = CLEAN.replace("sync_block();", "", 1)
    for source in (CLEAN, racy):
        runs = [run(source, seed=seed, policy=policy, async_policy="random") for _ in range(2)]
        (first, out), (second, again) = runs
        assert first.events == second.events
        assert first.counters == second.counters
        assert first.digest == second.digest
        assert np.array_equal(out, again)


# name -> (kernel, how many runs may miss the race)
PLANTED = {
    "missing barrier": CLEAN.replace("    sync_block();\n", "", 1),
    "missing barrier before reuse": CLEAN.replace(
        "1 << round);\n    sync_block();", "1 << round);"
    ).replace("sum ^= sync_block_count(sum & 1);", ""),
    "missing wait": CLEAN.replace("cp_async_wait<0>();", ""),
    "plain instead of atomic": CLEAN.replace(
        "atomic_add<Order::kRelaxed, Scope::kGpu>(out + 256, sum)", "out[256] += sum"
    ),
    "too small a scope": CLEAN.replace("Scope::kGpu", "Scope::kCta"),
}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_race_is_found_in_the_first_run(name, policy):
    assert PLANTED[name] != CLEAN
    for seed in range(3):
        report, _ = run(PLANTED[name], seed=seed, policy=policy)
        assert "race" in report.kinds()


# A message that is read too early only if the reader overtakes the writer: results differ by order.
def test_orders_differ_between_policies():
    source = kernel(
        """
  using namespace ts; using namespace ts::ptx;
  int t = threadIdx.x;
  out[t] = atomic_add<Order::kRelaxed, Scope::kGpu>(out + 256, 1);
""",
        "const int* in, int* out",
        64,
    )
    seen = {tuple(run(source, policy="random", seed=seed)[1][:64]) for seed in range(5)}
    assert len(seen) > 1
    orders = {policy: tuple(run(source, policy=policy)[1][:64]) for policy in POLICIES}
    assert orders["round_robin"] != orders["random"]
