"""tools/python/pytest_main.py: Bazel's test protocol."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

MAIN = Path("tools/python/pytest_main.py").absolute()
FIVE_TESTS = "".join(f"def test_{i}(): pass\n" for i in range(5))
ENVIRONMENT = """
import os, pathlib, tempfile
from hypothesis import given, settings, strategies

def test_folders():
    home = os.environ["TEST_TMPDIR"]
    assert str(pathlib.Path.home()) == home
    assert tempfile.gettempdir() == home
    assert os.environ["TILESCALE_CACHE_DIR"].startswith(home)

@given(strategies.integers())
def test_hypothesis(x):
    assert settings.default.database is None
    assert settings.default.derandomize
"""


def run(folder: Path, text: str, **environ: str) -> tuple[int, list[str]]:
    """Runs the tests in `text`; returns the exit status and the names in the report."""
    (folder / "tmp").mkdir(exist_ok=True)
    (folder / "some_test.py").write_text(text)
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TEST")}
    clean |= {"PYTHONPATH": os.pathsep.join(sys.path), "TEST_TMPDIR": str(folder / "tmp")}
    clean |= {"XML_OUTPUT_FILE": str(report), **environ}
    command = [sys.executable, MAIN, "some_test.py"]
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True)
    cases = xml.etree.ElementTree.parse(report).getroot().iter("testcase")
    return done.returncode, [case.get("name", "") for case in cases]


def test_all_tests_run_and_are_reported(tmp_path):
    assert run(tmp_path, FIVE_TESTS) == (0, [f"test_{i}" for i in range(5)])


def test_a_failing_test_fails_the_target(tmp_path):
    assert run(tmp_path, "def test_a(): assert False")[0] == 1


def test_filter(tmp_path):
    assert run(tmp_path, FIVE_TESTS, TESTBRIDGE_TEST_ONLY="1 or 3") == (0, ["test_1", "test_3"])


def test_shards_split_the_tests(tmp_path):
    status = tmp_path / "status"
    names = []
    for index in range(3):
        shard = {"TEST_TOTAL_SHARDS": "3", "TEST_SHARD_INDEX": str(index)}
        code, found = run(tmp_path, FIVE_TESTS, TEST_SHARD_STATUS_FILE=str(status), **shard)
        assert code == 0
        names += found
    assert sorted(names) == [f"test_{i}" for i in range(5)]
    assert status.exists()


def test_an_empty_shard_passes_but_an_empty_target_fails(tmp_path):
    shard = {"TEST_TOTAL_SHARDS": "2", "TEST_SHARD_INDEX": "1"}
    assert run(tmp_path, "def test_a(): pass", **shard)[0] == 0
    assert run(tmp_path, "x = 1")[0] == 5


def test_a_module_may_skip_itself(tmp_path):
    text = "import pytest\npytest.skip('no reason', allow_module_level=True)"
    assert run(tmp_path, text)[0] == 0


def test_folders_and_hypothesis_are_reproducible(tmp_path):
    assert run(tmp_path, ENVIRONMENT)[0] == 0
