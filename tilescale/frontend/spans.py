"""Source positions, read from the instruction that a traced frame is executing.

A rewritten function keeps the line and column numbers of its source, so the table of its code
object (`co_positions`) tells where the user's code is, without any bookkeeping during the trace.
"""

from __future__ import annotations

import functools
import linecache
import re
from types import CodeType, FrameType

from tilescale import ir
from tilescale.errors import Span

_Position = tuple[int, int, int, int]
# A code object's first line is that of its first decorator.
_MAX_DECORATOR_LINES = 50


@functools.lru_cache(maxsize=512)
def _positions(code: CodeType, file: str) -> list[_Position]:
    del file  # part of the key: code objects of two files may compare equal
    start = code.co_firstlineno
    return [
        (line or start, column or 0, end_line or line or start, end_column or 0)
        for line, end_line, column, end_column in code.co_positions()
    ]


def _char_column(file: str, line: int, byte_column: int) -> int:
    """The 1-based column in characters of a 0-based column in UTF-8 bytes."""
    text = linecache.getline(file, line)
    if text.isascii():
        return byte_column + 1
    return len(text.encode()[:byte_column].decode(errors="ignore")) + 1


def code_position(code: CodeType, instruction: int) -> _Position:
    """First line and column, last line and column (from 1, end exclusive) of an instruction."""
    file = code.co_filename
    line, column, end_line, end_column = _positions(code, file)[max(instruction, 0) // 2]
    return (
        line,
        _char_column(file, line, column),
        end_line,
        _char_column(file, end_line, end_column),
    )


def definition_span(code: CodeType) -> ir.Span | None:
    """The function's name in its `def` statement, None if the source cannot be read."""
    for line in range(code.co_firstlineno, code.co_firstlineno + _MAX_DECORATOR_LINES):
        match = re.match(r"\s*def\s+(\w+)", linecache.getline(code.co_filename, line))
        if match is not None and match[1] == code.co_name:
            return ir.Span(code.co_filename, line, match.start(1) + 1, line, match.end(1) + 1, None)
    return None


def error_span(code: CodeType, instruction: int, caller: Span | None = None) -> Span:
    """The position of an instruction as errors show it."""
    line, column, end_line, end_column = code_position(code, instruction)
    if end_line != line:
        end_column = len(linecache.getline(code.co_filename, line).rstrip()) + 1
    return Span(code.co_filename, line, column, end_column, caller)


class Activation:
    """One running traced function: its frame and the places it was called from.

    Attributes:
        frame: the Python frame of the rewritten function.
        depth: nesting of blocks when it was entered.
    """

    __slots__ = ("_caller", "_caller_error", "_spans", "depth", "frame")

    def __init__(self, frame: FrameType, caller: Activation | None, depth: int) -> None:
        self.frame = frame
        self.depth = depth
        # The caller stands still while this activation runs, so its span is taken once.
        self._caller = caller.span() if caller is not None else None
        self._caller_error = caller.error_span() if caller is not None else None
        self._spans: dict[int, ir.Span] = {}

    def span(self) -> ir.Span:
        """The place being executed, for IR nodes."""
        instruction = self.frame.f_lasti
        found = self._spans.get(instruction)
        if found is None:
            code = self.frame.f_code
            found = ir.Span(code.co_filename, *code_position(code, instruction), self._caller)
            self._spans[instruction] = found
        return found

    def error_span(self) -> Span:
        """The place being executed, for errors."""
        return error_span(self.frame.f_code, self.frame.f_lasti, self._caller_error)
