"""Types that annotate parameters: tensors, pointers, references."""

from __future__ import annotations

from typing import Any

from tilescale import errors
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.dtypes import dtype, to_dtype


class TensorType:
    """The type of a tensor parameter.

    Attributes:
        shape: ints, `T.dynamic` variables, `T.const` values, or expressions of them.
        dtype: element type.
        strides: in elements, None for row-major without gaps.
        space: the memory it lives in, "global" for parameters of kernels.
    """

    __slots__ = ("dtype", "shape", "space", "strides")

    def __init__(
        self, shape: Any, kind: Any, strides: Any | None = None, space: str = "global"
    ) -> None:
        self.shape = as_shape(shape)
        self.dtype = to_dtype(kind)
        self.strides = None if strides is None else as_shape(strides)
        self.space = space
        if self.strides is not None and len(self.strides) != len(self.shape):
            raise mistake(
                errors.AnnotationError,
                "a tensor type has not one stride for each dimension",
                expected=f"{len(self.shape)} strides",
                got=f"{len(self.strides)}",
                remedy="give one stride for each extent, in elements",
            )

    def __or__(self, other: Any) -> TensorType:
        return self


class PointerType:
    """The type of a raw pointer parameter: `T.ptr`, or `T.ptr(dtype)` to say what it points to.

    The dtype is a note to the reader: `T.make_tensor` gives the tensor its own.
    """

    __slots__ = ("dtype",)

    def __init__(self, kind: dtype | None = None) -> None:
        self.dtype = kind

    def __call__(self, kind: Any = "float32") -> PointerType:
        """The type of a pointer to elements of `kind`, a dtype or its name."""
        return PointerType(to_dtype(kind))


class RefType:
    """The type of a macro parameter that is assigned in the macro: `T.Ref` or `T.Ref[dtype]`."""

    __slots__ = ("dtype",)

    def __init__(self, kind: dtype | None = None) -> None:
        self.dtype = kind

    def __getitem__(self, kind: Any) -> RefType:
        return RefType(to_dtype(kind))


def as_shape(shape: Any) -> tuple[Any, ...]:
    """A shape given as one extent, a list or a tuple."""
    if isinstance(shape, (list, tuple)):
        return tuple(shape)
    if hasattr(shape, "__iter__") and not hasattr(shape, "__ts_expr__"):
        return tuple(shape)
    return (shape,)


class TensorConstructor:
    """`T.Tensor(shape, dtype)` and `T.Tensor[shape, dtype]`; also types of macro parameters."""

    def __init__(self, space: str = "global", default: str = "float32") -> None:
        self._space = space
        self._default = default

    def __call__(
        self,
        shape: Any,
        dtype: Any = None,
        data: Any = None,
        strides: Any = None,
        scope: str | None = None,
    ) -> Any:
        """Returns the type of a tensor without gaps, or with the given strides.

        With `data` (another buffer's `data`) it is a view of that buffer, as `T.view` makes it.
        """
        if data is not None:
            from tilescale.language.view import view

            return view(data, shape, dtype, strides)
        return TensorType(
            shape, self._default if dtype is None else dtype, strides, scope or self._space
        )

    def __getitem__(self, item: Any) -> TensorType:
        if isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], (list, tuple)):
            return TensorType(item[0], item[1], None, self._space)
        if isinstance(item, tuple) and len(item) == 2 and not isinstance(item[1], int):
            return TensorType(item[0], item[1], None, self._space)
        raise mistake(
            errors.AnnotationError,
            "a tensor type is written wrongly",
            expected="T.Tensor[[M, N], dtype] or T.Tensor((M, N), dtype)",
            got=f"T.Tensor[{item!r}]",
            remedy="put the shape into its own brackets, then the element type",
        )

    def from_ptr(self, pointer: Any, shape: Any, dtype: Any = None, strides: Any = None) -> Any:
        """A tensor at the address `pointer`; see `T.make_tensor`."""
        from tilescale.language.pointer import make_tensor

        return make_tensor(pointer, shape, dtype or self._default, strides)
