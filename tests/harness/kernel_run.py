"""Running a kernel on the evaluator and on one back end at once.

TILESCALE_TEST_MODE says on which: none means the CPU target, "sim" the simulator and "gpu" the GPU.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

import tilescale
from tests.support import machine
from tilescale import ir
from tilescale.testing import evaluator


def target() -> str:
    """Returns the target that kernels are compiled for."""
    return machine.target() if "TILESCALE_TEST_MODE" in os.environ else "cpu"


def run_on_cpu(func: ir.PrimFunc, args: list[Any], refusal: type[Exception]) -> None:
    """Does the same on the CPU target; elsewhere requires that compiling is refused.

    Args:
        func: a kernel that targets with threads do not have.
        args: its arguments; arrays are changed in place.
        refusal: the error of the others.
    """
    if target() == "cpu":
        run(func, args)
        return
    with pytest.raises(refusal):
        tilescale.compile(func, target=target())
    pytest.skip(f"refused for {target()}: {refusal.__name__}")


def for_target(function: Any) -> Any:
    """Returns what `@tilescale.jit` decorates, for the target of this run."""
    return function.with_options(target=target())


def call(kernel: Any, *args: Any) -> list[Any]:
    """Calls a kernel for the target of this run with NumPy arrays, without the evaluator.

    Returns:
        Its outputs as NumPy arrays.
    """
    return machine.call(kernel, target(), *args)


def run(func: ir.PrimFunc, args: list[Any], tolerance: float = 1e-5) -> list[Any]:
    """Executes `func` on both and requires one result.

    Args:
        func: a kernel.
        args: its arguments; arrays are changed in place.
        tolerance: relative, and a tenth of it absolute; of floating values.

    Returns:
        The outputs in the order of the kernel's `return`.
    """
    copies = [arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args]
    expected = evaluator.run(func, copies, check_programs=False).outputs
    outputs = machine.call(tilescale.compile(func, target=target()), target(), *args)
    order = [int(i) for i in func.attrs.get("returns", [])]
    for position, result in zip(np.argsort(order), expected, strict=True):
        _compare(outputs[position], result, tolerance)
    for arg, copy in zip(args, copies, strict=True):
        if isinstance(arg, np.ndarray):
            _compare(arg, copy, tolerance)
    return outputs


def _compare(actual: Any, expected: Any, tolerance: float) -> None:
    if actual.dtype.kind in "iub":
        np.testing.assert_array_equal(actual, expected)
    else:
        # Mathematical functions may differ in the last bits.
        np.testing.assert_allclose(
            actual.astype(np.float64),
            expected.astype(np.float64),
            rtol=tolerance,
            atol=tolerance / 10,
        )
