"""The disk cache survives races, damage, missing rights and full disks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from tilescale import knobs
from tilescale.errors import CacheWarning
from tilescale.jit import cache as cache_module
from tilescale.jit.cache import KernelCache

KEY = "ab" * 32
FILES = {"kernel.so": b"\x7fELF" * 1000, "meta.json": b"{}"}


@pytest.fixture
def cache(tmp_path):
    cache_module._WARNED.clear()
    return KernelCache(tmp_path / "cache")


def entry(cache, key=KEY) -> Path:
    return cache._entry(key)


def test_round_trip(cache):
    assert cache.load(KEY) is None
    folder = cache.store(KEY, FILES)
    assert folder == cache.load(KEY)
    assert (folder / "kernel.so").read_bytes() == FILES["kernel.so"]
    assert list((cache._root / "v1" / "staging").iterdir()) == []


def test_second_store_keeps_the_first(cache):
    first = cache.store(KEY, FILES)
    inode = (first / "kernel.so").stat().st_ino
    assert cache.store(KEY, FILES) == first
    assert (first / "kernel.so").stat().st_ino == inode


def truncate(folder):
    (folder / "kernel.so").write_bytes(b"\x7fELF")


def flip_a_bit(folder):
    data = bytearray((folder / "kernel.so").read_bytes())
    data[100] ^= 1
    (folder / "kernel.so").write_bytes(data)


def remove_a_file(folder):
    (folder / "meta.json").unlink()


def break_the_manifest(folder):
    (folder / "manifest.json").write_text("{")


def empty_the_manifest(folder):
    (folder / "manifest.json").write_text("[]")


def remove_the_manifest(folder):
    (folder / "manifest.json").unlink()


def replace_by_a_file(folder):
    import shutil

    shutil.rmtree(folder)
    folder.write_text("not a folder")


@pytest.mark.parametrize(
    "damage",
    [
        truncate,
        flip_a_bit,
        remove_a_file,
        break_the_manifest,
        empty_the_manifest,
        remove_the_manifest,
        replace_by_a_file,
    ],
)
def test_damage_is_repaired(cache, damage):
    damage(cache.store(KEY, FILES))
    assert cache.load(KEY) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        folder = cache.store(KEY, FILES)
    assert cache.load(KEY) == folder
    assert (folder / "kernel.so").read_bytes() == FILES["kernel.so"]


def test_unwritable_folder_warns_once(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder should be")
    cache = KernelCache(blocked / "cache")
    with pytest.warns(CacheWarning, match="cannot be written") as records:
        assert cache.store(KEY, FILES) is None
        assert cache.store(KEY, FILES) is None
        assert KernelCache(blocked / "cache").store(KEY, FILES) is None
    assert len(records) == 1
    assert records[0].filename == __file__
    assert knobs.CACHE_DIR.name in str(records[0].message)


def test_no_permission(cache, monkeypatch):
    def denied(self, **options):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.warns(CacheWarning, match="Permission denied"):
        assert cache.store(KEY, FILES) is None


def test_full_disk(cache, monkeypatch):
    def no_space(self, data):
        del self, data
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", no_space)
        with pytest.warns(CacheWarning, match="No space left on device"):
            assert cache.store(KEY, FILES) is None
    assert cache.load(KEY) is None
    assert list((cache._root / "v1" / "staging").iterdir()) == []
    assert cache.store(KEY, FILES) is not None


RACER = """
import sys
from pathlib import Path
from tilescale.jit.cache import KernelCache
cache = KernelCache(Path(sys.argv[1]))
sys.stdin.readline()
for i in range(40):
    key = f"{i:064x}"
    files = {"kernel.so": bytes([i]) * 5000, "meta.json": b"{}"}
    folder = cache.store(key, files)
    assert folder is not None
    if i % 3 == 0 and sys.argv[2] == "0":
        (folder / "kernel.so").write_bytes(b"damaged")
    found = cache.load(key)
    assert found is None or i % 3 == 0 or (found / "kernel.so").read_bytes() == files["kernel.so"]
"""


def test_eight_processes_race(tmp_path):
    command = [sys.executable, "-W", "error", "-c", RACER, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    racers = [
        subprocess.Popen([*command, str(i)], stdin=subprocess.PIPE, env=environment)
        for i in range(8)
    ]
    for racer in racers:
        racer.stdin.write(b"\n")
        racer.stdin.flush()
    assert [racer.wait(timeout=120) for racer in racers] == [0] * 8
    cache = KernelCache(tmp_path)
    for i in range(40):
        if i % 3:
            assert (cache.load(f"{i:064x}") / "kernel.so").read_bytes() == bytes([i]) * 5000


def test_info_and_clear(cache):
    assert cache.info().entries == 0
    cache.store(KEY, FILES)
    cache.store("cd" * 32, FILES)
    info = cache.info()
    assert info.entries == 2
    assert info.bytes > 2 * len(FILES["kernel.so"])
    assert cache.clear() == 2
    assert cache.info().entries == 0
    assert cache.load(KEY) is None


def test_fingerprint_follows_the_content(cache, tmp_path):
    file = tmp_path / "library"
    file.write_bytes(b"one")
    first = cache.fingerprint(file)
    assert cache.fingerprint(file) == first
    file.write_bytes(b"two!")
    assert cache.fingerprint(file) != first
    file.write_bytes(b"one")
    assert cache.fingerprint(file) == first


def test_root_and_switches(monkeypatch, tmp_path):
    monkeypatch.setattr(cache_module._SWITCH, "enabled", None)
    monkeypatch.setenv("TILESCALE_CACHE_DIR", str(tmp_path / "x"))
    assert cache_module.cache_root() == tmp_path / "x"
    monkeypatch.delenv("TILESCALE_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_module.cache_root() == tmp_path / "tilescale"
    monkeypatch.setenv("TILESCALE_DISABLE_CACHE", "1")
    assert not cache_module.is_cache_enabled()
    cache_module.enable_cache()
    assert cache_module.is_cache_enabled()
    cache_module.disable_cache()
    monkeypatch.delenv("TILESCALE_DISABLE_CACHE")
    assert not cache_module.is_cache_enabled()


def test_manifest_is_json(cache):
    folder = cache.store(KEY, FILES)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert sorted(manifest["files"]) == sorted(FILES)
