"""Each synchronisation of the examples' kernels matters, or it is proved that it does not."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("mutate_examples", ROOT / "benchmarks" / "mutate.py")
mutate_examples = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(mutate_examples)


@pytest.mark.parametrize("arch", ["sm_75", "sm_80"])
@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "examples").glob("*.py")))
def test_nothing_is_removed_unnoticed(name, arch):
    tables = mutate_examples.run(name, arch)
    assert tables
    for kernel, table in tables.items():
        assert not table.baseline, f"{kernel}: {table}"
        assert not table.count("not reported"), f"{kernel}: {table}"
