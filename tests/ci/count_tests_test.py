""".ci/count_tests.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOOL = Path(".ci/count_tests.py").absolute()
PASS = "<testcase name='a'/>"
FAIL = "<testcase name='b'><failure/></testcase>"
ERROR = "<testcase name='c'><error/></testcase>"
SKIP = "<testcase name='d'><skipped/></testcase>"


def run(logs: Path, labels: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, TOOL, logs], input=labels, text=True, capture_output=True
    )


def report(folder: Path, *cases: str) -> None:
    folder.mkdir(parents=True)
    xml = f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>"
    (folder / "test.xml").write_text(xml)


def test_counts_cases_of_all_shards(tmp_path):
    report(tmp_path / "tests" / "a", PASS, PASS, SKIP)
    report(tmp_path / "tests" / "b" / "shard_1_of_2", PASS)
    report(tmp_path / "tests" / "b" / "shard_2_of_2", PASS)
    done = run(tmp_path, "//tests:a\n//tests:b\n")
    assert done.returncode == 0
    assert done.stdout.splitlines() == ["1 skipped (the logs say why)", "4 passed, 0 failed"]


def test_failures_and_errors_fail(tmp_path):
    report(tmp_path / "a", PASS, FAIL, ERROR)
    done = run(tmp_path, "//:a")
    assert (done.returncode, done.stdout) == (1, "1 passed, 2 failed\n")


def test_missing_and_broken_reports_count_as_failures(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "test.xml").write_text("<testsuites>")
    done = run(tmp_path, "//:a //:b")
    assert (done.returncode, done.stdout) == (1, "0 passed, 2 failed\n")


def test_reports_of_other_targets_do_not_count(tmp_path):
    report(tmp_path / "old", FAIL)
    report(tmp_path / "a", PASS)
    assert run(tmp_path, "//:a").stdout == "1 passed, 0 failed\n"


def test_no_tests_is_a_failure(tmp_path):
    assert run(tmp_path, "").returncode == 1
