"""The number of threads on which CPU kernels run."""

from __future__ import annotations

from tilescale import _runtime, knobs
from tilescale.errors import CompileOptionError

# Kernels import this module, so the variable counts before the first launch; later calls win.
_runtime.set_num_threads(knobs.NUM_THREADS.get())


def set_num_threads(count: int) -> None:
    """Sets the number of threads of later kernel launches in this process.

    Args:
        count: the number; 0 means all CPUs that the process may use.

    Raises:
        CompileOptionError: `count` is not between 0 and 65536.
    """
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= 65536:
        raise CompileOptionError(
            "the number of threads must be a small non-negative integer",
            expected="0 to 65536",
            got=repr(count),
        )
    _runtime.set_num_threads(count)


def get_num_threads() -> int:
    """Returns the number of threads of a kernel launch."""
    return _runtime.num_threads()
