"""Where the Z3 library lies; the prover loads it when it first needs it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import tvm_ffi


def find_z3() -> str:
    """The path of the library in the ``z3-solver`` package; empty if it is not installed."""
    spec = importlib.util.find_spec("z3")
    if spec is None or spec.origin is None:
        return ""
    library = Path(spec.origin).parent / "lib" / "libz3.so"
    if library.exists():
        return str(library)
    versioned = sorted(library.parent.glob("libz3.so.*"))
    return str(versioned[-1]) if versioned else ""


def register() -> None:
    """Lets the library call `find_z3`."""
    tvm_ffi.register_global_func("tilescale.arith.FindZ3", find_z3)
