"""tools/lint/external.py: mypy in strict mode on the public package."""

from __future__ import annotations

import shutil

from tools.lint import external, tree


def test_tree_is_clean():
    assert external.check_mypy(tree.source_root()) == []


def test_finds_a_missing_annotation(tmp_path):
    shutil.copy(tree.source_root() / "pyproject.toml", tmp_path)
    package = tmp_path / "tilescale"
    package.mkdir()
    (package / "__init__.py").write_text("def f(x):\n    return x\n")
    problem = external.check_mypy(tmp_path)[0]
    assert (problem.path, problem.line) == ("tilescale/__init__.py", 1)
    assert "no-untyped-def" in problem.text
