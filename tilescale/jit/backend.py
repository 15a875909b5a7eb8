"""What compiling for each target has in common, and where to find what has not."""

from __future__ import annotations

import importlib
import json
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from tilescale.errors import CompileNoteWarning

if TYPE_CHECKING:
    from tilescale.jit.build import Lowered
    from tilescale.jit.cache import KernelCache
    from tilescale.jit.kernel import JITKernel
    from tilescale.jit.options import CompileOptions
    from tilescale.jit.target import Target

# Kind of target -> module with the functions of `Backend`, imported when first needed.
_BACKENDS = {"cpu": "tilescale.jit.cpu", "cuda": "tilescale.jit.cuda", "sim": "tilescale.jit.sim"}


class Backend(Protocol):
    """What each kind of target provides."""

    def lower(self, func: Any, options: CompileOptions) -> Lowered:
        """Returns source and signature of a traced function."""

    def compile_kernel(self, func: Any, options: CompileOptions) -> JITKernel:
        """Returns the kernel, ready to be called."""

    def stages(self, func: Any, options: CompileOptions) -> list[tuple[str, Any]]:
        """Returns the function after each pass, with the pass's name."""


def find_backend(target: Target) -> Backend:
    """Returns what compiles for a target."""
    return cast(Backend, importlib.import_module(_BACKENDS[target.kind]))


def split_launches(func: Any) -> list[Any]:
    """Returns one function for each `T.Kernel` of a function."""
    from tilescale import _ffi

    return list(_ffi.get("pass.SplitLaunches")(func))


def print_ir(func: Any, spans: bool) -> str:
    """Returns a function as text, with or without source positions."""
    from tilescale import _ffi

    return str(_ffi.get("ir.Print")(func, spans))


def key_text(func: Any, options: CompileOptions) -> str:
    """Returns everything that generated text depends on, except source positions."""
    configs = json.dumps(dict(options.pass_configs), sort_keys=True, default=str)
    return f"{options.target}\n{configs}\n{print_ir(func, False)}"


def with_returns(func: Any, signature: dict[str, Any]) -> dict[str, Any]:
    """Returns the signature with what the function's `return` says."""
    if "returns" not in func.attrs:
        return signature
    returns = [int(index) for index in func.attrs["returns"]]
    return {**signature, "returns": returns, "returns_tuple": bool(func.attrs["returns_tuple"])}


def warn_of(kernel: str, notes: Iterable[str]) -> None:
    """Warns whoever compiles a kernel of what the compiler noted."""
    for note in notes:
        warnings.warn(f"kernel `{kernel}`: {note}", CompileNoteWarning, stacklevel=5)


def library_fingerprint(cache: KernelCache) -> str:
    """Returns the hash of the compiler library, or an empty text where there is none."""
    library = Path(__file__).absolute().parents[1] / "libtilescale.so"
    return cache.fingerprint(library) if library.is_file() else ""
