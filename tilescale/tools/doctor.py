"""`tilescale doctor`: what this machine has, and what is missing for what."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.metadata
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

from tilescale.errors import TileScaleError
from tilescale.tools import cuda_driver


@dataclasses.dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        name: what was looked for.
        value: what was found, or None.
        remedy: what to do if it was not found.
    """

    name: str
    value: str | None
    remedy: str = ""


@dataclasses.dataclass(frozen=True)
class Need:
    """Something that a user may want to do, and the findings that it takes."""

    purpose: str
    findings: tuple[str, ...]


_PACKAGES = ("tilescale", "apache-tvm-ffi", "z3-solver", "numpy", "ml-dtypes", "absl-py", "torch")
_OPTIONAL = {"tilescale", "torch"}

# Library name -> (distribution names, newest first; file to look for inside them).
_CUDA_WHEELS = {
    "NVRTC": (("nvidia-cuda-nvrtc", "nvidia-cuda-nvrtc-cu12"), "libnvrtc.so"),
    "nvJitLink": (("nvidia-nvjitlink", "nvidia-nvjitlink-cu12"), "libnvJitLink.so"),
    "CUDA headers": (
        ("nvidia-cuda-runtime", "nvidia-cuda-runtime-cu12"),
        "cuda_fp16.h",
    ),
    "NVSHMEM": (("nvidia-nvshmem-cu13", "nvidia-nvshmem-cu12"), "libnvshmem_host.so"),
}

NEEDS = (
    Need("compile and run CPU kernels", ("compiler library", "CPU runtime", "C compiler")),
    Need("run kernels on the simulator", ("compiler library", "simulator", "g++")),
    Need("compile CUDA kernels", ("NVRTC", "CUDA headers")),
    Need("link CUDA kernels that communicate", ("nvJitLink", "NVSHMEM")),
    Need("run CUDA kernels", ("NVRTC", "CUDA headers", "CUDA driver", "GPU")),
)


def examine() -> list[Finding]:
    """Looks at the machine; starts nothing but the C compiler's `--version`."""
    findings = [
        Finding("Python", f"{platform.python_version()} ({sys.executable})"),
        Finding("machine", f"{platform.machine()}, {len(os.sched_getaffinity(0))} usable cores"),
        *(_package(name) for name in _PACKAGES),
        _attempt("compiler library", _compiler_library, "reinstall the tilescale wheel"),
        _attempt("CPU runtime", _cpu_runtime, "reinstall the tilescale wheel"),
        _attempt("C compiler", _c_compiler, "install gcc or clang"),
        _attempt("simulator", _simulator, "reinstall the tilescale wheel"),
        _attempt("g++", _simulator_compiler, "install g++ 12 or later"),
        _attempt("kernel cache", _kernel_cache, "set TILESCALE_CACHE_DIR to a writable folder"),
    ]
    findings += [_cuda_wheel(name) for name in _CUDA_WHEELS]
    findings.append(_attempt("NVRTC in use", _nvrtc, "install NVRTC"))
    return findings + _gpu_findings()


def report(findings: list[Finding]) -> str:
    """Returns the findings as text, and for each purpose what it still needs."""
    width = max(len(finding.name) for finding in findings)
    lines = [f"{finding.name:<{width}}  {finding.value or 'not found'}" for finding in findings]
    by_name = {finding.name: finding for finding in findings}
    lines.append("")
    for need in NEEDS:
        missing = [by_name[name] for name in need.findings if by_name[name].value is None]
        lines.append(f"{need.purpose}: {'ready' if not missing else 'not ready'}")
        lines += [f"  missing {finding.name}: {finding.remedy}" for finding in missing]
    return "\n".join(lines) + "\n"


def is_cpu_ready(findings: list[Finding]) -> bool:
    """Tells whether CPU kernels can be compiled and run."""
    found = {finding.name for finding in findings if finding.value is not None}
    return found.issuperset(NEEDS[0].findings)


def _attempt(name: str, probe: Callable[[], str], remedy: str) -> Finding:
    try:
        return Finding(name, probe())
    except TileScaleError as error:
        return Finding(name, None, f"{error.message}; {error.remedy or remedy}")
    except (ImportError, OSError, RuntimeError) as error:
        return Finding(name, None, f"{error}; {remedy}")


def _package(name: str) -> Finding:
    remedy = "" if name in _OPTIONAL else f"pip install {name}"
    try:
        return Finding(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "not installed" + (" (optional)" if name in _OPTIONAL else ""), remedy)


def _compiler_library() -> str:
    path = Path(__file__).parents[1] / "libtilescale.so"
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist")
    importlib.import_module("tilescale._ffi")
    return str(path)


def _cpu_runtime() -> str:
    from tilescale import _runtime

    return str(_runtime.__file__)


def _c_compiler() -> str:
    from tilescale.jit import toolchain

    compiler = toolchain.find_compiler()
    return f"{compiler} ({compiler.version()})"


def _simulator() -> str:
    from tilescale.sim.build import LIBRARY

    if not LIBRARY.is_file():
        raise FileNotFoundError(f"{LIBRARY} does not exist")
    return str(LIBRARY)


def _simulator_compiler() -> str:
    from tilescale.sim import build

    return " ".join(build.compiler())


def _nvrtc() -> str:
    """Loads the library, which a broken installation does not survive."""
    from tilescale.cuda.toolkit import find_toolkit
    from tilescale.jit.target import device_arch

    return str(find_toolkit(device_arch() or "sm_80"))


def _kernel_cache() -> str:
    from tilescale.jit.cache import KernelCache, cache_root

    root = cache_root()
    nearest = next(folder for folder in (root, *root.parents) if folder.exists())
    if not os.access(nearest, os.W_OK):
        raise PermissionError(f"no write permission on {nearest}")
    info = KernelCache().info()
    return f"{info.root} ({info.entries} kernels, {info.bytes / 1e6:.1f} MB)"


def _cuda_wheel(name: str) -> Finding:
    distributions, file = _CUDA_WHEELS[name]
    for distribution in distributions:
        try:
            found = importlib.metadata.distribution(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
        paths = [path for path in found.files or () if path.name.startswith(file)]
        if paths:
            return Finding(name, f"{distribution} {found.version} ({paths[0].locate()})")
    return Finding(name, None, f"pip install {distributions[0]}")


def _gpu_findings() -> list[Finding]:
    driver = cuda_driver.probe()
    version = driver.version if driver is not None else None
    gpus = ", ".join(driver.devices) if driver is not None else ""
    return [
        Finding("CUDA driver", version, "install NVIDIA's driver"),
        Finding("GPU", gpus or None, "kernels run on the CPU target until there is a GPU"),
    ]
