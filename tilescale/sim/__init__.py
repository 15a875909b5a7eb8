"""The SIMT simulator: runs the CUDA text of a kernel without a GPU and checks what it does.

See docs/simulator.md.
"""

from __future__ import annotations

from tilescale.sim.launcher import launch
from tilescale.sim.report import Event, Report, Site

__all__ = ["Event", "Report", "Site", "launch"]
