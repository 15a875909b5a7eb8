"""Mistakes in the C++ that users put into kernels, as g++ reports them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from tilescale.errors import CudaCompileError, Span

_SHOWN_LINES = 12
_LINKAGE = 'extern "C" '
_PLACE = re.compile(r"\bkernel\.cu:(\d+)(?=:)")


@dataclasses.dataclass(frozen=True)
class UserSource:
    """C++ that a user put into a kernel.

    Attributes:
        text: as the user wrote it.
        called: what took it, "T.import_source" for example.
        span: the place of that, or of the function with it.
    """

    text: str
    called: str
    span: Span | None

    def lines_in(self, source: str) -> range:
        """Returns the numbers of its lines in a kernel's text, none if it is not there."""
        # The compiler may have given the kernel C linkage.
        whole, part = (text.replace(_LINKAGE, "") for text in (source, self.text))
        start = whole.find(part)
        first = whole.count("\n", 0, start) + 1
        return range(first, first + part.count("\n") + 1) if start >= 0 else range(0)


def rejected(source: str, sources: Sequence[UserSource], log: str) -> CudaCompileError:
    """Returns the error for a text with C++ of a user's that g++ does not compile.

    Args:
        source: the kernel's text.
        sources: what of it is the user's, at least one.
        log: what g++ said.
    """
    ranges = [(part, part.lines_in(source)) for part in sources]

    def place(match: re.Match[str]) -> str:
        line = int(match[1])
        for part, lines in ranges:
            if line in lines:
                return f"{part.called}:{line - lines.start + 1}"
        return match[0]

    lines = [_PLACE.sub(place, line) for line in log.strip().splitlines()]
    lines = [line for line in lines if not line.lstrip().startswith(("In file included", "from "))]
    named = (part for part in sources if any(f"{part.called}:" in line for line in lines))
    blamed = next(named, sources[0])
    shown = "\n".join(lines[:_SHOWN_LINES])
    return CudaCompileError(
        f"the C++ given to `{blamed.called}` cannot be compiled (its lines count from 1):\n{shown}",
        remedy="correct the text, or the calls of its functions",
        span=blamed.span,
    )
