"""Cuts a failing program down: drops statements, unwraps blocks, shrinks sizes."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Callable, Iterator

from fuzz_program import Node, Program

StillFails = Callable[[Program], bool]


def _paths(nodes: list[Node], prefix: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """The positions of all nodes, later and outer ones first."""
    for i in range(len(nodes) - 1, -1, -1):
        yield (*prefix, i)
        yield from _paths(nodes[i].body or [], (*prefix, i))


def _replaced(program: Program, path: tuple[int, ...], unwrap: bool) -> Program:
    """The program without the node at `path`, or with its body in its place."""
    new = program.copy()
    nodes = new.body
    for step in path[:-1]:
        nodes = nodes[step].body or []
    body = nodes[path[-1]].body if unwrap else []
    nodes[path[-1] : path[-1] + 1] = body or []
    return new


def _cuts(program: Program) -> Iterator[Program]:
    for path in _paths(program.body):
        yield _replaced(program, path, unwrap=False)
    for path in _paths(program.body):
        node = program
        nodes = node.body
        for step in path[:-1]:
            nodes = nodes[step].body or []
        if nodes[path[-1]].body and nodes[path[-1]].text.startswith(("if", "else", "while")):
            yield _replaced(program, path, unwrap=True)


def _without_tensors(program: Program) -> Iterator[Program]:
    text = "\n".join(line for node in program.body for line in node.lines(0))
    for i in range(len(program.tensors) - 1, -1, -1):
        if not re.search(rf"\b{program.tensors[i].name}\b", text):
            new = program.copy()
            del new.tensors[i]
            used = {dim for tensor in new.tensors for dim in tensor.dims}
            new.dynamic = [d for d in new.dynamic if d in used]
            yield new


def _smaller(program: Program) -> Iterator[Program]:
    for table in ("tiles", "sizes"):
        for name, value in getattr(program, table).items():
            for smaller in sorted({value // 2, value - 1}):
                if (1 if table == "tiles" else 0) <= smaller < value:
                    new = program.copy()
                    getattr(new, table)[name] = smaller
                    yield new
    if program.threads > 32:
        yield dataclasses.replace(program.copy(), threads=32)
    for name in program.dynamic:
        new = program.copy()
        new.dynamic = [d for d in program.dynamic if d != name]
        yield new


def minimize(program: Program, still_fails: StillFails, seconds: float = 60.0) -> Program:
    """The smallest program found within the time that still fails."""
    deadline = time.monotonic() + seconds
    progress = True
    while progress and time.monotonic() < deadline:
        progress = False
        for step in (_cuts, _without_tensors, _smaller):
            candidate = _first(step(program), still_fails, deadline)
            while candidate is not None:
                program, progress = candidate, True
                candidate = _first(step(program), still_fails, deadline)
    return program


def _first(
    candidates: Iterator[Program], still_fails: StillFails, deadline: float
) -> Program | None:
    for candidate in candidates:
        if time.monotonic() > deadline:
            return None
        if still_fails(candidate):
            return candidate
    return None
