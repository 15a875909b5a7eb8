"""tools/lint/layers.py."""

from __future__ import annotations

import pytest

from tools.lint import layers, tree


def problems(name: str, include: str) -> list[str]:
    guard = "TILESCALE_" + name.replace("/", "_").replace(".", "_").upper() + "_"
    text = f'#ifndef {guard}\n#define {guard}\n#include <vector>\n#include "{include}"\n#endif\n'
    return [problem.text for problem in layers.check_file(name, text)]


def test_tree_is_clean():
    assert layers.check(tree.source_root()) == []


@pytest.mark.parametrize(
    ("name", "include"),
    [
        ("cc/ir/expr.h", "cc/pass/pipeline.h"),
        ("cc/support/a.h", "cc/ir/expr.h"),
        ("cc/lower/cpu/copy.h", "cc/codegen/cpu/emit.h"),
        ("cc/pass/a.h", "cc/runtime/pool.h"),
        ("cc/runtime/a.h", "cc/support/diagnostic.h"),
    ],
)
def test_finds_an_include_that_points_upwards(name, include):
    assert problems(name, include) == [
        f"{name.split('/')[1]} must not include {include}: dependencies point downwards"
    ]


@pytest.mark.parametrize(
    ("name", "include"),
    [
        ("cc/pass/a.h", "cc/ir/expr.h"),
        ("cc/ir/stmt.h", "cc/ir/expr.h"),
        ("cc/sim/a.h", "cc/device/copy.h"),
        ("cc/ffi/a.h", "cc/runtime/pool.h"),
    ],
)
def test_downwards_is_fine(name, include):
    assert problems(name, include) == []


def test_finds_a_relative_include():
    assert "start at the root" in problems("cc/ir/stmt.h", "expr.h")[0]


def test_finds_a_wrong_guard():
    text = "#ifndef STMT_H\n#define STMT_H\n#endif\n"
    assert [p.text for p in layers.check_file("cc/ir/stmt.h", text)] == [
        "the include guard is not TILESCALE_CC_IR_STMT_H_"
    ]


def test_finds_an_unknown_layer():
    assert "is not a layer" in layers.check_file("cc/misc/a.cc", "")[0].text
