"""Where tests of generated CUDA kernels run: on the simulator, or on the GPU of this machine.

TILESCALE_TEST_MODE says which; Bazel's `gpu_test` sets it. On the GPU, a module that imports this
one is skipped if the GPU is not that of TILESCALE_ARCH.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tilescale
from tests.support.gpu import torch_with_gpu
from tilescale.testing import place


@functools.cache
def mode() -> str:
    """Returns "compile", "sim" or "gpu"; by default "gpu" if torch finds a GPU, else "sim"."""
    wanted = os.environ.get("TILESCALE_TEST_MODE")
    if wanted is not None or importlib.util.find_spec("torch") is None:
        return wanted or "sim"
    torch = importlib.import_module("torch")
    return "gpu" if torch.cuda.is_available() else "sim"


#: Architecture of the GPU; None on the simulator.
GPU: str | None = torch_with_gpu()[1] if mode() == "gpu" else None


def _number(arch: str) -> int:
    return int(arch.removeprefix("sm_").rstrip("af"))


def arch_for(arch: str) -> str:
    """Returns the architecture to compile for where a test is about `arch`.

    The GPU stands for all architectures whose instructions it has. sm_70 and sm_75 have others than
    their successors.
    """
    if GPU is None:
        return arch
    same_instructions = _number(arch) >= 80 or _number(GPU) == _number(arch)
    if _number(arch) > _number(GPU) or not same_instructions:
        pytest.skip(f"the test is for {arch}, and the GPU here is {GPU}")
    return GPU


def simulator_only(reason: str) -> None:
    """Skips a test on the GPU."""
    if GPU is not None:
        pytest.skip(reason)


def build(func: Any, arch: str = "sm_80") -> Callable[..., None]:
    """Returns a kernel that takes NumPy arrays and changes them in place.

    Args:
        func: what `@T.prim_func` returns.
        arch: the architecture that the test is about.
    """
    if GPU is None:
        kernel: Callable[..., None] = tilescale.compile(func, target=f"sim:{arch}")
        return kernel
    target = f"cuda -arch={arch_for(arch)}"
    return functools.partial(_call, tilescale.compile(func, target=target), target)


def _call(kernel: Any, target: str, *args: Any) -> None:
    torch = importlib.import_module("torch")
    # An array that is passed twice stays one.
    there = {id(a): place(target, a.copy()) for a in args if isinstance(a, np.ndarray)}
    kernel(*[there.get(id(a), a) for a in args])
    for ours in args:
        if isinstance(ours, np.ndarray) and ours.size:
            # As bytes: NumPy lacks some of torch's types.
            ours[...] = there[id(ours)].cpu().view(torch.uint8).numpy().view(ours.dtype)


def source(func: Any, arch: str = "sm_80") -> str:
    """Returns the CUDA text that `build` compiles of a kernel."""
    return str(tilescale.lower(func, target=f"cuda -arch={arch_for(arch)}").kernel_source)
