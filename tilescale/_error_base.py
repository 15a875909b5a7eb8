"""What all errors have in common; part of `tilescale.errors`, which everybody imports."""

from __future__ import annotations

import dataclasses
import linecache
from typing import Any

# Of a longer chain of macro calls, this many are shown from either end.
_SHOWN_CALLERS = 3


@dataclasses.dataclass(frozen=True)
class Span:
    """A place in the user's source; lines and columns count from 1.

    Attributes:
        file: path as Python knows it.
        line: first line.
        column: first column, 0 if unknown.
        end_column: column after the last character on `line`, 0 if unknown.
        inlined_from: the call site, when the place is inside an expanded macro.
    """

    file: str
    line: int
    column: int = 0
    end_column: int = 0
    inlined_from: Span | None = None

    def __str__(self) -> str:
        position = f"{self.file}:{self.line}"
        return f"{position}:{self.column}" if self.column else position

    def source_line(self) -> str | None:
        """Returns the text of `line` without its newline, or None if the file cannot be read."""
        text = linecache.getline(self.file, self.line)
        return text.rstrip("\n") if text else None

    def render(self) -> str:
        """Returns the position, the source line with a caret, and the chain of call sites."""
        lines = [f"  --> {self}", *self._render_source()]
        callers = self._callers()
        # A macro that calls itself has a chain that is long and says one thing.
        hidden = len(callers) - 2 * _SHOWN_CALLERS
        for index, caller in enumerate(callers):
            if hidden > 0 and _SHOWN_CALLERS <= index < _SHOWN_CALLERS + hidden:
                lines += [f"  ... {hidden} more calls"] if index == _SHOWN_CALLERS else []
                continue
            lines += [f"  inlined from {caller}", *caller._render_source()]
        return "\n".join(lines)

    def _callers(self) -> list[Span]:
        callers = []
        caller = self.inlined_from
        while caller is not None:
            callers.append(caller)
            caller = caller.inlined_from
        return callers

    def _render_source(self) -> list[str]:
        text = self.source_line()
        if text is None:
            return []
        number = str(self.line)
        margin = " " * len(number)
        lines = [f"{margin} |", f"{number} | {text}"]
        if 0 < self.column <= len(text) + 1:
            # Tabs before the caret are kept, so that it stays under its column.
            pad = "".join("\t" if c == "\t" else " " for c in text[: self.column - 1])
            last = min(self.end_column, len(text) + 1)
            lines.append(f"{margin} | {pad}{'^' * max(1, last - self.column)}")
        return lines


class TileScaleError(Exception):
    """Base of all errors raised by TileScale.

    Attributes:
        message: one sentence that names the mistake.
        expected: what would have been right, or None.
        got: what was found, or None.
        remedy: what to write or do instead, or None.
        span: the place in the user's source, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        expected: str | None = None,
        got: str | None = None,
        remedy: str | None = None,
        span: Span | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.got = got
        self.remedy = remedy
        self.span = span

    def __str__(self) -> str:
        lines = [self.message]
        if self.span is not None:
            lines.append(self.span.render())
        for label in ("expected", "got", "remedy"):
            value = getattr(self, label)
            if value is not None:
                lines.append(f"  {label}: {value}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        # Keyword arguments do not survive the default reduction of exceptions.
        return (_restore, (type(self), self.args, self.__dict__.copy()))


def _restore(
    cls: type[TileScaleError], args: tuple[Any, ...], state: dict[str, Any]
) -> TileScaleError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class InternalError(TileScaleError):
    """A defect of TileScale itself, not of the user's program."""
