"""The SIMT simulator: runs CUDA kernels without a GPU and checks what they do.

See docs/simulator.md.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tilescale.sim.run_options import Options, options

if TYPE_CHECKING:
    from tilescale.jit.sim import build_many
    from tilescale.sim.launcher import launch
    from tilescale.sim.report import Event, Report, Site

__all__ = ["Event", "Options", "Report", "Site", "build_many", "launch", "options"]

_LAZY = {
    "Event": "tilescale.sim.report",
    "Report": "tilescale.sim.report",
    "Site": "tilescale.sim.report",
    "build_many": "tilescale.jit.sim",
    "launch": "tilescale.sim.launcher",
}


def __getattr__(name: str) -> Any:
    """Imports a name when it is first used: targets are resolved without the simulator."""
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'tilescale.sim' has no attribute {name!r}")
