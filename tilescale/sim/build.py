"""Compiles the CUDA text of a kernel for the simulator, with the host's g++."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tilescale.errors import InternalError, MissingCompilerError
from tilescale.jit import cache
from tilescale.sim import headers

LIBRARY = Path(__file__).absolute().parents[1] / "libtilescale_sim.so"

# The line of every instruction is kept, that of inlined functions too. Uninitialised variables hold
# a pattern. Integer overflow wraps, as on GPUs.
_FLAGS = (
    *("-std=c++17", "-O1", "-g1", "-gdwarf-4", "-fPIC", "-w", "-fno-exceptions", "-fno-rtti"),
    "-fmax-errors=5",
    *("-fwrapv", "-fno-strict-aliasing", "-ffp-contract=off"),
    "-ftrivial-auto-var-init=pattern",
)
# Calls a function of the simulator in front of each access to memory; it is linked without gcc's.
_CHECKED = ("-fsanitize=thread", "--param=tsan-instrument-func-entry-exit=0")
_TIMEOUT_SECONDS = 600


@functools.cache
def _compiler() -> tuple[str, str]:
    """Returns the path of g++ and its version."""
    path = shutil.which("g++")
    if path is None:
        raise MissingCompilerError(
            "the simulator compiles kernels with g++, which was not found",
            expected="g++ 12 or later",
            remedy="install the system's g++ package",
        )
    version = subprocess.run([path, "-dumpfullversion"], capture_output=True, text=True, check=True)
    return path, version.stdout.strip()


def _key(source: str, kernel: str, arch: int, checked: bool) -> str:
    parts = [source, kernel, str(arch), str(checked), *_compiler(), *_FLAGS, str(LIBRARY)]
    for name, text in headers.simulator_headers().items():
        parts += [name, text]
    # The library is linked by its path; its interface is that of the headers.
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _run(command: list[str], source: Path) -> None:
    result = subprocess.run(
        command,
        cwd=source.parent,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    if result.returncode:
        raise InternalError(f"the simulator cannot compile {source}:\n{result.stderr}")


def _write_headers(folder: Path) -> None:
    for name, text in headers.simulator_headers().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _build(folder: Path, final: Path, source: str, kernel: str, arch: int, checked: bool) -> None:
    _write_headers(folder)
    (folder / "kernel.cu").write_text(source)
    entry = folder / "entry.cc"
    entry.write_text(f'#include "kernel.cu"\nTS_SIM_ENTRY({kernel})\n')
    command = [_compiler()[0], *_FLAGS, *(_CHECKED if checked else ())]
    command += [
        f"-D__CUDA_ARCH__={arch * 10}",
        f"-I{folder}",
        f"-fdebug-prefix-map={folder}={final}",
    ]
    made = folder / "kernel.o"
    _run([*command, "-c", str(entry), "-o", str(made)], folder / "kernel.cu")
    link = [_compiler()[0], "-shared", "-Wl,--no-undefined", str(made), str(LIBRARY), "-lm"]
    _run([*link, "-o", str(folder / "kernel.so")], folder / "kernel.cu")


def build(source: str, kernel: str, arch: int, checked: bool) -> Path:
    """Returns the folder with kernel.so and kernel.cu, which may be there from an earlier time.

    Args:
        source: CUDA text that includes tilescale/kernel.cuh.
        kernel: name of the `extern "C"` kernel in it.
        arch: 70 ... 120.
        checked: whether accesses to memory are checked.

    Raises:
        MissingCompilerError: there is no g++.
        InternalError: the text cannot be compiled.
    """
    final = cache.cache_root() / "sim" / _key(source, kernel, arch, checked)[:32]
    if (final / "kernel.so").exists():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=final.parent))
    try:
        _build(folder, final, source, kernel, arch, checked)
        with contextlib.suppress(OSError):  # another process was faster
            os.replace(folder, final)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return final
