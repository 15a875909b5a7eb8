"""tools/lint/tidy.py: clang-tidy, one test for each source. Runs with --config=full."""

from __future__ import annotations

import shutil

import pytest

from tools.lint import tidy, tree

ROOT = tree.source_root()


@pytest.mark.parametrize("name", tidy.sources(ROOT))
def test_source_is_clean(name):
    assert tidy.check_file(ROOT, name) == []


def test_finds_a_use_after_move(tmp_path):
    shutil.copy(ROOT / ".clang-tidy", tmp_path)
    (tmp_path / "cc").mkdir()
    (tmp_path / "cc" / "bad.cc").write_text(
        "#include <string>\n#include <utility>\n"
        "std::string Twice(std::string a) {\n"
        "  std::string b = std::move(a);\n  return b + a;\n}\n"
    )
    problems = tidy.check_file(tmp_path, "cc/bad.cc")
    assert [(problem.path, problem.line) for problem in problems] == [("cc/bad.cc", 5)]
    assert "bugprone-use-after-move" in problems[0].text


def test_a_source_that_does_not_compile_is_reported(tmp_path):
    shutil.copy(ROOT / ".clang-tidy", tmp_path)
    (tmp_path / "bad.cc").write_text('#include "missing.h"\n')
    assert tidy.check_file(tmp_path, "bad.cc")
