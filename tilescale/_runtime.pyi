"""The CPU runtime and the call path (cc/runtime/python)."""

from collections.abc import Callable, Mapping
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

def set_num_threads(count: int, /) -> None:
    """Sets the number of threads of later launches; 0 means all CPUs of the process."""

def num_threads() -> int:
    """Returns the number of threads of a launch."""

def cpu_count() -> int:
    """Returns the number of CPUs the process may use."""
