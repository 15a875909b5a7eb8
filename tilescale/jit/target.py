"""Targets by name."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

from tilescale import knobs
from tilescale.errors import UnknownTargetError, UnsupportedTargetError

# What ported programs call a target that compiles C for the CPU.
_CPU_NAMES = frozenset({"cpu", "c", "llvm"})
_LATER = frozenset({"cutedsl"})
_NEVER = frozenset({"hip", "rocm", "metal", "webgpu", "ascend"})
# Of CUDA kernels that are compiled where there is no device, and of simulated ones.
_DEFAULT_ARCH = "sm_80"
# The oldest compute capability that kernels are compiled for.
_OLDEST = (7, 0)


@dataclasses.dataclass(frozen=True)
class Target:
    """What a kernel is compiled for.

    Attributes:
        kind: "cpu", "cuda", or "sim", which runs CUDA kernels without a GPU.
        arch: CUDA architecture, such as "sm_80"; None for the CPU.
        options: how a simulated kernel runs; see `tilescale.sim.options`.
    """

    kind: str
    arch: str | None = None
    options: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        if self.kind == "cuda":
            return f"cuda -arch={self.arch}"
        return self.kind if self.arch is None else f"{self.kind}:{self.arch}"


def resolve_target(target: str | Mapping[str, Any] | Target | None = None) -> Target:
    """Returns the target that `target` means.

    Args:
        target: a kind, optionally with an architecture, as in "cuda -arch=sm_90a" or "sim:sm_80";
            a dictionary with the keys "kind" and "arch", and for the simulator those of
            `tilescale.sim.options`; None or "auto" for TILESCALE_TARGET, which defaults to CUDA
            where there is a GPU, else to the CPU. CUDA without an architecture means that of the
            machine's first device, or sm_80 if there is none.

    Raises:
        UnknownTargetError: there is no such kind.
        UnsupportedArchitectureError: there is no such architecture.
        UnsupportedTargetError: the kind exists, but kernels cannot be compiled for it yet.
    """
    if isinstance(target, Target):
        return target
    kind, arch, options = _parse(target)
    if kind == "auto":
        kind, arch, options = _parse(knobs.TARGET.get())
    if kind == "auto":
        found = device_arch()
        kind, arch = ("cuda", found) if found else ("cpu", None)
    if kind in _CPU_NAMES:
        return Target("cpu")
    if kind in ("cuda", "sim"):
        return _gpu_target(kind, arch, options)
    raise _unknown(kind, target)


def _gpu_target(kind: str, arch: str | None, options: tuple[tuple[str, Any], ...]) -> Target:
    from tilescale.cuda.architectures import architecture

    if arch is None:
        arch = (device_arch() if kind == "cuda" else None) or _DEFAULT_ARCH
    target = Target(kind, architecture(arch).name, options)
    if kind == "sim":
        from tilescale.sim.run_options import check_options

        check_options(dict(options))
    return target


def _unknown(kind: str, target: Any) -> UnknownTargetError | UnsupportedTargetError:
    if kind in _LATER:
        return UnsupportedTargetError(
            f"the target {kind} is not there yet",
            expected="auto, cpu, cuda or sim",
            got=kind,
            remedy='use target="cuda" or "auto"',
        )
    reason = "is not a goal of TileScale" if kind in _NEVER else "is unknown"
    return UnknownTargetError(
        f"the target {kind!r} {reason}",
        expected="auto, cpu, cuda or sim",
        got=repr(target),
        remedy='use target="cpu"; "cuda -arch=sm_80" and "sim:sm_80" name an architecture',
    )


@functools.cache
def device_arch() -> str | None:
    """Returns the architecture of the machine's first GPU that kernels can run on, or None."""
    from tilescale.tools import cuda_driver

    driver = cuda_driver.probe()
    capability = driver.capabilities[0] if driver and driver.capabilities else (0, 0)
    return f"sm_{capability[0]}{capability[1]}" if capability >= _OLDEST else None


def _parse(
    target: str | Mapping[str, Any] | None,
) -> tuple[str, str | None, tuple[tuple[str, Any], ...]]:
    """Returns kind, architecture and options as they are written."""
    if target is None:
        return "auto", None, ()
    if isinstance(target, Mapping):
        rest = {str(key): value for key, value in target.items() if key not in ("kind", "arch")}
        kind, arch, _ = _parse(str(target.get("kind", "")))
        own = target.get("arch", arch)
        options = tuple(sorted(rest.items())) if kind == "sim" else ()
        return kind, None if own is None else str(own), options
    words = str(target).split() or [""]
    kind, _, after = words[0].partition(":")
    arch = after or None
    for word in words[1:]:
        if word.startswith("-arch="):
            arch = word.removeprefix("-arch=")
    return kind.lower(), arch, ()
