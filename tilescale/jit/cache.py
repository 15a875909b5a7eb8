"""The disk cache of compiled kernels.

An entry is one folder that holds the files of a kernel and a manifest with their hashes. It appears
by one rename, so readers see all of it or nothing, and processes may race. What does not match its
manifest is treated as absent and replaced. A cache that cannot be written is a warning, no error.
"""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

from tilescale import knobs
from tilescale.errors import CacheWarning

_MANIFEST = "manifest.json"
# Part of the path: entries of another layout are never looked at.
_LAYOUT = "v1"


@dataclasses.dataclass(frozen=True)
class CacheInfo:
    """What the disk cache holds.

    Attributes:
        root: its folder.
        enabled: whether it is used.
        entries: number of kernels.
        bytes: their total size.
    """

    root: Path
    enabled: bool
    entries: int
    bytes: int


class _Switch:
    """What `enable_cache` and `disable_cache` asked for; None: the environment decides."""

    def __init__(self) -> None:
        self.enabled: bool | None = None


_SWITCH = _Switch()


def enable_cache() -> None:
    """Uses the disk cache from now on, whatever TILESCALE_DISABLE_CACHE says."""
    _SWITCH.enabled = True


def disable_cache() -> None:
    """Compiles every kernel anew from now on, and stores nothing on disk."""
    _SWITCH.enabled = False


def is_cache_enabled() -> bool:
    """Tells whether compiled kernels are looked up and stored on disk."""
    return not knobs.DISABLE_CACHE.get() if _SWITCH.enabled is None else _SWITCH.enabled


def cache_root() -> Path:
    """Returns the folder of the disk cache, which need not exist."""
    root = knobs.CACHE_DIR.get()
    if root is not None:
        return root
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "tilescale"


class KernelCache:
    """Entries below one folder.

    Args:
        root: the folder; None for `cache_root()`.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root if root is not None else cache_root()

    def _entry(self, key: str) -> Path:
        return self._root / _LAYOUT / "kernels" / key[:2] / key

    def load(self, key: str) -> Path | None:
        """Returns the folder of an intact entry, or None."""
        folder = self._entry(key)
        try:
            manifest = json.loads((folder / _MANIFEST).read_bytes())
            for name, digest in manifest["files"].items():
                if _digest((folder / name).read_bytes()) != digest:
                    return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return folder

    def store(self, key: str, files: Mapping[str, bytes]) -> Path | None:
        """Adds an entry, unless another process was faster.

        Args:
            key: hexadecimal hash of everything that the files depend on.
            files: content by file name.

        Returns:
            The entry's folder; None, after a warning, if the folder cannot be written.
        """
        try:
            return self._store(key, files)
        except OSError as error:
            warn_unwritable(self._root, error)
            return None

    def _store(self, key: str, files: Mapping[str, bytes]) -> Path:
        entry = self._entry(key)
        staging = self._root / _LAYOUT / "staging" / os.urandom(16).hex()
        staging.mkdir(parents=True)
        try:
            for name, content in files.items():
                (staging / name).write_bytes(content)
            manifest = {"files": {name: _digest(data) for name, data in files.items()}}
            (staging / _MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
            entry.parent.mkdir(parents=True, exist_ok=True)
            self._publish(key, staging, entry)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        return entry

    def _publish(self, key: str, staging: Path, entry: Path) -> None:
        for _ in range(16):
            try:
                staging.rename(entry)
                return
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                    raise
            if self.load(key) is not None:
                return  # Another process has stored the same kernel.
            self._discard(entry)
        raise OSError(errno.EBUSY, "the cache entry keeps changing", str(entry))

    def _discard(self, entry: Path) -> None:
        """Takes a broken entry away in one step; another process may do the same at this moment."""
        trash = self._root / _LAYOUT / "staging" / os.urandom(16).hex()
        try:
            entry.rename(trash)
        except FileNotFoundError:
            return
        if trash.is_dir():
            shutil.rmtree(trash, ignore_errors=True)
        else:
            trash.unlink(missing_ok=True)

    def info(self) -> CacheInfo:
        """Counts the entries and their bytes."""
        entries = total = 0
        for manifest in (self._root / _LAYOUT / "kernels").glob(f"*/*/{_MANIFEST}"):
            entries += 1
            total += sum(file.stat().st_size for file in manifest.parent.iterdir())
        return CacheInfo(self._root, is_cache_enabled(), entries, total)

    def clear(self) -> int:
        """Removes all entries, and returns how many there were. Kernels in use keep working."""
        entries = self.info().entries
        shutil.rmtree(self._root / _LAYOUT, ignore_errors=True)
        return entries

    def fingerprint(self, path: Path) -> str:
        """Returns the hash of a file's content, remembered in the cache by size and mtime."""
        stat = path.stat()
        stamp = f"{path.resolve()} {stat.st_size} {stat.st_mtime_ns} {stat.st_ino}"
        memo = self._root / _LAYOUT / "fingerprints" / _digest(stamp.encode())[:32]
        try:
            text = memo.read_text(encoding="utf-8")
            if len(text) == 64:
                return text
        except (OSError, ValueError):
            pass
        digest = _digest(path.read_bytes())
        self._remember(memo, digest)
        return digest

    def _remember(self, memo: Path, digest: str) -> None:
        try:
            memo.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", dir=memo.parent, delete=False, encoding="utf-8"
            ) as file:
                file.write(digest)
            Path(file.name).replace(memo)
        except OSError:
            pass  # `store` warns if the cache is not writable; this is only a shortcut.


_WARNED: set[Path] = set()
_PACKAGE = str(Path(__file__).absolute().parents[1])


def warn_unwritable(root: Path, error: OSError) -> None:
    """Warns, once for each folder, that nothing can be kept there.

    Args:
        root: the folder.
        error: what writing to it gave.
    """
    if root in _WARNED:
        return
    _WARNED.add(root)
    warnings.warn(
        f"the kernel cache {root} cannot be written ({error.strerror or error}): kernels"
        f" are compiled anew in each process; set {knobs.CACHE_DIR.name} to a writable folder"
        " with free space",
        CacheWarning,
        stacklevel=_levels_to_user(),
    )


def _levels_to_user() -> int:
    """The `stacklevel` that points at the first caller outside this package."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    return level


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
