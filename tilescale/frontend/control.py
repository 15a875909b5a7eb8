"""Control flow of rewritten functions: branches, loops, conditional expressions."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tilescale import errors, ir
from tilescale.frontend.buffer import Buffer, Variable
from tilescale.frontend.builder import Builder, Loop
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.loops import LoopNest
from tilescale.frontend.values import as_condition, as_expr, describe

_PENDING = object()


def decide(value: Any) -> bool | None:
    """Whether a condition holds, None if that is known only at run time."""
    if isinstance(value, Variable):
        return None
    if isinstance(value, ir.IntImm):
        return bool(value.value)
    if isinstance(value, ir.Expr):
        return None
    if isinstance(value, Buffer):
        as_expr(value)
    return builtins.bool(value)


class Branch:
    """One `if`: a Python `if` where the condition is known, else an `If` of the IR."""

    __slots__ = ("_builder", "_cond", "_span", "_then", "known")

    def __init__(self, builder: Builder, cond: Any) -> None:
        self._builder = builder
        self.known = decide(cond)
        self._then: ir.Stmt | None = None
        if self.known is None:
            builder.require_kernel("a condition that is decided at run time")
            self._cond = as_condition(cond)
            self._span = builder.span()

    def then(self) -> bool:
        """Whether to trace the first body."""
        if self.known is None:
            self._builder.push("if")
            return True
        return self.known

    def otherwise(self) -> bool:
        """Whether to trace the second body."""
        if self.known is None:
            self._then = self._builder.pop()
            self._builder.push("if")
            return True
        return not self.known

    def end(self) -> None:
        """Ends the statement."""
        if self.known is not None:
            return
        last = self._builder.pop()
        then, other = (last, None) if self._then is None else (self._then, last)
        self._builder.emit(ir.If(self._cond, then, other, self._span))


class WhileLoop:
    """One `while`: a Python loop where the condition is known, else a `While` of the IR."""

    __slots__ = ("_always", "_builder", "_cond", "_mark", "_open", "_span")

    def __init__(self, builder: Builder, always: bool) -> None:
        self._builder = builder
        self._always = always
        self._open: str | None = None
        self._cond: ir.Expr | None = None
        self._span = builder.span()

    def mark(self) -> None:
        """Runs before each evaluation of the condition."""
        if self._open is None:
            self._builder.push("while")
            self._mark = 0
        else:
            self._mark = len(self._builder.block.stmts)

    def test(self, _: None, cond: Any) -> bool:
        """Whether to trace the body (once more)."""
        if self._open is None:
            return self._begin(cond)
        if self._open == "python":
            known = decide(cond)
            if known is None:
                raise mistake(
                    errors.SymbolicBoolError,
                    "the condition of a compile-time `while` became a run-time value",
                    remedy="declare what the loop changes with T.alloc_var before the loop",
                )
            if not known:
                self._builder.loops.pop()
            return known
        self._end()
        return False

    def _begin(self, cond: Any) -> bool:
        builder = self._builder
        known = True if self._always else decide(cond)
        if known is not None and not (self._always and builder.kernel is not None):
            stmts = builder.block.stmts
            builder.pop()
            builder.block.stmts.extend(stmts)
            if known:
                self._open = "python"
                builder.loops.append(Loop("python while", builder.block))
            return known
        builder.require_kernel("a `while` whose condition is decided at run time")
        self._open = "while"
        builder.loops.append(Loop("while", builder.block))
        self._set_condition(as_condition(cond))
        return True

    def _set_condition(self, cond: ir.Expr) -> None:
        stmts = self._builder.block.stmts
        if not stmts:
            self._cond = cond
            return
        # What the condition computes is computed anew in each iteration.
        leave = ir.If(ir.make_not(cond), ir.Break(self._span), None, self._span)
        self._cond = ir.const(True, "bool")
        stmts.append(leave)

    def _end(self) -> None:
        builder = self._builder
        del builder.block.stmts[self._mark :]
        builder.loops.pop()
        body = builder.pop()
        builder.emit(ir.While(self._cond, body, self._span))


class Control:
    """The control-flow half of a scope."""

    slice = builtins.slice

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self._pending: list[Any] = []

    def branch(self, cond: Any) -> Branch:
        """Starts an `if`."""
        return Branch(self.builder, cond)

    def while_loop(self, always: bool) -> WhileLoop:
        """Starts a `while`; `always` for a literal true condition."""
        return WhileLoop(self.builder, always)

    def loop(self, iterable: Any, names: tuple[str, ...], has_else: bool) -> Iterator[Any]:
        """Runs a `for`: once for a loop of the IR, item by item for a Python iterable."""
        builder = self.builder
        if not isinstance(iterable, LoopNest):
            yield from self._python_loop(iterable)
            return
        if has_else:
            raise mistake(
                errors.UnsupportedSyntaxError,
                "`else` of a loop that runs in the kernel",
                remedy="note in a T.alloc_var whether the loop was left, and test it afterwards",
            )
        with iterable.traced(builder, names) as item:
            yield item

    def _python_loop(self, iterable: Any) -> Iterator[Any]:
        builder = self.builder
        if isinstance(iterable, ir.Expr) or not isinstance(iterable, Iterable):
            raise mistake(
                errors.LoopArgumentError,
                "this value cannot be iterated",
                expected="range(n), a loop of the language such as T.serial(n), or a Python list",
                got=describe(iterable),
                remedy="write `for i in range(n)`",
            )
        loop = Loop("python", builder.block)
        builder.loops.append(loop)
        try:
            yield from iterable
        finally:
            builder.loops.remove(loop)

    def range(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """`range(...)` in a for statement: a serial loop of the kernel."""
        if function is not builtins.range or self.builder.kernel is None:
            return function(*args, **kwargs)
        from tilescale.language.loop import serial

        return serial(*args)

    def leave_loop(self, kind: str) -> bool:
        """`break` or `continue`: emits it, or returns True for Python to carry it out."""
        builder = self.builder
        loop = builder.loops[-1]
        if loop.kind.startswith("python"):
            if builder.block.conditional_since(loop.block):
                raise mistake(
                    errors.LoopExitError,
                    f"`{kind}` depends on a run-time condition, but the loop runs while the kernel"
                    " is traced",
                    remedy="use a loop of the kernel, e.g. `for i in T.serial(n)`",
                )
            if kind == "break" and loop.kind == "python while":
                builder.loops.pop()
            return True
        if loop.kind in ("parallel", "vectorized"):
            raise mistake(
                errors.LoopExitError,
                f"`{kind}` inside T.{'Parallel' if loop.kind == 'parallel' else 'vectorized'}",
                expected="a loop whose iterations have an order",
                remedy="use T.serial, or put the rest of the body under an `if`",
            )
        span = builder.span()
        builder.emit(ir.Break(span) if kind == "break" else ir.Continue(span))
        return False

    # ---- expressions ------------------------------------------------------------------------

    def select(self, cond: Any, a: Callable[[], Any], b: Callable[[], Any]) -> Any:
        """`a if cond else b`."""
        known = decide(cond)
        if known is not None:
            return a() if known else b()
        from tilescale.language.math import if_then_else

        return if_then_else(cond, a(), b())

    def first(self, op: str, value: Any) -> bool:
        """The left operand of `and` / `or`: whether to evaluate the right one."""
        known = decide(value)
        if known is None:
            self._pending.append(as_condition(value))
            return True
        decided = known is (op == "or")
        self._pending.append(value if decided else _PENDING)
        return not decided

    def second(self, op: str, value: Any) -> Any:
        """The value of `left op value` after `first` returned True."""
        left = self._pending.pop()
        if left is _PENDING:
            return value
        known = decide(value)
        if known is None:
            return ir.make_binary(op, left, as_condition(value))
        if known is (op == "or"):
            return known
        return left

    def short(self) -> Any:
        """The value of the left operand after `first` returned False."""
        return self._pending.pop()
