"""A compiled function on the simulator: what a call does once its arguments are bound."""

from __future__ import annotations

import contextlib
import contextvars
import ctypes
import dataclasses
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tilescale.cuda.architectures import check_grid
from tilescale.sim import build, findings, machine, run_options
from tilescale.sim.memory import Memory, TensorMemory
from tilescale.sim.report import Report
from tilescale.sim.user_source import UserSource

Observer = Callable[["SimulatedLaunch", bytes, Sequence[tuple[int, int, int]], Any], None]
_OBSERVER: contextvars.ContextVar[Observer | None] = contextvars.ContextVar(
    "tilescale_simulator_observer", default=None
)


@contextlib.contextmanager
def observe(observer: Observer) -> Iterator[None]:
    """Lets `observer` see each launch of this thread, with its arguments, before it runs."""
    token = _OBSERVER.set(observer)
    try:
        yield
    finally:
        _OBSERVER.reset(token)


_REPORTS: contextvars.ContextVar[list[tuple[str, Report]] | None] = contextvars.ContextVar(
    "tilescale_simulator_reports", default=None
)


@contextlib.contextmanager
def collect_reports() -> Iterator[list[tuple[str, Report]]]:
    """Gives a list that gets (kernel, report) of each launch of this thread, once it has run."""
    reports: list[tuple[str, Report]] = []
    token = _REPORTS.set(reports)
    try:
        yield reports
    finally:
        _REPORTS.reset(token)


class SimulatedLaunch:
    """Runs a kernel's text; the runtime calls it with bound arguments.

    Args:
        source: CUDA text, as NVRTC gets it.
        signature: as in cc/runtime/README.md, with the fields of CUDA kernels.
        source_map: says what the user wrote where the simulator finds something.
        options: own options of the kernel's target.
        flags: more options for g++.
        user_sources: finds what of the text is the user's.
    """

    def __init__(
        self,
        source: str,
        signature: Mapping[str, Any],
        source_map: findings.SourceMap,
        options: Mapping[str, Any],
        flags: Sequence[str] = (),
        user_sources: Callable[[], Sequence[UserSource]] = tuple,
    ) -> None:
        self.text = build.Text(source, signature["kernel"], tuple(flags), user_sources)
        self.arch = machine.architecture_number(signature["arch"])
        self.last_report: Report | None = None
        # Another launch that has the same last report.
        self.report_to: SimulatedLaunch | None = None
        self._signature = signature
        self._source_map = source_map
        self._options = dict(options)
        self._built: dict[bool, build.Built] = {}
        self._lock = threading.Lock()

    @property
    def is_checked(self) -> bool:
        """Whether the kernel has to tell of its accesses, with the options of now."""
        return run_options.current_options(self._options).is_instrumented

    def provide(self, built: build.Built, checked: bool) -> None:
        """Hands over the compiled text."""
        with self._lock:
            self._built.setdefault(checked, built)

    def built(self, checked: bool) -> build.Built:
        """Returns the compiled text, compiled now if nobody has handed it over.

        Compiled again if the cache has been cleared since.
        """
        with self._lock:
            known = self._built.get(checked)
            if known is None or not known.library.exists():
                known = self._built[checked] = build.build(self.text, self.arch, checked)
            return known

    def __call__(
        self,
        slots: bytes,
        tensors: Sequence[tuple[int, int, int]],
        grid: tuple[int, int, int],
    ) -> None:
        """Runs the kernel.

        Args:
            slots: as in cc/runtime/README.md.
            tensors: (parameter, address, bytes) of each tensor.
            grid: blocks along x, y, z.

        Raises:
            ExecutionError: the simulator found something; the class says what.
            KernelAssertionError: a `T.device_assert` failed.
            GridLimitError: no GPU takes that many blocks.
        """
        check_grid(self._signature["arch"], self._signature["name"], grid)
        if (observer := _OBSERVER.get()) is not None:
            observer(self, slots, tensors, grid)
        options = run_options.current_options(self._options)
        start = time.perf_counter()
        built = self.built(options.is_instrumented)
        seconds = time.perf_counter() - start
        memory = Memory([self._tensor(*tensor) for tensor in tensors])
        report = machine.run(
            built,
            self._values(slots, memory),
            memory.regions(),
            machine.extent(grid),
            machine.extent(self._signature["block"]),
            self._signature["shared_bytes"],
            self.arch,
            options,
        )
        memory.copy_back()
        digest = memory.digest()
        report = dataclasses.replace(report, build_seconds=seconds, digest=digest)
        self.last_report = report
        if self.report_to is not None:
            self.report_to.last_report = report
        if (collected := _REPORTS.get()) is not None:
            collected.append((self._signature["name"], report))
        if report.printed:
            sys.stdout.write(report.printed)
        findings.raise_findings(report, self._signature, self._source_map)

    def with_source(self, source: str) -> SimulatedLaunch:
        """Returns the same kernel with another text."""
        flags = self.text.flags
        return SimulatedLaunch(source, self._signature, self._source_map, self._options, flags)

    def _tensor(self, index: int, address: int, size: int) -> TensorMemory:
        param = self._signature["params"][index]
        # What an address leads to is not declared.
        written = bool(param.get("written")) or param["kind"] == "pointer"
        made = param.get("role", "input") != "input"
        word = 4 if str(param.get("dtype")) in ("int4", "uint4") else 1
        return TensorMemory(param["name"], address, size, written, not made, word)

    def _values(self, slots: bytes, memory: Memory) -> list[Any]:
        """The kernel's arguments, with pointers into the copies."""
        values = (ctypes.c_uint64 * (len(slots) // 8)).from_buffer_copy(slots)
        params = self._signature["params"]
        for i in range(sum(param["kind"] != "scalar" for param in params)):
            values[i] = memory.translate(values[i])
        return [ctypes.c_uint64.from_buffer(values, 8 * i) for i in range(len(values))]


def build_kernels(launches: Sequence[SimulatedLaunch]) -> None:
    """Compiles several kernels together, as they would run with the options of now."""
    groups: dict[tuple[int, bool], list[SimulatedLaunch]] = {}
    for launch in launches:
        groups.setdefault((launch.arch, launch.is_checked), []).append(launch)
    for (arch, checked), members in groups.items():
        made = build.build_many([launch.text for launch in members], arch, checked)
        for launch, built in zip(members, made, strict=True):
            launch.provide(built, checked)
