"""The simulated machine: what it has, and one launch on it through the library's C interface."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from tilescale.errors import (
    ArgumentCountError,
    ArgumentTypeError,
    CompileOptionError,
    InternalError,
)
from tilescale.sim.build import LIBRARY, Built
from tilescale.sim.report import Report, decode
from tilescale.sim.run_options import ASYNC_POLICIES, POLICIES, Options

_CHECK_BITS = {"bounds": 1, "races": 2, "uninitialized": 4}
_SHARED_PER_SM = {70: 96, 75: 64, 80: 164, 86: 100, 89: 100, 90: 228, 100: 228, 103: 228, 120: 100}
_THREADS_PER_SM = {75: 1024, 86: 1536, 89: 1536, 120: 1536}
_SMS = 4
_BLOCKS_PER_SM = 16
_MAX_THREADS = 1024
_MAX_BLOCKS = 2**32 - 1


class Region(ctypes.Structure):
    """Memory that a kernel may touch: address, bytes, name, writable, initialized."""

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
        ("regions", ctypes.POINTER(Region)),
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
        ("cancelled", ctypes.c_int32),
    )


@functools.cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(str(LIBRARY))
    library.ts_sim_launch.restype = ctypes.c_void_p
    library.ts_sim_launch.argtypes = (ctypes.POINTER(_Request),)
    library.ts_sim_release.restype = None
    library.ts_sim_release.argtypes = (ctypes.c_void_p,)
    return library


def extent(value: int | Sequence[int]) -> Any:
    """Returns one to three extents as three.

    Raises:
        CompileOptionError: there are more, or one is not positive.
    """
    values = (value,) if isinstance(value, int) else tuple(value)
    if not 1 <= len(values) <= 3 or not all(0 < number < 2**32 for number in values):
        raise CompileOptionError(
            "wrong extents of a grid or a block",
            expected="one to three positive numbers",
            got=str(value),
        )
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


def architecture_number(arch: str | int) -> int:
    """Returns 80 for "sm_80".

    Raises:
        CompileOptionError: the simulator has no such architecture.
    """
    digits = str(arch).removeprefix("sm_").rstrip("af")
    if not digits.isdigit() or int(digits) not in _SHARED_PER_SM:
        known = ", ".join(f"sm_{number}" for number in _SHARED_PER_SM)
        raise CompileOptionError("unknown architecture", expected=known, got=repr(arch))
    return int(digits)


def check_parameters(built: Built, values: Sequence[Any]) -> None:
    """Compares the values for a kernel with the sizes of its parameters.

    Raises:
        ArgumentCountError: it has another number of parameters.
        ArgumentTypeError: a value has another size than its parameter.
    """
    kernel = built.symbol
    _library()  # which the kernel links
    entry = getattr(ctypes.CDLL(str(built.library)), f"ts_sim_parameters_{kernel}")
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


def run(
    built: Built,
    values: Sequence[Any],
    regions: Sequence[Region],
    grid: Any,
    block: Any,
    shared_bytes: int,
    arch: int,
    options: Options,
) -> Report:
    """Runs one launch.

    Args:
        built: the kernel.
        values: a ctypes object for each parameter.
        regions: the memory behind pointers.
        grid: what `extent` returns: blocks.
        block: what `extent` returns: threads.
        shared_bytes: size of dynamic shared memory.
        arch: 70 ... 120.
        options: how it runs.

    Raises:
        CompileOptionError: the machine cannot run such a block.
    """
    threads = block[0] * block[1] * block[2]
    _check_limits(arch, threads, shared_bytes)
    if (blocks := grid[0] * grid[1] * grid[2]) > _MAX_BLOCKS:
        raise CompileOptionError(
            "the simulator numbers blocks by 32 bits",
            expected=f"at most {_MAX_BLOCKS} blocks",
            got=f"{blocks} blocks",
        )
    bits = sum(_CHECK_BITS[check] for check in options.checks)
    request = _Request(
        library=str(built.library).encode(),
        entry=f"ts_sim_entry_{built.symbol}".encode(),
        arguments=(ctypes.c_void_p * (len(values) + 1))(*map(ctypes.addressof, values)),
        regions=(Region * (len(regions) + 1))(*regions),
        region_count=len(regions),
        grid=grid,
        block=block,
        shared_bytes=shared_bytes,
        checks=bits | _CHECK_BITS["bounds"] if bits or options.counters else 0,
        arch=arch,
        resident_blocks=options.resident_blocks or _resident(arch, threads, shared_bytes),
        seed=options.seed,
        policy=POLICIES.index(options.policy),
        async_policy=ASYNC_POLICIES.index(options.async_policy),
        loop_seconds=options.loop_seconds,
        time_limit=options.time_limit,
        counters=options.counters,
        timeline=options.timeline,
    )
    start = time.perf_counter()
    text = _run(request)
    return decode(text, built.library, 0.0, time.perf_counter() - start)


def _run(request: _Request) -> str:
    library = _library()
    pointer = _interruptible(lambda: library.ts_sim_launch(ctypes.byref(request)), request)
    text = ctypes.string_at(pointer).decode()
    library.ts_sim_release(pointer)
    if text.startswith("!"):
        raise InternalError(f"the simulator cannot load the kernel: {text[1:]}")
    return text


def _interruptible(launch: Callable[[], Any], request: _Request) -> Any:
    """Runs a launch such that Ctrl-C ends it: Python handles signals between its own operations."""
    if threading.current_thread() is not threading.main_thread():
        return launch()
    results: list[Any] = []
    ended = threading.Event()

    def work() -> None:
        try:
            results.append(launch())
        finally:
            ended.set()

    worker = threading.Thread(target=work, name="tilescale-sim", daemon=True)
    try:
        worker.start()
        ended.wait()
    except BaseException:
        request.cancelled = 1
        # It uses memory of the caller: even a second Ctrl-C has to wait.
        while worker.is_alive():
            with contextlib.suppress(KeyboardInterrupt):
                ended.wait()
                worker.join()
        raise
    return results[0]
