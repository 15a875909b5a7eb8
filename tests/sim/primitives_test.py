"""Votes, matches, reductions, grid barriers, atomics of all types: results and mistakes."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from tests.sim.probe import kernel, line_of
from tilescale import sim

POLICIES = ("round_robin", "random", "adversarial")
USING = "  using namespace ts; using namespace ts::ptx;\n  int t = threadIdx.x, lane = t % 32;\n"


def run(body, parameters, args, threads=32, grid=1, **options):
    options = {"arch": "sm_90", "shared_bytes": 4096} | options
    return sim.launch(
        kernel(USING + body, parameters, threads), "k", grid, threads, args, **options
    )


@pytest.mark.parametrize("policy", POLICIES)
def test_warp_operations(policy):
    out = np.zeros((9, 32), np.uint32)
    run(
        """
  out[t] = match_any(kAllLanes, uint32_t(lane % 5));
  out[32 + t] = match_all(kAllLanes, uint64_t(7));
  out[64 + t] = match_all(kAllLanes, uint32_t(lane / 31));
  out[96 + t] = redux_add(kAllLanes, uint32_t(lane));
  out[128 + t] = redux_min(kAllLanes, lane - 9);
  out[160 + t] = redux_max(kAllLanes, uint32_t(lane - 9));
  out[192 + t] = redux_xor(kAllLanes, 1u << lane % 3);
  if (lane % 4 == 1) out[224 + t] = elect(0x22222222u) + 2;
  double wide = lane + 0.25;
  out[256 + t] = uint32_t(shfl_xor(wide, 3) * 4) + 1000 * uint32_t(shfl_up(half_t(lane), 1));
""",
        "unsigned* out",
        [out],
        policy=policy,
    ).check()
    lanes = np.arange(32)
    same = [sum(1 << b for b in lanes if b % 5 == a % 5) for a in lanes]
    assert out[0].tolist() == same
    assert (out[1] == 2**32 - 1).all()
    assert not out[2].any()
    assert (out[3] == 496).all()
    assert (out[4].view(np.int32) == -9).all()
    assert (out[5] == 2**32 - 1).all()
    assert (out[6] == 0b101 ^ 0b010 ^ 0b110).all() or len(set(out[6].tolist())) == 1
    assert out[7].tolist() == [0 if a % 4 != 1 else 3 if a == 1 else 2 for a in lanes]
    assert out[8].tolist() == [4 * (a ^ 3) + 1 + 1000 * max(a - 1, 0) for a in lanes]


@pytest.mark.parametrize("policy", POLICIES)
def test_block_votes(policy):
    out = np.zeros((3, 96), np.uint32)
    run(
        """
  out[t] = sync_block_count(t % 3 == 0);
  out[96 + t] = sync_block_and(t < 96) + 2 * sync_block_and(t != 50);
  out[192 + t] = sync_block_or(t == 95) + 2 * sync_block_or(t == 96);
""",
        "unsigned* out",
        [out],
        threads=96,
        policy=policy,
    ).check()
    assert [set(row.tolist()) for row in out] == [{32}, {1}, {1}]


GRID = """
  if (t == 0) out[blockIdx.x] = blockIdx.x + 1;  // W
  sync_grid();
  if (t == 0) out[gridDim.x + blockIdx.x] = out[(blockIdx.x + 1) % gridDim.x];  // R
"""


@pytest.mark.parametrize("policy", POLICIES)
def test_sync_grid_orders_blocks(policy):
    out = np.zeros(12, np.int32)
    run(GRID + "  sync_grid();" + GRID, "int* out", [out], grid=6, policy=policy).check()
    assert out[6:].tolist() == [2, 3, 4, 5, 6, 1]
    wrong = run(GRID.replace("sync_grid();", ""), "int* out", [out], grid=6, policy=policy)
    assert "race" in wrong.kinds()
    source = kernel(USING + GRID, "int* out", 32)
    lines = {site.line for event in wrong.events for site in event.sites}
    assert {line_of(source, "// W"), line_of(source, "// R")} <= lines


def test_a_grid_that_cannot_be_resident_is_reported():
    out = np.zeros(12, np.int32)
    report = run(GRID, "int* out", [out], grid=6, resident_blocks=4)
    (event,) = report.events
    assert event.kind == "deadlock"
    assert "2 blocks of the grid have no place to start" in event.message
    assert any("the barrier of the grid, of 6 blocks" in site.what for site in event.sites)


@pytest.mark.parametrize("policy", POLICIES)
def test_active_mask_names_lanes_that_stand_together(policy):
    out = np.zeros(32, np.uint32)
    run(
        "  if (t % 2) { uint32_t m = active_mask(); out[t] = m | redux_add(m, 0u); }",
        "unsigned* out",
        [out],
        policy=policy,
    ).check()
    for lane in range(1, 32, 2):
        assert out[lane] == (1 << lane if policy == "adversarial" else 0xAAAAAAAA)


ATOMIC_TYPES = {
    "double": np.float64,
    "float": np.float32,
    "int64_t": np.int64,
    "uint64_t": np.uint64,
    "half_t": np.float16,
    "bfloat16_t": ml_dtypes.bfloat16,
}


@pytest.mark.parametrize("name", ATOMIC_TYPES)
@pytest.mark.parametrize("arch", ["sm_80", "sm_90"])
def test_additions_of_all_types(name, arch):
    out = np.zeros(8, ATOMIC_TYPES[name])
    run(
        f"""
  {name} old = atomic_add<Order::kRelaxed, Scope::kGpu>(&out[0], {name}(1));
  if (float(old) == 31) out[1] = old;
  Pack<{name}, 2> two;
  two.value[0] = {name}(1);
  two.value[1] = {name}(2);
  atomic_add<Order::kAcqRel, Scope::kGpu>(reinterpret_cast<Pack<{name}, 2>*>(out + 2), two);
  atomic_update<Order::kRelaxed, Scope::kGpu>(
      out + 4, [&](float v) {{ return v > float(lane) ? v : float(lane); }});
""".replace("float v", f"{name} v").replace("float(lane)", f"{name}(lane)"),
        f"{name}* out".replace("half_t", "ts::half_t").replace("bfloat", "ts::bfloat"),
        [out],
        arch=arch,
        policy="random",
    ).check()
    assert out.astype(np.float64).tolist() == [32, 31, 32, 64, 31, 0, 0, 0]


def test_a_pack_needs_its_alignment():
    out = np.zeros(8, np.float32)
    report = run(
        "  Pack<float, 4> v = {}; atomic_add<Order::kRelaxed, Scope::kGpu>("
        "reinterpret_cast<Pack<float, 4>*>(out + 1), v);",
        "float* out",
        [out],
    )
    assert report.kinds() == {"misaligned"}


def test_time_grows():
    out = np.zeros(2, np.uint64)
    run(
        "  uint64_t a = clock_cycles(); uint64_t b = globaltimer(); out[0] = a; out[1] = b;",
        "uint64_t* out",
        [out],
        threads=1,
    ).check()
    assert out[0] < out[1]


@pytest.mark.parametrize(
    ("body", "kinds", "words"),
    [
        ("if (t < 32) bar_sync(1, 96);", {"deadlock"}, "32 threads: waits for barrier 1 of 96"),
        ("bar_sync(1, t < 32 ? 64 : 96);", {"bad_barrier"}, "different thread counts"),
        ("bar_sync(1, 40);", {"bad_barrier"}, "a multiple of 32"),
        ("bar_sync(16, 64);", {"bad_barrier"}, "barrier 16"),
        ("if (lane < 5) redux_add(0x3fu, 1u);", {"divergent_collective"}, "redux"),
        ("if (lane < 5) match_any(0xfu, 1u);", {"divergent_collective"}, "lacks the calling lane"),
        (
            "if (lane == 7) return; elect(kAllLanes);",
            {"divergent_collective"},
            "lane 7 of the mask",
        ),
    ],
)
def test_wrong_counts_and_masks(body, kinds, words):
    for policy in POLICIES:
        report = run(f"  {body}  // here", "int n", [np.int32(0)], threads=64, policy=policy)
        assert report.kinds() & (kinds | {"deadlock"}), report
        text = "\n".join(map(str, report.events))
        assert words in text or policy != "round_robin", text
        assert ":5:" in text


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("vote", ["count", "and", "or"])
def test_a_vote_is_a_barrier(vote, policy):
    body = f"""
  TS_DYNAMIC_SHARED(raw);
  int* s = reinterpret_cast<int*>(raw);
  s[t] = t;  // W
  int votes = sync_block_{vote}(t > 3);
  out[t] = s[63 - t] + votes;  // R
"""
    args = [np.zeros(64, np.int32)]
    assert not run(body, "int* out", args, threads=64, policy=policy).events
    wrong_body = body.replace(f"sync_block_{vote}(", "int(")
    wrong = run(wrong_body, "int* out", args, threads=64, policy=policy)
    assert "race" in wrong.kinds()
    source = kernel(USING + wrong_body, "int* out", 64)
    lines = {site.line for event in wrong.events for site in event.sites}
    assert {line_of(source, "// W"), line_of(source, "// R")} <= lines
