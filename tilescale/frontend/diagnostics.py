"""User errors at the place in the kernel that is being traced."""

from __future__ import annotations

from tilescale.errors import Span, TileScaleError
from tilescale.frontend import context


def here() -> Span | None:
    """The place in the user's source that is being traced, or None outside of a trace."""
    builder = context.current_or_none()
    return builder.position() if builder is not None else None


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
