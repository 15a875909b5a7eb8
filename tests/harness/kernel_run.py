"""Running a kernel on the evaluator and on the CPU target at once."""

from __future__ import annotations

from typing import Any

import numpy as np

import tilescale
from tilescale import ir
from tilescale.testing import evaluator


def run(func: ir.PrimFunc, args: list[Any]) -> list[Any]:
    """Executes `func` on both and requires one result.

    Args:
        func: a kernel.
        args: its arguments; arrays are changed in place.

    Returns:
        The outputs in the order of the kernel's `return`.
    """
    copies = [arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args]
    expected = evaluator.run(func, copies, check_programs=False).outputs
    returned = tilescale.compile(func)(*args)
    outputs = [] if returned is None else [returned]
    outputs = list(returned) if isinstance(returned, tuple) else outputs
    order = [int(i) for i in func.attrs.get("returns", [])]
    for position, result in zip(np.argsort(order), expected, strict=True):
        _compare(outputs[position], result)
    for arg, copy in zip(args, copies, strict=True):
        if isinstance(arg, np.ndarray):
            _compare(arg, copy)
    return outputs


def _compare(actual: Any, expected: Any) -> None:
    if actual.dtype.kind in "iub":
        np.testing.assert_array_equal(actual, expected)
    else:
        # Mathematical functions may differ in the last bits.
        np.testing.assert_allclose(
            actual.astype(np.float64), expected.astype(np.float64), rtol=1e-5, atol=1e-6
        )
