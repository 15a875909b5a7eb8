"""The back ends that are compared with the evaluator."""

from __future__ import annotations

import importlib
import importlib.util
import os
import queue
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol

from fuzz_harness import Prepared, difference, run_kernel
from fuzz_program import Program
from fuzz_worker import Skipped, Worker, compile_program

from tilescale import sim
from tilescale.jit import cache as jit_cache

#: Small programs need no optimiser; -O1 halves the time of the C compiler.
FLAGS = ("-O1",)
#: What the simulator is asked for by default: with and without ldmatrix and cp.async.
ARCHS = ("sm_75", "sm_80", "sm_89")
_POLICIES = ("round_robin", "random", "adversarial")
_ASYNC_POLICIES = ("eager", "late", "random")
#: Kernels in one translation unit; the headers cost as much as two kernels.
_UNIT = 16
#: Processes that share a GPU, each with a context of its own.
_MOST_WORKERS = 16


class Backend(Protocol):
    """Compiles and runs programs.

    Attributes:
        name: what disagrees, in messages.
        batch: how many programs `build` takes at once.
    """

    name: str
    batch: int

    def build(self, items: Sequence[Prepared]) -> list[Any]:
        """A kernel, a `Skipped`, or a text that says why there is none, of each program."""

    def compare(self, prepared: Prepared, kernel: Any) -> str:
        """Runs what `build` made; returns what is wrong, empty if nothing is."""


def _run(prepared: Prepared, kernel: Any) -> str:
    got = run_kernel(kernel, prepared.program)
    if isinstance(got, str):
        return got
    return difference(prepared.program, prepared.expected, got)


def _on_all_cores(work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(work, items))


class Cpu:
    """The CPU target.

    Args:
        plant_bug: a mistake to plant.
    """

    name = "the CPU target"
    batch = 32

    def __init__(self, plant_bug: str = "") -> None:
        jit_cache.disable_cache()
        self._bug = plant_bug

    def build(self, items: Sequence[Prepared]) -> list[Any]:
        """See `Backend`."""
        return _on_all_cores(
            lambda item: compile_program(item.func, "cpu", self._bug, FLAGS), items
        )

    def compare(self, prepared: Prepared, kernel: Any) -> str:
        """See `Backend`."""
        return kernel if isinstance(kernel, str) else _run(prepared, kernel)


class Simulator:
    """The CUDA target's text on the simulator, with all checks.

    Each program is compiled for one of the architectures, and runs under all scheduling and all
    completion policies; which of them meet goes with the seed, so that all pairs meet.

    Args:
        archs: architectures in turn.
        plant_bug: a mistake to plant.
    """

    name = "the simulator"
    batch = 32

    def __init__(self, archs: Sequence[str] = ARCHS, plant_bug: str = "") -> None:
        jit_cache.disable_cache()
        self._archs = archs
        self._bug = plant_bug
        # Libraries of the latest batch; those of the one before are deleted.
        self._folder = tempfile.TemporaryDirectory()

    def arch(self, program: Program) -> str:
        """The architecture of a program."""
        # Seeds go through three classes of shapes in turn, and the slice has one in three of them.
        return self._archs[(program.seed + program.seed // 9) % len(self._archs)]

    def build(self, items: Sequence[Prepared]) -> list[Any]:
        """See `Backend`."""
        self._folder = tempfile.TemporaryDirectory()
        archs = [self.arch(item.program) for item in items]
        kernels = [
            compile_program(item.func, f"sim:{arch}", self._bug, ())
            for item, arch in zip(items, archs, strict=True)
        ]
        good = [i for i, kernel in enumerate(kernels) if not isinstance(kernel, str | Skipped)]
        units = []
        for arch in sorted(set(archs)):
            group = [i for i in good if archs[i] == arch]
            units += [group[at : at + _UNIT] for at in range(0, len(group), _UNIT)]
        with _cache_in(self._folder.name):
            for unit in _on_all_cores(lambda u: _build_unit([(i, kernels[i]) for i in u]), units):
                for i, kernel in unit:
                    kernels[i] = kernel
        return kernels

    def compare(self, prepared: Prepared, kernel: Any) -> str:
        """See `Backend`."""
        if isinstance(kernel, str):
            return kernel
        seed, arch = prepared.program.seed, self.arch(prepared.program)
        for i, policy in enumerate(_POLICIES):
            chosen = {"policy": policy, "async_policy": _ASYNC_POLICIES[(i + seed) % 3]}
            with sim.options(seed=seed, **chosen):
                message = _run(prepared, kernel)
            if message:
                return f"{message} [{arch}, {', '.join(chosen.values())}, seed {seed}]"
        return ""


class Cuda:
    """The CUDA target on the GPU of this machine.

    Processes of their own compile and run the programs, so that all cores compile, and a program
    that breaks the context of the GPU breaks no other. What `build` returns are results, not
    kernels.

    Args:
        target: of kernels.
        plant_bug: a mistake to plant.
    """

    name = "the GPU"
    batch = 256

    def __init__(self, target: str = "cuda", plant_bug: str = "") -> None:
        count = min(len(os.sched_getaffinity(0)), _MOST_WORKERS)
        self._workers = [Worker(target, plant_bug) for _ in range(count)]
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def build(self, items: Sequence[Prepared]) -> list[Any]:
        """See `Backend`."""
        return _on_all_cores(lambda item: self._ask(item.program), items)

    def compare(self, prepared: Prepared, kernel: Any) -> str:
        """See `Backend`."""
        if isinstance(kernel, str):
            return kernel
        return difference(prepared.program, prepared.expected, kernel)

    def close(self) -> None:
        """Ends the processes."""
        for worker in self._workers:
            worker.close()

    def _ask(self, program: Program) -> Any:
        worker = self._idle.get()
        try:
            return worker.ask(program)
        finally:
            self._idle.put(worker)


def why_no_gpu() -> str:
    """Returns why `Cuda` cannot run here; empty if it can."""
    if importlib.util.find_spec("torch") is None:
        return "the interpreter has no torch"
    available = importlib.import_module("torch").cuda.is_available()
    return "" if available else "torch finds no CUDA device"


@contextmanager
def _cache_in(folder: str) -> Iterator[None]:
    """Compiled texts go to `folder`."""
    before = os.environ.get("TILESCALE_CACHE_DIR")
    os.environ["TILESCALE_CACHE_DIR"] = folder
    yield
    if before is None:
        del os.environ["TILESCALE_CACHE_DIR"]
    else:
        os.environ["TILESCALE_CACHE_DIR"] = before


def _build_unit(unit: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    """Compiles numbered kernels together; one that cannot be compiled becomes a text."""
    try:
        sim.build_many([kernel for _, kernel in unit])
    except Exception as error:
        if len(unit) == 1:
            return [(unit[0][0], f"{type(error).__name__}: {error}")]
        return [made for one in unit for made in _build_unit([one])]
    return unit
