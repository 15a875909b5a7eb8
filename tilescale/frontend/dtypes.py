"""Element types of the language as Python objects."""

from __future__ import annotations

import difflib
import functools
import re
from typing import Any

from tilescale import errors

_FLOAT8 = ("e3m4", "e4m3", "e4m3b11fnuz", "e4m3fn", "e4m3fnuz", "e5m2", "e5m2fnuz", "e8m0fnu")

#: Bits of one element by name.
SCALAR_BITS: dict[str, int] = {
    "bool": 8,
    **{f"{sign}int{bits}": bits for sign in ("", "u") for bits in (4, 8, 16, 32, 64)},
    "float16": 16,
    "float32": 32,
    "float64": 64,
    "bfloat16": 16,
    **{f"float8_{kind}": 8 for kind in _FLOAT8},
    "float6_e2m3fn": 6,
    "float6_e3m2fn": 6,
    "float4_e2m1fn": 4,
    "handle": 64,
}

_ALIASES = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "fp16": "float16",
    "fp32": "float32",
    "fp64": "float64",
    "bf16": "bfloat16",
    "int": "int32",
    "uint": "uint32",
    "long": "int64",
    "bool_": "bool",
    "bool8": "bool",
    # TileLang's name for what torch and the hardware call e4m3fn.
    "float8_e4m3": "float8_e4m3fn",
}
_VECTOR = re.compile(r"(.*[0-9a-z_])x([0-9]+)\Z")


class dtype(str):  # noqa: N801 - the name users know
    """An element type: compares equal to its name, and casts when it is called.

    Example: ``T.float16(x)``, ``A.dtype == "float16"``, ``T.int8.bits``.
    """

    __slots__ = ()

    def __call__(self, *values: Any) -> Any:
        """Returns `value` converted to this type; of a vector type, the vector of the values.

        Raises:
            OperatorArgumentError: neither one value nor one for each lane.
        """
        from tilescale.frontend.values import cast
        from tilescale.frontend.vector import make_vector

        if self.lanes > 1 or len(values) != 1:
            return make_vector(self, values)
        return cast(values[0], self)

    def __repr__(self) -> str:
        return f"T.{self}"

    def __or__(self, other: Any) -> Any:
        # Lets annotations such as `T.float32 | None` be evaluated.
        return (self, other)

    @property
    def _parts(self) -> tuple[str, int]:
        match = _VECTOR.match(self)
        if match and match[1] in SCALAR_BITS:
            return match[1], int(match[2])
        return str(self), 1

    @property
    def lanes(self) -> int:
        """Number of elements of a vector type, 1 for a scalar type."""
        return self._parts[1]

    @property
    def scalar(self) -> dtype:
        """The type of one lane."""
        return dtype(self._parts[0])

    @property
    def bits(self) -> int:
        """Bits of one scalar element; bool counts 8, as it is stored."""
        return SCALAR_BITS[self._parts[0]]

    @property
    def bytes(self) -> int:
        """Bytes that hold one value, sub-byte types rounded up to whole bytes."""
        return (self.bits * self.lanes + 7) // 8

    @property
    def itemsize(self) -> int:
        """The same as `bytes`."""
        return self.bytes

    def is_float(self) -> bool:
        """Whether this is any floating-point type."""
        return "float" in self

    def is_int(self) -> bool:
        """Whether this is a signed or unsigned integer; bool is not."""
        return self.startswith(("int", "uint"))

    def as_torch(self) -> Any:
        """Returns the `torch.dtype` of this name.

        Raises:
            UnknownDTypeError: torch has no such type.
        """
        import torch

        found = getattr(torch, {"float8_e4m3": "float8_e4m3fn"}.get(self, str(self)), None)
        if not isinstance(found, torch.dtype):
            raise errors.UnknownDTypeError(
                f"torch has no element type `{self}`",
                remedy="store the tensor as torch.int8 or torch.uint8 and view it in the kernel",
            )
        return found

    def as_numpy(self) -> Any:
        """Returns the `numpy.dtype` of this name; types NumPy lacks come from `ml_dtypes`."""
        import numpy

        try:
            return numpy.dtype(str(self))
        except TypeError:
            import ml_dtypes

            return numpy.dtype(getattr(ml_dtypes, self))


def _known(name: str) -> bool:
    match = _VECTOR.match(name)
    return name in SCALAR_BITS or (match is not None and match[1] in SCALAR_BITS)


@functools.lru_cache(maxsize=1024)
def _parse(name: str) -> dtype | None:
    short = name.rpartition(".")[2]
    short = _ALIASES.get(short, short)
    return dtype(short) if _known(short) else None


def _name_of(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, type) and value in (bool, int, float):  # np.dtype("float64") == float
        return str({bool: "bool", int: "int32", float: "float32"}[value])
    if isinstance(value, type):
        return value.__name__
    name = getattr(value, "name", None)
    return name if isinstance(name, str) else str(value)


def to_dtype(value: Any) -> dtype:
    """Returns the element type named by a string, a torch or NumPy dtype, or a Python type.

    Raises:
        UnknownDTypeError: there is no such type.
    """
    if type(value) is dtype and value not in _ALIASES:
        return value
    name = _name_of(value)
    found = _parse(name)
    if found is not None:
        return found
    from tilescale.frontend.diagnostics import mistake

    close = difflib.get_close_matches(name, [*SCALAR_BITS, *_ALIASES], n=1)
    raise mistake(
        errors.UnknownDTypeError,
        f"`{name}` is not an element type",
        expected="a type such as T.float16, or its name as a string",
        got=repr(value),
        remedy=f"did you mean `{close[0]}`?" if close else "see the list of types in the manual",
    )


#: The name that programs on the host know.
DataType = dtype


def is_dtype_like(value: Any) -> bool:
    """Whether `value` names an element type in any of the accepted forms."""
    return type(value) is dtype or _parse(_name_of(value)) is not None
