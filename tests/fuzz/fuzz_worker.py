"""A process that compiles and runs programs for a device, which one of them may break."""

from __future__ import annotations

import dataclasses
import importlib
import multiprocessing
from multiprocessing.connection import Connection
from typing import Any

import fuzz_harness
import numpy as np
from fuzz_harness import MARGIN, Argument
from fuzz_program import Program

from tilescale.errors import IntrinsicNotOnTargetError, RegisterLimitError, SharedMemoryLimitError
from tilescale.jit import cache as jit_cache
from tilescale.jit import compiler, options

#: What a legal program may be refused for.
_LIMITS = (IntrinsicNotOnTargetError, RegisterLimitError, SharedMemoryLimitError)
#: The first program waits for torch and for the device's context too.
_TIMEOUT_SECONDS = 120.0


@dataclasses.dataclass(frozen=True)
class Skipped:
    """A legal program that the back end does not run, and the reason it gave."""

    reason: str


def compile_program(func: Any, target: Any, plant_bug: str, flags: tuple[str, ...] = ()) -> Any:
    """Returns a kernel, a `Skipped`, or a text that says why there is none."""
    chosen = options.make_options(target=target, compile_flags=flags)
    if plant_bug:
        chosen = dataclasses.replace(chosen, pass_configs={"plant_bug": plant_bug})
    try:
        return compiler.compile_with(func, chosen)
    except _LIMITS as error:
        return Skipped(f"{type(error).__name__}: {str(error).splitlines()[0]}")
    except Exception as error:  # every other failure to compile a legal program is a finding
        return f"{type(error).__name__}: {error}"


def on_gpu(whole: Any, argument: Argument) -> Any:
    """The tensor of an argument inside its memory on the GPU, as bytes."""
    torch = importlib.import_module("torch")
    array = argument.array
    strides = [stride // array.itemsize for stride in array.strides]
    elements = whole.view(getattr(torch, array.dtype.name))
    return elements.as_strided(array.shape, strides, MARGIN)


def _run_on_gpu(kernel: Any, program: Program) -> list[np.ndarray]:
    torch = importlib.import_module("torch")
    args = fuzz_harness.arguments(program)
    wholes = [torch.from_numpy(a.whole.view(np.uint8)).cuda() for a in args]
    kernel(*[on_gpu(whole, a) for whole, a in zip(wholes, args, strict=True)])
    torch.cuda.synchronize()
    return [w.cpu().numpy().view(a.whole.dtype) for w, a in zip(wholes, args, strict=True)]


def _outcome(program: Program, target: str, plant_bug: str) -> Any:
    kernel = compile_program(fuzz_harness.trace(program), target, plant_bug)
    if isinstance(kernel, str | Skipped):
        return kernel
    if target.startswith("cuda"):
        return _run_on_gpu(kernel, program)
    args = fuzz_harness.arguments(program)
    kernel(*(a.array for a in args))
    return [a.whole for a in args]


def _serve(connection: Connection, target: str, plant_bug: str) -> None:
    jit_cache.disable_cache()
    while True:
        program = connection.recv()
        try:
            outcome = _outcome(program, target, plant_bug)
        except Exception as error:
            outcome = f"{type(error).__name__}: {error}"
        connection.send(outcome)


class Worker:
    """A process of its own, started anew after each failure: the device's context may be broken.

    Args:
        target: of kernels.
        plant_bug: a mistake to plant.
    """

    def __init__(self, target: str, plant_bug: str) -> None:
        self._given = (target, plant_bug)
        self._process: Any = None
        self._connection: Any = None

    def ask(self, program: Program) -> Any:
        """Returns all memory of the tensors after the kernel ran, a `Skipped`, or what is wrong."""
        if self._process is None:
            self._start()
        self._connection.send(program)
        try:
            answers = self._connection.poll(_TIMEOUT_SECONDS)
            outcome = self._connection.recv() if answers else "the kernel did not end in time"
        except (EOFError, ConnectionError):
            self._process.join()
            outcome = f"the kernel ended its process with status {self._process.exitcode}"
        if isinstance(outcome, str):
            self.close()
        return outcome

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._connection.close()
            self._process = None

    def _start(self) -> None:
        # A forked process could not use a GPU that this one has used.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, *self._given), daemon=True)
        self._process.start()
        theirs.close()
