"""Running a rewritten kernel to obtain its IR."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable
from types import FrameType, FunctionType, TracebackType
from typing import Any, NoReturn

from tilescale import errors, ir
from tilescale.frontend import context, rewriter
from tilescale.frontend.buffer import Buffer, Region
from tilescale.frontend.builder import Builder, sequence
from tilescale.frontend.diagnostics import PACKAGE, mistake
from tilescale.frontend.signature import Signature
from tilescale.frontend.source import rewritten
from tilescale.frontend.spans import definition_span, error_span
from tilescale.frontend.values import describe

_WRONG_CALL = re.compile(r"([\w.]+)\(\) ((?:missing|got an unexpected|got multiple|takes).*)")


def trace(function: Callable[..., Any], locals_: dict[str, Any] | None = None) -> ir.PrimFunc:
    """Returns the IR of a kernel whose parameters are annotated.

    Args:
        function: the Python function.
        locals_: names for annotations that are strings, besides the function's globals.

    Raises:
        KernelError: a mistake in the kernel; each kind has its own class.
    """
    if not isinstance(function, FunctionType):
        raise errors.AnnotationError(
            "a kernel must be a Python function", got=f"an object of {type(function).__name__}"
        )
    builder = Builder(function.__name__, Signature())
    with context.activate(builder):
        arguments = [
            builder.signature.add_annotated(name, kind)
            for name, kind in _parameter_types(function, locals_ or {}).items()
        ]
        return run(builder, function, arguments, {})


def run(
    builder: Builder, function: FunctionType, args: list[Any], kwargs: dict[str, Any]
) -> ir.PrimFunc:
    """Traces `function` on prepared arguments with the active `builder`."""
    target = rewritten(function)
    try:
        returned = target(*args, **kwargs)
        check_launched(builder)
        return builder.signature.finish(
            builder.name,
            sequence(builder.root.stmts),
            builder.attrs,
            returned,
            definition_span(function.__code__),
        )
    except errors.TileScaleError as error:
        if error.span is None:
            error.span = builder.position()
        raise
    except NameError as error:
        _unknown_name(error)
    except TypeError as error:
        _check_call(error)
        _note_place(builder, error)
        raise
    except AttributeError as error:
        _check_attribute(error)
        _note_place(builder, error)
        raise
    except RecursionError as error:
        raise errors.MacroRecursionError(
            "the kernel calls itself without end",
            remedy="end the recursion on a condition known at compile time",
            span=builder.position(),
        ) from error
    except Exception as error:
        _note_place(builder, error)
        raise


def _note_place(builder: Builder, error: Exception) -> None:
    """Tells in a Python error from the trace where the kernel was."""
    place = builder.position()
    if place is not None:
        error.add_note(f"while tracing the kernel `{builder.name}`\n{place.render()}")


def _check_call(error: TypeError) -> None:
    """Raises the error for a call in the kernel that does not fit the function's parameters."""
    frame, instruction = _innermost_traced(error.__traceback__)
    match = _WRONG_CALL.match(str(error))
    if frame is None or match is None or _last_frame(error.__traceback__) is not frame:
        return
    raise errors.CallError(
        f"`{match[1]}` is called with the wrong arguments: it {match[2]}",
        remedy="compare the call with the function's parameters",
        span=error_span(frame.f_code, instruction),
    ) from error


def _check_attribute(error: AttributeError) -> None:
    """Raises the error for an attribute that a buffer or scalar of the kernel does not have."""
    frame, instruction = _innermost_traced(error.__traceback__)
    if frame is None or not isinstance(error.obj, (ir.Expr, Buffer, Region)):
        return
    known = [name for name in dir(error.obj) if not name.startswith("_")]
    close = difflib.get_close_matches(error.name or "", known, n=1)
    raise errors.UnknownAttributeError(
        f"{describe(error.obj)} has no attribute `{error.name}`",
        remedy=f"did you mean `{close[0]}`?" if close else f"it has {', '.join(known)}",
        span=error_span(frame.f_code, instruction),
    ) from error


def check_launched(builder: Builder) -> None:
    """Fails unless the function had a `T.Kernel`.

    Raises:
        KernelCountError: it had none.
    """
    if not builder.launched:
        raise errors.KernelCountError(
            f"the kernel `{builder.name}` has no T.Kernel",
            expected="a `with T.Kernel(...)`",
            remedy="put the body under `with T.Kernel(1) as bx:`",
            span=builder.position(),
        )


def _unknown_name(error: NameError) -> NoReturn:
    """Raises the error for a name that Python does not find, at the place in the kernel."""
    frame, instruction = _innermost_traced(error.__traceback__)
    last = _last_frame(error.__traceback__)
    if frame is None or last is None or last.f_code.co_filename.startswith(PACKAGE):
        raise error
    # Python 3.11 does not set `name` for local variables.
    name = error.name or str(error).split("'")[1]
    known = [n for n in (*frame.f_locals, *frame.f_globals) if not n.startswith("__ts")]
    close = difflib.get_close_matches(name, known, n=1)
    raise errors.UnknownNameError(
        f"the name `{name}` is not defined",
        remedy=f"did you mean `{close[0]}`?" if close else "define or import it before the kernel",
        span=error_span(frame.f_code, instruction),
    ) from error


def _last_frame(tb: TracebackType | None) -> FrameType | None:
    frame = None
    while tb is not None:
        frame, tb = tb.tb_frame, tb.tb_next
    return frame


def _innermost_traced(tb: TracebackType | None) -> tuple[FrameType | None, int]:
    found: tuple[FrameType | None, int] = (None, 0)
    while tb is not None:
        if rewriter.ENTER in tb.tb_frame.f_code.co_freevars:
            found = (tb.tb_frame, tb.tb_lasti)
        tb = tb.tb_next
    return found


def _parameter_types(function: FunctionType, locals_: dict[str, Any]) -> dict[str, Any]:
    """The evaluated annotation of each parameter, None where there is none."""
    code = function.__code__
    count = code.co_argcount + code.co_kwonlyargcount
    if code.co_flags & 0x0C or code.co_kwonlyargcount:
        raise mistake(
            errors.AnnotationError,
            f"the kernel `{function.__name__}` has parameters that are not positional",
            expected="a fixed list of positional parameters: no *args, **kwargs or bare *",
            remedy="name each parameter",
        )
    names = code.co_varnames[:count]
    return {n: _evaluated(function, function.__annotations__.get(n), locals_) for n in names}


def _evaluated(function: FunctionType, annotation: Any, locals_: dict[str, Any]) -> Any:
    if type(annotation) is not str:
        return annotation
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    names = {**locals_, **{name: cell.cell_contents for name, cell in cells}}
    try:
        return eval(annotation, function.__globals__, names)
    except NameError as error:
        raise errors.UnknownNameError(
            f"the annotation `{annotation}` of `{function.__name__}` uses an unknown name:"
            f" `{error.name}`",
            remedy="remove `from __future__ import annotations` from the file of the kernel",
        ) from error


def prim_func(function: Any = None, **_: Any) -> Any:
    """Decorator: traces a kernel whose parameters are annotated, and returns its `ir.PrimFunc`.

    Raises:
        KernelError: a mistake in the kernel; each kind has its own class.
    """
    if function is None:
        return prim_func
    caller = sys._getframe(1)
    return trace(function, dict(caller.f_locals) if _has_string_annotations(function) else {})


def _has_string_annotations(function: Any) -> bool:
    annotations = getattr(function, "__annotations__", {})
    return any(type(kind) is str for kind in annotations.values())
