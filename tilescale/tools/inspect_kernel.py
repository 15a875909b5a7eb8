"""`tilescale inspect FILE:KERNEL`: every stage of a kernel's compilation."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from tilescale.errors import CommandLineError, KernelNotFoundError
from tilescale.tools import inspect_page
from tilescale.tools.inspect_page import Stage


def run(place: str, arguments: str, page: str | None) -> int:
    """Prints the stages of a kernel, or writes them as a page.

    Args:
        place: `FILE:KERNEL`, a Python file and a name in it.
        arguments: source of the arguments for the function that makes the kernel, such as
            `M=128, dtype="float16"`; `np` is NumPy, for kernels that take their shapes from arrays.
        page: path of the page, or None to print.

    Raises:
        CommandLineError: `place` or `arguments` cannot be read.
        KernelNotFoundError: the file has no such kernel.
    """
    file, name = _split(place)
    function = _trace(find(place), name, arguments)
    stages, counters = trace_stages(function)
    if page is None:
        print(_as_text(stages, counters), end="")
    else:
        title = f"{name} ({file.name})"
        Path(page).write_text(inspect_page.render(title, stages, counters), encoding="utf-8")
        print(page)
    return 0


def trace_stages(function: Any) -> tuple[list[Stage], dict[str, int]]:
    """Compiles a traced function up to its C source.

    Args:
        function: what `@T.prim_func` returns.

    Returns:
        The stages (the traced function, the function after each pass, the C source), and the
        prover's counters.
    """
    from tilescale import _ffi

    def text(ir: Any) -> str:
        return str(_ffi.get("ir.Print")(ir, False))

    stages = [Stage("traced", text(function))]
    for launch in _ffi.get("pass.SplitLaunches")(function):
        for name, after in _ffi.get("pass.Stages")(launch, {}):
            stages.append(Stage(str(name), text(after)))
        result = _ffi.get("pass.CompileCPU")(launch, {})
        stages.append(Stage("C source", str(result["source"])))
    counters = {str(key): int(count) for key, count in result["prover"].items()}
    return stages, counters


def _as_text(stages: list[Stage], counters: dict[str, int]) -> str:
    parts = []
    for index, stage in enumerate(stages):
        unchanged = index > 0 and stage.text == stages[index - 1].text
        body = "(no change)\n" if unchanged else stage.text.rstrip() + "\n"
        parts.append(f"==== {index}. {stage.name}\n{body}")
    rows = "".join(f"{name}: {count}\n" for name, count in counters.items())
    return "\n".join(parts) + f"\n==== prover\n{rows}"


def _split(place: str) -> tuple[Path, str]:
    file, _, name = place.rpartition(":")
    if not file or not name:
        raise CommandLineError(
            "the command takes a file and the name of a kernel in it",
            expected="FILE:KERNEL",
            got=place,
        )
    return Path(file), name


def find(place: str) -> Any:
    """Returns what `FILE:NAME` names.

    Raises:
        CommandLineError: `place` cannot be read.
        KernelNotFoundError: there is no such file, or no such name in it.
    """
    file, name = _split(place)
    if not file.is_file():
        raise KernelNotFoundError(f"there is no file {file}", got=str(file))
    module = _load(file)
    if not hasattr(module, name):
        known = [key for key, value in vars(module).items() if _is_kernel(value)]
        raise KernelNotFoundError(
            f"{file} has no `{name}`",
            expected=", ".join(known) or "a file with a kernel",
            got=name,
        )
    return getattr(module, name)


def _load(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"tilescale_inspected_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise CommandLineError(f"{file} is not a Python file", expected="a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(file.parent.resolve()))  # As when Python runs the file.
    spec.loader.exec_module(module)
    return module


def _is_kernel(value: Any) -> bool:
    from tilescale import ir

    return isinstance(value, ir.PrimFunc) or hasattr(value, "get_tir")


def _trace(kernel: Any, name: str, arguments: str) -> Any:
    from tilescale import ir

    if isinstance(kernel, ir.PrimFunc):
        return kernel
    if not hasattr(kernel, "get_tir"):
        raise KernelNotFoundError(
            f"`{name}` is not a kernel",
            expected="what @T.prim_func or @tilescale.jit makes",
            got=type(kernel).__name__,
        )
    positional, keywords = evaluate(arguments)
    return kernel.get_tir(*positional, **keywords)


def evaluate(arguments: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Returns the positional and named arguments that a text such as `M=128, N=64` means.

    Raises:
        CommandLineError: it cannot be read.
    """
    import numpy as np

    def collect(*positional: Any, **keywords: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return positional, keywords

    try:
        # The user's own command line: it may compute what it likes.
        found: tuple[tuple[Any, ...], dict[str, Any]] = eval(
            f"collect({arguments})", {"collect": collect, "np": np}
        )
    except Exception as error:
        raise CommandLineError(
            f"the arguments cannot be read: {error}",
            expected='Python arguments, such as --args "M=128, N=64"',
            got=arguments,
        ) from error
    return found
