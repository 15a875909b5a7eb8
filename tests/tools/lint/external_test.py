"""tools/lint/external.py: ruff and clang-format."""

from __future__ import annotations

import shutil

import pytest

from tools.lint import external, tree

CHECKS = [external.check_ruff, external.check_ruff_format, external.check_clang_format]


@pytest.fixture
def root(tmp_path):
    for name in ("pyproject.toml", ".clang-format"):
        shutil.copy(tree.source_root() / name, tmp_path)
    (tmp_path / "good.py").write_text('"""Good."""\n\nX = 1\n')
    (tmp_path / "good.cc").write_text("int x = 1;\n")
    return tmp_path


@pytest.mark.parametrize("check", CHECKS)
def test_tree_is_clean(check):
    assert check(tree.source_root()) == []


@pytest.mark.parametrize("check", CHECKS)
def test_good_files_pass(check, root):
    assert check(root) == []


def test_ruff_finds_an_unused_import(root):
    (root / "bad.py").write_text('"""Bad."""\n\nimport os\n')
    problem = external.check_ruff(root)[0]
    assert (problem.path, problem.line) == ("bad.py", 3)
    assert "F401" in problem.text


def test_ruff_format_finds_a_wide_space(root):
    (root / "bad.py").write_text('"""Bad."""\n\nX  =  1\n')
    assert [problem.path for problem in external.check_ruff_format(root)] == ["bad.py"]


def test_clang_format_finds_a_wide_space(root):
    (root / "bad.cc").write_text("int   x = 1;\n\n\n\nint   y = 1;\n")
    assert [problem.path for problem in external.check_clang_format(root)] == ["bad.cc"]


def test_fix_makes_the_tree_clean(root):
    (root / "bad.py").write_text('"""Bad."""\n\nX  =  1\n')
    (root / "bad.cc").write_text("int   x = 1;\n")
    external.fix(root)
    assert [problem for check in CHECKS for problem in check(root)] == []


def test_a_missing_tool_is_an_error():
    with pytest.raises(FileNotFoundError, match="no-such-tool is on no import path"):
        external.find_tool("no-such-tool")
