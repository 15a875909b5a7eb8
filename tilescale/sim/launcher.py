"""Runs the text of one kernel in the simulator."""

from __future__ import annotations

import ctypes
import dataclasses
import hashlib
import time
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np

from tilescale.errors import ArgumentTypeError
from tilescale.sim import machine
from tilescale.sim.build import Text, build
from tilescale.sim.report import Report
from tilescale.sim.run_options import CHECKS, Options, check_options

# Tensors lie apart, so that an access behind the end of one does not hit the next.
_GAP = 4096


class _Tensor:
    """A copy of an array in memory of its own."""

    def __init__(self, array: np.ndarray[Any, Any], name: str, initialized: bool) -> None:
        self.array = array
        self.memory = np.zeros(array.nbytes + 2 * _GAP + 256, np.uint8)
        start = _GAP + -(self.memory.ctypes.data + _GAP) % 256
        self.bytes = self.memory[start : start + array.nbytes]
        self.bytes[:] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        self.region = machine.Region(
            self.bytes.ctypes.data, array.nbytes, name.encode(), array.flags.writeable, initialized
        )
        self.pointer = ctypes.c_void_p(self.bytes.ctypes.data)

    def copy_back(self) -> None:
        if self.array.flags.writeable:
            self.array[...] = self.bytes.view(self.array.dtype).reshape(self.array.shape)


def _digest(tensors: Iterable[_Tensor]) -> str:
    """Returns a hash of all bytes, which tells whether two runs had the same results."""
    digest = hashlib.blake2b(digest_size=16)
    for tensor in tensors:
        digest.update(tensor.bytes.data)
    return digest.hexdigest()


def _scalar(value: object) -> Any:
    if isinstance(value, np.generic):
        return ctypes.create_string_buffer(value.tobytes(), value.nbytes)
    if isinstance(value, (ctypes._SimpleCData, ctypes.Structure)):
        return value
    raise ArgumentTypeError(
        f"the simulator cannot pass a {type(value).__name__}",
        expected="a NumPy array, a NumPy scalar or a ctypes value",
        remedy="give the scalar its type, as in np.int32(n)",
    )


def launch(
    source: str,
    kernel: str,
    grid: int | Sequence[int],
    block: int | Sequence[int],
    args: Sequence[object],
    *,
    shared_bytes: int = 0,
    arch: str | int = "sm_80",
    seed: int = 0,
    policy: str = "round_robin",
    async_policy: str = "late",
    checks: Collection[str] = CHECKS,
    uninitialized: Collection[int] = (),
    resident_blocks: int | None = None,
    loop_seconds: float = 10.0,
    time_limit: float = 600.0,
    counters: bool = False,
    timeline: bool = False,
) -> Report:
    """Compiles and runs one kernel.

    Args:
        source: CUDA text that includes tilescale/kernel.cuh, as NVRTC gets it.
        kernel: name of the `extern "C"` kernel.
        grid: blocks along x, y, z.
        block: threads along x, y, z.
        args: a NumPy array for each pointer, which is written to in place unless it is read-only;
            a NumPy scalar or ctypes value for each other parameter.
        shared_bytes: size of dynamic shared memory.
        arch: "sm_70" ... "sm_120".
        seed: of the scheduler and of random completion.
        policy: how threads are chosen: "round_robin", "random" or "adversarial".
        async_policy: when asynchronous copies arrive: "eager", "late" or "random".
        checks: of "bounds", "races", "uninitialized"; none makes it fast.
        uninitialized: positions of arguments whose elements count as not written yet.
        resident_blocks: how many blocks run at once; None for what 4 SMs hold.
        loop_seconds: processor time that a thread may take between two accesses to memory.
        time_limit: processor time of the launch; 0 for any.
        counters: counts bank conflicts, sectors and instructions by line: `Report.profile`.
        timeline: records who did what in which order: `Report.timeline`.

    Returns:
        The findings. The arrays hold what the kernel wrote, also if it was stopped.

    Raises:
        CompileOptionError: an option has a value that is not allowed.
        ArgumentCountError: the kernel has another number of parameters.
        ArgumentTypeError: an argument cannot be passed, or differs in size from its parameter.
        MissingCompilerError: there is no g++.
        InternalError: the text cannot be compiled.
    """
    number = machine.architecture_number(arch)
    options = Options(
        **check_options(
            {
                "seed": seed,
                "policy": policy,
                "async_policy": async_policy,
                "checks": tuple(checks),
                "resident_blocks": resident_blocks,
                "loop_seconds": loop_seconds,
                "time_limit": time_limit,
                "counters": counters,
                "timeline": timeline,
            }
        )
    )
    start = time.perf_counter()
    built = build(Text(source, kernel), number, options.is_instrumented)
    build_seconds = time.perf_counter() - start
    tensors = {
        index: _Tensor(value, f"argument {index}", index not in uninitialized)
        for index, value in enumerate(args)
        if isinstance(value, np.ndarray)
    }
    values = [
        tensors[index].pointer if index in tensors else _scalar(value)
        for index, value in enumerate(args)
    ]
    machine.check_parameters(built, values)
    report = machine.run(
        built,
        values,
        [tensor.region for tensor in tensors.values()],
        machine.extent(grid),
        machine.extent(block),
        shared_bytes,
        number,
        options,
    )
    for tensor in tensors.values():
        tensor.copy_back()
    digest = _digest(tensors.values())
    return dataclasses.replace(report, build_seconds=build_seconds, digest=digest)
