"""README.md: its kernel runs as printed, and it has the two commands."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import numpy as np

README = Path("README.md").read_text()


def test_kernel_runs_as_printed(tmp_path):
    # From a file: the front end reads the source of what it traces.
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "readme.py"
    path.write_text(block)
    spec = importlib.util.spec_from_file_location("readme", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    np.testing.assert_allclose(module.c, module.a @ module.b, rtol=1e-4)


def test_commands_of_a_newcomer():
    commands = re.findall(r"^\./bazelw .*$", README, re.MULTILINE)
    assert commands == ["./bazelw run //examples:gemm", "./bazelw test //..."]
