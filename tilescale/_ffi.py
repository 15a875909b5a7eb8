"""Loads the compiler library and hands out its functions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tvm_ffi

_LIBRARY = tvm_ffi.load_module(str(Path(__file__).parent / "libtilescale.so"))


def get(name: str) -> Any:
    """The global function ``tilescale.<name>`` of the compiler library."""
    return tvm_ffi.get_global_func("tilescale." + name)
