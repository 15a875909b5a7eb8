"""tools/lint/ir_access.py."""

from __future__ import annotations

import pytest

from tools.lint import ir_access, tree

NODES = {"For", "Copy", "Binary"}


def found(text: str) -> list[str]:
    problems = ir_access.check_file("tilescale/a.py", text, NODES)
    return [problem.symbol for problem in problems]


def test_tree_is_clean():
    assert ir_access.check(tree.source_root()) == []


def test_node_names_come_from_the_declarations():
    nodes = ir_access.node_names(tree.source_root())
    assert {"For", "Copy", "Binary"} <= nodes
    assert not nodes & {"Expr", "Var", "Buffer"}


@pytest.mark.parametrize(
    "text",
    [
        "from tilescale import ir\nif isinstance(x, ir.For): pass",
        "from tilescale import ir\nif isinstance(x, (int, ir.For)): pass",
        "from tilescale.ir import For as Loop\nif type(x) is Loop: pass",
        "from ..ir import For\ntable = {For: 1}",
        "import tilescale.ir\nf = [tilescale.ir.For]",
        "from tilescale import ir\nmatch x:\n  case ir.For(body=b): pass",
        "from tilescale import ir\ndef f(x=ir.For): pass",
        "from tilescale import ir\n@visit.register(ir.For)\ndef f(x): pass",
    ],
)
def test_finds_python_that_looks_into_the_ir(text):
    assert found(text) == ["For"]


def test_finds_a_type_key():
    assert found('if key == "tilescale.ir.For": pass') == ["tilescale.ir.For"]


@pytest.mark.parametrize(
    "text",
    [
        "from tilescale import ir\nloop = ir.For(x, ir.Binary(a, b))",
        "from tilescale.ir import For\ndef f(x: For) -> For: y: For = x",
        "from tilescale import ir\nemit(ir.For, x)",
        "from tilescale import ir\nif isinstance(x, ir.Expr): pass",
        "import ast\nif isinstance(x, ast.For): pass",
        '@register("tilescale.ir.For")\nclass For(Stmt): pass',
        'message = "a tilescale.ir.For loop"',
    ],
)
def test_building_and_annotating_are_fine(text):
    assert found(text) == []
