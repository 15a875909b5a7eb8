"""Entry point of every pytest_test: runs pytest on the files that the arguments name.

Bazel's test protocol: shards, --test_filter, the XML report, and a temporary folder of its own.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest


class _Shards:
    """Keeps every n-th test, as Bazel's sharding protocol asks."""

    def __init__(self) -> None:
        self.total = int(os.environ.get("TEST_TOTAL_SHARDS", "1"))
        self.index = int(os.environ.get("TEST_SHARD_INDEX", "0"))
        self.skipped_modules = 0
        if "TEST_SHARD_STATUS_FILE" in os.environ:
            Path(os.environ["TEST_SHARD_STATUS_FILE"]).touch()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = items[self.index :: self.total]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.skipped_modules += report.skipped


def _isolate() -> None:
    """Takes this file's folder off the import path, and gives every test a home of its own."""
    here = {
        str(folder)
        for folder in (Path(__file__).absolute().parent, Path(__file__).resolve().parent)
    }
    sys.path[:] = [path for path in sys.path if path not in here]
    temporary = os.environ.get("TEST_TMPDIR")
    if temporary:
        os.environ["HOME"] = temporary
        os.environ["TMPDIR"] = temporary
        os.environ["TILESCALE_CACHE_DIR"] = f"{temporary}/tilescale-cache"


class _Reproducible:
    """Makes hypothesis try the same examples everywhere: a result depends on the code only."""

    def pytest_configure(self) -> None:
        if importlib.util.find_spec("hypothesis") is None:
            return
        from hypothesis import settings

        settings.register_profile("bazel", database=None, deadline=None, derandomize=True)
        settings.load_profile("bazel")


def _arguments() -> list[str]:
    """Returns pytest's options for this run."""
    options = [
        "--import-mode=importlib",
        "-p",
        "no:cacheprovider",
        "-ra",
        "--color=no",
        "--rootdir=.",
    ]
    if "XML_OUTPUT_FILE" in os.environ:
        options.append("--junitxml=" + os.environ["XML_OUTPUT_FILE"])
    if os.environ.get("TESTBRIDGE_TEST_ONLY"):
        options += ["-k", os.environ["TESTBRIDGE_TEST_ONLY"]]
    if "TEST_TMPDIR" in os.environ:
        options.append(f"--basetemp={os.environ['TEST_TMPDIR']}/pytest")
    return options


def main() -> None:
    """Runs the tests and exits with pytest's status."""
    _isolate()
    shards = _Shards()
    status = int(pytest.main(_arguments() + sys.argv[1:], plugins=[shards, _Reproducible()]))
    # Few tests over many shards leave some empty, and a module may skip itself with a reason;
    # anywhere else, no tests is a mistake.
    if status == pytest.ExitCode.NO_TESTS_COLLECTED and (
        shards.total > 1 or shards.skipped_modules
    ):
        status = 0
    sys.exit(status)


if __name__ == "__main__":
    main()
