"""Asks the CUDA driver, if there is one, for its version and devices."""

from __future__ import annotations

import ctypes
import dataclasses

_LIBRARIES = ("libcuda.so.1", "libcuda.so")
_COMPUTE_CAPABILITY_MAJOR = 75
_COMPUTE_CAPABILITY_MINOR = 76


@dataclasses.dataclass(frozen=True)
class Driver:
    """The CUDA driver of this machine.

    Attributes:
        version: the newest CUDA version that it supports, such as `13.0`.
        devices: one text for each GPU: name, architecture, memory.
        capabilities: the compute capability of each GPU.
    """

    version: str
    devices: tuple[str, ...]
    capabilities: tuple[tuple[int, int], ...] = ()


def probe() -> Driver | None:
    """Returns what the driver reports, or None where it is not installed or does not start."""
    for name in _LIBRARIES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        return _ask(library)
    return None


def _ask(library: ctypes.CDLL) -> Driver | None:
    version = ctypes.c_int()
    if library.cuDriverGetVersion(ctypes.byref(version)) != 0:
        return None
    text = f"CUDA {version.value // 1000}.{version.value % 1000 // 10}"
    count = ctypes.c_int()
    # cuInit fails where the driver is installed but there is no GPU.
    if library.cuInit(0) != 0 or library.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return Driver(text, ())
    found = [_device(library, index) for index in range(count.value)]
    return Driver(text, tuple(name for name, _ in found), tuple(number for _, number in found))


def _device(library: ctypes.CDLL, index: int) -> tuple[str, tuple[int, int]]:
    """Returns a text for a GPU, and its compute capability."""
    device = ctypes.c_int()
    library.cuDeviceGet(ctypes.byref(device), index)
    name = ctypes.create_string_buffer(256)
    library.cuDeviceGetName(name, len(name), device)
    memory = ctypes.c_size_t()
    library.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
    major = _attribute(library, _COMPUTE_CAPABILITY_MAJOR, device)
    minor = _attribute(library, _COMPUTE_CAPABILITY_MINOR, device)
    text = f"{name.value.decode()} (sm_{major}{minor}, {memory.value / 2**30:.0f} GiB)"
    return text, (major, minor)


def _attribute(library: ctypes.CDLL, attribute: int, device: ctypes.c_int) -> int:
    value = ctypes.c_int()
    library.cuDeviceGetAttribute(ctypes.byref(value), attribute, device)
    return value.value
