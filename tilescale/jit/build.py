"""From the compiler's C source to a shared object on disk, through the cache."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import logging
import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tilescale.errors import TileScaleError
from tilescale.jit import toolchain
from tilescale.jit.cache import KernelCache, is_cache_enabled

LOGGER = logging.getLogger("tilescale")

_SOURCE, _LIBRARY, _META = "kernel.c", "kernel.so", "meta.json"


@dataclasses.dataclass(frozen=True)
class Lowered:
    """What the compiler makes of a function.

    Attributes:
        source: C source, not yet completed with kernel_abi.h.
        signature: as in cc/runtime/README.md.
    """

    source: str
    signature: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Artifact:
    """A compiled kernel on disk.

    Attributes:
        source: the complete C source.
        signature: as in cc/runtime/README.md.
        library: path of the shared object.
        from_cache: whether it was found in the disk cache.
        folder: owner of a temporary folder that `library` lies in, None if it is in the cache.
    """

    source: str
    signature: dict[str, Any]
    library: Path
    from_cache: bool
    folder: TemporaryFolder | None = None


class TemporaryFolder:
    """A folder that goes when this object does, or when the process ends."""

    def __init__(self, parent: Path | None = None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="tilescale-", dir=parent))
        self._finalizer = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    def remove(self) -> None:
        """Removes the folder now."""
        self._finalizer()


def hash_parts(*parts: str) -> str:
    """Returns one hash of several texts, which depends on where one ends and the next begins."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(f"{len(data)}:".encode())
        digest.update(data)
    return digest.hexdigest()


def build(
    key_text: str,
    span_text: Callable[[], str],
    flags: tuple[str, ...],
    lower: Callable[[], Lowered],
    *,
    verbose: bool = False,
) -> Artifact:
    """Returns the compiled kernel, from the cache if it is there.

    Args:
        key_text: everything that source and signature depend on, except source positions.
        span_text: the same with source positions; asked for only if the kernel reports some.
        flags: more options for the C compiler.
        lower: runs the compiler.
        verbose: logs what happens.

    Raises:
        MissingCompilerError: the kernel is not in the cache and there is no C compiler.
        InternalError: the C compiler rejects the source.
    """
    cache = KernelCache() if is_cache_enabled() else None
    key = ""
    if cache is not None:
        key = hash_parts(key_text, *flags, *_environment(cache))
        found = _load(cache, key, span_text)
        if found is not None:
            _log(verbose, "%s: found in the disk cache (%s)", found.signature["name"], key[:12])
            return found
    lowered = lower()
    _log(verbose, "%s: compiling", lowered.signature["name"])
    return _compile(lowered, flags, cache, key, span_text)


def _log(verbose: bool, message: str, *arguments: object) -> None:
    LOGGER.log(logging.WARNING if verbose else logging.DEBUG, message, *arguments)


def _environment(cache: KernelCache) -> list[str]:
    """What else a kernel depends on: the compiler library, the C compiler, the CPU."""
    package = Path(__file__).absolute().parents[1]
    parts = [
        toolchain.cpu_features(),
        " ".join(toolchain.DEFAULT_FLAGS),
        toolchain.kernel_abi_text(),
    ]
    library = package / "libtilescale.so"
    if library.is_file():
        parts.append(cache.fingerprint(library))
    try:
        parts.append(toolchain.find_compiler().fingerprint)
    except TileScaleError:
        parts.append("no compiler")
    return parts


def _load(cache: KernelCache, key: str, span_text: Callable[[], str]) -> Artifact | None:
    found = _load_entry(cache, key)
    if found is None or not found[0].signature.get("sites"):
        return found[0] if found else None
    # Failures name source lines, which may have moved since the entry was made.
    spans = hash_parts(span_text())
    if found[1] == spans:
        return found[0]
    found = _load_entry(cache, hash_parts(key, spans))
    return found[0] if found else None


def _load_entry(cache: KernelCache, key: str) -> tuple[Artifact, str] | None:
    """Returns the entry, and the hash of the source positions in it."""
    folder = cache.load(key)
    if folder is None:
        return None
    try:
        meta = json.loads((folder / _META).read_bytes())
        source = (folder / _SOURCE).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None  # Another process has cleared the cache meanwhile.
    return Artifact(source, meta["signature"], folder / _LIBRARY, from_cache=True), meta["spans"]


def _compile(
    lowered: Lowered,
    flags: tuple[str, ...],
    cache: KernelCache | None,
    key: str,
    span_text: Callable[[], str],
) -> Artifact:
    source = toolchain.complete_source(lowered.source)
    folder = _compile_somewhere(source, flags)
    library = folder.path / _LIBRARY
    signature = copy.deepcopy(lowered.signature)
    if cache is not None:
        spans = hash_parts(span_text()) if signature.get("sites") else ""
        meta = json.dumps({"signature": signature, "spans": spans})
        files = {
            _SOURCE: source.encode(),
            _LIBRARY: library.read_bytes(),
            _META: meta.encode(),
        }
        entry = cache.store(key, files)
        if entry is not None and spans:
            entry = cache.store(hash_parts(key, spans), files)
        if entry is not None:
            folder.remove()
            return Artifact(source, signature, entry / _LIBRARY, from_cache=False)
    return Artifact(source, signature, library, from_cache=False, folder=folder)


def _compile_somewhere(source: str, flags: tuple[str, ...]) -> TemporaryFolder:
    """Compiles in the first temporary folder that has space."""
    failure: OSError | None = None
    for parent in (None, Path("/dev/shm")):
        if parent is not None and not parent.is_dir():
            continue
        try:
            folder = TemporaryFolder(parent)
            (folder.path / _SOURCE).write_text(source, encoding="utf-8")
            toolchain.compile_shared(folder.path / _SOURCE, folder.path / _LIBRARY, flags)
            return folder
        except OSError as error:
            failure = error
    raise TileScaleError(
        f"no temporary folder can take the compiled kernel ({failure})",
        remedy="free some space, or set TMPDIR to a folder that has some",
    ) from failure
