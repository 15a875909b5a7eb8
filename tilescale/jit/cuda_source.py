"""The CUDA C++ text of a function: the same for NVRTC and for the simulator."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from tilescale.jit import backend
from tilescale.jit.build import Lowered
from tilescale.jit.options import CompileOptions

# The number of a variant is a bit and, in these steps, an index of the list.
_WIDE_VARIANT = 1
_ALIGNMENT_STEP = 2
_ALIGNMENTS = (32, 16, 8, 4, 1)
# The step behind them: all tensors are aligned, but sizes are no multiples of vectors.
_SIZES_LEVEL = 5


def lower(func: Any, options: CompileOptions) -> Lowered:
    """Returns the CUDA C++ source of a function, and its signature with what a launch needs.

    Raises:
        TileScaleError: the function is not legal on the architecture; the class says why.
    """
    from tilescale import _ffi

    result = _ffi.get("pass.CompileCUDA")(func, _configs(options))
    launch = json.loads(str(result["launch"]))
    signature = {**json.loads(str(result["signature"])), **launch, "device": "cuda"}
    for param, (every, vectors) in zip(signature["params"], launch["alignments"], strict=True):
        if param["kind"] != "scalar":
            param["alignment"] = max(param.get("alignment", 1), every)
            param["vector_alignment"] = vectors
    return Lowered(str(result["source"]), backend.with_returns(func, signature))


def variant_options(options: CompileOptions, number: int) -> CompileOptions:
    """Returns the options of a kernel for arguments that break what the kernel itself assumes.

    Args:
        options: of the kernel.
        number: of the variant, as in cc/runtime/README.md.
    """
    configs = dict(options.pass_configs)
    if number & _WIDE_VARIANT:
        configs["tl.config_index_bitwidth"] = 64
    if level := number // _ALIGNMENT_STEP:
        configs["divisible_sizes"] = False
        if level != _SIZES_LEVEL:
            configs["tensor_alignment"] = _ALIGNMENTS[level]
    return dataclasses.replace(options, pass_configs=configs)


def stages(func: Any, options: CompileOptions) -> list[tuple[str, Any]]:
    """Returns the function after each pass."""
    from tilescale import _ffi

    found = _ffi.get("pass.CudaStages")(func, _configs(options))
    return [(str(name), stage) for name, stage in found]


def _configs(options: CompileOptions) -> dict[str, Any]:
    return {**options.pass_configs, "arch": options.target.arch}
