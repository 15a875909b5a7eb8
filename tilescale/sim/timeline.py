"""The timeline of a simulated launch, in the trace-event format that Perfetto opens."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Find = Callable[[int], tuple[str, int, str]]
Span = tuple[str, str, int, int, int, int, int]
_WHOLE_BLOCK = -1


class Timeline:
    """Blocks, warps, waits, products and copies in flight, in simulated order.

    One unit of its time is one access to memory or one switch between threads; it says nothing of
    how long hardware takes.

    Attributes:
        events: trace events: each block is a process, each warp a thread.
        dropped: spans beyond the first million, which are left out.
    """

    def __init__(self, raw: dict[str, Any], find: Find) -> None:
        self.dropped: int = raw["dropped"]
        self.events: list[dict[str, Any]] = []
        named: set[tuple[int, int]] = set()
        for number, span in enumerate(raw["spans"]):
            self._name(span[2], span[3], named)
            self._add(number, span, find)

    def _name(self, block: int, warp: int, named: set[tuple[int, int]]) -> None:
        if (block, warp) in named:
            return
        named.add((block, warp))
        what = "process_name" if warp == _WHOLE_BLOCK else "thread_name"
        name = f"block {block}" if warp == _WHOLE_BLOCK else f"warp {warp}"
        self.events.append(
            {
                "ph": "M",
                "pid": block,
                "tid": warp + 1,
                "name": what,
                "args": {"name": name},
            }
        )

    def _add(self, number: int, span: Span, find: Find) -> None:
        category, name, block, warp, start, end, offset = span
        file, line, origin = find(offset)
        args = {"line": origin or f"{file}:{line}"} if line else {}
        base = {"pid": block, "tid": warp + 1, "cat": category, "name": name, "args": args}
        if category == "copy":  # those overlap: asynchronous spans have a track of their own
            at = {**base, "id": number}
            self.events.append({**at, "ph": "b", "ts": start})
            self.events.append({**at, "ph": "e", "ts": end})
        else:
            self.events.append({**base, "ph": "X", "ts": start, "dur": end - start})

    def to_json(self) -> str:
        """Returns the text of a trace file."""
        return json.dumps({"traceEvents": self.events, "displayTimeUnit": "ns"})

    def write(self, path: str | Path) -> None:
        """Writes a trace file, which https://ui.perfetto.dev opens."""
        Path(path).write_text(self.to_json())


def offsets(raw: dict[str, Any]) -> set[int]:
    """Returns the offsets in the kernel's library of which the spans speak."""
    return {span[6] for span in raw["spans"]}
