"""The little of ELF that a wheel needs: required symbol versions, and the run path."""

from __future__ import annotations

import dataclasses
import re
import struct
from collections.abc import Iterator

_VERNEED = 0x6FFFFFFE
_DYNAMIC = 6
_RPATH_TAGS = (15, 29)  # DT_RPATH, DT_RUNPATH


@dataclasses.dataclass(frozen=True)
class _Section:
    kind: int
    offset: int
    size: int
    link: int


def _sections(data: bytes) -> list[_Section]:
    (start,) = struct.unpack_from("<Q", data, 40)
    size, count, _ = struct.unpack_from("<HHH", data, 58)
    rows = (struct.unpack_from("<IIQQQQIIQQ", data, start + i * size) for i in range(count))
    return [_Section(kind=row[1], offset=row[4], size=row[5], link=row[6]) for row in rows]


def _text(data: bytes, offset: int) -> str:
    return data[offset : data.index(b"\0", offset)].decode()


def is_elf(data: bytes) -> bool:
    """Returns whether `data` is a 64-bit little-endian ELF file."""
    return data[:6] == b"\x7fELF\x02\x01"


def _needed_names(data: bytes) -> Iterator[str]:
    sections = _sections(data)
    for section in sections:
        if section.kind != _VERNEED:
            continue
        strings = sections[section.link].offset
        position = section.offset
        while True:
            _, count, _, first, after = struct.unpack_from("<HHIII", data, position)
            entry = position + first
            for _ in range(count):
                _, _, _, name, step = struct.unpack_from("<IHHII", data, entry)
                yield _text(data, strings + name)
                entry += step
            if not after:
                break
            position += after


def needed_versions(data: bytes) -> dict[str, tuple[int, ...]]:
    """Returns the highest version of each symbol family (GLIBC, GLIBCXX, CXXABI) that is needed."""
    highest: dict[str, tuple[int, ...]] = {}
    for name in _needed_names(data):
        match = re.fullmatch(r"(GLIBC|GLIBCXX|CXXABI)_([\d.]+)", name)
        if match:
            version = tuple(int(part) for part in match[2].split("."))
            highest[match[1]] = max(highest.get(match[1], ()), version)
    return highest


def set_run_path(data: bytearray, run_path: str) -> None:
    """Overwrites the run path in place; raises ValueError if there is no room for the new one."""
    sections = _sections(data)
    for section in sections:
        if section.kind != _DYNAMIC:
            continue
        strings = sections[section.link].offset
        for entry in range(section.offset, section.offset + section.size, 16):
            tag, value = struct.unpack_from("<QQ", data, entry)
            if tag in _RPATH_TAGS:
                offset = strings + value
                room = len(_text(data, offset))
                if len(run_path) > room:
                    raise ValueError(f"{len(run_path)} characters don't fit into {room}")
                data[offset : offset + room] = run_path.encode().ljust(room, b"\0")
                return
    raise ValueError("the library has no run path")
