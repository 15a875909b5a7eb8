"""docs/getting_started.md: its complete programs run as printed."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import numpy as np

PAGE = Path(__file__).absolute().parents[2] / "docs" / "getting_started.md"


def test_programs_run_as_printed(tmp_path, capsys):
    # From a file: the front end reads the source of what it traces.
    eager, lazy = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[:2]
    path = tmp_path / "page.py"
    path.write_text(eager + lazy)
    spec = importlib.util.spec_from_file_location("page", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    expected = f"{np.full(10, 2.0, np.float32)}\n{np.full((4, 100), 2.0, np.float32)}\n"
    assert capsys.readouterr().out == expected
