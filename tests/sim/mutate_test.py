"""What can be removed from a kernel is found, and whether that is noticed is told rightly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.sim.probe import kernel, line_of
from tilescale import sim
from tilescale.sim.mutate import mutants, mutate

HEAD = """  TS_DYNAMIC_SHARED(raw);
  float* s = reinterpret_cast<float*>(raw);
  int t = threadIdx.x;
"""


def runner(threads=64, grid=1):
    def run(text, **options):
        data, out = np.arange(256, dtype=np.float32), np.zeros(256, np.float32)
        return sim.launch(text, "k", grid, threads, [data, out], shared_bytes=4096, **options)

    return run


def text_of(body):
    return kernel(HEAD + body.strip("\n"), "const float* in, float* out")


def verdicts(table):
    return [(row.what.split(" ", 1)[-1], row.verdict) for row in table.rows]


def test_tells_what_is_needed_from_what_is_not():
    text = text_of(
        """
  // model.py:7
  s[t] = in[t];
  ts::sync_block();  // ts::sync_block(); in a comment stays
  // model.py:9
  out[t] = s[63 - t];
  ts::sync_block();
  out[64 + t] = in[t];
"""
    )
    table = mutate(text, runner())
    assert not table.baseline
    assert verdicts(table) == [
        ("ts::sync_block();", "reported"),
        ("ts::sync_block();", "harmless"),
    ]
    first = table.rows[0]
    assert first.origin == "model.py:7"
    assert first.line == line_of(text, "in a comment")
    assert "model.py:9" in first.detail
    assert "1 reported, 1 harmless, 0 not reported" in str(table)


def test_names_findings_of_the_kernel_itself():
    table = mutate(text_of("  out[0] = t;\n  ts::sync_block();"), runner())
    assert len(table.baseline) == 1
    assert table.rows[0].verdict == "reported"


def test_weakens_waits_orders_scopes_and_votes():
    text = text_of(
        """
  int* flag = reinterpret_cast<int*>(out + 128);
  using namespace ts; using namespace ts::ptx;
  int votes = sync_block_count(t > 3);
  if (blockIdx.x == 0 && t == 0) {
    out[0] = votes;
    atomic_store<Order::kRelease, Scope::kGpu>(flag, 1);
  }
  if (blockIdx.x == 1 && t == 0) {
    while (atomic_load<Order::kAcquire, Scope::kGpu>(flag) == 0) {}
    out[1] = out[0];
  }
"""
    )
    table = mutate(text, runner(grid=2))
    assert not table.baseline
    what = {row.what: row.verdict for row in table.rows}
    assert what == {
        "remove the barrier of sync_block_count": "not reported",  # only the result tells
        "Order::kRelease -> kRelaxed": "reported",
        "Order::kAcquire -> kRelaxed": "reported",
        "Scope::kGpu -> kCta": "reported",
    }


def test_a_pipeline_of_asynchronous_copies():
    text = text_of(
        """
  for (int k = 0; k < 2; ++k) {
    ts::ptx::cp_async_4(s + 64 * k + t, in + 64 * k + t);
    ts::ptx::cp_async_commit();
  }
  ts::ptx::cp_async_wait<1>();
  ts::sync_block();
  out[t] = s[63 - t];
  ts::ptx::cp_async_wait<0>();
  ts::sync_block();
  out[64 + t] = s[127 - t];
"""
    )
    table = mutate(text, runner())
    assert not table.baseline
    assert {row.verdict for row in table.rows} == {"reported"}
    assert len(table.rows) == 7


def test_every_synchronisation_of_the_tile_matters():
    text = (Path(__file__).parent / "tile_128x128x64.cu").read_text()
    a = np.random.default_rng(0).integers(-4, 5, (128, 64)).astype(np.float16)

    def run(text, **options):
        out = np.zeros((128, 128), np.float32)
        return sim.launch(text, "k", 1, 128, [a, a, out], shared_bytes=32768, **options)

    table = mutate(text, run)
    assert [row.verdict for row in table.rows] == ["reported"] * 4


@pytest.mark.parametrize("statement", ["ts::sync_warp(0xffu);", "ts::ptx::fence_gpu();"])
def test_statements_are_found(statement):
    (mutant,) = mutants(text_of(f"  {statement}\n  out[t] = 1;"))
    assert statement not in mutant.text
    assert mutant.text.count("\n") == text_of(f"{statement}\n").count("\n") + 1
