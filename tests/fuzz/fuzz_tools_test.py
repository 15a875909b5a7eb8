"""The generator, the comparison and the minimiser themselves."""

import ast
import dataclasses
import os
import signal
import sys

import fuzz
import fuzz_campaign
import fuzz_harness
import numpy as np
import pytest
from fuzz_backends import Cuda
from fuzz_generator import CELLS, generate
from fuzz_minimize import minimize
from fuzz_program import Node, Program, Tensor


def test_a_seed_gives_one_program():
    for seed in range(0, 60, 7):
        assert generate(seed).runnable() == generate(seed).runnable()
        ast.parse(generate(seed).source())


def test_seeds_go_through_the_required_cells():
    for seed, (name, dtype, shape) in enumerate(CELLS):
        program = generate(seed)
        assert (name, dtype) in program.hits, seed
        assert shape in program.shapes, seed


def small_program():
    tensors = [Tensor("In1", ("M",), "int32"), Tensor("Out2", ("M",), "int32")]
    body = [
        Node('t1 = T.alloc_shared((BM,), "int32")'),
        Node("T.copy(In1[bx * BM], t1)"),
        Node("for k in T.serial(2):", [Node("if k == 0:", [Node("T.clear(t1)")])]),
        Node("T.copy(t1, Out2[bx * BM])"),
    ]
    return Program(3, {"M": 20}, ["M"], {"BM": 8}, tensors, ["T.ceildiv(M, BM)"], body)


def test_minimize_keeps_only_what_fails():
    def still_fails(program):
        text = program.source()
        return "T.clear(t1)" in text and program.sizes["M"] >= 3

    small = minimize(small_program(), still_fails, seconds=10)
    lines = [line.strip() for node in small.body for line in node.lines(0)]
    assert lines == ["for k in T.serial(2):", "T.clear(t1)"]
    assert small.sizes == {"M": 3}
    assert small.tiles == {"BM": 1}
    assert small.tensors == []


@pytest.mark.parametrize("dtype", ["int32", "int4", "bool", "bfloat16", "float8_e5m2", "uint64"])
def test_arguments_are_reproducible_and_have_margins(dtype):
    tensor = Tensor("In1", ("M", "N"), dtype, 2)
    first, again = (fuzz_harness.argument(tensor, {"M": 3, "N": 4}, 5) for _ in range(2))
    assert (first.whole.view(np.uint8) == again.whole.view(np.uint8)).all()
    columns = 2 if dtype == "int4" else 4
    assert first.array.shape == (3, columns)
    span = 2 * (columns + 2) + columns
    assert first.whole.size == span + 2 * fuzz_harness.MARGIN
    first.array[0, 0] = 1
    assert first.whole[fuzz_harness.MARGIN] == 1


def test_difference_sees_elements_outside_the_tensor():
    program = small_program()
    expected = [a.whole for a in fuzz_harness.arguments(program)]
    got = [a.copy() for a in expected]
    assert fuzz_harness.difference(program, expected, got) == ""
    got[1][fuzz_harness.MARGIN - 1] += 1
    assert "Out2 differs" in fuzz_harness.difference(program, expected, got)
    assert "first outside offset -1" in fuzz_harness.difference(program, expected, got)


def test_difference_takes_nan_as_equal():
    program = small_program()
    program.tensors = [Tensor("In1", ("M",), "float32")]
    left, right = np.zeros(130, np.float32), np.zeros(130, np.float32)
    left[70] = right[70] = np.nan
    right[71] = -0.0
    assert fuzz_harness.difference(program, [left], [right]) == ""
    right[72] = np.nan
    assert "offset 8" in fuzz_harness.difference(program, [left], [right])


class Kernel:
    """Stands for a compiled kernel."""

    def __init__(self, action):
        self._action = action

    def __call__(self, *args):
        self._action(*args)


@pytest.mark.parametrize("seed", [3, 4])
def test_a_printed_program_runs_again(seed, tmp_path, monkeypatch, capsys):
    program = small_program()
    program.seed = seed
    path = tmp_path / "printed.py"
    path.write_text(program.runnable())
    monkeypatch.setattr("sys.argv", ["fuzz", f"--program={path}"])
    assert fuzz.main() == 0
    assert "agrees with the evaluator" in capsys.readouterr().out


def test_a_kernel_that_crashes_or_raises_is_reported():
    program = small_program()
    crash = Kernel(lambda *args: os.kill(os.getpid(), signal.SIGSEGV))
    assert fuzz_harness.run_kernel(crash, program) == "the kernel died with SIGSEGV"
    wrong = Kernel(lambda *args: 1 // 0)
    assert "ZeroDivisionError" in fuzz_harness.run_kernel(wrong, program)


def test_a_kernel_that_does_not_end_is_stopped(monkeypatch):
    monkeypatch.setattr(fuzz_harness, "_TIMEOUT_SECONDS", 0.2)

    def endless(*args):
        while True:
            pass

    assert "did not end" in fuzz_harness.run_kernel(Kernel(endless), small_program())


def test_the_kernel_sees_the_arguments():
    def double(source, target):
        target[:] = source * 2

    program = small_program()
    got = fuzz_harness.run_kernel(Kernel(double), program)
    source, target = (a[fuzz_harness.MARGIN : -fuzz_harness.MARGIN] for a in got)
    assert (target == source * 2).all()


def test_processes_of_their_own_give_the_results_of_programs():
    there = Cuda("cpu")
    try:
        report = fuzz_campaign.run(range(4), there)
        assert (report.checked, report.failures) == (4, [])
        ends = dataclasses.replace(small_program(), text="import os\nos._exit(3)")
        broken = fuzz_harness.Prepared(ends, None, [], True)
        text = "the kernel ended its process with status 3"
        assert fuzz_campaign.check(broken, there) == text
        assert fuzz_campaign.run(range(4, 6), there).checked == 2
    finally:
        there.close()


def test_processes_of_their_own_compare():
    there = Cuda("cpu", plant_bug="guard_off_by_one")
    try:
        report = fuzz_campaign.run(range(8), there, minimize_seconds=0)
    finally:
        there.close()
    kinds = {fuzz_campaign.kind_of(message) for _, message in report.failures}
    assert kinds == {"differs"}


def test_without_a_gpu_the_fuzzer_says_why(monkeypatch, capsys):
    monkeypatch.setattr(fuzz, "why_no_gpu", lambda: "torch finds no CUDA device")
    monkeypatch.setattr(sys, "argv", ["fuzz", "--target=cuda"])
    assert fuzz.main() == 0
    assert capsys.readouterr().out == "skipped: torch finds no CUDA device\n"
