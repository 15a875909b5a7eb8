"""The runtime and the call path (cc/runtime/python)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

class Kernel:
    """A compiled CPU kernel; calling it binds the arguments and runs it."""

    def __init__(
        self,
        library: str,
        signature: Mapping[str, Any],
        report: Callable[..., Any],
        adapt: Callable[..., Any],
        allocate: Callable[..., Any],
    ) -> None: ...
    def __call__(self, *args: Any) -> Any: ...

class CudaKernel:
    """A compiled CUDA kernel; calling it binds the arguments and launches it."""

    def __init__(
        self,
        cubin: bytes,
        symbol: str,
        arch: str,
        block: tuple[int, int, int],
        shared_bytes: int,
        cooperative: bool,
        signature: Mapping[str, Any],
        report: Callable[..., Any],
        adapt: Callable[..., Any],
        allocate: Callable[..., Any],
        stream: Callable[[Any], int],
        variant: Callable[[int], CudaKernel] | None = None,
    ) -> None: ...
    def __call__(self, *args: Any) -> Any: ...
    def attributes(self, device: int, /) -> dict[str, int]:
        """Returns registers, memory and occupancy of the kernel on a device."""

class HostedKernel:
    """A kernel that a function of Python runs; calling it binds the arguments and calls that."""

    def __init__(
        self,
        signature: Mapping[str, Any],
        report: Callable[..., Any],
        adapt: Callable[..., Any],
        allocate: Callable[..., Any],
        launch: Callable[[bytes, tuple[tuple[int, int, int], ...], tuple[int, int, int]], Any],
        variant: Callable[[int], HostedKernel] | None = None,
    ) -> None: ...
    def __call__(self, *args: Any) -> Any: ...

def nvrtc_compile(
    library: str,
    preload: Sequence[str],
    source: str,
    file: str,
    header_names: Sequence[str],
    header_texts: Sequence[str],
    options: Sequence[str],
    /,
) -> tuple[bytes, str, str, bool]:
    """Returns (code, log, error, whether the library itself is missing)."""

def nvrtc_info(library: str, preload: Sequence[str], /) -> tuple[tuple[int, int], list[int], str]:
    """Returns (version, architectures, why the library cannot be used)."""

def nvjitlink(
    library: str, kinds: Sequence[str], inputs: Sequence[bytes], options: Sequence[str], /
) -> tuple[bytes, str, str, bool]:
    """Returns (code, log, error, whether the library itself is missing)."""

def cubin_functions(cubin: bytes, /) -> list[str]:
    """Returns the names of the global functions in a cubin."""

def set_num_threads(count: int, /) -> None:
    """Sets the number of threads of later launches; 0 means all CPUs of the process."""

def num_threads() -> int:
    """Returns the number of threads of a launch."""

def cpu_count() -> int:
    """Returns the number of CPUs the process may use."""
