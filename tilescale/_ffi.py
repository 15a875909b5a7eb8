"""Loads the compiler library, hands out its functions, and turns its errors into ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tvm_ffi

from tilescale import _z3, errors

_z3.register()
_LIBRARY = tvm_ffi.load_module(str(Path(__file__).parent / "libtilescale.so"))


def get(name: str) -> Any:
    """Returns the global function ``tilescale.<name>`` of the compiler library."""
    return tvm_ffi.get_global_func("tilescale." + name)


def _position(text: str) -> tuple[str, int, int]:
    file, line, column = text.rsplit(":", 2)
    return file, int(line), int(column)


def _span(payload: dict[str, Any]) -> errors.Span | None:
    if not payload["file"]:
        return None
    caller: errors.Span | None = None
    for site in reversed(payload["chain"].split("\n")):
        if site:
            file, line, column = _position(site)
            caller = errors.Span(file, line, column, 0, caller)
    end = payload["end_col"] if payload["end_line"] == payload["line"] else 0
    return errors.Span(payload["file"], payload["line"], payload["col"], end, caller)


def _decoder(cls: type[errors.TileScaleError]) -> type:
    """A class for tvm-ffi whose constructor gives a `cls` from a message that may be JSON."""

    def decode(_: type, message: str) -> errors.TileScaleError:
        if not message.startswith('{"message":'):
            return cls(message)
        payload = json.loads(message)
        return cls(
            payload["message"],
            expected=payload["expected"] or None,
            got=payload["got"] or None,
            remedy=payload["remedy"] or None,
            span=_span(payload),
        )

    return type(cls.__name__, (), {"__new__": decode})


def _register_errors(cls: type[errors.TileScaleError]) -> None:
    tvm_ffi.error.register_error(cls.__name__, _decoder(cls))
    for sub in cls.__subclasses__():
        _register_errors(sub)


_register_errors(errors.TileScaleError)
