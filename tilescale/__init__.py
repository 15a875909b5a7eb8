"""TileScale: a tile language and compiler toolkit for kernels at every scale of a machine."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# Also binds the name `jit` to the decorator for good: importing modules below `tilescale.jit`
# does not bind it again.
from tilescale.jit.decorator import jit

if TYPE_CHECKING:
    from tilescale.frontend.dtypes import DataType
    from tilescale.jit.cache import disable_cache, enable_cache
    from tilescale.jit.compiler import compile, lower, par_compile  # noqa: A004
    from tilescale.jit.kernel import JITKernel
    from tilescale.jit.pass_config import PassConfigKey
    from tilescale.jit.threads import get_num_threads, set_num_threads
    from tilescale.logs import set_log_level
    from tilescale.math import cdiv, next_power_of_2
    from tilescale.profiler.profiler import Profiler
    from tilescale.profiler.supply import TensorSupplyType

__all__ = [
    "DataType",
    "JITKernel",
    "PassConfigKey",
    "Profiler",
    "TensorSupplyType",
    "cdiv",
    "compile",
    "disable_cache",
    "enable_cache",
    "get_num_threads",
    "jit",
    "lower",
    "next_power_of_2",
    "par_compile",
    "set_log_level",
    "set_num_threads",
]

_MODULES = {
    "DataType": "frontend.dtypes",
    "JITKernel": "jit.kernel",
    "PassConfigKey": "jit.pass_config",
    "Profiler": "profiler.profiler",
    "TensorSupplyType": "profiler.supply",
    "cdiv": "math",
    "compile": "jit.compiler",
    "disable_cache": "jit.cache",
    "enable_cache": "jit.cache",
    "get_num_threads": "jit.threads",
    "lower": "jit.compiler",
    "next_power_of_2": "math",
    "par_compile": "jit.compiler",
    "set_log_level": "logs",
    "set_num_threads": "jit.threads",
}
# Modules that programs reach as attributes after `import tilescale`.
_SUBMODULES = frozenset(
    {"autotuner", "env", "language", "layout", "math", "profiler", "sim", "testing"}
)


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used, so that `import tilescale` is quick."""
    if name in _MODULES:
        value = getattr(importlib.import_module(f"tilescale.{_MODULES[name]}"), name)
    elif name in _SUBMODULES:
        value = importlib.import_module(f"tilescale.{name}")
    elif name.startswith("_"):
        raise AttributeError(f"module 'tilescale' has no attribute {name!r}")
    else:
        value = importlib.import_module("tilescale.porting").resolve("tilescale", name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
