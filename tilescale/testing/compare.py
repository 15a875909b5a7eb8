"""Comparison of results under the name that ported tests use."""

from __future__ import annotations

from typing import Any


def torch_assert_close(
    tensor_a: Any,
    tensor_b: Any,
    rtol: float = 1e-2,
    atol: float = 1e-3,
    max_mismatched_ratio: float = 0.001,
    verbose: bool = False,
    **_: Any,
) -> bool:
    """Compares two tensors of any framework; returns True.

    Args:
        tensor_a: the result.
        tensor_b: the reference, of the same shape.
        rtol: tolerance relative to the reference.
        atol: absolute tolerance.
        max_mismatched_ratio: share of the elements that may miss the tolerances.
        verbose: accepted for ported tests; the error says how many elements differ.

    Raises:
        ResultMismatchError: the shapes differ, or too many elements do.
    """
    from tilescale.profiler.compare import assert_close

    del verbose
    assert_close(tensor_a, tensor_b, rtol, atol, max_mismatched_ratio)
    return True
