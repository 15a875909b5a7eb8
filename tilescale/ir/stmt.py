"""Statements and functions (`cc/ir/stmt.h`, `cc/ir/function.h`).

The last argument of each constructor is the span, None for generated code.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import tvm_ffi

from tilescale import _ffi
from tilescale.ir.expr import Node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tilescale.ir.expr import Buffer, Expr, Span, Var

_flatten = _ffi.get("ir.FlattenSeq")
_schedule_text = _ffi.get("ir.ScheduleText")
_parse_schedule = _ffi.get("ir.ParseSchedule")
_structural_hash = _ffi.get("ir.StructuralHash")


class ForKind(enum.IntEnum):
    """How the iterations of a `For` may be carried out; all give the result of SERIAL."""

    SERIAL = 0
    UNROLL = 1
    VECTORIZED = 2
    PIPELINED = 3


@tvm_ffi.register_object("tilescale.ir.Stmt")
class Stmt(Node):
    """An action."""

    span: Span | None


@tvm_ffi.register_object("tilescale.ir.Seq")
class Seq(Stmt):
    """Statements in order; declarations inside are visible to its end."""

    stmts: Sequence[Stmt]


@tvm_ffi.register_object("tilescale.ir.Bind")
class Bind(Stmt):
    """`var = value`, evaluated once, here."""

    var: Var
    value: Expr


@tvm_ffi.register_object("tilescale.ir.Alloc")
class Alloc(Stmt):
    """A new on-chip buffer."""

    buffer: Buffer
    init: Expr | None


@tvm_ffi.register_object("tilescale.ir.View")
class View(Stmt):
    """`buffer` names the memory of `source` under another shape or dtype."""

    buffer: Buffer
    source: Buffer


@tvm_ffi.register_object("tilescale.ir.DeclTensor")
class DeclTensor(Stmt):
    """`buffer` is a global tensor at a run-time address."""

    buffer: Buffer
    address: Expr


@tvm_ffi.register_object("tilescale.ir.Store")
class Store(Stmt):
    """`buffer[indices] = value`."""

    buffer: Buffer
    indices: Sequence[Expr]
    value: Expr


@tvm_ffi.register_object("tilescale.ir.Evaluate")
class Evaluate(Stmt):
    """Evaluates an expression for its effects."""

    value: Expr


@tvm_ffi.register_object("tilescale.ir.If")
class If(Stmt):
    """Runs one of two bodies."""

    cond: Expr
    then_body: Stmt
    else_body: Stmt | None


@tvm_ffi.register_object("tilescale.ir.For")
class For(Stmt):
    """Runs `body` `extent` times for var = min, min + step, ..."""

    var: Var
    min: Expr
    extent: Expr
    step: Expr
    kind: int
    body: Stmt
    attrs: Mapping[str, Any]


@tvm_ffi.register_object("tilescale.ir.Parallel")
class Parallel(Stmt):
    """Runs `body` for each point of the box, in any order or at once."""

    vars: Sequence[Var]
    extents: Sequence[Expr]
    body: Stmt
    attrs: Mapping[str, Any]


@tvm_ffi.register_object("tilescale.ir.While")
class While(Stmt):
    """Runs `body` as long as `cond` holds."""

    cond: Expr
    body: Stmt


@tvm_ffi.register_object("tilescale.ir.Break")
class Break(Stmt):
    """Leaves the innermost loop."""


@tvm_ffi.register_object("tilescale.ir.Continue")
class Continue(Stmt):
    """Goes to the next iteration of the innermost loop."""


@tvm_ffi.register_object("tilescale.ir.Channel")
class Channel(Node):
    """A shared buffer between stages of a pipeline: `depth` versions of it, used in turn."""

    buffer: Buffer
    depth: int


@tvm_ffi.register_object("tilescale.ir.Pipeline")
class Pipeline(Stmt):
    """A loop whose iterations overlap: operator i of iteration n runs in step n + stages[i]."""

    var: Var
    min: Expr
    extent: Expr
    step: Expr
    stages: Sequence[int]
    order: Sequence[int]
    atoms: Sequence[str]
    channels: Sequence[Channel]
    body: Stmt
    attrs: Mapping[str, Any]


@tvm_ffi.register_object("tilescale.ir.Role")
class Role(Node):
    """Threads that work together, and the registers that each of them may use."""

    name: str
    threads: int
    registers: int


@tvm_ffi.register_object("tilescale.ir.OperatorPlan")
class OperatorPlan(Node):
    """Who runs one operator of a pipelined loop, when, and with which instructions."""

    label: str
    role: str
    stage: int
    order: int
    atom: str
    note: str


@tvm_ffi.register_object("tilescale.ir.ChannelPlan")
class ChannelPlan(Node):
    """The number of versions of a buffer."""

    buffer: str
    depth: int


@tvm_ffi.register_object("tilescale.ir.LoopPlan")
class LoopPlan(Node):
    """How the iterations of one pipelined loop overlap."""

    loop: str
    operators: Sequence[OperatorPlan]
    channels: Sequence[ChannelPlan]


@tvm_ffi.register_object("tilescale.ir.Schedule")
class Schedule(Node):
    """Every decision about the order of a kernel's work; `str()` gives its text."""

    tiles: str
    roles: Sequence[Role]
    loops: Sequence[LoopPlan]

    def __str__(self) -> str:
        return str(_schedule_text(self))

    @staticmethod
    def parse(text: str) -> Schedule:
        """Reads what `str()` gives.

        Raises:
            IrSyntaxError: the text is not legal; says where and what was expected.
        """
        schedule: Schedule = _parse_schedule(text)
        return schedule


@tvm_ffi.register_object("tilescale.ir.TileLoop")
class TileLoop(Stmt):
    """The launch grid: one program per point, `vars[0]` fastest."""

    vars: Sequence[Var]
    extents: Sequence[Expr]
    threads: Sequence[Expr]
    body: Stmt
    attrs: Mapping[str, Any]


@tvm_ffi.register_object("tilescale.ir.Assume")
class Assume(Stmt):
    """The user's promise that `cond` holds from here on."""

    cond: Expr


@tvm_ffi.register_object("tilescale.ir.Annotate")
class Annotate(Stmt):
    """A fact or hint about the rest of the sequence."""

    key: str
    target: Buffer | None
    value: Any


@tvm_ffi.register_object("tilescale.ir.TileOp")
class TileOp(Stmt):
    """Base of the tile operators of `tilescale.ir.op`."""

    attrs: Mapping[str, Any]


@tvm_ffi.register_object("tilescale.ir.PrimFunc")
class PrimFunc(Node):
    """A kernel; see `cc/ir/function.h`."""

    name: str
    symbols: Sequence[Var]
    params: Sequence[Any]
    roles: Sequence[str]
    body: Stmt
    attrs: Mapping[str, Any]
    span: Span | None


@tvm_ffi.register_object("tilescale.ir.Module")
class Module(Node):
    """Functions compiled together."""

    functions: Mapping[str, PrimFunc]


def flatten(stmts: Sequence[Stmt]) -> Stmt:
    """One statement for many."""
    result: Stmt = _flatten(list(stmts))
    return result


def structural_hash(node: Any) -> int:
    """A hash that ignores names and spans: equal for structurally equal trees, on every machine."""
    return int(_structural_hash(node))


def structural_equal(a: Any, b: Any) -> bool:
    """Whether two trees are the same up to names of variables and spans."""
    return bool(tvm_ffi.structural_equal(a, b))
