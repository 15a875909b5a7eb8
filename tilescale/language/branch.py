"""Branches as with statements, for programs written that way: Python's `if` does the same."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.values import as_condition


class If:
    """A branch whose bodies are `with T.Then():` and `with T.Else():`.

    Example: ``with T.If(i < n), T.Then(): B[i] = A[i]``

    Args:
        cond: the condition, decided at run time.
    """

    def __init__(self, cond: Any) -> None:
        self._builder = context.current("T.If")
        self._builder.require_kernel("T.If")
        self._cond = as_condition(cond)
        self._span = self._builder.span()
        self.bodies: dict[str, ir.Stmt] = {}

    def __enter__(self) -> None:
        self._builder.branches.append(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._builder.branches.pop()
        if kind is not None:
            return
        empty = ir.Seq([], self._span)
        then, other = self.bodies.get("Then", empty), self.bodies.get("Else")
        self._builder.emit(ir.If(self._cond, then, other, self._span))


class _Body:
    """One body of the innermost `T.If`."""

    def __init__(self) -> None:
        self._name = type(self).__name__
        self._builder = context.current(f"T.{self._name}")
        self._branch: If | None = None

    def __enter__(self) -> None:
        branches = self._builder.branches
        branch = branches[-1] if branches else None
        if branch is None or self._name in branch.bodies:
            raise mistake(
                errors.OperatorPlacementError,
                f"`T.{self._name}` has no `T.If` of its own",
                expected=f"one `with T.{self._name}():` directly inside `with T.If(cond):`",
                remedy="Python's `if` and `else` do the same",
            )
        # Branches inside the body are others'.
        self._branch = branch
        branches.append(None)
        self._builder.push("if")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._builder.branches.pop()
        if kind is None and self._branch is not None:
            self._branch.bodies[self._name] = self._builder.pop()


class Then(_Body):
    """What a `T.If` does if its condition holds."""


class Else(_Body):
    """What a `T.If` does otherwise."""


__all__ = ["Else", "If", "Then"]
