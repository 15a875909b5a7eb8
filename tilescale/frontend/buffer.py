"""Buffers, regions and mutable scalars as kernels handle them."""

from __future__ import annotations

from typing import Any, NoReturn

from tilescale import errors, ir
from tilescale.frontend import indexing
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.dtypes import dtype, to_dtype
from tilescale.frontend.operators import ScalarOperators
from tilescale.frontend.values import as_index, as_typed, format_shape, simplest


class Buffer(ScalarOperators):
    """A tensor, or an on-chip array, inside a kernel.

    `B[i, j]` is an element; `B[a:b, j]` is a region, as tile operators take it.

    Attributes:
        node: the IR's buffer.
        name: its name in the kernel.
        dtype: element type.
        shape: extents, Python ints where they are known.
        strides: in elements; empty if row-major without gaps.
    """

    __slots__ = ("dtype", "name", "node", "shape", "space", "strides")

    def __init__(
        self,
        name: str,
        kind: dtype | str,
        shape: tuple[Any, ...],
        space: str,
        strides: tuple[Any, ...] = (),
    ) -> None:
        self.name = name
        self.dtype = to_dtype(kind)
        self.shape = tuple(simplest(dim) for dim in shape)
        self.strides = tuple(simplest(stride) for stride in strides)
        self.space = space
        dims = [as_index(dim) for dim in self.shape]
        self.node = ir.Buffer(
            name, str(self.dtype), dims, [as_index(stride) for stride in self.strides], space
        )

    @classmethod
    def of(cls, node: ir.Buffer) -> Buffer:
        """The buffer object for a node taken from an expression."""
        self = cls.__new__(cls)
        self.node = node
        self.name = str(node.name)
        self.dtype = to_dtype(str(node.dtype))
        self.shape = tuple(simplest(dim) for dim in node.shape)
        self.strides = tuple(simplest(stride) for stride in node.strides)
        self.space = str(node.scope)
        return self

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def data(self) -> Buffer:
        """What `T.Tensor(shape, dtype, data)` makes a view of: the buffer itself."""
        return self

    def scope(self) -> str:
        """The memory it lives in: "global", "shared", "fragment", "local", "var", "reducer"."""
        return self.space

    def __getitem__(self, index: Any) -> Any:
        indices, extents = indexing.normalize(self, index)
        if extents is not None:
            return Region(self, tuple(indices), tuple(extents))
        return ir.Load(self.node, [as_index(i) for i in indices])

    def __setitem__(self, index: Any, value: Any) -> None:
        from tilescale.frontend.builder import store

        store(self, index, value)

    def __iter__(self) -> Any:
        raise mistake(
            errors.BufferAsScalarError,
            f"`{self.name}` cannot be iterated while the kernel is traced",
            remedy=f"write a loop over its indices, e.g. `for i in T.serial({self._first_dim()})`",
        )

    def _first_dim(self) -> str:
        return str(self.shape[0]) if self.shape else "1"

    def __ts_expr__(self) -> ir.Expr:
        indices = ", ".join("ijkl"[d] if d < 4 else f"i{d}" for d in range(self.ndim))
        raise mistake(
            errors.BufferAsScalarError,
            f"`{self.name}` is a buffer, but a scalar is needed here",
            expected="one element",
            got=f"the whole buffer of shape {format_shape(self.shape)}",
            remedy=f"index it, e.g. `{self.name}[{indices}]`",
        )

    def __ts_describe__(self) -> str:
        return f"the buffer `{self.name}` of shape {format_shape(self.shape)} and type {self.dtype}"

    def __repr__(self) -> str:
        return f"{self.name}: {self.space} {self.dtype}{format_shape(self.shape)}"

    def access_ptr(self, access: str = "r", offset: Any = 0) -> ir.Expr:
        """The address of the first element plus `offset` elements, for foreign calls."""
        del access
        if isinstance(offset, int) and offset == 0:
            return ir.AddressOf(self.node, [ir.const(0, "int32")] * self.ndim)
        if self.ndim != 1:
            raise mistake(
                errors.OperatorArgumentError,
                "an offset from `access_ptr` needs a buffer of one dimension",
                remedy="use T.address_of(buffer[i, j])",
            )
        return ir.AddressOf(self.node, [as_index(offset)])


class Region:
    """A box of a buffer; extents are Python ints where they are known.

    Attributes:
        buffer: where it lies.
        mins: first index in each dimension.
        extents: length in each dimension.
    """

    __slots__ = ("buffer", "extents", "mins")

    def __init__(self, buffer: Buffer, mins: tuple[Any, ...], extents: tuple[Any, ...]) -> None:
        self.buffer = buffer
        self.mins = mins
        self.extents = extents

    @property
    def dtype(self) -> dtype:
        """Element type."""
        return self.buffer.dtype

    @property
    def shape(self) -> tuple[Any, ...]:
        """The extents."""
        return self.extents

    def _needs_elements(self, *_: Any) -> NoReturn:
        raise mistake(
            errors.BufferAsScalarError,
            f"a region of `{self.buffer.name}` is used where a scalar is needed",
            expected="one element",
            got=f"a region of extents {format_shape(self.extents)}",
            remedy="loop over the elements with T.Parallel, or use a tile operator",
        )

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _needs_elements
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _needs_elements
    __neg__ = __lt__ = __le__ = __gt__ = __ge__ = _needs_elements

    def node(self) -> ir.Region:
        """The IR's region."""
        return ir.Region(
            self.buffer.node,
            [as_index(i) for i in self.mins],
            [as_index(i) for i in self.extents],
        )

    def __ts_expr__(self) -> ir.Expr:
        raise mistake(
            errors.BufferAsScalarError,
            f"a region of `{self.buffer.name}` is used where a scalar is needed",
            expected="one element",
            got=f"a region of extents {format_shape(self.extents)}",
            remedy="index with numbers instead of slices",
        )

    def __ts_describe__(self) -> str:
        return f"a region of `{self.buffer.name}` with extents {format_shape(self.extents)}"


class Variable(Buffer):
    """A mutable scalar, made by `T.alloc_var`; assigning to its name stores into it.

    Attributes:
        named: whether an assignment has given it a name; until then it is the value of a call.
    """

    __slots__ = ("named",)

    def __init__(self, name: str, kind: dtype | str) -> None:
        super().__init__(name, kind, (), "var")
        self.named = False

    def __getitem__(self, index: Any) -> Any:
        _check_zero(self, index)
        return self.__ts_expr__()

    def __ts_expr__(self) -> ir.Expr:
        return ir.Load(self.node, [])

    def __ts_describe__(self) -> str:
        return f"the mutable scalar `{self.name}` of type {self.dtype}"

    def store(self, value: Any) -> ir.Stmt:
        """The statement that assigns `value`."""
        from tilescale.frontend import context

        span = context.current(f"an assignment to `{self.name}`").span()
        return ir.Store(self.node, [], as_typed(value, self.dtype), span)

    def __eq__(self, other: object) -> Any:
        return True if other is self else self.__ts_expr__() == other

    def __ne__(self, other: object) -> Any:
        return False if other is self else self.__ts_expr__() != other

    __hash__ = object.__hash__


class ElementRef(Variable):
    """One element of a buffer, passed to a macro by reference (`T.Ref`)."""

    __slots__ = ("indices",)

    def __init__(self, node: ir.Buffer, indices: Any) -> None:
        super(Variable, self).__init__(str(node.name), str(node.dtype), (), "var")
        self.node = node
        self.indices = list(indices)
        self.named = True

    def __ts_expr__(self) -> ir.Expr:
        return ir.Load(self.node, self.indices)

    def store(self, value: Any) -> ir.Stmt:
        """The statement that assigns `value` to the element."""
        from tilescale.frontend import context

        span = context.current("an assignment through T.Ref").span()
        return ir.Store(self.node, self.indices, as_typed(value, self.dtype), span)


def _check_zero(variable: Variable, index: Any) -> None:
    if index != 0 and index != ():
        raise mistake(
            errors.IndexRangeError,
            f"`{variable.name}` is a single scalar",
            expected="no index, or [0]",
            remedy="use T.alloc_local for several elements",
        )
