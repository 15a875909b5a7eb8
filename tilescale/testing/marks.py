"""Running a test file, and pytest marks, as ported tests use them."""

from __future__ import annotations

import inspect
import operator
import random
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

_Function = TypeVar("_Function", bound=Callable[..., Any])

_NO_GPU = "the machine has no GPU"
_COMPARE = {
    "ge": operator.ge,
    "gt": operator.gt,
    "eq": operator.eq,
    "le": operator.le,
    "lt": operator.lt,
}


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
    """Skips a test that needs a GPU where there is none."""
    import pytest

    marked: _Function = pytest.mark.skipif(_capability() is None, reason=_NO_GPU)(test)
    return marked


def _capability() -> tuple[int, int] | None:
    """Compute capability of the first GPU, None if there is none."""
    from tilescale.tools import cuda_driver

    driver = cuda_driver.probe()
    return driver.capabilities[0] if driver and driver.capabilities else None


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

    found = _capability()
    fits = found is not None and _COMPARE[mode](found, (major, minor))
    reason = f"the test needs compute capability {mode} {major}.{minor}; "
    reason += f"the GPU has {found[0]}.{found[1]}" if found else _NO_GPU

    def mark(test: _Function) -> _Function:
        marked: _Function = pytest.mark.skipif(not fits, reason=reason)(test)
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
