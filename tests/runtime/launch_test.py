"""Tiles run once each, on several threads, and stop when they should."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from tests.runtime import c_kernels as ck
from tilescale import _runtime, errors

COUNT = """
    int* hits = slots[0].p;
    for (int64_t t = begin; t < end; ++t) __atomic_fetch_add(&hits[t], 1, __ATOMIC_RELAXED);
"""
HITS = ck.tensor("hits", [ck.sym(0)], "int32", written=True)


@pytest.fixture(autouse=True)
def four_threads():
    _runtime.set_num_threads(4)
    yield
    _runtime.set_num_threads(0)


@pytest.fixture(scope="module")
def count(tmp_path_factory):
    sig = ck.signature([HITS], symbols=["n"], grid=[ck.sym(0)])
    return ck.load(tmp_path_factory.mktemp("count"), COUNT, sig)


@pytest.mark.parametrize("width", [1, 2, 7])
def test_each_tile_runs_once(count, width):
    _runtime.set_num_threads(width)
    assert _runtime.num_threads() == width
    for n in (1, 2, 3, 100, 100_000):
        hits = np.zeros(n, "int32")
        count(hits)
        assert (hits == 1).all()


def test_three_dimensional_grid(tmp_path):
    params = [ck.tensor("hits", [ck.const(30)], "int32", written=True)]
    grid = [ck.const(2), ck.const(3), ck.const(5)]
    kernel = ck.load(tmp_path, COUNT, ck.signature(params, grid=grid))
    hits = np.zeros(30, "int32")
    kernel(hits)
    assert (hits == 1).all()


@pytest.mark.parametrize("extent", [0, -3])
def test_empty_grid(tmp_path, extent):
    grid = [ck.const(-2), ck.const(extent)]
    kernel = ck.load(tmp_path, "abort();", ck.signature([], grid=grid))
    kernel()


def test_grid_overflow(tmp_path):
    sig = ck.signature([], grid=[ck.const(2**62), ck.const(4)])
    with pytest.raises(errors.ArgumentRangeError, match="a size of kernel `k` is out of range"):
        ck.load(tmp_path, "", sig)()


def test_serial_kernel_runs_in_order(tmp_path):
    params = [ck.tensor("order", [ck.const(1000)], "int32", written=True)]
    params += [ck.tensor("next", [ck.const(1)], "int32", written=True)]
    body = """
    int* order = slots[0].p; int* next = slots[1].p;
    for (int64_t t = begin; t < end; ++t) { order[t] = (*next)++; usleep(10); }"""
    kernel = ck.load(tmp_path, body, ck.signature(params, grid=[ck.const(1000)], parallel=False))
    order = np.zeros(1000, "int32")
    kernel(order, np.zeros(1, "int32"))
    np.testing.assert_array_equal(order, np.arange(1000))


def test_work_is_spread(tmp_path):
    # Four tiles that wait for each other finish only if four threads run them.
    params = [ck.tensor("arrived", [ck.const(1)], "int32", written=True)]
    body = """
    int* arrived = slots[0].p;
    __atomic_fetch_add(arrived, (int)(end - begin), __ATOMIC_SEQ_CST);
    for (int i = 0; i < 20000 && __atomic_load_n(arrived, __ATOMIC_SEQ_CST) < 4; ++i) usleep(1000);
    if (__atomic_load_n(arrived, __ATOMIC_SEQ_CST) < 4) return 1;"""
    kernel = ck.load(tmp_path, body, ck.signature(params, grid=[ck.const(4)]))
    kernel(np.zeros(1, "int32"))


def test_scratch(tmp_path):
    params = [ck.tensor("bad", [ck.const(1)], "int32", written=True)]
    body = """
    if ((uintptr_t)ctx->scratch % 64) *(int*)slots[0].p = 1;
    int* mine = ctx->scratch;
    for (int64_t t = begin; t < end; ++t) {
      for (int i = 0; i < 1000; ++i) mine[i] = t;
      usleep(100);
      for (int i = 0; i < 1000; ++i) if (mine[i] != t) *(int*)slots[0].p = 2;
    }"""
    kernel = ck.load(tmp_path, body, ck.signature(params, grid=[ck.const(200)]), scratch=4000)
    bad = np.zeros(1, "int32")
    kernel(bad)
    assert bad[0] == 0


def test_assertion(tmp_path):
    body = """
    for (int64_t t = begin; t < end; ++t) {
      if (t != 700) continue;
      snprintf(ctx->message, ctx->message_bytes, "tile %d is bad", (int)t);
      return 2;
    }"""
    span = {"file": __file__, "line": 1, "column": 1, "end_column": 4}
    sites = [{"message": "other"}, {"message": "x", "span": span}]
    sig = ck.signature([], grid=[ck.const(1000)], sites=sites)
    kernel = ck.load(tmp_path, body, sig)
    for _ in range(20):
        with pytest.raises(errors.KernelAssertionError, match="tile 700 is bad") as info:
            kernel()
        assert info.value.span.line == 1


def test_failure_cancels_the_rest(tmp_path):
    body = "if (begin == 0) return 1; usleep(1000);"
    kernel = ck.load(tmp_path, body, ck.signature([], grid=[ck.const(1_000_000)]))
    start = time.monotonic()
    with pytest.raises(errors.KernelAssertionError):
        kernel()
    assert time.monotonic() - start < 30


def test_calls_from_several_threads(count):
    wrong = []

    def work(n):
        for _ in range(50):
            hits = np.zeros(n, "int32")
            count(hits)
            if not (hits == 1).all():
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in (10, 1000, 50_000, 77)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_failing_while_others_run(tmp_path, count):
    failing = ck.load(tmp_path, "return 1;", ck.signature([], grid=[ck.const(64)]))
    stop = threading.Event()
    failures = []

    def fail():
        while not stop.is_set():
            try:
                failing()
            except errors.KernelAssertionError:
                failures.append(1)

    thread = threading.Thread(target=fail)
    thread.start()
    try:
        for _ in range(50):
            hits = np.zeros(5000, "int32")
            count(hits)
            assert (hits == 1).all()
    finally:
        stop.set()
        thread.join()
    assert failures


def test_interpreter_lock_is_released(tmp_path):
    kernel = ck.load(tmp_path, "usleep(300000);", ck.signature([]))
    ticks = []
    thread = threading.Thread(target=kernel)
    thread.start()
    while thread.is_alive():
        ticks.append(1)
        time.sleep(0.01)
    assert len(ticks) > 5


def test_print_goes_through_sys_stdout(tmp_path, capsys):
    body = """
    char text[64];
    for (int64_t t = begin; t < end; ++t)
      ctx->print(ctx, text, snprintf(text, sizeof text, "tile %d 100%%\\n", (int)t));"""
    kernel = ck.load(tmp_path, body, ck.signature([], grid=[ck.const(50)]))
    for _ in range(3):
        kernel()
        lines = capsys.readouterr().out.splitlines()
        assert sorted(lines) == sorted(f"tile {i} 100%" for i in range(50))


def test_fork(count):
    hits = np.zeros(10_000, "int32")
    count(hits)  # The pool has threads now.
    child = os.fork()
    if child == 0:
        again = np.zeros(10_000, "int32")
        count(again)
        os._exit(0 if (again == 1).all() else 1)
    deadline = time.monotonic() + 30
    done, status = 0, -1
    while not done and time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        time.sleep(0.01)
    if not done:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert (bool(done), status) == (True, 0)


INTERRUPTED = """
import pathlib, signal, sys, tempfile, threading, os, time
from tests.runtime import c_kernels as ck
folder = pathlib.Path(tempfile.mkdtemp())
kernel = ck.load(folder, "usleep(1000 * (end - begin));", ck.signature([], grid=[ck.const(10**6)]))
try:
    print("ready", flush=True)
    kernel()
except KeyboardInterrupt:
    sys.exit(7)
"""


def test_control_c_stops_a_long_kernel():
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    try:
        assert process.wait(timeout=30) == 7
    finally:
        process.kill()


def test_bad_thread_counts():
    with pytest.raises(ValueError):
        _runtime.set_num_threads(-1)
    _runtime.set_num_threads(0)
    assert _runtime.num_threads() == _runtime.cpu_count() == len(os.sched_getaffinity(0))
