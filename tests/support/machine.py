"""Where tests of generated CUDA kernels run: on the simulator, or on the GPU of this machine.

TILESCALE_TEST_MODE says which, and TILESCALE_ARCH for which architecture; Bazel's `gpu_test` sets
both. On the GPU, a module that imports this one is skipped if the GPU is not that of
TILESCALE_ARCH.
"""

from __future__ import annotations

import ctypes
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
from tilescale.testing import to_numpy


@functools.cache
def mode() -> str:
    """Returns "compile", "sim" or "gpu"; by default "gpu" if torch finds a GPU, else "sim"."""
    wanted = os.environ.get("TILESCALE_TEST_MODE")
    if wanted is not None or importlib.util.find_spec("torch") is None:
        return wanted or "sim"
    torch = importlib.import_module("torch")
    return "gpu" if torch.cuda.is_available() else "sim"


# Arrays on the GPU start as many bytes behind a multiple of this as their originals do.
_ALIGNMENT = 64

#: Architecture of the GPU; None on the simulator.
GPU: str | None = torch_with_gpu()[1] if mode() == "gpu" else None


def _number(arch: str) -> int:
    return int(arch.removeprefix("sm_").rstrip("af"))


def arch_for(arch: str | None = None) -> str:
    """Returns the architecture to compile for where a test is about `arch`; None is any of them.

    The GPU stands for all architectures whose instructions it has. sm_70 and sm_75 have others than
    their successors. The simulator skips what is not about TILESCALE_ARCH, if that is set.
    """
    wanted = os.environ.get("TILESCALE_ARCH")
    if arch is None:
        return GPU or wanted or "sm_80"
    if GPU is None:
        if wanted not in (None, arch):
            pytest.skip(f"the test is for {arch}, and this run for {wanted}")
        return arch
    same_instructions = _number(arch) >= 80 or _number(GPU) == _number(arch)
    if _number(arch) > _number(GPU) or not same_instructions:
        pytest.skip(f"the test is for {arch}, and the GPU here is {GPU}")
    return GPU


def at_least(arch: str) -> bool:
    """Returns whether tests about any architecture run on `arch` or a successor of it."""
    return _number(arch_for()) >= _number(arch)


def target(arch: str | None = None) -> str:
    """Returns the target of kernels of a test about `arch`; None is any architecture."""
    return f"{'sim:' if GPU is None else 'cuda -arch='}{arch_for(arch)}"


def simulator_only(reason: str) -> None:
    """Skips a test on the GPU."""
    if GPU is not None:
        pytest.skip(reason)


def build(func: Any, arch: str | None = None, **options: Any) -> Callable[..., None]:
    """Returns a kernel that takes NumPy arrays and changes them in place.

    Args:
        func: what `@T.prim_func` returns.
        arch: the architecture that the test is about; None is any.
        **options: as for `tilescale.compile`.
    """
    chosen = target(arch)
    kernel = tilescale.compile(func, target=chosen, **options)

    def run(*args: Any) -> None:
        call(kernel, chosen, *args)

    return run


def call(kernel: Any, target: str, *args: Any) -> list[Any]:
    """Calls a kernel for `target` with NumPy arrays, which it changes in place.

    Returns:
        The outputs that the kernel makes itself, as NumPy arrays.
    """
    if not target.startswith("cuda"):
        return _outputs(kernel(*args))
    # An array that is passed twice stays one; strides and alignment are kept.
    arrays = {id(a): a for a in args if isinstance(a, np.ndarray)}
    there = {key: _on_gpu(a) for key, a in arrays.items()}
    returned = kernel(*[there[id(a)][1] if id(a) in there else a for a in args])
    for key, ours in arrays.items():
        _copy_back(there[key][0].cpu().numpy(), ours)
    return _outputs(returned)


def place(array: Any, offset: int) -> Any:
    """Returns a copy of an array that starts `offset` bytes behind a multiple of 64 bytes."""
    memory = np.zeros(array.nbytes + 2 * _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT + offset
    copy = memory[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def _bytes_of(array: Any) -> Any:
    """The bytes from an array's first element to its last, with the gaps between them."""
    if array.size == 0:
        return np.zeros(0, np.uint8)
    span = sum((n - 1) * stride for n, stride in zip(array.shape, array.strides, strict=True))
    memory = (ctypes.c_uint8 * (span + array.itemsize)).from_address(array.ctypes.data)
    return np.frombuffer(memory, np.uint8)


def _copy_back(theirs: Any, ours: Any) -> None:
    """Gaps may belong to other arrays; what repeats its elements is not written one by one."""
    if not np.array_equal(theirs, _bytes_of(ours)):
        ours[...] = np.ndarray(ours.shape, ours.dtype, theirs, strides=ours.strides)


def _on_gpu(array: Any) -> tuple[Any, Any]:
    """The bytes of an array on the GPU, and the array there."""
    start = array.ctypes.data % _ALIGNMENT
    if any(stride < 0 for stride in array.strides) or start % array.itemsize:
        pytest.skip("torch has no negative strides, and no misaligned elements")
    torch = importlib.import_module("torch")
    given = _bytes_of(array)
    memory = torch.zeros(start + given.size, dtype=torch.uint8, device="cuda")[start:]
    memory.copy_(torch.from_numpy(given.copy()))
    # NumPy lacks some of torch's types.
    elements = memory.view(getattr(torch, array.dtype.name))
    strides = [stride // array.itemsize for stride in array.strides]
    return memory, elements.as_strided(array.shape, strides)


def _outputs(returned: Any) -> list[Any]:
    made = returned if isinstance(returned, tuple) else () if returned is None else (returned,)
    return [to_numpy(array) for array in made]


def source(func: Any, arch: str | None = None) -> str:
    """Returns the CUDA text that `build` compiles of a kernel."""
    return str(tilescale.lower(func, target=f"cuda -arch={arch_for(arch)}").kernel_source)
