"""Finds the C compiler of the CPU target and runs it."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tilescale import knobs
from tilescale.errors import InternalError, MissingCompilerError, TileScaleError

# Flags of every CPU kernel. Integer overflow wraps (-fwrapv) and memory may be viewed as another
# type (-fno-strict-aliasing), because the language says so. Products may be fused with sums, as on
# GPUs; no other floating-point freedom is taken, so NaN, infinities and signed zeros are kept.
DEFAULT_FLAGS: tuple[str, ...] = (
    "-std=gnu11",
    "-O3",
    "-march=native",
    "-shared",
    "-fPIC",
    "-fwrapv",
    "-fno-strict-aliasing",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffp-contract=fast",
    "-fopenmp-simd",
    "-w",
)
LIBRARIES: tuple[str, ...] = ("-lm",)

_ABI_INCLUDE = re.compile(r'^#include "tilescale/kernel_abi\.h"$', re.MULTILINE)
_NO_SPACE = "No space left on device"

_INSTALL_COMMANDS = {
    "debian": "apt install gcc libc6-dev",
    "ubuntu": "apt install gcc libc6-dev",
    "fedora": "dnf install gcc",
    "rhel": "dnf install gcc",
    "suse": "zypper install gcc",
    "arch": "pacman -S gcc",
    "alpine": "apk add gcc musl-dev",
}


@dataclasses.dataclass(frozen=True)
class Compiler:
    """A C compiler driver that takes gcc's options.

    Attributes:
        command: the command, with leading arguments.
        fingerprint: changes when the compiler's binary does.
    """

    command: tuple[str, ...]
    fingerprint: str

    def __str__(self) -> str:
        return shlex.join(self.command)

    def version(self) -> str:
        """Returns the first line of `--version`, or an empty string if it cannot be run."""
        try:
            result = subprocess.run(
                [*self.command, "--version"],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            return ""
        return result.stdout.partition("\n")[0] if result.returncode == 0 else ""


def find_compiler() -> Compiler:
    """Returns the C compiler that kernels are compiled with.

    Raises:
        MissingCompilerError: there is none, or the one that TILESCALE_CC names does not exist.
    """
    return _find_compiler(knobs.CC.get(), os.environ.get("PATH", ""))


@functools.lru_cache(maxsize=16)
def _find_compiler(requested: str, path: str) -> Compiler:
    if requested:
        found = _resolve(shlex.split(requested), path)
        if found is None:
            raise MissingCompilerError(
                f"TILESCALE_CC names a compiler that does not exist: {requested}",
                remedy="unset TILESCALE_CC, or set it to the command of a C compiler",
            )
        return found
    for command in _candidates():
        found = _resolve(command, path)
        if found is not None:
            return found
    raise missing_compiler("no C compiler was found")


def _candidates() -> Iterator[Sequence[str]]:
    yield from (["cc"], ["gcc"], ["clang"])
    if importlib.util.find_spec("ziglang") is not None:
        yield [sys.executable, "-m", "ziglang", "cc"]


def _resolve(command: Sequence[str], path: str) -> Compiler | None:
    program = shutil.which(command[0], path=path)
    if program is None:
        return None
    full = (program, *command[1:])
    binary = _zig_binary() if "ziglang" in command else Path(os.path.realpath(program))
    stat = binary.stat()
    text = f"{binary} {stat.st_size} {stat.st_mtime_ns} {shlex.join(full)}"
    return Compiler(full, hashlib.sha256(text.encode()).hexdigest()[:16])


def _zig_binary() -> Path:
    spec = importlib.util.find_spec("ziglang")
    return Path(spec.origin) if spec is not None and spec.origin else Path(sys.executable)


def missing_compiler(message: str) -> MissingCompilerError:
    """Returns the error for a machine without a working compiler, with the one-line remedy."""
    install = _INSTALL_COMMANDS.get(_distribution(), "install gcc or clang")
    return MissingCompilerError(
        f"{message}; CPU kernels need one",
        expected="cc, gcc, clang or the ziglang wheel",
        remedy=f"`{install}` or, without root, `pip install tilescale[zig]`",
    )


def _distribution() -> str:
    try:
        text = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return ""
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    names = f"{fields.get('ID', '')} {fields.get('ID_LIKE', '')}".replace('"', "").split()
    return next((name for name in names if name in _INSTALL_COMMANDS), "")


@functools.lru_cache(maxsize=1)
def cpu_features() -> str:
    """Returns a text that differs between CPUs for which `-march=native` differs."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as file:
            wanted = ("model name", "flags", "Features", "CPU part")
            lines: dict[str, str] = {}
            for line in file:
                if not line.strip():
                    break  # The first CPU stands for all.
                name, _, value = line.partition(":")
                if name.strip() in wanted:
                    lines[name.strip()] = value.strip()
            return str(sorted(lines.items()))
    except OSError:
        return ""


@functools.lru_cache(maxsize=4)
def runtime_text(name: str) -> str:
    """Returns the text of a header of cc/runtime that becomes part of generated sources."""
    here = Path(__file__).absolute().parent
    for folder in (here.parent / "include", here.parents[1] / "cc" / "runtime"):
        header = folder / name
        if header.is_file():
            return header.read_text(encoding="utf-8")
    raise InternalError(f"{name} is missing from the installation")


def kernel_abi_text() -> str:
    """Returns the text of cc/runtime/kernel_abi.h, which every generated source starts with."""
    return runtime_text("kernel_abi.h")


def complete_source(source: str) -> str:
    """Replaces the include of kernel_abi.h by its text, so that the source is one whole file."""
    return _ABI_INCLUDE.sub(lambda _: kernel_abi_text(), source, count=1)


def compile_shared(source: Path, output: Path, flags: Sequence[str] = ()) -> None:
    """Compiles one C file into a shared object.

    Args:
        source: a complete C file.
        output: path of the shared object; its folder also takes the compiler's temporary files.
        flags: options after the default ones.

    Raises:
        MissingCompilerError: there is no compiler, or it cannot compile anything.
        OSError: no space is left for the compiler's output.
        InternalError: the compiler rejects the source; the source is kept and named.
    """
    compiler = find_compiler()
    command = [*compiler.command, *DEFAULT_FLAGS, *flags, str(source), "-o", str(output)]
    result = _run([*command, *LIBRARIES], output.parent)
    if result.returncode == 0 and output.is_file():
        return
    if _NO_SPACE in result.stderr:
        raise OSError(28, _NO_SPACE, str(output))
    _check_works(compiler, output.parent)
    raise _rejected(source, command, result.stderr, list(flags))


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    timeout = knobs.COMPILE_TIMEOUT.get() or None
    environment = {**os.environ, "TMPDIR": str(folder), "LC_ALL": "C"}
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TileScaleError(
            f"the C compiler did not finish within {timeout} s",
            got=shlex.join(command),
            remedy=f"set {knobs.COMPILE_TIMEOUT.name} to a larger number of seconds",
        ) from error
    except OSError as error:
        raise missing_compiler(f"`{command[0]}` cannot be run: {error.strerror}") from error


def _check_works(compiler: Compiler, folder: Path) -> None:
    probe = folder / "probe.c"
    probe.write_text("#include <math.h>\ndouble f(double x) { return sqrt(x); }\n")
    output = folder / "probe.so"
    result = _run([*compiler.command, *DEFAULT_FLAGS, str(probe), "-o", str(output), "-lm"], folder)
    if result.returncode != 0:
        first = next(iter(result.stderr.strip().splitlines()), "no message")
        raise missing_compiler(f"`{compiler}` cannot compile a one-line program ({first})")


def _rejected(
    source: Path, command: Sequence[str], stderr: str, flags: Sequence[str]
) -> TileScaleError:
    kept = _keep(source)
    lines = "\n".join(stderr.strip().splitlines()[:20])
    if flags and any(flag in stderr for flag in flags):
        remedy = f"check compile_flags: {shlex.join(flags)}"
    else:
        remedy = "report this with the source named above"
    return InternalError(
        f"the C compiler rejects the generated source {kept}:\n{lines}",
        got=shlex.join(command),
        remedy=remedy,
    )


def _keep(source: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tilescale-rejected-"))
    return Path(shutil.copy(source, folder / source.name))
