"""The executable meaning of the tile stage, in numpy.

`evaluate` runs a kernel as the comments of the IR define it. Every back end is compared with it.
It reports what has no meaning: reads of undefined elements, iterations and programs that race,
accesses outside on-chip buffers, division by zero, broken assumptions.

Statements are executed in *lanes*: all iterations of a `Parallel` advance together, and each
statement gets the set of lanes that reach it and returns the set that goes on behind it.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tilescale import errors, ir
from tilescale.testing import eval_dtype, eval_memory
from tilescale.testing.eval_access import Lanes, Machine, key
from tilescale.testing.eval_arguments import Arguments
from tilescale.testing.eval_expr import Expressions
from tilescale.testing.eval_memory import Index, View
from tilescale.testing.eval_ops import Operators

_MAX_WHILE_ITERATIONS = 1 << 20


@dataclasses.dataclass
class Evaluation:
    """What a kernel did.

    Attributes:
        outputs: the arrays of the parameters with role "output", in order.
        defined: for each of them which elements the kernel wrote.
        printed: the texts of `T.print`, in the order of execution.
        exact: whether no float operation whose order or fusion a target may choose has rounded:
            then results can be compared bitwise.
    """

    outputs: list[npt.NDArray[Any]]
    defined: list[npt.NDArray[np.bool_]]
    printed: list[str]
    exact: bool


@dataclasses.dataclass
class _Loop:
    """Lanes that left the current iteration of a loop."""

    broken: list[Index] = dataclasses.field(default_factory=list)
    continued: list[Index] = dataclasses.field(default_factory=list)


class _Statements:
    """Executes statements; each rule returns the lanes that go on behind the statement."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._value = Expressions(machine)
        self._operators = Operators(machine, self._value)
        self._loops: list[_Loop] = []
        self._rules: dict[type, Callable[[Any, Lanes], Lanes | None]] = {
            ir.Seq: self._seq,
            ir.Bind: self._bind,
            ir.Alloc: self._alloc,
            ir.View: self._view,
            ir.DeclTensor: self._decl_tensor,
            ir.Store: self._store,
            ir.Evaluate: self._evaluate,
            ir.If: self._if,
            ir.For: self._for,
            ir.Parallel: self._parallel,
            ir.While: self._while,
            ir.Break: self._break,
            ir.Continue: self._continue,
            ir.TileLoop: self._tile_loop,
            ir.Assume: self._assume,
            ir.Annotate: self._annotate,
        }

    def __call__(self, statement: Any, lanes: Lanes) -> Lanes:
        """Executes `statement`; no rule sees an empty set of lanes."""
        if lanes.count == 0:
            return lanes
        self._machine.statement = statement
        rule = self._rules.get(type(statement))
        if rule is not None:
            safe_values = self._machine.safe_values
            after = rule(statement, lanes)
            if type(statement) is not ir.Annotate:
                # An annotation holds to the end of the sequence or body in which it stands.
                self._machine.safe_values = safe_values
            return lanes if after is None else after
        if not self._operators.knows(statement):
            raise self._machine.error(
                errors.UnsupportedEvaluationError,
                f"the evaluator has no rule for {type(statement).__name__}",
            )
        self._operators(statement, lanes)
        return lanes

    def _seq(self, node: ir.Seq, lanes: Lanes) -> Lanes:
        for statement in node.stmts:
            lanes = self(statement, lanes)
        return lanes

    def _bind(self, node: ir.Bind, lanes: Lanes) -> None:
        lanes.bind(node.var, self._value(node.value, lanes))

    def _declare(self, buffer: ir.Buffer, memory: eval_memory.Memory, lanes: Lanes) -> View:
        shape = tuple(self._value.integers(buffer.shape, lanes))
        strides = tuple(self._value.integers(buffer.strides, lanes))
        strides = strides or eval_memory.row_major(shape)
        dtype = str(buffer.dtype)
        view = View(str(buffer.name), memory, dtype, shape, strides, str(buffer.scope))
        memory.refine(eval_dtype.bits(dtype))
        self._machine.views[key(buffer)] = view
        return view

    def _alloc(self, node: ir.Alloc, lanes: Lanes) -> None:
        buffer = node.buffer
        shape = self._value.integers(buffer.shape, lanes)
        size = int(np.prod(shape, dtype=np.int64))
        is_global = buffer.scope == "global"
        memory = eval_memory.allocate(size, str(buffer.dtype), lanes.space, is_global=is_global)
        self._declare(buffer, memory, lanes)
        if node.init is not None:
            value = self._value(node.init, lanes)
            value = eval_dtype.cast(value, str(node.init.dtype), str(buffer.dtype))
            self._machine.store(buffer, [], value, lanes)

    def _view(self, node: ir.View, lanes: Lanes) -> None:
        self._declare(node.buffer, self._machine.view(node.source).memory, lanes)

    def _decl_tensor(self, node: ir.DeclTensor, lanes: Lanes) -> None:
        address = self._value.integer(node.address, lanes)
        shape = self._value.integers(node.buffer.shape, lanes)
        strides = self._value.integers(node.buffer.strides, lanes)
        memory = eval_memory.from_address(address, shape, strides, str(node.buffer.dtype))
        self._declare(node.buffer, memory, lanes)

    def _store(self, node: ir.Store, lanes: Lanes) -> None:
        indices = [self._value(i, lanes) for i in node.indices]
        value = self._value(node.value, lanes)
        value = eval_dtype.cast(value, str(node.value.dtype), str(node.buffer.dtype))
        self._machine.store(node.buffer, indices, value, lanes)

    def _evaluate(self, node: ir.Evaluate, lanes: Lanes) -> None:
        self._value(node.value, lanes)

    def _if(self, node: ir.If, lanes: Lanes) -> Lanes:
        cond = lanes.spread(self._value(node.cond, lanes))
        taken = self(node.then_body, lanes.subset(cond))
        other = lanes.subset(~cond)
        if node.else_body is not None:
            other = self(node.else_body, other)
        return lanes.with_ids([taken.ids, other.ids])

    def _iterate(self, body: Any, lanes: Lanes) -> tuple[Lanes, Index]:
        """Runs one iteration; returns the lanes that want another one and those that left."""
        loop = _Loop()
        self._loops.append(loop)
        after = self(body, lanes)
        self._loops.pop()
        left = lanes.with_ids(loop.broken).ids
        return lanes.with_ids([after.ids, *loop.continued]), left

    def _for(self, node: ir.For, lanes: Lanes) -> Lanes:
        first, extent, step = (self._value(e, lanes) for e in (node.min, node.extent, node.step))
        varying = max(first.size, extent.size, step.size) > 1
        if varying:
            first, extent, step = (lanes.spread(v) for v in (first, extent, step))
        active, done = lanes, []
        for number in range(int(extent.max())):
            if varying:
                going = extent[np.searchsorted(lanes.ids, active.ids)] > number
                done.append(active.ids[~going])
                active = active.subset(going)
            if active.count == 0:
                break
            value = first + np.array(number).astype(step.dtype) * step
            at = np.searchsorted(lanes.ids, active.ids) if varying else slice(None)
            active.bind(node.var, eval_dtype.wrap_int(value[at], str(node.var.dtype)))
            active, left = self._iterate(node.body, active)
            done.append(left)
        return lanes.with_ids([active.ids, *done])

    def _while(self, node: ir.While, lanes: Lanes) -> Lanes:
        active, done = lanes, []
        for _ in range(_MAX_WHILE_ITERATIONS):
            self._machine.statement = node
            cond = active.spread(self._value(node.cond, active))
            done.append(active.ids[~cond])
            active = active.subset(cond)
            if active.count:
                active, left = self._iterate(node.body, active)
                done.append(left)
            if active.count == 0:
                return lanes.with_ids(done)
        raise self._machine.error(
            errors.EndlessLoopError, f"a loop did not end within {_MAX_WHILE_ITERATIONS} iterations"
        )

    def _break(self, node: ir.Break, lanes: Lanes) -> Lanes:
        self._loops[-1].broken.append(lanes.ids)
        return lanes.with_ids([])

    def _continue(self, node: ir.Continue, lanes: Lanes) -> Lanes:
        self._loops[-1].continued.append(lanes.ids)
        return lanes.with_ids([])

    def _parallel(self, node: ir.Parallel, lanes: Lanes) -> None:
        extents = [lanes.spread(self._value(e, lanes)).astype(np.int64) for e in node.extents]
        counts = np.prod([np.maximum(e, 0) for e in extents], axis=0)
        inner, parent, rest = lanes.enter(counts)
        for var, extent in reversed(list(zip(node.vars, extents, strict=True))):
            size = np.maximum(extent[parent], 1)
            inner.bind(var, (rest % size).astype(eval_dtype.register_dtype(str(var.dtype))))
            rest = rest // size
        self(node.body, inner)
        assert inner.space.log is not None
        conflict = inner.space.log.conflict()
        if conflict is not None:
            self._machine.statement = node
            raise self._parallel_race(*conflict)

    def _parallel_race(self, memory: eval_memory.Memory, unit: int, a: int, b: int) -> Exception:
        views = [v for v in self._machine.views.values() if v.memory is memory]
        element = unit * memory.unit // eval_dtype.bits(views[0].dtype)
        return self._machine.error(
            errors.RaceError,
            f"parallel iterations race on `{views[0].name}`",
            expected="iterations that run in any order to touch different elements, or atomics",
            got=f"element {element} is touched by iterations {min(a, b)} and {max(a, b)}",
            remedy="use T.serial, an atomic, or a reducer",
        )

    def _tile_loop(self, node: ir.TileLoop, lanes: Lanes) -> None:
        self._machine.start_launch()
        extents = self._value.integers(node.extents, lanes)
        points = itertools.product(*(range(n) for n in reversed(extents)))
        for program, point in enumerate(points):
            self._machine.program = program
            inner = Lanes.single()
            inner.env.update(lanes.env)
            for var, index in zip(node.vars, reversed(point), strict=True):
                inner.bind(var, eval_dtype.constant(index, str(var.dtype)))
            self(node.body, inner)

    def _assume(self, node: ir.Assume, lanes: Lanes) -> None:
        if not self._value(node.cond, lanes).all():
            raise self._machine.error(
                errors.BrokenAssumptionError, "a condition promised by T.assume does not hold"
            )

    def _annotate(self, node: ir.Annotate, lanes: Lanes) -> None:
        if node.key == "safe_value" and node.target is not None:
            value = self._value(node.value, lanes)
            value = eval_dtype.cast(value, str(node.value.dtype), str(node.target.dtype))
            old = self._machine.safe_values
            self._machine.safe_values = {**old, key(node.target): value}


def run(func: ir.PrimFunc, args: Sequence[Any], *, check_programs: bool = True) -> Evaluation:
    """Executes `func` and reports everything it did.

    Args:
        func: a kernel at the tile stage.
        args: one value for each parameter that the runtime does not allocate (all but roles
            "output" and "workspace"), in order. Tensors are numpy arrays, changed in place:
            bfloat16 and 8-bit floats in `ml_dtypes` types, 4-bit integers packed in (u)int8 with
            the first element in the low half.
        check_programs: whether programs that race on a tensor are an error.

    Raises:
        ArgumentError: an argument does not fit its parameter.
        ExecutionError: the kernel did something that has no meaning.
        KernelAssertionError: a `T.device_assert` failed.
    """
    machine = Machine(check_programs=check_programs)
    lanes = Lanes.single()
    with np.errstate(all="ignore"):
        arguments = Arguments(machine, Expressions(machine), lanes)
        arguments.bind(func, list(args))
        _Statements(machine)(func.body, lanes)
        return Evaluation(*arguments.results(), machine.printed, machine.exact)


def evaluate(func: ir.PrimFunc, args: Sequence[Any]) -> list[npt.NDArray[Any]]:
    """Executes `func` on numpy arrays and scalars and returns its outputs; see `run`."""
    return run(func, args).outputs
