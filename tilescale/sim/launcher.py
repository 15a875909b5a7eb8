"""Runs one kernel in the simulator."""

from __future__ import annotations

import ctypes
import dataclasses
import functools
import hashlib
import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tilescale.errors import (
    ArgumentCountError,
    ArgumentTypeError,
    CompileOptionError,
    InternalError,
)
from tilescale.sim.build import LIBRARY, build
from tilescale.sim.report import Report, decode

CHECKS = {"bounds": 1, "races": 2, "uninitialized": 4}
POLICIES = ("round_robin", "random", "adversarial")
ASYNC_POLICIES = ("eager", "late", "random")
_SHARED_PER_SM = {70: 96, 75: 64, 80: 164, 86: 100, 89: 100, 90: 228, 100: 228, 103: 228, 120: 100}
_THREADS_PER_SM = {75: 1024, 86: 1536, 89: 1536, 120: 1536}
_SMS = 4
_BLOCKS_PER_SM = 16
_MAX_THREADS = 1024
# Tensors lie apart, so that an access behind the end of one does not hit the next.
_GAP = 4096


class _Region(ctypes.Structure):
    _fields_ = (
        ("address", ctypes.c_void_p),
        ("size", ctypes.c_uint64),
        ("name", ctypes.c_char_p),
        ("writable", ctypes.c_int32),
        ("initialized", ctypes.c_int32),
    )


class _Request(ctypes.Structure):
    _fields_ = (
        ("library", ctypes.c_char_p),
        ("entry", ctypes.c_char_p),
        ("arguments", ctypes.POINTER(ctypes.c_void_p)),
        ("regions", ctypes.POINTER(_Region)),
        ("region_count", ctypes.c_uint64),
        ("grid", ctypes.c_uint32 * 3),
        ("block", ctypes.c_uint32 * 3),
        ("shared_bytes", ctypes.c_uint32),
        ("checks", ctypes.c_uint32),
        ("arch", ctypes.c_uint32),
        ("resident_blocks", ctypes.c_uint32),
        ("seed", ctypes.c_uint64),
        ("policy", ctypes.c_int32),
        ("async_policy", ctypes.c_int32),
        ("loop_seconds", ctypes.c_double),
        ("time_limit", ctypes.c_double),
        ("counters", ctypes.c_int32),
        ("timeline", ctypes.c_int32),
    )


@functools.cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(str(LIBRARY))
    library.ts_sim_launch.restype = ctypes.c_void_p
    library.ts_sim_launch.argtypes = (ctypes.POINTER(_Request),)
    library.ts_sim_release.restype = None
    library.ts_sim_release.argtypes = (ctypes.c_void_p,)
    return library


class _Tensor:
    """A copy of an array in memory of its own."""

    def __init__(self, array: np.ndarray[Any, Any], name: str, initialized: bool) -> None:
        self.array = array
        self.memory = np.zeros(array.nbytes + 2 * _GAP + 256, np.uint8)
        start = _GAP + -(self.memory.ctypes.data + _GAP) % 256
        self.bytes = self.memory[start : start + array.nbytes]
        self.bytes[:] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        self.region = _Region(
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


def _index(names: Sequence[str], name: str, what: str) -> int:
    if name not in names:
        raise CompileOptionError(
            f"unknown {what}", expected=f"one of {', '.join(names)}", got=repr(name)
        )
    return names.index(name)


def _extent(value: int | Sequence[int]) -> Any:
    values = (value,) if isinstance(value, int) else tuple(value)
    return (ctypes.c_uint32 * 3)(*values, *([1] * (3 - len(values))))


def _resident(arch: int, threads: int, shared_bytes: int) -> int:
    """Returns how many blocks fit on the simulated GPU at once."""
    by_threads = _THREADS_PER_SM.get(arch, 2048) // threads
    by_shared = _SHARED_PER_SM[arch] * 1024 // (shared_bytes + 1024)
    return _SMS * max(1, min(_BLOCKS_PER_SM, by_threads, by_shared))


def _check_limits(arch: int, threads: int, shared_bytes: int) -> None:
    if not 1 <= threads <= _MAX_THREADS:
        raise CompileOptionError(
            "wrong number of threads in a block", expected=f"1 to {_MAX_THREADS}", got=str(threads)
        )
    # One KiB of each block's share is the system's, from sm_80 on.
    limit = _SHARED_PER_SM[arch] * 1024 - (1024 if arch >= 80 else 0)
    if not 0 <= shared_bytes <= limit:
        raise CompileOptionError(
            f"sm_{arch} has not so much shared memory",
            expected=f"at most {limit} bytes",
            got=f"{shared_bytes} bytes",
        )


def _architecture(arch: str | int) -> int:
    digits = str(arch).removeprefix("sm_").rstrip("af")
    if not digits.isdigit() or int(digits) not in _SHARED_PER_SM:
        known = ", ".join(f"sm_{number}" for number in _SHARED_PER_SM)
        raise CompileOptionError("unknown architecture", expected=known, got=repr(arch))
    return int(digits)


def _check_parameters(kernel: str, path: Path, values: Sequence[Any]) -> None:
    _library()  # which the kernel links
    entry = getattr(ctypes.CDLL(str(path)), f"ts_sim_parameters_{kernel}")
    entry.restype = ctypes.POINTER(ctypes.c_uint32)
    sizes: list[int] = []
    for size in entry():
        if size == 0:
            break
        sizes.append(size)
    if len(sizes) != len(values):
        raise ArgumentCountError(
            f"{kernel} was called with another number of arguments than it has parameters",
            expected=str(len(sizes)),
            got=str(len(values)),
        )
    for index, (size, value) in enumerate(zip(sizes, values, strict=True)):
        if ctypes.sizeof(value) != size:
            raise ArgumentTypeError(
                f"argument {index} of {kernel} has another size than the parameter",
                expected=f"{size} bytes",
                got=f"{ctypes.sizeof(value)} bytes",
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
    checks: Collection[str] = tuple(CHECKS),
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
    number = _architecture(arch)
    bits = sum(1 << _index(tuple(CHECKS), check, "check") for check in set(checks))
    bits |= CHECKS["bounds"] if bits or counters else 0
    block_extent = _extent(block)
    threads = block_extent[0] * block_extent[1] * block_extent[2]
    _check_limits(number, threads, shared_bytes)
    start = time.perf_counter()
    folder = build(source, kernel, number, bool(bits))
    built = time.perf_counter()
    tensors = {
        index: _Tensor(value, f"argument {index}", index not in uninitialized)
        for index, value in enumerate(args)
        if isinstance(value, np.ndarray)
    }
    values = [
        tensors[index].pointer if index in tensors else _scalar(value)
        for index, value in enumerate(args)
    ]
    _check_parameters(kernel, folder / "kernel.so", values)
    request = _Request(
        library=str(folder / "kernel.so").encode(),
        entry=f"ts_sim_entry_{kernel}".encode(),
        arguments=(ctypes.c_void_p * (len(values) + 1))(*map(ctypes.addressof, values)),
        regions=(_Region * (len(tensors) + 1))(*(tensor.region for tensor in tensors.values())),
        region_count=len(tensors),
        grid=_extent(grid),
        block=block_extent,
        shared_bytes=shared_bytes,
        checks=bits,
        arch=number,
        resident_blocks=resident_blocks or _resident(number, threads, shared_bytes),
        seed=seed,
        policy=_index(POLICIES, policy, "policy"),
        async_policy=_index(ASYNC_POLICIES, async_policy, "completion policy"),
        loop_seconds=loop_seconds,
        time_limit=time_limit,
        counters=counters,
        timeline=timeline,
    )
    text = _run(request)
    done = time.perf_counter()
    for tensor in tensors.values():
        tensor.copy_back()
    report = decode(text, folder / "kernel.so", built - start, done - built)
    return dataclasses.replace(report, digest=_digest(tensors.values()))


def _run(request: _Request) -> str:
    library = _library()
    pointer = library.ts_sim_launch(ctypes.byref(request))
    text = ctypes.string_at(pointer).decode()
    library.ts_sim_release(pointer)
    if text.startswith("!"):
        raise InternalError(f"the simulator cannot load the kernel: {text[1:]}")
    return text
