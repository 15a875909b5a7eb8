"""From the compiler's source to machine code on disk, through the cache."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import logging
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from tilescale.errors import TileScaleError
from tilescale.jit.cache import KernelCache, is_cache_enabled

LOGGER = logging.getLogger("tilescale")
Made = TypeVar("Made")

_META = "meta.json"


@dataclasses.dataclass(frozen=True)
class Lowered:
    """What the compiler makes of a function.

    Attributes:
        source: the generated text, not yet completed by the maker.
        signature: as in cc/runtime/README.md.
    """

    source: str
    signature: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Artifact:
    """A compiled kernel on disk.

    Attributes:
        source: the complete source.
        signature: as in cc/runtime/README.md.
        binary: path of the machine code.
        from_cache: whether it was found in the disk cache.
        facts: what the maker says of it.
        folder: owner of a temporary folder that `binary` lies in, None if it is in the cache.
    """

    source: str
    signature: dict[str, Any]
    binary: Path
    from_cache: bool
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    folder: TemporaryFolder | None = None


class Maker(Protocol):
    """How the sources of one target become machine code.

    Attributes:
        source_name: file name of a source.
        binary_name: file name of the machine code.
    """

    source_name: str
    binary_name: str

    def environment(self, cache: KernelCache) -> list[str]:
        """Returns what the machine code depends on besides the source's key."""

    def complete(self, source: str) -> str:
        """Returns the source as it is compiled and kept."""

    def make(self, source: Path, binary: Path, flags: Sequence[str]) -> dict[str, Any]:
        """Compiles a file, and returns facts to keep with the machine code, for JSON."""


class TemporaryFolder:
    """A folder that goes when this object does, or when the process that made it ends."""

    def __init__(self, parent: Path | None = None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="tilescale-", dir=parent))
        self._finalizer = weakref.finalize(self, _remove_own, self.path, os.getpid())

    def remove(self) -> None:
        """Removes the folder now."""
        self._finalizer()


def _remove_own(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # not a fork of it
        shutil.rmtree(folder, ignore_errors=True)


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
    maker: Maker,
    *,
    verbose: bool = False,
) -> Artifact:
    """Returns the compiled kernel, from the cache if it is there.

    Args:
        key_text: everything that source and signature depend on, except source positions.
        span_text: the same with source positions; asked for only if the kernel reports some.
        flags: more options for the maker.
        lower: runs the compiler.
        maker: makes machine code of its source.
        verbose: logs what happens.

    Raises:
        TileScaleError: the kernel is not in the cache, and the maker cannot make it.
    """
    cache = KernelCache() if is_cache_enabled() else None
    key = ""
    if cache is not None:
        key = hash_parts(key_text, *flags, *maker.environment(cache))
        found = _load(cache, key, span_text, maker)
        if found is not None:
            _log(verbose, "%s: found in the disk cache (%s)", found.signature["name"], key[:12])
            return found
    lowered = lower()
    _log(verbose, "%s: compiling", lowered.signature["name"])
    return _compile(lowered, flags, cache, key, span_text, maker)


def _log(verbose: bool, message: str, *arguments: object) -> None:
    LOGGER.log(logging.WARNING if verbose else logging.DEBUG, message, *arguments)


def _load(
    cache: KernelCache, key: str, span_text: Callable[[], str], maker: Maker
) -> Artifact | None:
    found = _load_entry(cache, key, maker)
    if found is None or not found[0].signature.get("sites"):
        return found[0] if found else None
    # Failures name source lines, which may have moved since the entry was made.
    spans = hash_parts(span_text())
    if found[1] == spans:
        return found[0]
    found = _load_entry(cache, hash_parts(key, spans), maker)
    return found[0] if found else None


def _load_entry(cache: KernelCache, key: str, maker: Maker) -> tuple[Artifact, str] | None:
    """Returns the entry, and the hash of the source positions in it."""
    folder = cache.load(key)
    if folder is None:
        return None
    try:
        meta = json.loads((folder / _META).read_bytes())
        source = (folder / maker.source_name).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None  # Another process has cleared the cache meanwhile.
    binary = folder / maker.binary_name
    return Artifact(source, meta["signature"], binary, True, meta["facts"]), meta["spans"]


def _compile(
    lowered: Lowered,
    flags: tuple[str, ...],
    cache: KernelCache | None,
    key: str,
    span_text: Callable[[], str],
    maker: Maker,
) -> Artifact:
    source = maker.complete(lowered.source)

    def compile_in(folder: Path) -> dict[str, Any]:
        file = folder / maker.source_name
        file.write_text(source, encoding="utf-8")
        return maker.make(file, folder / maker.binary_name, flags)

    folder, facts = in_temporary_folder(compile_in)
    binary = folder.path / maker.binary_name
    signature = copy.deepcopy(lowered.signature)
    if cache is not None:
        spans = hash_parts(span_text()) if signature.get("sites") else ""
        meta = json.dumps({"signature": signature, "spans": spans, "facts": facts})
        files = {
            maker.source_name: source.encode(),
            maker.binary_name: binary.read_bytes(),
            _META: meta.encode(),
        }
        entry = cache.store(key, files)
        if entry is not None and spans:
            entry = cache.store(hash_parts(key, spans), files)
        if entry is not None:
            folder.remove()
            return Artifact(source, signature, entry / maker.binary_name, False, facts)
    return Artifact(source, signature, binary, False, facts, folder)


def in_temporary_folder(work: Callable[[Path], Made]) -> tuple[TemporaryFolder, Made]:
    """Runs `work` in the first temporary folder that has space, and returns both.

    Args:
        work: makes files in the folder that it is given; it may be run again in another one.

    Raises:
        TileScaleError: no folder has space.
    """
    failure: OSError | None = None
    for parent in (None, Path("/dev/shm")):
        if parent is not None and not parent.is_dir():
            continue
        try:
            folder = TemporaryFolder(parent)
            return folder, work(folder.path)
        except TileScaleError:
            raise  # Some of them are also an OSError.
        except OSError as error:
            failure = error
    raise TileScaleError(
        f"no temporary folder can take the compiled kernel ({failure})",
        remedy="free some space, or set TMPDIR to a folder that has some",
    ) from failure
