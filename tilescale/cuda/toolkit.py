"""Finds NVRTC, nvJitLink and CUDA's headers: in the wheels of CUDA 12 or 13, or in a toolkit."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

from tilescale import _runtime, knobs
from tilescale.cuda.architectures import architecture
from tilescale.errors import MissingCudaLibraryError, UnsupportedArchitectureError
from tilescale.tools import cuda_driver

_SYSTEM = Path("/usr/local/cuda")
# CUDA's major version -> folders of the library and headers, below a folder of packages.
_WHEEL_NVRTC = {13: "nvidia/cu13/lib", 12: "nvidia/cuda_nvrtc/lib"}
_WHEEL_NVJITLINK = {13: "nvidia/cu13/lib", 12: "nvidia/nvjitlink/lib"}
_WHEEL_HEADERS = {13: "nvidia/cu13/include", 12: "nvidia/cuda_runtime/include"}
_INSTALL = "`pip install nvidia-cuda-nvrtc-cu12 nvidia-cuda-runtime-cu12 nvidia-nvjitlink-cu12`"


@dataclasses.dataclass(frozen=True)
class Toolkit:
    """The libraries that compile CUDA sources.

    Attributes:
        nvrtc: path of libnvrtc.
        preload: libraries to load before it.
        version: (major, minor) of NVRTC.
        architectures: for which it compiles, as numbers.
        include: folder of CUDA's headers, or None.
        nvjitlink: path of libnvJitLink, or None.
    """

    nvrtc: Path
    preload: tuple[str, ...]
    version: tuple[int, int]
    architectures: frozenset[int]
    include: Path | None
    nvjitlink: Path | None

    @property
    def fingerprint(self) -> str:
        """A text that changes when the compiler does; part of cache keys."""
        stat = self.nvrtc.stat()
        text = f"{self.version} {stat.st_size} {stat.st_mtime_ns} {self.include}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def __str__(self) -> str:
        return f"NVRTC {self.version[0]}.{self.version[1]} ({self.nvrtc})"


def find_toolkit(arch: str) -> Toolkit:
    """Returns the newest toolkit that compiles for `arch` and that the driver, if any, accepts.

    Raises:
        MissingCudaLibraryError: NVRTC is not installed, or does not load.
        UnsupportedArchitectureError: there is no such architecture, or no NVRTC here knows it.
    """
    number = architecture(arch).number
    toolkits = _find_toolkits(knobs.CUDA_PATH.get(), tuple(sys.path))
    fitting = [toolkit for toolkit in toolkits if number in toolkit.architectures]
    if not fitting:
        known = sorted({n for toolkit in toolkits for n in toolkit.architectures})
        raise UnsupportedArchitectureError(
            f"no NVRTC on this machine compiles for {arch}",
            expected=", ".join(f"sm_{n}" for n in known),
            got=arch,
            remedy=f"install another one: {_INSTALL} knows sm_70 to sm_121",
        )
    newest_for_driver = _driver_major()
    accepted = [t for t in fitting if t.version[0] <= newest_for_driver]
    return (accepted or fitting)[0]


@functools.lru_cache(maxsize=8)
def _find_toolkits(requested: Path | None, path: tuple[str, ...]) -> tuple[Toolkit, ...]:
    roots = [requested] if requested is not None else [*map(Path, filter(None, path)), _SYSTEM]
    toolkits, problems = [], []
    for major in (13, 12):
        for library in _candidates(roots, _WHEEL_NVRTC[major], f"libnvrtc.so.{major}"):
            preload = tuple(str(p) for p in sorted(library.parent.glob("libnvrtc-builtins.so.*.*")))
            version, archs, error = _runtime.nvrtc_info(str(library), preload[-1:])
            if error:
                problems.append(error)
                continue
            toolkits.append(
                Toolkit(
                    library,
                    preload[-1:],
                    version,
                    frozenset(archs),
                    _include(roots, major),
                    _first(roots, _WHEEL_NVJITLINK[major], f"libnvJitLink.so.{major}"),
                )
            )
            break
    if not toolkits:
        raise MissingCudaLibraryError(
            "NVRTC, the compiler for CUDA kernels, was not found",
            expected="libnvrtc.so.12 or libnvrtc.so.13 in "
            + (str(requested) if requested else "the wheels of this Python or /usr/local/cuda"),
            got="; ".join(problems) or None,
            remedy=(f"correct or unset {knobs.CUDA_PATH.name}, or " if requested else "")
            + _INSTALL,
        )
    return tuple(toolkits)


def _candidates(roots: list[Path], wheel_folder: str, name: str) -> Iterator[Path]:
    for root in roots:
        for folder in (wheel_folder, "lib64", "lib"):
            if (root / folder / name).is_file():
                yield root / folder / name


def _first(roots: list[Path], wheel_folder: str, name: str) -> Path | None:
    return next(_candidates(roots, wheel_folder, name), None)


def _include(roots: list[Path], major: int) -> Path | None:
    for root in roots:
        for folder in (_WHEEL_HEADERS[major], "include"):
            if (root / folder / "cuda_fp16.h").is_file():
                return root / folder
    return None


@functools.lru_cache(maxsize=1)
def _driver_major() -> int:
    """Returns the newest CUDA that the driver accepts; without a driver, any is right."""
    driver = cuda_driver.probe()
    return int(driver.version.split()[-1].split(".")[0]) if driver else sys.maxsize
