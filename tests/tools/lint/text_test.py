"""tools/lint/text.py. Planted words are put together, so that this file passes the check."""

from __future__ import annotations

import pytest

from tools.lint import text, tree


def test_tree_is_clean():
    assert text.check(tree.source_root()) == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a path of one machine", "see /" + "root/notes"),
        ("a path of one machine", 'open("/' + 'home/me/x")'),
        ("the address of a download", "https://example.org/a-1.0.wh" + "l"),
        ("the address of a download", "http://example.org/a.tar" + ".gz"),
        ("the address of a package server", "https://py" + "pi.org/x"),
        ("the address of a package server", "pip install --index" + "-url x"),
        ("unfinished work", "# TO" + "DO: later"),
    ],
)
def test_finds(what, line):
    assert [p.text.split(": ")[0] for p in text.check_text("a.md", "fine\n" + line)] == [what]


@pytest.mark.parametrize(
    "line", ["usr/home/x", "https://example.org/page", "tests/work/x", "/tmp/x", "a workaround"]
)
def test_leaves_alone(line):
    assert text.check_text("a.md", line) == []
