"""Counters by line, against counts by hand, and the timeline."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from tests.sim.probe import kernel, line_of
from tilescale import sim

HEAD = """  using namespace ts; using namespace ts::ptx;
  TS_DYNAMIC_SHARED(raw);
  float* s = reinterpret_cast<float*>(raw);
  int t = threadIdx.x, lane = t % 32;
  s[t] = 0;
  sync_block();
"""


def run(body, threads=64, **options):
    source = kernel(HEAD + body.strip("\n"), "const float* in, float* out")
    arrays = [np.ones(1 << 14, np.float32), np.zeros(1 << 14, np.float32)]
    options = {"counters": True, "shared_bytes": 16384} | options
    return source, sim.launch(source, "k", 1, threads, arrays, **options)


def rows(source, report, mark, space):
    line = line_of(source, mark)
    return [row for row in report.profile.traffic if (row.line, row.space) == (line, space)]


@pytest.mark.parametrize("policy", ["round_robin", "random", "adversarial"])
@pytest.mark.parametrize(("stride", "ways"), [(1, 1), (2, 2), (3, 1), (8, 8), (32, 32), (33, 1)])
def test_bank_conflicts_of_strided_reads(stride, ways, policy):
    source, report = run(f"out[t] = s[lane * {stride} % 4096];  // R", policy=policy, checks=())
    (row,) = rows(source, report, "// R", "shared")
    assert (row.requests, row.bytes, row.ideal) == (2, 256, 2)
    assert (row.wavefronts, row.worst) == (2 * ways, ways)


@pytest.mark.parametrize(("stride", "sectors"), [(1, 4), (2, 8), (8, 32), (16, 32), (0, 1)])
@pytest.mark.parametrize("policy", ["round_robin", "adversarial"])
def test_sectors_of_strided_reads(stride, sectors, policy):
    source, report = run(
        f"for (int k = 0; k < 5; ++k) out[t + 64 * k] = in[k * 1024 + t * {stride}];  // R",
        policy=policy,
    )
    read, write = rows(source, report, "// R", "global")
    assert (read.writes, read.requests, read.sectors_per_request) == (False, 10, sectors)
    assert (write.writes, write.requests, write.sectors_per_request) == (True, 10, 4)


def test_wide_accesses_and_their_phases():
    source, report = run(
        """
  *reinterpret_cast<Words<4>*>(s + 4 * lane) = Words<4>{};  // W
  sync_block();
  Words<4> v;
  v = *reinterpret_cast<const Words<4>*>(s + 32 * (lane % 8));  // R
  stg_b128(out + 4 * t, v.word);
""",
        checks=("bounds",),
    )
    (write,) = rows(source, report, "// W", "shared")
    assert (write.requests, write.wavefronts, write.ideal) == (2, 8, 8)
    (read,) = rows(source, report, "// R", "shared")
    assert (read.requests, read.bytes, read.worst) == (2, 1024, 8)


def test_lanes_that_diverge_are_instructions_of_their_own():
    source, report = run("if (lane < 8) out[t] = in[t];  // R\n  else out[t] = in[t + 64];  // S")
    (read,) = [r for r in rows(source, report, "// R", "global") if not r.writes]
    assert (read.requests, read.bytes, read.sectors) == (2, 64, 2)
    (read,) = [r for r in rows(source, report, "// S", "global") if not r.writes]
    assert (read.requests, read.bytes, read.sectors) == (2, 192, 6)


def test_the_counters_of_the_tile():
    text = (Path(__file__).parent / "tile_128x128x64.cu").read_text()
    a, c = np.zeros((128, 64), np.float16), np.zeros((128, 128), np.float32)
    report = sim.launch(
        text, "k", 1, 128, [a, a, c], shared_bytes=32768, counters=True, timeline=True
    )
    profile = report.profile
    assert profile.count("mma m16n8k16 f32 f16 f16") == 512
    assert profile.count("ldmatrix") == 128
    assert profile.count("barrier") == 4
    assert profile.total("wavefronts", "shared") == profile.total("ideal", "shared")
    assert profile.total("bytes", "global") == 2 * 128 * 64 * 2 + 128 * 128 * 4
    assert "0 of them conflicts; 512 mma" in str(profile)
    plain = text.replace("(chunk ^ (row & 7))", "chunk")
    report = sim.launch(plain, "k", 1, 128, [a, a, c], shared_bytes=32768, counters=True)
    assert max(row.worst for row in report.profile.traffic) == 8


def test_the_timeline_is_a_trace(tmp_path):
    text = (Path(__file__).parent / "tile_128x128x64.cu").read_text()
    a, c = np.zeros((128, 64), np.float16), np.zeros((128, 128), np.float32)
    report = sim.launch(text, "k", 1, 128, [a, a, c], shared_bytes=32768, timeline=True)
    path = tmp_path / "trace.json"
    report.timeline.write(path)
    events = json.loads(path.read_text())["traceEvents"]
    names = {event["args"]["name"] for event in events if event["ph"] == "M"}
    assert names == {"block 0", "warp 0", "warp 1", "warp 2", "warp 3"}
    by_category = {}
    for event in events:
        by_category.setdefault(event.get("cat"), []).append(event)
    assert {"block", "run", "barrier", "mma", "wait", "copy"} <= set(by_category)
    assert len(by_category["mma"]) == 512
    assert by_category["mma"][0]["args"]["line"] == f"kernel.cu:{line_of(text, 'mma_m16n8k16')}"
    copies = by_category["copy"]
    assert [event["ph"] for event in copies] == ["b", "e"] * 4
    assert copies[0]["name"] == "8192 bytes, group 1"
    # Spans of one warp follow each other.
    for warp in range(1, 5):
        spans = [e for e in events if e.get("ph") == "X" and e["tid"] == warp]
        spans = sorted((e["ts"], e["dur"]) for e in spans if e["cat"] != "wait")
        assert all(b[0] >= a[0] + a[1] - 1 for a, b in itertools.pairwise(spans))
