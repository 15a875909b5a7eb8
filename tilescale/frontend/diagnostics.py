"""User errors at the place in the kernel that is being traced."""

from __future__ import annotations

import os
import sys

from tilescale.errors import Span, TileScaleError
from tilescale.frontend import context, spans

#: Where this package lies: frames below are not the user's.
PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep


def here() -> Span | None:
    """The place in the user's source that is being traced, or that called the library."""
    builder = context.current_or_none()
    found = builder.position() if builder is not None else None
    return found or _calling_line()


def _calling_line() -> Span | None:
    """The innermost line being executed outside of this package."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back  # type: ignore[assignment]
    return None if frame is None else spans.error_span(frame.f_code, frame.f_lasti)


def mistake(
    cls: type[TileScaleError],
    message: str,
    *,
    expected: str | None = None,
    got: str | None = None,
    remedy: str | None = None,
    span: Span | None = None,
) -> TileScaleError:
    """An error of class `cls` with the given texts, at `span` or else at the place being traced."""
    return cls(message, expected=expected, got=got, remedy=remedy, span=span or here())
