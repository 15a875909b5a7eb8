"""Loops that never end are told from those that do."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest

from tests.sim.probe import kernel, line_of
from tilescale import sim

POLICIES = ("round_robin", "random", "adversarial")
HEAD = """  using namespace ts; using namespace ts::ptx;
  TS_DYNAMIC_SHARED(raw);
  volatile int* flag = reinterpret_cast<int*>(raw);
  int t = threadIdx.x;
  if (t == 0) *flag = 0;
  sync_block();
"""


def run(body, threads=32, **options):
    source = kernel(HEAD + body.strip("\n"), "const int* in, int* out")
    arrays = [np.ones(1 << 16, np.int32), np.zeros(64, np.int32)]
    start = time.process_time()
    report = sim.launch(source, "k", 1, threads, arrays, shared_bytes=1024, **options)
    return source, report, arrays[1], time.process_time() - start


@pytest.mark.parametrize("checks", [(), ("bounds", "races", "uninitialized")])
def test_a_loop_without_accesses_is_reported_with_its_line(checks):
    source, report, _, seconds = run(
        "unsigned x = t + 1;\n  while (x) x = x * 3 | 1;  // loop\n  out[t] = x;",
        loop_seconds=0.2,
        checks=checks,
    )
    assert report.kinds() == {"endless_loop"}
    assert report.events[0].sites[0].line == line_of(source, "// loop")
    assert seconds < 5


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("threads", [1, 64])
def test_a_spin_on_plain_reads_that_nobody_ends_is_a_deadlock(threads, policy):
    source, report, _, seconds = run(
        "while (*flag == 0) {}  // spin\n  out[t] = 1;", threads=threads, policy=policy
    )
    (event,) = report.events
    assert event.kind == "deadlock"
    assert {site.line for site in event.sites} == {line_of(source, "// spin")}
    assert f"{threads} threads: spins" in event.sites[0].what
    assert seconds < 5


@pytest.mark.parametrize("policy", POLICIES)
def test_a_spin_over_several_atomic_variables(policy):
    body = """
  int* flags = reinterpret_cast<int*>(raw);
  if (t < 8) atomic_store<Order::kRelaxed, Scope::kCta>(flags + 8 + t, 1);
  sync_block();
  int found = 0;
  while (!found) {
    for (int i = 8; i < 16; ++i) {  // scan
      found |= atomic_load<Order::kRelaxed, Scope::kCta>(flags + i) == 2;
    }
  }
  out[t] = found;
"""
    _, report, _, _ = run(body, policy=policy)
    assert report.kinds() == {"deadlock"}


def test_polls_with_an_end_are_no_deadlock():
    body = """
  int polls = 0;
  int* word = reinterpret_cast<int*>(raw);
  while (polls < 2000 && atomic_load<Order::kRelaxed, Scope::kCta>(word) == 0) ++polls;
  out[t] = polls;
"""
    _, report, out, _ = run(body)
    assert not report.events
    assert (out[:32] == 2000).all()


def test_one_thread_may_read_for_long_while_others_wait():
    body = """
  int sum = 0;
  if (t == 0) {
    for (int round = 0; round < 40; ++round)
      for (int i = 0; i < 65536; ++i) sum += in[i];
  }
  sync_block();
  out[t] = sum;
"""
    _, report, out, _ = run(body)
    assert not report.events
    assert out[0] == 40 * 65536


def test_a_flag_that_another_thread_sets_late_ends_the_spin():
    body = """
  if (t == 1) {
    int sum = 0;
    for (int i = 0; i < 65536 * 4; ++i) sum += in[i & 65535];
    out[1] = sum;
    atomic_store<Order::kRelease, Scope::kCta>(reinterpret_cast<int*>(raw), 1);
  } else {
    while (atomic_load<Order::kAcquire, Scope::kCta>(reinterpret_cast<int*>(raw)) == 0) {}
    out[t] = 5;
  }
"""
    for policy in POLICIES:
        _, report, out, _ = run(body, policy=policy)
        assert not report.events
        assert out[1] == 65536 * 4
        assert out[2] == 5


def test_a_loop_that_writes_for_ever_ends_with_the_time_limit():
    source, report, _, _ = run(
        "volatile int* word = out + t;\n  for (int i = 1; i; i += 2) *word = i;  // loop",
        loop_seconds=0.2,
        time_limit=0.5,
    )
    (event,) = report.events
    assert event.kind == "time_limit"
    assert "32 threads: runs" in event.sites[0].what
    assert event.sites[0].line == line_of(source, "// loop")


@pytest.mark.parametrize("checks", [(), ("bounds", "races", "uninitialized")])
@pytest.mark.parametrize("body", ["while (x) x = x * 3 | 1;", "while (x) out[t] = x = x * 3 | 1;"])
def test_an_interrupt_ends_a_launch(body, checks):
    def interrupt():
        time.sleep(1.5)
        os.kill(os.getpid(), signal.SIGINT)

    body = f"volatile unsigned x = t + 1;\n  {body}"
    run(f"{body}\n  // compiled", checks=checks, loop_seconds=0.05, time_limit=0.05)
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    sender = threading.Thread(target=interrupt)
    start = time.process_time()
    try:
        sender.start()
        with pytest.raises(KeyboardInterrupt):
            run(f"{body}\n  // compiled", checks=checks, loop_seconds=20.0, time_limit=60.0)
    finally:
        sender.join()
        signal.signal(signal.SIGINT, old)
    assert time.process_time() - start < 5
