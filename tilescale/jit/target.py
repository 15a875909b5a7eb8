"""Targets by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from tilescale import knobs
from tilescale.errors import UnknownTargetError, UnsupportedTargetError

# What ported programs call a target that compiles C for the CPU.
_CPU_NAMES = frozenset({"cpu", "c", "llvm"})
_LATER = frozenset({"cuda", "cutedsl"})
_DEFAULT_ARCH = "sm_80"
_NEVER = frozenset({"hip", "rocm", "metal", "webgpu", "ascend"})


@dataclasses.dataclass(frozen=True)
class Target:
    """What a kernel is compiled for.

    Attributes:
        kind: "cpu".
    """

    kind: str

    def __str__(self) -> str:
        return self.kind


def resolve_target(target: str | Mapping[str, Any] | Target | None = None) -> Target:
    """Returns the target that `target` means.

    Args:
        target: a kind, optionally with options as in "cuda -arch=sm_90a"; a dictionary with the
            key "kind"; None or "auto" for TILESCALE_TARGET, which defaults to what the machine
            offers.

    Raises:
        UnknownTargetError: there is no such kind.
        UnsupportedTargetError: the kind exists, but kernels cannot be compiled for it yet.
    """
    if isinstance(target, Target):
        return target
    kind = _kind(target)
    if kind == "auto":
        kind = _kind(knobs.TARGET.get())
    if kind == "auto" or kind in _CPU_NAMES:
        return Target("cpu")
    if kind in _LATER:
        raise UnsupportedTargetError(
            f"the target {kind} is not there yet",
            expected="cpu",
            got=kind,
            remedy='use target="cpu" or "auto"',
        )
    reason = "is not a goal of TileScale" if kind in _NEVER else "is unknown"
    raise UnknownTargetError(
        f"the target {kind!r} {reason}",
        expected="auto or cpu",
        got=repr(target),
        remedy='use target="cpu"',
    )


def cuda_arch(target: str | Mapping[str, Any] | Target | None) -> str | None:
    """Returns the architecture of a CUDA target, such as "sm_80"; None for other targets.

    Args:
        target: as for `resolve_target`; without `-arch=` or the key "arch" the answer is sm_80.
    """
    if isinstance(target, Target) or _kind(target) != "cuda":
        return None
    if isinstance(target, Mapping):
        return str(target.get("arch", _DEFAULT_ARCH))
    for word in str(target).split()[1:]:
        if word.startswith("-arch="):
            return word.removeprefix("-arch=")
    return _DEFAULT_ARCH


def _kind(target: str | Mapping[str, Any] | None) -> str:
    if target is None:
        return "auto"
    if isinstance(target, Mapping):
        target = target.get("kind", "")
    words = str(target).split()
    return words[0].lower() if words else ""
