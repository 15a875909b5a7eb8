"""Hand-written kernels in the form that the compiler emits, for tests without a compiler."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from tilescale import _runtime
from tilescale.jit import tensors, toolchain
from tilescale.jit.argument_errors import ArgumentReporter

_HEADER = """
#include "tilescale/kernel_abi.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
const int64_t ts_scratch_bytes = {scratch};
"""


def const(value: int) -> dict[str, int]:
    return {"const": value}


def sym(index: int) -> dict[str, int]:
    return {"symbol": index}


def expr(index: int) -> dict[str, int]:
    return {"expr": index}


def tensor(
    name: str, shape: list[Any], dtype: str = "float32", role: str = "input", **fields: Any
) -> dict[str, Any]:
    base = {"kind": "tensor", "name": name, "dtype": dtype, "shape": shape, "role": role}
    return {**base, "strides": None, "alignment": 1, **fields}


def scalar(name: str, dtype: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "scalar", "name": name, "dtype": dtype, **fields}


def signature(params: list[Any], **fields: Any) -> dict[str, Any]:
    base = {"name": "k", "params": params, "symbols": [], "num_exprs": 0, "grid": [const(1)]}
    return {**base, "parallel": True, "index32_limit": [], **fields}


def load(
    folder: Path, body: str, sig: dict[str, Any], *, scratch: int = 0, tiles: bool = True
) -> _runtime.Kernel:
    """Compiles `body` and loads it.

    Args:
        folder: where the files are written.
        body: statements for the tiles [begin, end); with tiles=False all functions.
        sig: the signature.
        scratch: bytes of scratch memory.
        tiles: whether `body` is the inside of `ts_tiles`.
    """
    text = textwrap.dedent(body)
    if tiles:
        text = (
            "int32_t ts_tiles(const ts_slot* slots, ts_ctx* ctx, int64_t begin, int64_t end) {\n"
            + text
            + "\nreturn 0; }"
        )
    source = toolchain.complete_source(_HEADER.replace("{scratch}", str(scratch)) + text)
    path, library = folder / "k.c", folder / "k.so"
    path.write_text(source)
    toolchain.compile_shared(path, library, ["-O1"])
    return _runtime.Kernel(
        str(library), sig, ArgumentReporter(sig), tensors.adapt_array, tensors.allocate_like
    )


ADD_BODY = """
    const float* a = slots[0].p; const float* b = slots[1].p; float* c = slots[2].p;
    int64_t n = slots[3].i;
    for (int64_t t = begin; t < end; ++t)
      for (int64_t i = t * 64; i < n && i < t * 64 + 64; ++i) c[i] = a[i] + b[i];
"""

ADD_EXPRS = """
int32_t ts_exprs(const int64_t* s, int64_t* e) { e[0] = (s[0] + 63) / 64; return 0; }
"""


def add_signature(**fields: Any) -> dict[str, Any]:
    params = [tensor("A", [sym(0)]), tensor("B", [sym(0)]), tensor("C", [sym(0)], written=True)]
    return signature(
        params, symbols=["N"], num_exprs=1, expr_text=["ceildiv(N, 64)"], grid=[expr(0)], **fields
    )


def load_add(folder: Path, **fields: Any) -> _runtime.Kernel:
    """Loads C = A + B for float32 vectors, 64 elements in a tile."""
    body = (
        ADD_EXPRS
        + "int32_t ts_tiles(const ts_slot* slots, ts_ctx* ctx, int64_t begin, int64_t end) {"
        + ADD_BODY
        + "return 0; }"
    )
    return load(folder, body, add_signature(**fields), tiles=False)
