"""Short constructors of IR for the evaluator's tests."""

import contextlib

from tilescale import ir


def const(value, dtype="int32"):
    return ir.const(value, dtype)


def _expr(value, dtype="int32"):
    return ir.const(value, dtype) if isinstance(value, int | float) else value


def _exprs(values):
    return [_expr(v) for v in values]


def var(name="i", dtype="int32"):
    return ir.Var(name, dtype)


def buffer(name, shape, dtype="float32", scope="global", strides=()):
    return ir.Buffer(name, dtype, _exprs(shape), _exprs(strides), scope)


def region(buf, mins=None, extents=None):
    if mins is None:
        return ir.full_region(buf)
    return ir.Region(buf, _exprs(mins), _exprs(extents))


def load(buf, *indices):
    return ir.Load(buf, _exprs(indices))


class Kernel:
    """Collects the statements of one kernel; `with k.parallel(4) as i` nests."""

    def __init__(self):
        self._stack = [[]]
        self.params = []
        self.roles = []
        self.symbols = []

    def add(self, statement):
        self._stack[-1].append(statement)

    def input(self, name, shape, dtype="float32", strides=()):
        return self.param(buffer(name, shape, dtype, "global", strides), "input")

    def output(self, name, shape, dtype="float32"):
        return self.param(buffer(name, shape, dtype), "output")

    def param(self, param, role):
        self.params.append(param)
        self.roles.append(role)
        return param

    def symbol(self, name):
        self.symbols.append(var(name))
        return self.symbols[-1]

    def alloc(self, shape, dtype="float32", scope="shared", init=None, name="tile"):
        buf = buffer(name, shape, dtype, scope)
        self.add(ir.Alloc(buf, None if init is None else _expr(init, dtype), None))
        return buf

    def store(self, buf, indices, value):
        self.add(ir.Store(buf, _exprs(indices), _expr(value, str(buf.dtype)), None))

    def copy(self, src, dst):
        src, dst = (x if isinstance(x, ir.Region) else region(x) for x in (src, dst))
        self.add(ir.op.Copy(src, dst, {}, None))

    def fill(self, dst, value):
        self.add(ir.op.Fill(region(dst), _expr(value, str(dst.dtype)), {}, None))

    @contextlib.contextmanager
    def _nested(self):
        self._stack.append([])
        yield self._stack[-1]
        self._stack.pop()

    @contextlib.contextmanager
    def parallel(self, *extents):
        names = [var(f"i{n}") for n in range(len(extents))]
        with self._nested() as body:
            yield names if len(names) > 1 else names[0]
        self.add(ir.Parallel(names, _exprs(extents), ir.Seq(body, None), {}, None))

    @contextlib.contextmanager
    def serial(self, extent, first=0, step=1):
        name = var("k")
        with self._nested() as body:
            yield name
        kind = ir.ForKind.SERIAL
        loop = ir.For(
            name, _expr(first), _expr(extent), _expr(step), kind, ir.Seq(body, None), {}, None
        )
        self.add(loop)

    @contextlib.contextmanager
    def when(self, cond):
        with self._nested() as body:
            yield
        self.add(ir.If(cond, ir.Seq(body, None), None, None))

    @contextlib.contextmanager
    def loop_while(self, cond):
        with self._nested() as body:
            yield
        self.add(ir.While(cond, ir.Seq(body, None), None))

    def function(self, grid=(1,)):
        """The kernel; `grid` may hold (variable, extent) pairs."""
        pairs = [g if isinstance(g, tuple) else (var("b"), g) for g in grid]
        names, extents = [v for v, _ in pairs], _exprs(e for _, e in pairs)
        body = ir.TileLoop(names, extents, [], ir.Seq(self._stack[0], None), {}, None)
        return ir.PrimFunc("kernel", self.symbols, self.params, self.roles, body, {}, None)
