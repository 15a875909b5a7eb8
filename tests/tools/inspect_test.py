"""`tilescale inspect`: stages as text, and the page."""

import re
from pathlib import Path

import pytest

from tilescale.errors import CommandLineError, KernelNotFoundError
from tilescale.tools import main
from tilescale.tools.inspect_kernel import run
from tilescale.tools.inspect_page import Stage, render

GEMM = Path(__file__).absolute().parents[2] / "examples" / "gemm.py"
SIZES = "M=64, N=64, K=32, block_M=32, block_N=32, block_K=16"

STAGES = [
    Stage("traced", "for i:\n  A[i] = <0>\n"),
    Stage("guard", "for i:\n  if i < n:\n    A[i] = <0>\n"),
    Stage("nothing", "for i:\n  if i < n:\n    A[i] = <0>\n"),
    Stage("C source", "int main;\n"),
]


def test_page_shows_what_each_pass_changed():
    page = render("add", STAGES, {"queries": 7})
    assert '<span class="added">+  if i &lt; n:</span>' in page
    assert '<span class="removed">-  A[i] = &lt;0&gt;</span>' in page
    assert "<p>no change</p>" in page
    assert "<small>3 lines changed</small>" in page
    assert "<td>queries</td><td>7</td>" in page
    assert "int main;" in page
    assert "<0>" not in page


def test_page_stands_alone():
    page = render("add", STAGES, {})
    assert not re.search(r"https?:|<script|<link|src=|@import|url\(", page)


def test_stages_as_text(capsys):
    assert run(f"{GEMM}:matmul", SIZES, None) == 0
    text = capsys.readouterr().out
    titles = re.findall(r"^==== (?:\d+\. )?(.+)$", text, re.MULTILINE)
    assert titles[0] == "traced"
    assert titles[-2:] == ["C source", "prover"]
    assert "lower_tile_ops" in titles
    assert "\nfunc gemm " in text
    assert "ts_tiles" in text


def test_page_of_an_example(tmp_path, capsys):
    page = tmp_path / "gemm.html"
    assert run(f"{GEMM}:matmul", SIZES, str(page)) == 0
    assert capsys.readouterr().out == f"{page}\n"
    text = page.read_text()
    assert "<h1>matmul (gemm.py)</h1>" in text
    assert 'class="added"' in text


@pytest.mark.parametrize(
    ("place", "arguments", "error", "message"),
    [
        ("gemm.py", "", CommandLineError, "expected: FILE:KERNEL"),
        ("nowhere.py:add", "", KernelNotFoundError, "there is no file nowhere.py"),
        (f"{GEMM}:matmull", SIZES, KernelNotFoundError, "has no `matmull`"),
        (f"{GEMM}:np", "", KernelNotFoundError, "`np` is not a kernel"),
        (f"{GEMM}:matmul", "M=", CommandLineError, "arguments cannot be read"),
    ],
)
def test_mistakes(place, arguments, error, message):
    with pytest.raises(error) as caught:
        run(place, arguments, None)
    assert message in str(caught.value)


def test_unknown_kernel_lists_those_that_exist():
    with pytest.raises(KernelNotFoundError) as caught:
        main.run(["inspect", f"{GEMM}:matmull"])
    assert caught.value.expected == "matmul"
