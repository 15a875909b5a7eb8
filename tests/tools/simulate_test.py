"""`tilescale sim` runs kernels, programs and mutants from the shell."""

from __future__ import annotations

import json
import textwrap

import pytest

from tilescale.errors import CommandLineError, KernelNotFoundError
from tilescale.tools import main, simulate

PROGRAM = """
import numpy as np
import tilescale
import tilescale.language as T

N = T.dynamic("N")

@T.prim_func
def double(A: T.Tensor((N,), "int32"), B: T.Tensor((N,), "int32")):
    with T.Kernel(T.ceildiv(N, 64), threads=32) as bx:
        s = T.alloc_shared((64,), "int32")
        for i in T.Parallel(64):
            s[i] = A[bx * 64 + i] * 2
        for i in T.Parallel(64):
            B[bx * 64 + i] = s[63 - i]

@tilescale.jit(out_idx=[1])
def unwritten(n):
    @T.prim_func
    def unwritten(A: T.Tensor((n,), "int32"), B: T.Tensor((n,), "int32")):
        with T.Kernel(1, threads=32):
            for i in T.Parallel(n):
                B[i] = B[i] + A[i]
    return unwritten

def run(n=10, target="auto"):
    kernel = tilescale.compile(double, target=target)
    for size in (n, 2 * n):
        kernel(np.zeros(size, np.int32), np.zeros(size, np.int32))

def aimless():
    pass
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    monkeypatch.setenv("TILESCALE_CACHE_DIR", str(tmp_path / "cache"))
    file = tmp_path / "program.py"
    file.write_text(textwrap.dedent(PROGRAM))
    return str(file)


def request(place, **fields):
    given = {
        "arguments": "",
        "sizes": "",
        "arch": "sm_80",
        "options": {},
        "timeline": None,
        "mutate": False,
    }
    return simulate.Request(place, **{**given, **fields})


def test_a_kernel_gets_random_inputs(program, capsys):
    assert simulate.run(request(f"{program}:double", sizes="N=100")) == 0
    assert capsys.readouterr().out.startswith("double: no findings; ")


def test_a_program_brings_its_own(program, capsys, tmp_path):
    trace = tmp_path / "trace.json"
    asked = request(
        f"{program}:run",
        arguments="n=70",
        arch="sm_75",
        options={"seed": 3, "policy": "random", "counters": True},
        timeline=str(trace),
    )
    assert simulate.run(asked) == 0
    out = capsys.readouterr().out
    assert out.count("double: no findings") == 2 and "wavefronts of shared" in out
    assert json.loads(trace.read_text())["traceEvents"]


def test_findings_are_shown_with_their_line(program, capsys):
    assert simulate.run(request(f"{program}:unwritten", arguments="64")) == 1
    out = capsys.readouterr().out
    assert "UninitializedReadError" in out and "program.py:" in out


def test_mutants(program, capsys):
    assert simulate.run(request(f"{program}:run", mutate=True)) == 0
    out = capsys.readouterr().out
    assert "## double" in out and "sync_block" in out and "0 not reported" in out


def test_flags_from_the_shell(program, capsys):
    operands = ["tilescale", "sim", f"{program}:double", "--sizes=N=9", "--async-policy=late"]
    rest = main._parse([*operands, "--seed", "4", "--checks=races"])
    try:
        assert main.run(rest[1:]) == 0
    finally:
        main._FLAGS.unparse_flags()
        for name in ("sizes", "async_policy", "seed", "checks"):
            main._FLAGS[name].unparse()
        main._FLAGS.mark_as_parsed()
    assert "double: no findings" in capsys.readouterr().out


def test_mistakes(program):
    with pytest.raises(CommandLineError, match="parameter `target`"):
        simulate.run(request(f"{program}:aimless"))
    with pytest.raises(KernelNotFoundError, match="no `nothing`"):
        simulate.run(request(f"{program}:nothing"))
    with pytest.raises(CommandLineError, match="takes a file"):
        simulate.run(request(program))
    with pytest.raises(CommandLineError, match="names and values"):
        simulate.run(request(f"{program}:double", sizes="100"))
