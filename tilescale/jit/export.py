"""Kernels as shared objects that C++ loads with tvm-ffi, without Python and without TileScale."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tvm_ffi

from tilescale.errors import ExportError
from tilescale.jit import toolchain
from tilescale.jit.build import TemporaryFolder

_KINDS = {"tensor": 0, "scalar": 1, "pointer": 2}
_TYPES = """
typedef struct { int kind, binds; int64_t value; } ts_x_dim;
typedef struct {
  const char* name; const char* dtype;
  int kind, code, bits, per_byte, rank, dims, strides, workspace, slot, symbol, binds;
  int64_t alignment;
} ts_x_param;
"""


def export_tvm_ffi(source: str, signature: Mapping[str, Any], path: Path) -> None:
    """Compiles a kernel with an entry `__tvm_ffi_<name>` and writes the shared object to `path`.

    Args:
        source: the kernel's complete C source.
        signature: as in cc/runtime/README.md.
        path: the file to write.

    Raises:
        ExportError: the kernel's name is no C identifier, or the file cannot be written.
        InternalError: the C compiler rejects the source.
    """
    name = signature["name"]
    if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        raise ExportError(
            f"a kernel called {name!r} cannot be exported", expected="a C identifier as its name"
        )
    folder = TemporaryFolder()
    file = folder.path / f"{name}.c"
    file.write_text(entry_source(source, signature), encoding="utf-8")
    toolchain.compile_shared(file, folder.path / "kernel.so", ["-pthread"])
    try:
        shutil.copyfile(folder.path / "kernel.so", path)
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        folder.remove()


def entry_source(source: str, signature: Mapping[str, Any]) -> str:
    """Returns the kernel's source with the tables of its signature and the entry."""
    tables = _Tables(signature)
    entry = toolchain.runtime_text("export_entry.h")
    # The entry needs declarations of GNU's libc, to be asked for before the first include.
    return "\n".join(["#define _GNU_SOURCE", source, _TYPES, tables.text(), entry])


class _Tables:
    """The signature as C tables, with the slots that cc/runtime/README.md prescribes."""

    def __init__(self, signature: Mapping[str, Any]) -> None:
        self._signature = signature
        self._dims: list[str] = []
        self._bound: set[int] = set()
        params = signature["params"]
        pointers = sum(p["kind"] != "scalar" for p in params)
        self._symbol_slot = len(params)
        self._slots = self._assign_slots(params, pointers)
        self._params = [self._param(p, i) for i, p in enumerate(params)]

    @staticmethod
    def _assign_slots(params: Sequence[Mapping[str, Any]], pointers: int) -> list[int]:
        slots, next_pointer, next_scalar = [], 0, pointers
        for param in params:
            if param["kind"] == "scalar":
                slots.append(next_scalar)
                next_scalar += 1
            else:
                slots.append(next_pointer)
                next_pointer += 1
        return slots

    def _param(self, param: Mapping[str, Any], index: int) -> str:
        workspace = param.get("role") == "workspace"
        # A pointer's element type is not looked at.
        kind = tvm_ffi.dtype("uint8" if param["kind"] == "pointer" else param["dtype"])
        code = 1 if param["dtype"] == "tfloat32" else kind.type_code
        per_byte = 8 // kind.bits if kind.bits < 8 and code != 6 else 1
        symbol = -1 if param.get("symbol") is None else int(param["symbol"])
        binds = self._bind(symbol) if symbol >= 0 else False
        shape = param.get("shape") or []
        dims = self._add_dims(shape, workspace)
        strides = param.get("strides")
        first = -1 if strides is None else self._add_dims(strides, workspace)
        bits = 8 if code == 6 else kind.bits
        numbers = [_KINDS[param["kind"]], code, bits, per_byte, len(shape), dims, first]
        numbers += [int(workspace), self._slots[index], symbol, int(binds)]
        numbers += [param.get("alignment") or 1]
        return f'{{"{param["name"]}", "{param["dtype"]}", {", ".join(map(str, numbers))}}}'

    def _bind(self, symbol: int) -> bool:
        new = symbol not in self._bound
        self._bound.add(symbol)
        return new

    def _add_dims(self, dims: Sequence[Mapping[str, int]], workspace: bool) -> int:
        first = len(self._dims)
        self._dims += [self._dim(dim, not workspace) for dim in dims]
        return first

    def _dim(self, dim: Mapping[str, int], may_bind: bool) -> str:
        if "const" in dim:
            return f"{{0, 0, {dim['const']}}}"
        if "expr" in dim:
            return f"{{2, 0, {dim['expr']}}}"
        binds = may_bind and self._bind(dim["symbol"])
        return f"{{1, {int(binds)}, {dim['symbol']}}}"

    def text(self) -> str:
        """Returns the tables and the macros that export_entry.h refers to."""
        signature = self._signature
        num_exprs = signature["num_exprs"]
        expr_slot = self._symbol_slot + len(signature["symbols"])
        passed = [p for p in signature["params"] if p.get("role") != "workspace"]
        limits = signature.get("index32_limit") or []
        grid = [self._dim(dim, False) for dim in signature["grid"]]
        macros = {
            "NAME": f'"{signature["name"]}"',
            "ENTRY": f"__tvm_ffi_{signature['name']}",
            "NUM_ARGS": len(passed),
            "SYMBOL_SLOT": self._symbol_slot,
            "EXPR_SLOT": expr_slot,
            "NUM_EXPRS": num_exprs,
            "NUM_SLOTS": expr_slot + num_exprs,
            "GRID_RANK": len(grid),
            "NUM_LIMITS": len(limits),
            "PARALLEL": int(signature.get("parallel", True)),
        }
        lines = [f"#define TS_X_{name} {value}" for name, value in macros.items()]
        lines.append(_table("ts_x_dim ts_x_dims", [*self._dims, "{0, 0, 0}"]))
        lines.append(_table("ts_x_param ts_x_params", [*self._params, "{0}"]))
        lines.append(_table("ts_x_dim ts_x_grid", grid))
        if limits:
            lines.append(_table("int64_t ts_x_limits", [str(i) for i in limits]))
        return "\n".join(lines)


def _table(declaration: str, rows: Sequence[str]) -> str:
    return f"static const {declaration}[] = {{\n  " + ",\n  ".join(rows) + "\n};"
