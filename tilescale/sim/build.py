"""Compiles the CUDA text of kernels for the simulator, with the host's g++.

A translation unit takes about 0.17 s for the headers and the compiler's start, and a kernel of
usual size 0.05 to 0.15 s more. A precompiled header saves 0.03 s of that and takes 0.5 s to make,
so there is none; `build_many` puts several kernels into one unit instead.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from tilescale.errors import InternalError, MissingCompilerError
from tilescale.jit.build import TemporaryFolder, in_temporary_folder
from tilescale.jit.cache import KernelCache, is_cache_enabled
from tilescale.sim import headers
from tilescale.sim.user_source import UserSource, rejected

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
_OLDEST = 12
# What debug information calls the folder in which a kernel was compiled.
FOLDER = "/tilescale-sim"
_LIBRARY_NAME = "kernel.so"
# A header other than ours would be included inside a namespace.
_OTHER_INCLUDE = re.compile(r'^\s*#\s*include\s+(?!["<]tilescale/)', re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Text:
    """A kernel before it is compiled.

    Attributes:
        source: CUDA text that includes tilescale/kernel.cuh.
        kernel: name of the `extern "C"` kernel in it.
        flags: more options for g++.
        user_sources: finds what of the text is the user's, if it cannot be compiled.
    """

    source: str
    kernel: str
    flags: tuple[str, ...] = ()
    user_sources: Callable[[], Sequence[UserSource]] = dataclasses.field(
        default=tuple, compare=False
    )


@dataclasses.dataclass(frozen=True)
class Built:
    """A compiled kernel.

    Attributes:
        library: path of the shared object, which may hold other kernels too.
        symbol: the kernel's name in it.
        file: name of the kernel's text, beside `library`; findings give lines in it.
        owner: keeps a temporary folder with both; None if they are in the cache.
    """

    library: Path
    symbol: str
    file: str
    owner: TemporaryFolder | None = None


@functools.cache
def compiler() -> tuple[str, str]:
    """Returns the path of g++ and its version.

    Raises:
        MissingCompilerError: there is none, or one that is too old or does not work.
    """
    path = shutil.which("g++")
    if path is None:
        raise _no_compiler("which was not found", None)
    version, problem = _version(path)
    if not version.split(".")[0].isdigit() or int(version.split(".")[0]) < _OLDEST:
        raise _no_compiler(f"but {path} does not do", version or problem)
    return path, version


def _version(path: str) -> tuple[str, str]:
    """Returns what the compiler says is its version, and what else it says."""
    command = [path, "-dumpfullversion"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", str(error)
    return ran.stdout.strip(), ran.stderr.strip()


def _no_compiler(reason: str, got: str | None) -> MissingCompilerError:
    return MissingCompilerError(
        f"the simulator compiles kernels with g++, {reason}",
        expected=f"g++ {_OLDEST} or later",
        got=got,
        remedy="install the system's g++ package",
    )


def _key(texts: Sequence[Text], arch: int, checked: bool) -> str:
    parts = [str(arch), str(checked), *compiler(), *_FLAGS, str(LIBRARY)]
    for name, text in headers.simulator_headers().items():
        parts += [name, text]
    for given in texts:
        parts += [given.source, given.kernel, *given.flags]
    # The library is linked by its path; its interface is that of the headers.
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _run(command: list[str], folder: Path, texts: Sequence[Text]) -> None:
    result = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        env={**os.environ, "LC_ALL": "C"},
        check=False,
    )
    if not result.returncode:
        return
    log = result.stderr.replace(f"{folder}/", "")
    own = texts[0].user_sources() if len(texts) == 1 else ()
    if own:
        raise rejected(texts[0].source, own, log)
    raise InternalError(f"the simulator cannot compile the kernel:\n{log}")


def _write_headers(folder: Path) -> None:
    for name, text in headers.simulator_headers().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _unit(texts: Sequence[Text]) -> str:
    """Returns the translation unit of all texts, each under its own name."""
    lines = ['#include "tilescale/kernel.cuh"']
    for number, text in enumerate(texts):
        symbol = _symbol(texts, number)
        include = f'#include "{_file(number)}"'
        lines += [f"#define {text.kernel} {symbol}"] if symbol != text.kernel else []
        if len(texts) > 1:
            space = f"ts_text_{number}"
            lines += [f"namespace {space} {{", include, "}", f"#undef {text.kernel}"]
            lines.append(f"using {space}::{symbol};")
        else:
            lines.append(include)
        lines.append(f"TS_SIM_ENTRY({symbol})")
    return "\n".join(lines) + "\n"


def _symbol(texts: Sequence[Text], number: int) -> str:
    name = texts[number].kernel
    return name if len(texts) == 1 else f"{name}_ts_{number}"


def _file(number: int) -> str:
    return f"kernel_{number}.cu" if number else "kernel.cu"


def _build(folder: Path, texts: Sequence[Text], arch: int, checked: bool) -> None:
    _write_headers(folder)
    for number, text in enumerate(texts):
        (folder / _file(number)).write_text(text.source, encoding="utf-8")
    entry = folder / "entry.cc"
    entry.write_text(_unit(texts), encoding="utf-8")
    command = [compiler()[0], *_FLAGS, *texts[0].flags, *(_CHECKED if checked else ())]
    command += [
        f"-D__CUDA_ARCH__={arch * 10}",
        f"-I{folder}",
        f"-fdebug-prefix-map={folder}={FOLDER}",
    ]
    _run([*command, "-c", entry.name, "-o", "kernel.o"], folder, texts)
    link = [compiler()[0], "-shared", "-Wl,--no-undefined", "kernel.o", str(LIBRARY), "-lm"]
    _run([*link, "-o", _LIBRARY_NAME], folder, texts)


def build(text: Text, arch: int, checked: bool) -> Built:
    """Returns a compiled kernel, which may be there from an earlier time.

    Args:
        text: the kernel.
        arch: 70 ... 120.
        checked: whether accesses to memory are checked.

    Raises:
        MissingCompilerError: there is no g++.
        CudaCompileError: the text has C++ of the user's, and cannot be compiled.
        InternalError: another text cannot be compiled.
    """
    return _build_together([text], arch, checked)[0]


def build_many(texts: Sequence[Text], arch: int, checked: bool) -> list[Built]:
    """Compiles several kernels in one translation unit, which saves most of the time.

    Texts that include other headers, or that have options, are compiled alone. If one of them is
    wrong, all are compiled alone, so that the error is about that one.

    Args:
        texts: the kernels.
        arch: 70 ... 120.
        checked: whether accesses to memory are checked.

    Raises:
        MissingCompilerError: there is no g++.
        CudaCompileError: a text has C++ of the user's, and cannot be compiled.
        InternalError: another text cannot be compiled.
    """
    together = [text for text in texts if not text.flags and not _OTHER_INCLUDE.search(text.source)]
    found: dict[Text, Built] = {}
    if len(together) > 1:
        with contextlib.suppress(InternalError):
            found = dict(zip(together, _build_together(together, arch, checked), strict=True))
    return [found[text] if text in found else build(text, arch, checked) for text in texts]


def _build_together(texts: Sequence[Text], arch: int, checked: bool) -> list[Built]:
    cache = KernelCache() if is_cache_enabled() else None
    key = _key(texts, arch, checked)
    folder = cache.load(key) if cache is not None else None
    owner = None
    if folder is None:
        owner, _ = in_temporary_folder(lambda path: _build(path, texts, arch, checked))
        if cache is not None:
            folder = cache.store(key, _results(owner.path, texts))
        if folder is None:
            folder = owner.path
        else:
            owner.remove()
            owner = None
    library = folder / _LIBRARY_NAME
    return [Built(library, _symbol(texts, i), _file(i), owner) for i in range(len(texts))]


def _results(folder: Path, texts: Sequence[Text]) -> dict[str, bytes]:
    """Returns what is kept: the library, and the texts that findings give lines of."""
    names = [_LIBRARY_NAME, *map(_file, range(len(texts)))]
    return {name: (folder / name).read_bytes() for name in names}
