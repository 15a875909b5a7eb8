"""Comparison of results, in either framework and for every element type."""

from __future__ import annotations

from typing import Any

import numpy as np

from tilescale.errors import ResultMismatchError
from tilescale.jit import tensors


def to_numpy(value: Any) -> np.ndarray[Any, Any]:
    """Returns a tensor's values as a NumPy array; narrow floating types become float32."""
    if tensors.is_torch_tensor(value):
        value = value.detach().cpu()
        return np.asarray((value.float() if value.is_floating_point() else value).numpy())
    array = np.asarray(value)
    narrow = array.dtype.name.startswith(("bfloat", "float8", "float6", "float4", "float16"))
    return array.astype(np.float32) if narrow else array


def assert_close(
    actual: Any,
    expected: Any,
    rtol: float = 1e-2,
    atol: float = 1e-2,
    max_mismatched_ratio: float = 0.0,
    what: str = "the result",
) -> None:
    """Checks |actual - expected| <= atol + rtol * |expected| element by element.

    Args:
        actual: tensor of any shape and dtype.
        expected: tensor of the same shape.
        rtol: relative tolerance.
        atol: absolute tolerance.
        max_mismatched_ratio: share of the elements that may differ by more.
        what: name of `actual` in the message.

    Raises:
        ResultMismatchError: the shapes differ, or too many elements do.
    """
    a, e = to_numpy(actual), to_numpy(expected)
    if a.shape != e.shape:
        raise ResultMismatchError(
            f"{what} has another shape than the reference",
            expected=str(e.shape),
            got=str(a.shape),
        )
    if rtol == atol == 0:
        wrong = ~((a == e) | ((a != a) & (e != e)))  # Exact for 64-bit integers too.
    else:
        wrong = ~np.isclose(a.astype(np.float64), e.astype(np.float64), rtol, atol, equal_nan=True)
    count = int(np.count_nonzero(wrong))
    if count <= max_mismatched_ratio * wrong.size:
        return
    where = tuple(int(i) for i in np.argwhere(wrong)[0])
    raise ResultMismatchError(
        f"{what} differs from the reference in {count} of {wrong.size} elements, first at {where}",
        expected=f"{e[where]} within rtol={rtol}, atol={atol}",
        got=str(a[where]),
    )
