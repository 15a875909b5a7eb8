"""Prints 'N passed, N failed' for the test targets named on standard input, one label a line.

Usage: count_tests.py BAZEL_TESTLOGS < labels. Every test.xml counts with its test cases; a target
whose report is missing or broken counts as one failure. Exits with 1 if a test failed or none was
found.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree
from collections.abc import Iterable
from pathlib import Path


def count_report(path: Path) -> tuple[int, int, int]:
    """Returns (passed, failed, skipped) of one report."""
    try:
        root = xml.etree.ElementTree.parse(path).getroot()
    except (OSError, xml.etree.ElementTree.ParseError):
        return 0, 1, 0
    cases = list(root.iter("testcase"))
    failed = sum(c.find("failure") is not None or c.find("error") is not None for c in cases)
    skipped = sum(c.find("skipped") is not None for c in cases)
    return len(cases) - failed - skipped, failed, skipped


def reports(logs: Path, label: str) -> list[Path]:
    """Returns the report of each shard of a target."""
    folder = logs / label.replace(":", "/").lstrip("/")
    shards = sorted(folder.glob("shard_*_of_*"))
    return [shard / "test.xml" for shard in shards] or [folder / "test.xml"]


def count(logs: Path, labels: Iterable[str]) -> tuple[int, int, int]:
    """Returns (passed, failed, skipped) of all targets."""
    counts = [count_report(path) for label in labels for path in reports(logs, label)]
    passed, failed, skipped = (sum(column) for column in zip((0, 0, 0), *counts, strict=True))
    return passed, failed, skipped


def main() -> int:
    """Prints the counts."""
    passed, failed, skipped = count(Path(sys.argv[1]), sys.stdin.read().split())
    if skipped:
        print(f"{skipped} skipped (the logs say why)")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
