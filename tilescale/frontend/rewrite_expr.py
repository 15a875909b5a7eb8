"""Building syntax nodes, and the rewriting of expressions."""

from __future__ import annotations

import ast
import copy
from typing import TypeVar

from tilescale.frontend import syntax

SCOPE = "__ts_scope"

_Node = TypeVar("_Node", bound=ast.AST)


def ref(identifier: str, store: bool = False) -> ast.Name:
    """A name that is read, or assigned."""
    return ast.Name(identifier, ast.Store() if store else ast.Load())


def lit(value: str | bool | int | None) -> ast.Constant:
    """A literal."""
    return ast.Constant(value)


def at(node: _Node, origin: ast.AST) -> _Node:
    """Gives `node`, and its parts that have none, the location of `origin`."""
    return ast.fix_missing_locations(ast.copy_location(node, origin))


def call(method: str, args: list[ast.expr], origin: ast.AST) -> ast.Call:
    """A call of a method of the scope."""
    callee = ast.Attribute(ref(SCOPE), method, ast.Load())
    return at(ast.Call(callee, args, []), origin)


class Expressions(ast.NodeTransformer):
    """The rewriting of expressions."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._temporaries = 0
        self._in_lambda = 0

    def temporary(self) -> str:
        """A fresh local name."""
        self._temporaries += 1
        return f"{syntax.TEMPORARY}{self._temporaries}"

    def visit(self, node: ast.AST) -> ast.AST:
        """Rewrites `node`, or rejects it."""
        syntax.check(node, self.file)
        result: ast.AST = super().visit(node)
        return result

    def expr(self, node: ast.expr) -> ast.expr:
        """`visit` for an expression."""
        result = self.visit(node)
        assert isinstance(result, ast.expr)
        return result

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        """`a and b`, `a or b`."""
        op = "and" if isinstance(node.op, ast.And) else "or"
        result = self.expr(node.values[0])
        for value in node.values[1:]:
            first = call("first", [lit(op), result], node)
            second = call("second", [lit(op), self.expr(value)], node)
            result = at(ast.IfExp(first, second, call("short", [], node)), node)
        return result

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """`not a`."""
        operand = self.expr(node.operand)
        if isinstance(node.op, ast.Not):
            return call("negate", [operand], node)
        return at(ast.UnaryOp(node.op, operand), node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        """`a if c else b`."""
        return call(
            "select",
            [self.expr(node.test), self._thunk(node.body), self._thunk(node.orelse)],
            node,
        )

    def _thunk(self, node: ast.expr) -> ast.expr:
        empty = ast.arguments([], [], None, [], [], None, [])
        self._in_lambda += 1
        body = self.expr(node)
        self._in_lambda -= 1
        return at(ast.Lambda(empty, body), node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        """The body of a lambda."""
        self._in_lambda += 1
        body = self.expr(node.body)
        self._in_lambda -= 1
        return at(ast.Lambda(node.args, body), node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.expr:
        """`(x := e)`."""
        if self._in_lambda:
            syntax.reject(
                node,
                self.file,
                "`:=` inside a lambda or conditional expression",
                "assign the name in a statement before",
            )
        local = node.target.id
        args = [call("name", [lit(local)], node), self.expr(node.value), ref(local)]
        return at(ast.NamedExpr(node.target, call("assign", args, node)), node)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """A comparison; chained ones are joined."""
        if len(node.ops) == 1:
            self.generic_visit(node)
            return node
        left = self.expr(node.left)
        links: list[ast.expr] = []
        for i, (op, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
            right = self.expr(right)
            following = right
            if i + 1 < len(node.ops) and not isinstance(right, (ast.Name, ast.Constant)):
                temporary = self.temporary()
                right = at(ast.NamedExpr(ref(temporary, store=True), right), right)
                following = at(ref(temporary), right)
            links.append(at(ast.Compare(left, [op], [right]), node))
            left = copy.deepcopy(following)
        return call("compare", links, node)
