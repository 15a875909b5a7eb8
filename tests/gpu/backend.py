"""One body for all back ends: compiled only, on the simulator, or on the GPU of this machine.

TILESCALE_TEST_MODE says which ("compile", "sim", "gpu") and TILESCALE_ARCH for what; Bazel's
`gpu_test` sets both. Without them a test runs on the GPU if torch finds one, else on the simulator.
"""

from __future__ import annotations

import functools
import os
from typing import Any

import numpy as np
import pytest

import tilescale
from tests.support.gpu import needs_nvrtc_for, torch_with_gpu
from tests.support.machine import mode
from tilescale.testing import evaluator, place, to_numpy


@functools.cache
def arch() -> str:
    """Returns the architecture that kernels are compiled for; skips where it cannot be tested."""
    if mode() == "gpu":
        return str(torch_with_gpu()[1])
    return os.environ.get("TILESCALE_ARCH", "sm_80")


def check(func: Any, args: list[Any], rtol: float = 0.0, atol: float = 0.0) -> Any:
    """Runs a kernel and compares all it writes and returns with the evaluator.

    Args:
        func: what `@T.prim_func` returns.
        args: NumPy arrays and scalars; not changed.
        rtol: relative tolerance; with none of both, results are equal.
        atol: absolute tolerance.

    Returns:
        The kernel; None if it was compiled only.
    """
    if mode() == "compile":
        needs_nvrtc_for(arch())
        kernel = tilescale.compile(func, target=f"cuda -arch={arch()}")
        assert kernel.n_regs > 0
        return None
    target = f"sim:{arch()}" if mode() == "sim" else f"cuda -arch={arch()}"
    kernel = tilescale.compile(func, target=target)
    given = [place(target, a.copy()) if isinstance(a, np.ndarray) else a for a in args]
    wanted = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    outputs = evaluator.run(func, wanted, check_programs=False).outputs
    returned = kernel(*given)
    made = [] if returned is None else list(returned) if isinstance(returned, tuple) else [returned]
    pairs = [(a, e) for a, e in zip(given, wanted, strict=True) if isinstance(e, np.ndarray)]
    for actual, expected in [*pairs, *zip(made, outputs, strict=True)]:
        np.testing.assert_allclose(to_numpy(actual), to_numpy(expected), rtol=rtol, atol=atol)
    return kernel


def needs(number: int) -> None:
    """Skips a test of what older architectures than `sm_<number>` lack."""
    if int(arch().removeprefix("sm_").rstrip("af")) < number:
        pytest.skip(f"needs sm_{number}")


def draw(*shape: int, dtype: str = "float32", seed: int = 0) -> np.ndarray[Any, Any]:
    """Returns small integers: every order of summation is exact."""
    rng = np.random.default_rng([seed, *shape])
    return rng.integers(-3, 4, shape).astype(tensors_dtype(dtype))


def tensors_dtype(dtype: str) -> Any:
    """Returns the NumPy type of an element type."""
    from tilescale.jit import tensors

    return tensors.numpy_dtype(dtype)
