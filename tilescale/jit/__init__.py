"""Compiling functions, caching what comes out, and calling it."""

from __future__ import annotations

import importlib
from typing import Any

# Imported when first used: they load the compiler.
_LAZY = {
    "JITKernel": "kernel",
    "KernelParam": "kernel",
    "PassConfigKey": "pass_config",
    "compile": "compiler",
    "lower": "compiler",
    "par_compile": "compiler",
    "jit": "decorator",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(f"tilescale.jit.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'tilescale.jit' has no attribute {name!r}")
