"""Comparing results with a tolerance that a small share of the elements may miss."""

from __future__ import annotations

from typing import Any

import numpy as np

from tilescale.errors import ResultMismatchError


def to_numpy(value: Any) -> np.ndarray[Any, Any]:
    """Returns an array, a torch tensor or a number as a float64 or integer array."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if value.dtype.is_floating_point else value
    array = np.asarray(value)
    is_exact = array.dtype.kind in "biu"
    return array if is_exact else array.astype(np.float64)


def torch_assert_close(
    tensor_a: Any,
    tensor_b: Any,
    rtol: float = 1e-2,
    atol: float = 1e-3,
    max_mismatched_ratio: float = 0.001,
    verbose: bool = False,
    equal_nan: bool = True,
    **_: Any,
) -> bool:
    """Compares two tensors of any framework; returns True.

    Args:
        tensor_a: the result.
        tensor_b: the reference, of the same shape.
        rtol: tolerance relative to the reference.
        atol: absolute tolerance.
        max_mismatched_ratio: share of the elements that may miss both tolerances.
        verbose: prints how many did.
        equal_nan: whether two NaN are equal.

    Raises:
        ResultMismatchError: the shapes differ, or too many elements do.
    """
    actual, expected = to_numpy(tensor_a), to_numpy(tensor_b)
    if actual.shape != expected.shape:
        raise ResultMismatchError(
            "the result has another shape than the reference",
            expected=str(expected.shape),
            got=str(actual.shape),
            remedy="compare tensors of one shape",
        )
    wrong = ~np.isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=equal_nan)
    count, allowed = int(wrong.sum()), int(max_mismatched_ratio * wrong.size)
    if verbose:
        print(f"{count} of {wrong.size} elements differ, {allowed} may")
    if count > allowed:
        raise _mismatch(actual, expected, wrong, count, allowed)
    return True


def _mismatch(actual: Any, expected: Any, wrong: Any, count: int, allowed: int) -> Exception:
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    return ResultMismatchError(
        f"{count} of {wrong.size} elements differ from the reference, first at {first}",
        expected=f"{expected[first]} (at most {allowed} elements may differ)",
        got=str(actual[first]),
        remedy="widen rtol, atol or max_mismatched_ratio if such an error is right here",
    )
