"""Running a test file, and pytest marks, as ported tests use them."""

from __future__ import annotations

import inspect
import random
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

_Function = TypeVar("_Function", bound=Callable[..., Any])

_REASON = "the CUDA target comes later"


def main() -> None:
    """Runs pytest on the calling file and exits with its status."""
    import pytest

    file = inspect.stack()[1].filename
    sys.exit(int(pytest.main([file, *sys.argv[1:]])))


def set_random_seed(seed: int = 42) -> None:
    """Seeds Python's, NumPy's and, if it is loaded, torch's generator."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - ported tests draw from this generator.
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)


def requires_cuda(test: _Function) -> _Function:
    """Skips a test that needs the CUDA target."""
    import pytest

    marked: _Function = pytest.mark.skip(reason=_REASON)(test)
    return marked


def requires_cuda_compute_version(
    major: int, minor: int = 0, mode: str = "ge"
) -> Callable[[_Function], _Function]:
    """Skips a test that needs a GPU of compute capability `major.minor`.

    Args:
        major: first number of the capability.
        minor: second number.
        mode: how the GPU's capability must compare: "ge", "eq", "lt", "gt" or "le".
    """
    import pytest

    reason = f"{_REASON}; the test needs compute capability {mode} {major}.{minor}"

    def mark(test: _Function) -> _Function:
        marked: _Function = pytest.mark.skip(reason=reason)(test)
        return marked

    return mark


def requires_cuda_compute_version_ge(
    major: int, minor: int = 0
) -> Callable[[_Function], _Function]:
    """Skips a test that needs at least this compute capability."""
    return requires_cuda_compute_version(major, minor, "ge")


def requires_cuda_compute_version_eq(
    major: int, minor: int = 0
) -> Callable[[_Function], _Function]:
    """Skips a test that needs exactly this compute capability."""
    return requires_cuda_compute_version(major, minor, "eq")


def requires_cuda_compute_version_lt(
    major: int, minor: int = 0
) -> Callable[[_Function], _Function]:
    """Skips a test that needs a lower compute capability."""
    return requires_cuda_compute_version(major, minor, "lt")
