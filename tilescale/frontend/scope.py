"""What rewritten code calls: one `Scope` for each running traced function.

Names in the rewritten function hold ordinary Python values. A scope only decides what an assignment
means (a binding, a store into a mutable scalar, an error) and what happens when a block ends.
"""

from __future__ import annotations

import builtins
import operator
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from tilescale import errors, ir
from tilescale.frontend import context, control
from tilescale.frontend.buffer import Buffer, ElementRef, Variable
from tilescale.frontend.builder import Block, Builder, store
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.dtypes import dtype
from tilescale.frontend.values import as_condition, describe

_MISSING = object()

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.iadd,
    "Sub": operator.isub,
    "Mult": operator.imul,
    "Div": operator.itruediv,
    "FloorDiv": operator.ifloordiv,
    "Mod": operator.imod,
    "Pow": operator.ipow,
    "LShift": operator.ilshift,
    "RShift": operator.irshift,
    "BitAnd": operator.iand,
    "BitOr": operator.ior,
    "BitXor": operator.ixor,
    "MatMult": operator.imatmul,
}


class Undefined:
    """The value of a name that has none; any use is an error."""

    __slots__ = ("_name", "_why")

    def __init__(self, name: str, why: str) -> None:
        self._name = name
        self._why = why

    def __ts_expr__(self, *_: Any, **__: Any) -> NoReturn:
        raise mistake(
            errors.UndefinedValueError,
            f"`{self._name}` has no value here",
            got=self._why,
            remedy="assign it before this line on every path; for a value that a loop or branch"
            " changes, declare it before with T.alloc_var",
        )

    __bool__ = __call__ = __iter__ = __len__ = __index__ = __ts_expr__
    __getitem__ = __setitem__ = __neg__ = __invert__ = __ts_describe__ = __ts_expr__
    __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = __ts_expr__
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = __ts_expr__
    __and__ = __or__ = __xor__ = __lshift__ = __rshift__ = __pow__ = __ts_expr__
    __rand__ = __ror__ = __rxor__ = __rlshift__ = __rrshift__ = __rpow__ = __ts_expr__
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = __ts_expr__
    __hash__ = object.__hash__

    def __getattr__(self, attribute: str) -> NoReturn:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        self.__ts_expr__()


class Scope(control.Control):
    """Assignments and control flow of one running traced function."""

    def __init__(self, builder: Builder, params: tuple[str, ...]) -> None:
        super().__init__(builder)
        self.entry = builder.block
        self._blocks: dict[str, Block] = dict.fromkeys(params, builder.block)
        self._why: dict[str, str] = {}

    # ---- names ------------------------------------------------------------------------------

    def undefined(self, *names: str) -> Any:
        """Values for local names before their first assignment."""
        values = [Undefined(name, "it is used before it is assigned") for name in names]
        return values if len(values) != 1 else values[0]

    def name(self, name: str) -> str:
        """Announces the name that the value computed next will get."""
        self.builder.hint = name
        return name

    def assign(self, name: str, value: Any, current: Any) -> Any:
        """The new value of `name` after `name = value`."""
        self.builder.hint = ""
        if isinstance(current, Variable) and not _is_new(value):
            self.builder.emit_in_kernel(f"an assignment to `{name}`", current.store(value))
            return current
        self._check_rebind(name, current, value)
        self._blocks[name] = self.builder.block
        return self.builder.bind(name, value)

    def assign_items(self, name: str, value: Any, current: Any) -> Any:
        """`assign` for a list or tuple display, whose scalars are evaluated here."""
        return self.assign(name, self.builder.bind_items(name, value), current)

    def loop_target(self, name: str, value: Any) -> Any:
        """The value of a loop's target; loop variables are not bound anew."""
        self._blocks[name] = self.builder.block
        return value

    def _check_rebind(self, name: str, current: Any, value: Any) -> None:
        block = self._blocks.get(name)
        if id(current) in self.builder.loop_vars:
            raise mistake(
                errors.LoopVariableAssignError,
                f"the loop variable `{name}` is assigned inside its loop",
                remedy="give the new value another name",
            )
        if block is None or block.closed or value is current:
            return
        if self.builder.block.conditional_since(block):
            raise mistake(
                errors.ImmutableValueError,
                f"`{name}` is assigned in a loop or branch, but was bound outside of it",
                expected="a mutable scalar, or a new name",
                got=f"{describe(current)}, which cannot change at run time",
                remedy=f"declare it before as `{name} = T.alloc_var(dtype, init=...)`",
            )

    def leave(self, *pairs: Any) -> Any:
        """New values of names (name, value, name, value, ...) after the block that set them."""
        values = []
        for name, value in zip(pairs[::2], pairs[1::2], strict=True):
            block = self._blocks.get(name)
            if block is not None and block.closed:
                value = Undefined(name, "it was set in a loop or branch that has ended")
            values.append(value)
        return values if len(values) != 1 else values[0]

    # ---- other targets ----------------------------------------------------------------------

    def augment(self, op: str, current: Any, value: Any) -> Any:
        """The value of `current op value`."""
        if isinstance(current, Variable):
            current = current.__ts_expr__()
        return _OPERATORS[op](current, value)

    def augment_item(self, target: Any, index: Any, op: str, value: Any) -> None:
        """`target[index] op= value`."""
        self.set_item(target, index, _OPERATORS[op](target[index], value))

    def set_item(self, target: Any, index: Any, value: Any) -> None:
        """`target[index] = value`."""
        if isinstance(target, Buffer):
            store(target, index, value)
        elif isinstance(target, ir.Expr):
            target[index]
        else:
            target[index] = value

    def set_attribute(self, target: Any, name: str, value: Any) -> None:
        """`target.name = value`; an attribute that is a mutable scalar is stored into."""
        current = getattr(target, name, None)
        if isinstance(current, Variable) and not _is_new(value):
            self.builder.emit_in_kernel(f"an assignment to `{name}`", current.store(value))
        else:
            setattr(target, name, self.builder.bind(name, value))

    def unpack(self, value: Any, names: tuple[str, ...]) -> list[Any]:
        """One item of `value` for each name; mutable scalars among them are read now."""
        count = len(names)
        if isinstance(value, (ir.Expr, Buffer)):
            items = None
        else:
            try:
                items = builtins.list(value)
            except TypeError:
                items = None
        if items is None or len(items) != count:
            raise mistake(
                errors.UnpackError,
                "a value cannot be unpacked into these names",
                expected=f"{count} values",
                got=describe(value) if items is None else f"{len(items)} values",
                remedy="write as many names as there are values",
            )
        return [
            self.builder.bind(name, item)
            if isinstance(item, ir.Expr) or (isinstance(item, Variable) and item.named)
            else item
            for name, item in zip(names, items, strict=True)
        ]

    def annotated(self, name: str, current: Any, kind: Any, value: Any = _MISSING) -> Any:
        """`name: kind` or `name: kind = value`: a tensor, a mutable scalar, or a mere hint."""
        from tilescale.frontend.annotations import TensorType

        if isinstance(kind, TensorType):
            return self.builder.signature.declare_tensor(name, current, kind)
        if isinstance(kind, dtype) and value is not _MISSING:
            from tilescale.language.alloc import alloc_var

            self.builder.hint = name
            return self.assign(name, alloc_var(kind, init=value), current)
        if isinstance(kind, dtype) and self.builder.eager is not None:
            return self.builder.signature.declare_scalar(name, current, kind)
        return current if value is _MISSING else self.assign(name, value, current)

    # ---- statements -------------------------------------------------------------------------

    def discard(self, value: Any) -> None:
        """An expression used as a statement: calls of intrinsics are evaluated."""
        if isinstance(value, ir.Call):
            self.builder.emit_in_kernel(f"`{value.op}`", ir.Evaluate(value, self.builder.span()))

    def check(self, condition: Any, message: Callable[[], Any] | None = None) -> None:
        """A compile-time `assert`."""
        if isinstance(condition, ir.Expr) and not isinstance(condition, ir.IntImm):
            raise mistake(
                errors.CompileTimeAssertError,
                "the condition of an `assert` is known only at run time",
                expected="a condition known while the kernel is traced",
                remedy="use T.device_assert(cond, msg) to check it in the kernel, or T.assume(cond)"
                " to promise it",
            )
        if not condition:
            text = "" if message is None else f": {message()}"
            raise mistake(
                errors.CompileTimeAssertError,
                f"the assertion does not hold{text}",
                remedy="call the kernel with parameters that fulfil it",
            )

    def result(self, value: Any = None) -> Any:
        """The value of a `return`."""
        if self.builder.block.conditional_since(self.entry):
            raise mistake(
                errors.ReturnError,
                "`return` inside a loop or branch that is decided at run time",
                expected="one return at the end of the function",
                remedy="put the rest of the function under the opposite condition, or assign the"
                " result to a T.alloc_var",
            )
        if isinstance(value, Variable) and not isinstance(value, ElementRef):
            value.named = False
        return value

    def raising(self) -> None:
        """Runs before a `raise`, which always happens while the kernel is traced."""
        if self.builder.block.conditional_since(self.entry):
            raise mistake(
                errors.UnsupportedSyntaxError,
                "`raise` inside a loop or branch that is decided at run time",
                remedy="use T.device_assert(cond, msg)",
            )

    def manager(self, value: Any, names: tuple[str, ...]) -> Any:
        """The context manager of a `with`, told the names of its values."""
        announce = getattr(value, "__ts_names__", None)
        if announce is not None:
            announce(names)
        return value

    def macro(self, function: Callable[..., Any]) -> Any:
        """A function defined inside a kernel becomes a macro."""
        from tilescale.frontend.macro import macro

        return macro(function)

    # ---- expressions ------------------------------------------------------------------------

    def negate(self, value: Any) -> Any:
        """`not value`."""
        if isinstance(value, (ir.Expr, Variable)):
            return ir.make_not(as_condition(value))
        return not value

    def compare(self, *links: Any) -> Any:
        """The conjunction of the links of a chained comparison."""
        result = links[0]
        for link in links[1:]:
            if isinstance(result, ir.Expr) and isinstance(link, ir.Expr):
                result = ir.make_binary("and", result, link)
            elif isinstance(result, ir.Expr):
                result = result if link else False
            else:
                result = link if result else result
        return result


def _is_new(value: Any) -> bool:
    return isinstance(value, Variable) and not value.named


def enter(params: tuple[str, ...]) -> Scope:
    """The first call of a rewritten function: returns its scope."""
    builder = context.current("a traced function")
    builder.enter(sys._getframe(1))
    return Scope(builder, params)
