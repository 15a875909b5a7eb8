"""tools/lint/targets.py."""

from __future__ import annotations

from tools.lint import targets, tree


def test_tree_is_clean():
    assert targets.check(tree.source_root()) == []


def test_finds_a_forgotten_test(tmp_path):
    folder = tmp_path / "tests" / "ir"
    folder.mkdir(parents=True)
    for name in ("expr_test.py", "stmt_test.py", "test_text.py", "helpers.py"):
        (folder / name).write_text("")
    (folder / "BUILD.bazel").write_text('srcs = ["expr_test.py"]\n["test_text"]\n')
    assert [problem.path for problem in targets.check(tmp_path)] == ["tests/ir/stmt_test.py"]


def test_finds_a_folder_without_targets(tmp_path):
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "new.py").write_text("")
    assert [problem.path for problem in targets.check(tmp_path)] == ["examples/new.py"]
