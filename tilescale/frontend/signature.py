"""The parameters of the kernel under construction and how they become a `PrimFunc`."""

from __future__ import annotations

from typing import Any

from tilescale import errors, ir
from tilescale.frontend.annotations import PointerType, TensorType
from tilescale.frontend.buffer import Buffer
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.dtypes import dtype, is_dtype_like, to_dtype
from tilescale.frontend.values import const_int, describe


class Signature:
    """Parameters in call order, outputs and workspaces after them.

    Attributes:
        params: names, nodes and roles, in the order of the function's parameters.
        outputs: tensors made by `T.empty`.
        workspaces: tensors made by `T.alloc_global`.
    """

    def __init__(self) -> None:
        self.params: list[tuple[str, ir.Buffer | ir.Var, str]] = []
        self.outputs: list[Buffer] = []
        self.workspaces: list[Buffer] = []
        self._symbols: dict[int, ir.Var] = {}

    def add_tensor(self, name: str, kind: TensorType) -> Buffer:
        """Adds a tensor parameter."""
        return self._tensor(name, kind.dtype, kind.shape, kind.strides)

    def _tensor(self, name: str, kind: dtype, shape: Any, strides: Any) -> Buffer:
        check_extents(name, shape)
        buffer = Buffer(name, kind, tuple(shape), "global", tuple(strides or ()))
        self._note_symbols(buffer)
        self.params.append((name, buffer.node, "input"))
        return buffer

    def _note_symbols(self, buffer: Buffer) -> None:
        for dim in (*buffer.shape, *buffer.strides):
            if isinstance(dim, ir.Var):
                self._symbols.setdefault(hash(dim), dim)

    def add_scalar(self, name: str, kind: dtype) -> ir.Var:
        """Adds a scalar parameter."""
        var = ir.Var(name, str(kind))
        self.params.append((name, var, "pointer" if kind == "handle" else "scalar"))
        return var

    def add_annotated(self, name: str, kind: Any) -> Any:
        """Adds a parameter of the kind that its annotation says.

        Raises:
            AnnotationError: the annotation is not a type of the language.
        """
        if isinstance(kind, TensorType):
            return self.add_tensor(name, kind)
        if isinstance(kind, PointerType):
            return self.add_scalar(name, to_dtype("handle"))
        if kind is not None and is_dtype_like(kind):
            return self.add_scalar(name, to_dtype(kind))
        raise mistake(
            errors.AnnotationError,
            f"the parameter `{name}` has no type of the language",
            expected="T.Tensor(shape, dtype), a scalar type such as T.int32, or T.ptr(dtype)",
            got="no annotation" if kind is None else describe(kind),
            remedy=f"write `{name}: T.Tensor((M, N), T.float32)`",
        )

    def add_output(self, buffer: Buffer) -> None:
        """Adds a tensor that the kernel returns."""
        self.outputs.append(buffer)

    def add_workspace(self, buffer: Buffer) -> None:
        """Adds a tensor that exists for one call."""
        self.workspaces.append(buffer)

    def declare_tensor(self, name: str, current: Any, kind: TensorType) -> Any:
        """A tensor annotation in the body of the function: only eager kernels have these."""
        del current, kind
        raise mistake(
            errors.AnnotationError,
            f"`{name}` is annotated as a tensor in the body of a kernel",
            expected="annotations of parameters in the function's signature",
            remedy="move the annotation into the signature, or use @tilescale.jit on the kernel"
            " itself",
        )

    def declare_scalar(self, name: str, current: Any, kind: dtype) -> Any:
        """A scalar annotation without a value in the body of the function."""
        del kind, name
        return current

    def finish(
        self,
        name: str,
        body: ir.Stmt,
        attrs: dict[str, Any],
        returned: Any,
        span: ir.Span | None,
    ) -> ir.PrimFunc:
        """The finished function.

        Args:
            name: its name.
            body: its statements.
            attrs: further attributes.
            returned: what the Python function returned.
            span: where it is defined.

        Raises:
            ReturnValueError: it returned anything but outputs.
        """
        values = returned if isinstance(returned, (list, tuple)) else [returned]
        order = [self._output_index(value) for value in values if value is not None]
        params = list(self.params)
        for i, buffer in enumerate(self.outputs):
            params.append((buffer.name, buffer.node, "output" if i in order else "workspace"))
        params += [(buffer.name, buffer.node, "workspace") for buffer in self.workspaces]
        if order:
            attrs["returns"] = [len(self.params) + i for i in order]
            attrs["returns_tuple"] = isinstance(returned, (list, tuple))
        nodes = [node for _, node, _ in params]
        roles = [role for _, _, role in params]
        return ir.PrimFunc(name, list(self._symbols.values()), nodes, roles, body, attrs, span)

    def _output_index(self, value: Any) -> int:
        for i, buffer in enumerate(self.outputs):
            if buffer is value:
                return i
        raise mistake(
            errors.ReturnValueError,
            "a kernel returns something that is not an output tensor",
            expected="tensors made by T.empty, or nothing",
            got=describe(value),
            remedy="make the result with `C = T.empty(shape, dtype)` and return `C`",
        )


def check_extents(name: str, shape: Any) -> None:
    """Fails if a constant extent is negative.

    Raises:
        ShapeError: it is.
    """
    for dim in shape:
        number = const_int(dim)
        if number is not None and number < 0:
            raise mistake(
                errors.ShapeError,
                f"the shape of `{name}` has a negative extent",
                expected="extents of 0 or more",
                got=str(number),
                remedy="check the arguments from which the shape is computed",
            )
