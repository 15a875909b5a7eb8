"""Errors of compiling for CUDA and running there; part of `tilescale.errors`."""

from __future__ import annotations

from tilescale._error_base import TileScaleError

__all__ = [
    "ArchitectureMismatchError",
    "CudaCompileError",
    "CudaError",
    "CudaLaunchError",
    "CudaLinkError",
    "CudaLoadError",
    "GridLimitError",
    "MissingCudaLibraryError",
    "MissingDriverError",
    "MissingGpuError",
    "RegisterLimitError",
    "SharedMemoryLimitError",
    "ThreadLimitError",
    "UnsupportedArchitectureError",
    "UnsupportedInstructionError",
]

# --------------------------------------------------------------------------------------------------
# CUDA
# --------------------------------------------------------------------------------------------------


class CudaError(TileScaleError):
    """Something about CUDA; base of the classes below."""


class MissingCudaLibraryError(CudaError, OSError):
    """NVRTC or nvJitLink is not installed, or cannot be loaded."""


class MissingDriverError(CudaError, OSError):
    """The machine has no CUDA driver."""


class MissingGpuError(CudaError):
    """There is a CUDA driver, but no device that it can use."""


class UnsupportedArchitectureError(CudaError, ValueError):
    """The name of an architecture is unknown, or NVRTC does not compile for it."""


class CudaCompileError(CudaError):
    """NVRTC, or the simulator's g++, rejects a CUDA source."""


class UnsupportedInstructionError(CudaCompileError):
    """A CUDA source uses an instruction that the architecture does not have."""


class CudaLinkError(CudaError):
    """nvJitLink rejects its inputs."""


class SharedMemoryLimitError(CudaError, ValueError):
    """A kernel needs more shared memory than the architecture or device gives a block."""


class RegisterLimitError(CudaError, ValueError):
    """A kernel needs more registers, or memory in their place, than its threads can have."""


class ThreadLimitError(CudaError, ValueError):
    """A kernel has more threads in a block, or on a multiprocessor, than there can be."""


class GridLimitError(CudaError, ValueError):
    """A launch has more blocks than the device takes, or than can be resident at once."""


class ArchitectureMismatchError(CudaError):
    """A kernel is launched on a device of another architecture than it was compiled for."""


class CudaLoadError(CudaError):
    """The driver does not load a kernel's machine code."""


class CudaLaunchError(CudaError, RuntimeError):
    """The driver reports an error at a launch, perhaps of an earlier kernel."""
