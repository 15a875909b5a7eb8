"""The tile language: `import tilescale.language as T`.

Each module lists in its `__all__` what users find here.
"""

# ruff: noqa: F403

from __future__ import annotations

import sys
from typing import Any

from tilescale.frontend import buffer as _buffer
from tilescale.frontend.dtypes import SCALAR_BITS as SCALAR_BITS
from tilescale.frontend.dtypes import dtype as dtype
from tilescale.frontend.dtypes import to_dtype as to_dtype
from tilescale.frontend.macro import macro as macro
from tilescale.frontend.macro import meta_class as meta_class
from tilescale.frontend.trace import prim_func as prim_func
from tilescale.language import intrinsic as _intrinsic
from tilescale.language import math as _math
from tilescale.language.alloc import *
from tilescale.language.annotate import *
from tilescale.language.atomic import *
from tilescale.language.branch import *
from tilescale.language.copy import *
from tilescale.language.device_assert import *
from tilescale.language.fill import *
from tilescale.language.gemm import *
from tilescale.language.im2col import *
from tilescale.language.intrinsic import *
from tilescale.language.kernel import *
from tilescale.language.loop import *
from tilescale.language.math import *
from tilescale.language.numeric import *
from tilescale.language.packed import *
from tilescale.language.pointer import *
from tilescale.language.print import *
from tilescale.language.ptx import *
from tilescale.language.random import *
from tilescale.language.reduce import *
from tilescale.language.reducer import *
from tilescale.language.scan import *
from tilescale.language.scheduler import *
from tilescale.language.source_kernel import *
from tilescale.language.tensor import *
from tilescale.language.thread import *
from tilescale.language.transpose import *
from tilescale.language.vector_access import *
from tilescale.language.view import *
from tilescale.language.vote import *
from tilescale.language.warp import *

_LANES = (2, 4, 8, 16, 32, 64)
_VECTORS = {f"{name}x{lanes}" for name in SCALAR_BITS for lanes in _LANES if name != "handle"}
_MODULES = """
    alloc annotate atomic branch copy device_assert fill gemm im2col intrinsic kernel loop math
    numeric packed pointer print ptx random reduce reducer scan scheduler source_kernel tensor
    thread transpose vector_access view vote warp
"""

globals().update({name: dtype(name) for name in SCALAR_BITS})
globals().update(_math.FAST)
globals().update(_intrinsic.thread_level_functions())
BufferRegion = _buffer.Region
KernelLaunchFrame = KernelLaunch  # noqa: F405
cast = _math.cast_value
Cast = _math.cast_value
inline = macro
float = dtype("float32")
half = dtype("float16")
double = dtype("float64")


def __getattr__(name: str) -> Any:
    """Vector types, and a helpful error for names that do not exist (yet)."""
    if name in _VECTORS:
        return dtype(name)
    if name.startswith("__") and name.endswith("__"):
        raise AttributeError(name)
    if name in ("Fragment", "Layout"):
        # Imported when asked for: kernels seldom write layouts.
        import tilescale.layout

        return getattr(tilescale.layout, name)
    from tilescale.language.missing import missing

    return missing(name)


def _names() -> list[str]:
    """The names of the modules and those that are defined here."""
    here = "BufferRegion Cast Fragment KernelLaunchFrame Layout SCALAR_BITS cast double dtype float"
    here += " half inline macro meta_class prim_func to_dtype"
    found = [*here.split(), *SCALAR_BITS, *_math.FAST, *_intrinsic.thread_level_functions()]
    for module in _MODULES.split():
        # Some functions have the name of their module.
        found += sys.modules[f"{__name__}.{module}"].__all__
    return sorted(found)


#: Type checkers would take an ordinary assignment for the whole list.
globals()["__all__"] = _names()
