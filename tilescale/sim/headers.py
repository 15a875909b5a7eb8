"""The headers that kernels include: one set for GPUs, one for the simulator."""

from __future__ import annotations

import functools
from pathlib import Path


def _folders() -> tuple[Path, Path]:
    """Returns the folders of the device's and of the simulator's headers."""
    package = Path(__file__).absolute().parents[1]
    if (package / "include" / "device").is_dir():
        return package / "include" / "device", package / "include" / "sim"
    return package.parent / "cc" / "device", package.parent / "cc" / "sim"


def _texts(folder: Path, pattern: str, prefix: str) -> dict[str, str]:
    return {prefix + path.name: path.read_text() for path in sorted(folder.glob(pattern))}


@functools.cache
def cuda_headers() -> dict[str, str]:
    """Returns the text of each header under its include name, for NVRTC."""
    device, _ = _folders()
    return _texts(device, "*.cuh", "tilescale/") | _texts(device / "ptx", "*.cuh", "tilescale/ptx/")


@functools.cache
def simulator_headers() -> dict[str, str]:
    """Returns the text of each header under its include name, for the host compiler."""
    device, sim = _folders()
    headers = _texts(device, "*.cuh", "tilescale/")
    headers |= _texts(sim / "ptx", "*.cuh", "tilescale/ptx/")
    for name in ("abi.h", "float_formats.h"):
        headers[f"tilescale/sim/{name}"] = (sim / name).read_text()
    return headers
