"""The options of `tilescale.jit` and `tilescale.compile`, checked and in one form."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tilescale.errors import CompileOptionError
from tilescale.jit.pass_config import check_pass_configs
from tilescale.jit.target import Target, resolve_target

# The ways in which TileLang calls a kernel. Here there is one, so the choice has no effect.
_EXECUTION_BACKENDS = frozenset(
    {"auto", "tvm_ffi", "ctypes", "cython", "nvrtc", "torch", "dlpack", "cutedsl"}
)


@dataclasses.dataclass(frozen=True)
class CompileOptions:
    """How a function is compiled.

    Attributes:
        target: for what.
        out_idx: positions of the parameters that the kernel allocates and returns.
        pass_configs: values by the text of `PassConfigKey`.
        compile_flags: options for the C compiler, after the default ones.
        verbose: whether the compilation is logged.
        debug_root: folder that gets the generated source, or None.
    """

    target: Target
    out_idx: tuple[int, ...] | None
    pass_configs: Mapping[str, Any]
    compile_flags: tuple[str, ...]
    verbose: bool
    debug_root: Path | None


def make_options(
    *,
    out_idx: Sequence[int] | int | None = None,
    target: str | Mapping[str, Any] | Target | None = None,
    target_host: str | Mapping[str, Any] | None = None,
    execution_backend: str | None = None,
    verbose: bool | None = None,
    pass_configs: Mapping[Any, Any] | None = None,
    debug_root_path: str | Path | None = None,
    compile_flags: Sequence[str] | str | None = None,
) -> CompileOptions:
    """Checks the options as users write them.

    Args:
        out_idx: position or positions of the outputs among the parameters; negative ones count
            from the end.
        target: see `resolve_target`.
        target_host: accepted for ported programs; host code is always C.
        execution_backend: accepted for ported programs; there is one way to call a kernel.
        verbose: logs what is compiled and where it came from; None for TILESCALE_VERBOSE.
        pass_configs: values by `PassConfigKey` or its text.
        debug_root_path: folder that gets the generated source.
        compile_flags: options for the C compiler: a list, or one string split as a shell does.

    Raises:
        CompileOptionError: an option has a value that is not allowed.
        UnknownPassConfigError: a key of `pass_configs` does not exist.
        UnknownTargetError: there is no such target.
        UnsupportedTargetError: kernels cannot be compiled for the target.
    """
    from tilescale import knobs

    if target_host is not None:
        resolve_target(target_host)
    _check_backend(execution_backend)
    return CompileOptions(
        target=resolve_target(target),
        out_idx=_positions(out_idx),
        pass_configs=check_pass_configs(pass_configs),
        compile_flags=_flags(compile_flags),
        verbose=knobs.VERBOSE.get() if verbose is None else bool(verbose),
        debug_root=Path(debug_root_path) if debug_root_path else None,
    )


def _check_backend(backend: str | None) -> None:
    if backend is not None and backend not in _EXECUTION_BACKENDS:
        raise CompileOptionError(
            f"unknown execution_backend {backend!r}",
            expected=" or ".join(sorted(_EXECUTION_BACKENDS)),
            got=repr(backend),
            remedy="leave execution_backend out: there is one way to call a kernel",
        )


def _positions(out_idx: Sequence[int] | int | None) -> tuple[int, ...] | None:
    if out_idx is None:
        return None
    positions = (out_idx,) if isinstance(out_idx, int) else tuple(out_idx)
    if all(isinstance(p, int) and not isinstance(p, bool) for p in positions):
        return positions
    raise CompileOptionError(
        "out_idx must be the position of a parameter, or a list of positions",
        expected="an int or a list of ints",
        got=repr(out_idx),
    )


def _flags(flags: Sequence[str] | str | None) -> tuple[str, ...]:
    if flags is None:
        return ()
    words = [flags] if isinstance(flags, str) else list(flags)
    if all(isinstance(word, str) for word in words):
        return tuple(part for word in words for part in shlex.split(word))
    raise CompileOptionError(
        "compile_flags must be a string or a list of strings",
        expected='for example ["-funroll-loops"]',
        got=repr(flags),
    )
