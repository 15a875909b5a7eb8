"""Rewrites the syntax tree of a kernel so that control flow and assignments call its `Scope`.

Every generated node keeps the location of the code it stands for, so that positions can be read
from the running frame.
"""

# ruff: noqa: N802 - the names of ast.NodeTransformer

from __future__ import annotations

import ast
import copy

from tilescale.frontend import syntax
from tilescale.frontend.rewrite_expr import SCOPE, Expressions, at, call, lit, ref

ENTER = "__ts_enter"


class Rewriter(Expressions):
    """The rewriting of statements of one function."""

    def function(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """The rewritten definition: without decorators, annotations and defaults."""
        params = syntax.parameter_names(node)
        local = [name for name in syntax.assigned_names(node.body) if name not in params]
        body = self.block(node.body)
        setup = at(_setup(params, local), node.body[0])
        new = ast.FunctionDef(node.name, _bare(node.args), [*setup.body, *body], [])
        return at(without_type_params(new), node)

    def block(self, nodes: list[ast.stmt]) -> list[ast.stmt]:
        """Rewrites statements."""
        result: list[ast.stmt] = []
        for node in nodes:
            new = self.visit(node)
            result.extend(new if isinstance(new, list) else [new])  # type: ignore[list-item]
        return result

    def _leave(self, nodes: list[ast.stmt], origin: ast.AST) -> list[ast.stmt]:
        """The statement that ends the validity of what `nodes` assign."""
        names = syntax.assigned_names(nodes)
        if not names:
            return []
        args: list[ast.expr] = [arg for name in names for arg in (lit(name), ref(name))]
        target = self._tuple([ref(name, store=True) for name in names])
        return [at(ast.Assign([target], call("leave", args, origin)), origin)]

    @staticmethod
    def _tuple(names: list[ast.Name]) -> ast.expr:
        return names[0] if len(names) == 1 else ast.Tuple(list(names), ast.Store())

    # ---- assignments ------------------------------------------------------------------------

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        """`x = e`."""
        if len(node.targets) == 1:
            return self._assign(node.targets[0], self.expr(node.value), node)
        temporary = self.temporary()
        first = at(ast.Assign([ref(temporary, store=True)], self.expr(node.value)), node)
        result: list[ast.stmt] = [first]
        for target in node.targets:
            result += self._assign(target, at(ref(temporary), node), node)
        return result

    def _assign(
        self, target: ast.expr, value: ast.expr, node: ast.AST, loop: bool = False
    ) -> list[ast.stmt]:
        if isinstance(target, ast.Name):
            return [self._assign_name(target, value, node, loop)]
        if isinstance(target, (ast.Tuple, ast.List)):
            return self._assign_tuple(target, value, node, loop)
        if isinstance(target, ast.Subscript):
            args = [self.expr(target.value), self._index(target.slice), value]
            return [at(ast.Expr(call("set_item", args, node)), node)]
        if isinstance(target, ast.Attribute):
            args = [self.expr(target.value), lit(target.attr), value]
            return [at(ast.Expr(call("set_attribute", args, node)), node)]
        syntax.reject(target, self.file, "a starred assignment target", "slice the sequence")
        raise AssertionError

    def _assign_name(
        self, target: ast.Name, value: ast.expr, node: ast.AST, loop: bool
    ) -> ast.stmt:
        if loop:
            result = call("loop_target", [lit(target.id), value], node)
        else:
            # The name is announced before the value is computed, so that buffers can take it.
            announced = call("name", [lit(target.id)], node)
            is_display = isinstance(value, (ast.List, ast.Tuple, ast.ListComp))
            method = "assign_items" if is_display else "assign"
            result = call(method, [announced, value, ref(target.id)], node)
        return at(ast.Assign([ref(target.id, store=True)], result), node)

    def _assign_tuple(
        self, target: ast.Tuple | ast.List, value: ast.expr, node: ast.AST, loop: bool
    ) -> list[ast.stmt]:
        for item in target.elts:
            if isinstance(item, ast.Starred):
                syntax.reject(item, self.file, "a starred target", "slice the sequence instead")
        names = [self.temporary() for _ in target.elts]
        labels = [item.id if isinstance(item, ast.Name) else "item" for item in target.elts]
        unpack = call("unpack", [value, ast.Tuple([lit(n) for n in labels], ast.Load())], node)
        items = ast.Tuple([ref(name, store=True) for name in names], ast.Store())
        result: list[ast.stmt] = [at(ast.Assign([items], unpack), node)]
        for item, name in zip(target.elts, names, strict=True):
            result += self._assign(item, at(ref(name), node), node, loop)
        return result

    def _index(self, node: ast.expr) -> ast.expr:
        """An index as an expression that can be passed to a function."""
        if isinstance(node, ast.Tuple):
            items = [self._index(item) for item in node.elts]
            return at(ast.Tuple(items, ast.Load()), node)
        if isinstance(node, ast.Slice):
            parts = [
                lit(None) if part is None else self.expr(part)
                for part in (node.lower, node.upper, node.step)
            ]
            return call("slice", parts, node)
        return self.expr(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> list[ast.stmt]:
        """`x: kind = e`."""
        if not isinstance(node.target, ast.Name):
            if node.value is None:
                return []
            return self._assign(node.target, self.expr(node.value), node)
        local = node.target.id
        args = [call("name", [lit(local)], node), ref(local), self.expr(node.annotation)]
        if node.value is not None:
            args.append(self.expr(node.value))
        result: list[ast.stmt] = [
            at(ast.Assign([ref(local, store=True)], call("annotated", args, node)), node)
        ]
        return result

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        """`x += e`."""
        op = lit(type(node.op).__name__)
        value = self.expr(node.value)
        target = node.target
        if isinstance(target, ast.Subscript):
            args = [self.expr(target.value), self._index(target.slice), op, value]
            return [at(ast.Expr(call("augment_item", args, node)), node)]
        current = copy.deepcopy(target)
        current.ctx = ast.Load()
        new = call("augment", [op, current, value], node)
        return self._assign(target, new, node)

    # ---- control flow -----------------------------------------------------------------------

    def visit_If(self, node: ast.If) -> list[ast.stmt]:
        """`if`."""
        branch = self.temporary()
        start = call("branch", [self.expr(node.test)], node.test)
        result: list[ast.stmt] = [ast.Assign([ref(branch, store=True)], start)]
        result.append(ast.If(self._method(branch, "then"), self.block(node.body), []))
        if node.orelse:
            result.append(ast.If(self._method(branch, "otherwise"), self.block(node.orelse), []))
        result.append(ast.Expr(self._method(branch, "end")))
        located = [at(stmt, node.test) for stmt in result]
        return [*located, *self._leave([*node.body, *node.orelse], node.test)]

    @staticmethod
    def _method(name: str, method: str, *args: ast.expr) -> ast.Call:
        return ast.Call(ast.Attribute(ref(name), method, ast.Load()), list(args), [])

    def visit_While(self, node: ast.While) -> list[ast.stmt]:
        """`while`."""
        loop = self.temporary()
        always = isinstance(node.test, ast.Constant) and bool(node.test.value)
        start = call("while_loop", [lit(always)], node.test)
        test = self._method(loop, "test", self._method(loop, "mark"), self.expr(node.test))
        body, orelse = self.block(node.body), self.block(node.orelse)
        if orelse:
            syntax.reject(node, self.file, "`else` of a while loop", "note in a T.alloc_var why")
        result: list[ast.stmt] = [
            ast.Assign([ref(loop, store=True)], start),
            ast.While(test, body, []),
        ]
        located = [at(stmt, node.test) for stmt in result]
        return [*located, *self._leave(node.body, node.test)]

    def visit_For(self, node: ast.For) -> list[ast.stmt]:
        """`for`."""
        item = self.temporary()
        names = ast.Tuple([lit(n) for n in syntax.target_names(node.target)], ast.Load())
        args = [self._iterable(node.iter), names, lit(bool(node.orelse))]
        target = self._assign(node.target, at(ref(item), node.target), node.target, loop=True)
        body = [*target, *self.block(node.body)]
        iterable = call("loop", args, node.iter)
        new = ast.For(ref(item, store=True), iterable, body, self.block(node.orelse))
        return [at(new, node.iter), *self._leave([node], node.iter)]

    def _iterable(self, node: ast.expr) -> ast.expr:
        new = self.expr(node)
        if isinstance(new, ast.Call) and isinstance(new.func, ast.Name) and new.func.id == "range":
            callee = ast.Attribute(ref(SCOPE), "range", ast.Load())
            return at(ast.Call(callee, [new.func, *new.args], new.keywords), node)
        return new

    def visit_Break(self, node: ast.Break) -> ast.stmt:
        """`break`."""
        return at(ast.If(call("leave_loop", [lit("break")], node), [node], []), node)

    def visit_Continue(self, node: ast.Continue) -> ast.stmt:
        """`continue`."""
        return at(ast.If(call("leave_loop", [lit("continue")], node), [node], []), node)

    def visit_With(self, node: ast.With) -> list[ast.stmt]:
        """`with`; several items are nested statements, so that each may use those before it."""
        item, *others = node.items
        body = node.body
        if others:
            body = [ast.copy_location(ast.With(others, body), node)]
        names = syntax.target_names(item.optional_vars)
        text = ast.Tuple([lit(name) for name in names], ast.Load())
        manager = call("manager", [self.expr(item.context_expr), text], item.context_expr)
        value = None if item.optional_vars is None else self.temporary()
        unpacking = []
        if value is not None and item.optional_vars is not None:
            target = item.optional_vars
            unpacking = self._assign(target, at(ref(value), target), target, True)
        bound = None if value is None else ref(value, store=True)
        new = ast.With([ast.withitem(manager, bound)], [*unpacking, *self.block(body)])
        return [at(new, node), *self._leave([node], node)]

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        """`return`."""
        args = [] if node.value is None else [self.expr(node.value)]
        return at(ast.Return(call("result", args, node)), node)

    def visit_Raise(self, node: ast.Raise) -> list[ast.stmt]:
        """`raise`."""
        self.generic_visit(node)
        return [at(ast.Expr(call("raising", [], node)), node), node]

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        """`assert`."""
        args = [self.expr(node.test)]
        if node.msg is not None:
            args.append(self._thunk(node.msg))
        return at(ast.Expr(call("check", args, node)), node)

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        """An expression used as a statement."""
        if isinstance(node.value, ast.Constant):
            return node
        return at(ast.Expr(call("discard", [self.expr(node.value)], node)), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        """A nested function: a macro, unless it is decorated."""
        # A nested function is rewritten when it is called, from its own source.
        if not node.decorator_list:
            decorator = ast.Attribute(ref(SCOPE), "macro", ast.Load())
            node.decorator_list = [at(decorator, node)]
        return node


def without_type_params(node: ast.FunctionDef) -> ast.FunctionDef:
    """Sets the field that Python 3.12 added to function definitions."""
    if "type_params" in node._fields:
        setattr(node, "type_params", [])  # noqa: B010 - absent in the type stubs of 3.11
    return node


def _bare(args: ast.arguments) -> ast.arguments:
    def bare(arg: ast.arg | None) -> ast.arg | None:
        return None if arg is None else ast.copy_location(ast.arg(arg.arg), arg)

    def all_bare(items: list[ast.arg]) -> list[ast.arg]:
        return [ast.copy_location(ast.arg(arg.arg), arg) for arg in items]

    return ast.arguments(
        all_bare(args.posonlyargs),
        all_bare(args.args),
        bare(args.vararg),
        all_bare(args.kwonlyargs),
        [None] * len(args.kwonlyargs),
        bare(args.kwarg),
        [],
    )


def _setup(params: tuple[str, ...], local: list[str]) -> ast.Module:
    """The first statements of a rewritten function: its scope, and values of unassigned names."""
    names = ast.Tuple([lit(name) for name in params], ast.Load())
    enter = ast.Call(ref(ENTER), [names], [])
    body: list[ast.stmt] = [ast.Assign([ref(SCOPE, store=True)], enter)]
    if local:
        undefined = ast.Call(
            ast.Attribute(ref(SCOPE), "undefined", ast.Load()), [lit(n) for n in local], []
        )
        target = Rewriter._tuple([ref(name, store=True) for name in local])
        body.append(ast.Assign([target], undefined))
    return ast.Module(body, [])
