"""Types of parameters, and the sizes of tensors."""

from __future__ import annotations

import re
from typing import Any

from tilescale import ir
from tilescale.frontend import context, eager
from tilescale.frontend.annotations import RefType, TensorConstructor, TensorType
from tilescale.frontend.dtypes import to_dtype
from tilescale.language import hints

Tensor = TensorConstructor()
Buffer = Tensor
SharedBuffer = TensorConstructor("shared")
FragmentBuffer = TensorConstructor("fragment")
LocalBuffer = TensorConstructor("local")
SharedTensor = SharedBuffer
FragmentTensor = FragmentBuffer
LocalTensor = LocalBuffer
Ref = RefType()


def StridedTensor(shape: Any, strides: Any, dtype: Any = "float32") -> TensorType:
    """The type of a tensor with explicit, possibly run-time, strides in elements."""
    return TensorType(shape, dtype, strides)


def _split(names: str) -> list[str]:
    return [name for name in re.split(r"[,\s]+", names.strip()) if name]


def dynamic(names: str, dtype: Any = "int32") -> Any:
    """Sizes known only at run time: one variable, or a tuple for several names in one string."""
    variables = tuple(ir.Var(name, str(dtype)) for name in _split(names))
    return variables[0] if len(variables) == 1 else variables


symbolic = dynamic


def const(names: str, dtype: Any = "int32") -> Any:
    """Sizes that the arguments of an eager kernel give when it is called.

    They become constants: the kernel is compiled anew for other values.

    Args:
        names: one or more names in one string.
        dtype: an integer type: a hint without effect; like all constants they take the type of
            what they meet.

    Returns:
        One integer, or a tuple for several names.

    Raises:
        ConstBindingError: the kernel is not an eager one.
        OperatorArgumentError: not an integer type.
    """
    if not to_dtype(dtype).is_int():
        remedy = "leave it out: sizes are integers"
        raise hints.refused("T.const", "dtype", dtype, "an integer type", remedy)
    builder = context.current("T.const")
    values = tuple(eager.constant(builder, name) for name in _split(names))
    return values[0] if len(values) == 1 else values


__all__ = [
    "Buffer",
    "FragmentBuffer",
    "FragmentTensor",
    "LocalBuffer",
    "LocalTensor",
    "Ref",
    "SharedBuffer",
    "SharedTensor",
    "StridedTensor",
    "Tensor",
    "const",
    "dynamic",
    "symbolic",
]
