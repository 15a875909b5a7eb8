"""Turns what the C++ runtime found wrong with a call into the user's error."""

from __future__ import annotations

import linecache
import re
from typing import Any, NoReturn

from tilescale import errors
from tilescale.errors import Span

# How far below `def` a kernel's parameters are looked for; eager ones are annotated in the body.
_MAX_HEADER_LINES = 100
_NEXT_DEFINITION = re.compile(r"\s*(def|class|@)\b")

# Kind as the runtime names it -> (class, what is wrong with the argument).
_KINDS: dict[str, tuple[type[errors.ArgumentError], str]] = {
    "type": (errors.ArgumentTypeError, "has the wrong type"),
    "dtype": (errors.ArgumentDTypeError, "has the wrong dtype"),
    "rank": (errors.ArgumentRankError, "has the wrong number of dimensions"),
    "shape": (errors.ArgumentShapeError, "has the wrong shape"),
    "stride": (errors.ArgumentStrideError, "has the wrong memory layout"),
    "alignment": (errors.ArgumentAlignmentError, "is not aligned"),
    "device": (errors.ArgumentDeviceError, "is on the wrong device"),
    "read_only": (errors.ArgumentReadOnlyError, "is written by the kernel, but read-only"),
    "range": (errors.ArgumentRangeError, "is out of range"),
    "expression": (errors.SizeExpressionError, "cannot be evaluated"),
}

# Kind as the runtime names what goes wrong at a launch on CUDA -> class.
_LAUNCH_KINDS: dict[str, type[errors.CudaError]] = {
    "driver": errors.MissingDriverError,
    "no_gpu": errors.MissingGpuError,
    "architecture": errors.ArchitectureMismatchError,
    "shared_memory": errors.SharedMemoryLimitError,
    "threads": errors.ThreadLimitError,
    "grid": errors.GridLimitError,
    "load": errors.CudaLoadError,
    "launch": errors.CudaLaunchError,
}


def span_from_dict(fields: dict[str, Any] | None) -> Span | None:
    """Returns the span of a signature's `span` field, None if it is missing."""
    if not fields:
        return None
    return Span(
        file=fields["file"],
        line=fields["line"],
        column=fields.get("column", 0),
        end_column=fields.get("end_column", 0),
        inlined_from=span_from_dict(fields.get("inlined_from")),
    )


def span_to_dict(span: Any) -> dict[str, Any] | None:
    """Returns a node's `ir.Span` in the form that signatures use."""
    if span is None:
        return None
    end = span.end_col if span.end_line == span.line else 0
    fields = {"file": str(span.file), "line": int(span.line), "column": int(span.col)}
    return {**fields, "end_column": int(end), "inlined_from": span_to_dict(span.caller)}


def find_parameter(definition: Span, name: str) -> Span:
    """Returns the place where a kernel annotates a parameter, or its definition if none is found.

    Args:
        definition: the kernel's name in its `def` statement.
        name: the parameter.
    """
    pattern = re.compile(rf"(?<![\w.]){re.escape(name)}\s*:(?!=)")
    for line in range(definition.line, definition.line + _MAX_HEADER_LINES):
        text = linecache.getline(definition.file, line)
        if line > definition.line and _NEXT_DEFINITION.match(text):
            break
        match = pattern.search(text)
        if match is not None:
            start = match.start() + 1
            return Span(definition.file, line, start, start + len(name))
    return definition


class ArgumentReporter:
    """Raises the errors of one kernel's calls.

    Args:
        signature: the kernel's signature, as in cc/runtime/README.md.
    """

    def __init__(self, signature: dict[str, Any]) -> None:
        self._signature = signature

    def __call__(
        self, kind: str, index: int, detail: str, expected: str, got: str, remedy: str
    ) -> NoReturn:
        """Raises the error of class `kind`.

        Args:
            kind: a key of the tables above, "count", "keyword" or "assertion".
            index: index of the parameter, -1 if the whole call is meant; the kernel's code for
                "assertion".
            detail: what exactly is wrong, may be empty.
            expected: what would be right, may be empty.
            got: what was passed, may be empty.
            remedy: what to do, may be empty.
        """
        if kind == "assertion":
            raise self._assertion_error(index, detail)
        if kind == "count":
            raise self._count_error(int(got))
        if kind == "keyword":
            raise self._keyword_error()
        if kind in _LAUNCH_KINDS:
            raise _LAUNCH_KINDS[kind](
                detail,
                expected=expected or None,
                got=got or None,
                remedy=remedy or None,
                span=span_from_dict(self._signature.get("span")),
            )
        raise self._argument_error(kind, index, detail, expected, got, remedy)

    def _argument_error(
        self, kind: str, index: int, detail: str, expected: str, got: str, remedy: str
    ) -> errors.ArgumentError:
        cls, complaint = _KINDS[kind]
        param = self._signature["params"][index] if index >= 0 else None
        subject = f"argument `{param['name']}`" if param else "a size"
        message = f"{subject} of kernel `{self._signature['name']}` {complaint}"
        return self._make(
            cls,
            f"{message}: {detail}" if detail else message,
            param,
            expected=expected or None,
            got=got or None,
            remedy=remedy or None,
        )

    def _make(
        self, cls: type[errors.ArgumentError], message: str, param: Any, **fields: Any
    ) -> errors.ArgumentError:
        span = span_from_dict((param or self._signature).get("span"))
        if span is None and param is not None:
            definition = span_from_dict(self._signature.get("span"))
            span = find_parameter(definition, param["name"]) if definition else None
        error = cls(message, span=span, **fields)
        error.kernel = self._signature["name"]
        error.argument = param["name"] if param else None
        return error

    def _passed(self) -> list[dict[str, Any]]:
        return [p for p in self._signature["params"] if p.get("role", "input") == "input"]

    def _count_error(self, got: int) -> errors.ArgumentError:
        names = [p["name"] for p in self._passed()]
        name = self._signature["name"]
        if got < len(names):
            missing = ", ".join(f"`{n}`" for n in names[got:])
            message = f"kernel `{name}` is called without {missing}"
        else:
            message = f"kernel `{name}` is called with {got - len(names)} extra argument(s)"
        error = self._make(
            errors.ArgumentCountError,
            message,
            None,
            expected=f"{len(names)} positional argument(s): ({', '.join(names)})",
            got=f"{got}",
            remedy=self._output_hint(),
        )
        error.argument = names[got] if got < len(names) else None
        return error

    def _output_hint(self) -> str | None:
        made = [p["name"] for p in self._signature["params"] if p.get("role") == "output"]
        if not made:
            return None
        return (
            f"do not pass {', '.join(f'`{n}`' for n in made)}: the kernel allocates and returns it"
        )

    def _keyword_error(self) -> errors.ArgumentError:
        names = ", ".join(p["name"] for p in self._passed())
        return self._make(
            errors.ArgumentKeywordError,
            f"kernel `{self._signature['name']}` takes no keyword arguments",
            None,
            expected=f"positional arguments: ({names})",
            remedy="pass all arguments by position",
        )

    def _assertion_error(self, code: int, detail: str) -> errors.KernelAssertionError:
        sites = self._signature.get("sites") or []
        site = sites[code - 1] if 0 < code <= len(sites) else {}
        text = detail or site.get("message") or f"code {code}"
        return errors.KernelAssertionError(
            f"device_assert failed in kernel `{self._signature['name']}`: {text}",
            span=span_from_dict(site.get("span")),
        )
