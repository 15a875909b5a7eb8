"""Kernels that the tests of the simulator share."""

from __future__ import annotations

import re

FUNCTION = re.compile(r"^TS_DEVICE [\w<>:]+ (\w+)\(", re.MULTILINE)
MACRO = re.compile(r"^TS_(?:ATOMIC|REDUX|PACKED)\w*\((\w+),", re.MULTILINE)
INCLUDE = '#include "tilescale/kernel.cuh"\n'


def kernel(body: str, parameters: str, threads: int = 128) -> str:
    """Returns the text of a kernel `k`; its body starts on line 3."""
    head = f'extern "C" __global__ void __launch_bounds__({threads}) k({parameters}) {{\n'
    return INCLUDE + head + body.strip("\n") + "\n}\n"


def line_of(source: str, mark: str) -> int:
    """Returns the number of the only line of `source` that holds `mark`."""
    lines = [number for number, line in enumerate(source.split("\n"), 1) if mark in line]
    assert len(lines) == 1, (mark, lines)
    return lines[0]


def functions(header: str) -> set[str]:
    """Returns the names of the functions of `ts::ptx` that a header declares."""
    start = header.find("namespace ts::ptx {")
    body = header[start:] if start >= 0 else ""
    return set(FUNCTION.findall(body)) | set(MACRO.findall(body))
