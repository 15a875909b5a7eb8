"""Collects the statements of one kernel while its Python function runs."""

from __future__ import annotations

from types import FrameType
from typing import Any

from tilescale import errors, ir
from tilescale.errors import Span
from tilescale.frontend.buffer import Buffer, Region, Variable
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.spans import Activation
from tilescale.frontend.values import as_index, as_typed, const_int, describe, format_shape
from tilescale.frontend.vector import Vector

#: Kinds of blocks whose body may run more or less than once.
CONDITIONAL = frozenset({"serial", "parallel", "vectorized", "if", "while"})
_MAX_ACTIVATIONS = 100


class Block:
    """A list of statements under construction.

    Attributes:
        kind: "root", "kernel", "serial", "parallel", "vectorized", "if" or "while".
        parent: the enclosing block.
        closed: whether it is finished, so that what it declared is out of scope.
    """

    __slots__ = ("closed", "kind", "parent", "stmts")

    def __init__(self, kind: str, parent: Block | None) -> None:
        self.kind = kind
        self.parent = parent
        self.stmts: list[ir.Stmt] = []
        self.closed = False

    def conditional_since(self, outer: Block) -> bool:
        """Whether a loop or branch lies between this block and the enclosing `outer`."""
        block: Block | None = self
        while block is not None and block is not outer:
            if block.kind in CONDITIONAL:
                return True
            block = block.parent
        return False


class Loop:
    """A loop that `break` and `continue` may refer to.

    Attributes:
        kind: the block's kind, or "python" ("python while") for one that runs during the trace.
        block: the block of its body (of its surroundings, for a Python loop).
    """

    __slots__ = ("block", "kind")

    def __init__(self, kind: str, block: Block) -> None:
        self.kind = kind
        self.block = block


class Builder:
    """The state of one trace: open blocks, running traced functions, declared parameters.

    Attributes:
        name: name of the kernel.
        root: statements of the function's body.
        prologue: what stood before the launches so far; each of them begins with it.
        block: innermost open block.
        kernel: the block of `T.Kernel` while it is open.
        launched: how many `T.Kernel` were seen.
        launch: the active launch object, for queries.
        hint: name for the next buffer or value.
        loops: enclosing loops, innermost last.
        branches: enclosing `T.If`, innermost last; None inside one of its bodies.
        signature: parameters and their roles.
        attrs: attributes of the function.
        eager: the signature of an eager kernel, else None.
        reducers: operation of each reducer by the hash of its buffer.
        layouts: where the layout of a buffer, by its hash, is annotated: the block, and the index.
        definitions: values of bound variables.
    """

    def __init__(self, name: str, signature: Any) -> None:
        self.name = name
        self.signature = signature
        self.root = Block("root", None)
        self.prologue: list[ir.Stmt] = []
        self.block = self.root
        self.kernel: Block | None = None
        self.launched = 0
        self.launch: Any = None
        self.hint = ""
        self.loops: list[Loop] = []
        self.branches: list[Any] = []
        self.activations: list[Activation] = []
        self.loop_vars: dict[int, Any] = {}
        self.attrs: dict[str, Any] = {}
        self.eager: Any = None
        self.reducers: dict[int, Any] = {}
        self.layouts: dict[int, tuple[Block, int]] = {}
        self.definitions: dict[ir.Var, ir.Expr] = {}

    # ---- where we are -----------------------------------------------------------------------

    def enter(self, frame: FrameType) -> None:
        """Notes that the rewritten function of `frame` has started to run."""
        if len(self.activations) >= _MAX_ACTIVATIONS:
            raise mistake(
                errors.MacroRecursionError,
                "macros call each other without end",
                expected=f"at most {_MAX_ACTIVATIONS} nested calls",
                remedy="macros are expanded while the kernel is traced: a recursion must end on a"
                " condition known at compile time; use a loop otherwise",
            )
        caller = self.activations[-1] if self.activations else None
        self.activations.append(Activation(frame, caller, len(self.loops)))

    def span(self) -> ir.Span | None:
        """The place in the user's source that is being executed, for IR nodes."""
        return self.activations[-1].span() if self.activations else None

    def position(self) -> Span | None:
        """The same place, for errors."""
        return self.activations[-1].error_span() if self.activations else None

    def take_hint(self, default: str) -> str:
        """The name of the variable that is being assigned, or `default`."""
        return self.hint or default

    def require_kernel(self, what: str) -> None:
        """Fails unless a `T.Kernel` is open.

        Raises:
            OutsideKernelError: it is not.
        """
        if self.kernel is None:
            raise mistake(
                errors.OutsideKernelError,
                f"{what} is used outside of T.Kernel",
                expected="a statement inside `with T.Kernel(...)`",
                remedy="move it into the body of the with statement",
            )

    # ---- blocks -----------------------------------------------------------------------------

    def push(self, kind: str) -> Block:
        """Opens a block."""
        self.block = Block(kind, self.block)
        return self.block

    def pop(self) -> ir.Stmt:
        """Closes the innermost block and returns its statements as one."""
        block = self.block
        block.closed = True
        assert block.parent is not None
        self.block = block.parent
        return sequence(block.stmts)

    def emit(self, stmt: ir.Stmt) -> None:
        """Appends a statement to the open block."""
        self.block.stmts.append(stmt)

    def emit_in_kernel(self, what: str, stmt: ir.Stmt) -> None:
        """Appends a statement that must lie inside `T.Kernel`."""
        self.require_kernel(what)
        self.block.stmts.append(stmt)

    # ---- values -----------------------------------------------------------------------------

    def bind(self, name: str, value: Any) -> Any:
        """Gives a computed scalar a name: evaluated once, here. Other values pass through."""
        if not isinstance(value, ir.Expr):
            if isinstance(value, Variable):
                if value.named or self.kernel is None:
                    return self.bind(name, value.__ts_expr__())
                value.named = True
            return value
        if self.kernel is None or isinstance(value, (ir.Var, ir.IntImm, ir.FloatImm, ir.StringImm)):
            return value
        var = ir.Var(name, value.dtype)
        self.emit(ir.Bind(var, value, self.span()))
        self.definitions[var] = value
        return var

    def bind_items(self, name: str, value: Any) -> Any:
        """`bind` for each scalar of a list or tuple display."""
        if type(value) in (list, tuple):
            items = [
                self.bind(f"{name}_{i}", item) if isinstance(item, ir.Expr) else item
                for i, item in enumerate(value)
            ]
            return type(value)(items)
        return self.bind(name, value)


def sequence(stmts: list[ir.Stmt]) -> ir.Stmt:
    """One statement for many."""
    return stmts[0] if len(stmts) == 1 else ir.Seq(stmts, None)


def store(buffer: Buffer, index: Any, value: Any) -> None:
    """Emits `buffer[index] = value`; a slice on the left is filled or copied into."""
    from tilescale.frontend import context
    from tilescale.frontend.indexing import normalize

    builder = context.current(f"an assignment to `{buffer.name}`")
    builder.require_kernel(f"an assignment to `{buffer.name}`")
    if isinstance(buffer, Variable):
        buffer[index]
        builder.emit(buffer.store(value))
        return
    if buffer.space == "reducer":
        raise mistake(
            errors.ReducerError,
            f"an element of the reducer `{buffer.name}` is assigned",
            expected="updates through T.reducer_update",
            remedy=f"write `T.reducer_update({buffer.name}[...], value)`",
        )
    mins, extents = normalize(buffer, index)
    if extents is not None:
        _store_region(Region(buffer, tuple(mins), tuple(extents)), value)
        return
    if isinstance(value, (Buffer, Region)) and not isinstance(value, Variable):
        raise mistake(
            errors.BufferAsScalarError,
            f"a buffer is stored into one element of `{buffer.name}`",
            expected="a scalar",
            got=describe(value),
            remedy="use T.copy between buffers, or index the value",
        )
    typed = as_typed(value, buffer.dtype)
    builder.emit(ir.Store(buffer.node, [as_index(i) for i in mins], typed, builder.span()))


def _store_region(region: Region, value: Any) -> None:
    from tilescale.language.copy import copy
    from tilescale.language.fill import fill

    if isinstance(value, Vector):
        _store_lanes(region, value)
    elif isinstance(value, (Buffer, Region)) and not isinstance(value, Variable):
        copy(value, region)
    else:
        fill(region, value)


def _store_lanes(region: Region, vector: Vector) -> None:
    """Stores a vector into as many neighbours of the last dimension."""
    *outer, count = [const_int(extent) for extent in region.extents]
    if any(extent != 1 for extent in outer) or count != len(vector):
        raise mistake(
            errors.ExtentMismatchError,
            f"a vector is stored into a region of `{region.buffer.name}` of another size",
            expected=f"{len(vector)} neighbours of the last dimension",
            got=f"extents {format_shape(region.extents)}",
            remedy=f"write `{region.buffer.name}[..., i : i + {len(vector)}]`",
        )
    first = as_index(region.mins[-1])
    for i, lane in enumerate(vector):
        store(region.buffer, (*region.mins[:-1], first + i), lane)
