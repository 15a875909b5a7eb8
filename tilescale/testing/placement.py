"""NumPy arrays to where the kernels of a target take them, and back."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from tilescale.jit.target import Target, resolve_target


def place(target: str | Mapping[str, Any] | Target | None, *arrays: np.ndarray[Any, Any]) -> Any:
    """Returns arrays in the memory that kernels of `target` work on.

    Args:
        target: as for `tilescale.compile`.
        *arrays: of NumPy, also with the element types of ml_dtypes.

    Returns:
        torch tensors on the GPU for CUDA, the arrays themselves for the CPU and the simulator: one,
        or a tuple if there are several.
    """
    on_gpu = resolve_target(target).kind == "cuda"
    placed = tuple(_to_gpu(array) if on_gpu else array for array in arrays)
    return placed[0] if len(placed) == 1 else placed


def _to_gpu(array: np.ndarray[Any, Any]) -> Any:
    torch = importlib.import_module("torch")
    name = array.dtype.name
    if name == "bfloat16" or name.startswith("float8_"):
        # NumPy does not know these, so torch cannot take them from it.
        bits = torch.from_numpy(array.view(f"uint{8 * array.itemsize}"))
        return bits.view(getattr(torch, name)).cuda()
    return torch.from_numpy(array).cuda()
