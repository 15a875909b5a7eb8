"""The architecture of a test of CUDA kernels: `TILESCALE_ARCH`, else that of the GPU here."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.support.torch import import_torch
from tilescale import cuda, errors


def _give_up(reason: str) -> None:
    """Skips the calling module, or fails it where a GPU is required."""
    if os.environ.get("TILESCALE_REQUIRE_GPU") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason, allow_module_level=True)


def torch_with_gpu() -> tuple[Any, str]:
    """Returns torch and the architecture of its GPU; without that GPU skips the calling module."""
    torch = import_torch()
    if not torch.cuda.is_available():
        _give_up("torch finds no CUDA device")
    present = "sm_{}{}".format(*torch.cuda.get_device_capability())
    wanted = os.environ.get("TILESCALE_ARCH", present)
    if cuda.architecture(wanted).number != cuda.architecture(present).number:
        _give_up(f"the test is for {wanted}, and the GPU here is {present}")
    return torch, wanted


def selected(archs: tuple[str, ...]) -> tuple[str, ...]:
    """Returns those of `archs` that the target is for; all if it is not for a certain one."""
    wanted = os.environ.get("TILESCALE_ARCH")
    return tuple(arch for arch in archs if wanted in (None, arch))


def needs_nvrtc_for(arch: str) -> None:
    """Skips the calling test if NVRTC here is of CUDA 13, which has given the architecture up."""
    try:
        cuda.find_toolkit(arch)
    except errors.UnsupportedArchitectureError:
        if cuda.find_toolkit("sm_80").version[0] < 13:
            raise
        pytest.skip(f"NVRTC of CUDA 13 does not compile for {arch}")
