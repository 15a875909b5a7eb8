"""`tilescale sim FILE:NAME`: runs kernels of a file on the simulator and says what it found."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

from tilescale.errors import CommandLineError, TileScaleError
from tilescale.tools import inspect_kernel


@dataclasses.dataclass(frozen=True)
class Request:
    """What the command line asks for.

    Attributes:
        place: `FILE:NAME`; the name of a kernel, or of a function that calls kernels.
        arguments: source of the arguments of that function, as for `tilescale inspect`.
        sizes: source of the values of dynamic extents and scalars, as keyword arguments.
        arch: architecture, such as "sm_80".
        options: of `tilescale.sim.options`.
        timeline: path of the trace file, or None.
        mutate: removes each synchronisation in turn instead.
    """

    place: str
    arguments: str
    sizes: str
    arch: str
    options: dict[str, Any]
    timeline: str | None
    mutate: bool


def run(request: Request) -> int:
    """Carries out the command.

    Returns:
        0, or 1 if the simulator found something, or a mutant was not reported.

    Raises:
        CommandLineError: the file or an argument cannot be read.
        KernelNotFoundError: the file has no such name.
    """
    program = _program(request)
    if request.mutate:
        return _mutate(program, request)
    from tilescale import sim
    from tilescale.sim import kernel

    options = {**request.options, "timeline": request.timeline is not None}
    problem: TileScaleError | None = None
    with sim.options(**options), kernel.collect_reports() as reports:
        try:
            program()
        except TileScaleError as error:
            problem = error
    for name, report in reports:
        _show(name, report)
    if reports and request.timeline is not None and reports[-1][1].timeline is not None:
        reports[-1][1].timeline.write(request.timeline)
        print(f"timeline of the last launch: {request.timeline}")
    if problem is not None:
        print(f"{type(problem).__name__}: {problem}")
    return 0 if problem is None else 1


def _show(name: str, report: Any) -> None:
    counted = ", ".join(f"{count} {what}" for what, count in report.counters.items() if count)
    found = f"{len(report.events) + report.dropped} findings" if report.events else "no findings"
    print(f"{name}: {found}; {counted} ({report.run_seconds:.3f} s)")
    if report.profile is not None:
        print(report.profile)


def _mutate(program: Callable[[], object], request: Request) -> int:
    from tilescale.sim.mutate import mutate_calls

    seed = request.options.get("seed", 0)
    tables = mutate_calls(program, seeds=(seed,))
    for name, table in tables.items():
        print(f"## {name}\n\n{table}\n")
    clean = all(not table.baseline for table in tables.values())
    return 0 if clean and not any(t.count("not reported") for t in tables.values()) else 1


def _program(request: Request) -> Callable[[], object]:
    """Returns a function without arguments that launches what the command names."""
    from tilescale import ir

    target = f"sim:{request.arch}"
    sizes = _sizes(request.sizes)
    value = inspect_kernel.find(request.place)
    if isinstance(value, ir.PrimFunc):
        return lambda: _call_with_random_inputs(value, target, sizes)
    positional, keywords = inspect_kernel.evaluate(request.arguments)
    if hasattr(value, "get_tir"):
        if value.is_eager:
            return lambda: value.with_options(target=target)(*positional, **keywords)
        return lambda: _call_with_random_inputs(
            value.with_options(target=target).compile(*positional, **keywords),
            target,
            sizes,
        )
    if not callable(value) or "target" not in inspect.signature(value).parameters:
        raise CommandLineError(
            f"`{request.place}` is neither a kernel nor a function with the parameter `target`",
            expected="what @T.prim_func or @tilescale.jit makes, or `def main(target=...)`",
            got=type(value).__name__,
        )
    return lambda: value(*positional, target=target, **keywords)


def _sizes(text: str) -> dict[str, Any]:
    positional, values = inspect_kernel.evaluate(text)
    if positional:
        raise CommandLineError(
            "--sizes takes names and values", expected='--sizes "M=64, N=64"', got=text
        )
    return values


def _call_with_random_inputs(kernel: Any, target: str, sizes: dict[str, Any]) -> None:
    import tilescale

    if not isinstance(kernel, tilescale.JITKernel):
        kernel = tilescale.compile(kernel, target=target)
    kernel(*kernel.get_profiler().get_inputs(sizes))
