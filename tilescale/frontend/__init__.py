"""From Python functions to IR: rewriting, tracing, source positions. See `README.md`."""

from __future__ import annotations

from tilescale.frontend.eager import EagerTrace, bind_arguments, tensor_facts, trace_eager
from tilescale.frontend.macro import Macro, macro, meta_class
from tilescale.frontend.trace import prim_func, trace

__all__ = [
    "EagerTrace",
    "Macro",
    "bind_arguments",
    "macro",
    "meta_class",
    "prim_func",
    "tensor_facts",
    "trace",
    "trace_eager",
]
