"""Evaluates a generated program, runs its kernels in a process of their own, and compares."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import pickle
import signal
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
from fuzz_program import Program, Tensor

from tilescale.errors import ExecutionError, TileScaleError
from tilescale.testing import evaluator

#: Elements before and behind each tensor that no kernel may touch.
MARGIN = 64
#: Two elements share a byte.
PACKED = ("int4", "uint4")
_TIMEOUT_SECONDS = 30.0


@dataclasses.dataclass
class Argument:
    """A tensor inside a larger array, whose every element is compared."""

    whole: np.ndarray
    array: np.ndarray


@dataclasses.dataclass
class Prepared:
    """A program that was traced and evaluated.

    Attributes:
        program: what was run.
        func: its trace.
        expected: all memory of its tensors after the evaluator ran it.
        exact: whether the results do not depend on the order of float operations.
    """

    program: Program
    func: Any
    expected: list[np.ndarray]
    exact: bool


class IllegalProgramError(Exception):
    """The generator (or a cut) made a program that has no meaning."""


def storage(dtype: str) -> np.dtype:
    """The numpy type of a tensor's elements."""
    if dtype in PACKED:
        return np.dtype(np.int8 if dtype == "int4" else np.uint8)
    if dtype == "bfloat16" or dtype.startswith("float8"):
        return np.dtype(getattr(ml_dtypes, dtype))
    return np.dtype(dtype)


def _values(
    rng: np.random.Generator, dtype: str, count: int, full_range: bool = False
) -> np.ndarray:
    if dtype == "bool":
        return rng.integers(0, 2, count).astype(np.bool_)
    if dtype in PACKED:
        return rng.integers(0, 256, count).astype(np.uint8).view(storage(dtype))
    if full_range and "float" not in dtype:
        raw = rng.integers(0, 256, count * storage(dtype).itemsize).astype(np.uint8)
        return raw.view(storage(dtype))
    low, high = (0, 7) if dtype.startswith("u") else (-3, 4)
    return rng.integers(low, high, count).astype(storage(dtype))


def argument(
    tensor: Tensor, sizes: dict[str, int], seed: int, full_range: bool = False
) -> Argument:
    """The array of a parameter, filled with small integers that its name and the seed give.

    With `full_range` integer tensors take all values of their type.
    """
    shape = [sizes[dim] for dim in tensor.dims]
    if tensor.dtype in PACKED:
        shape[-1] //= 2
    row = shape[-1] + max(tensor.padding, 0) if len(shape) > 1 else shape[-1]
    steps = [1]
    for i in range(len(shape) - 1, 0, -1):
        steps.insert(0, (row if i == len(shape) - 1 else shape[i]) * steps[0])
    span = 0 if 0 in shape else sum((n - 1) * s for n, s in zip(shape, steps, strict=True)) + 1
    rng = np.random.default_rng([seed, zlib.crc32(tensor.name.encode())])
    whole = _values(rng, tensor.dtype, span + 2 * MARGIN, full_range)
    raw = whole.view(f"u{whole.itemsize}")[MARGIN:]
    strides = [s * whole.itemsize for s in steps]
    array = np.lib.stride_tricks.as_strided(raw, shape, strides).view(whole.dtype)
    return Argument(whole, array)


def arguments(program: Program) -> list[Argument]:
    """Fresh arguments of a program; the same at every call."""
    # Integers wrap, so they may have any value where nothing is converted to a float.
    wild = program.seed % 3 == 0 and program.integral()
    return [argument(t, program.sizes, program.seed, wild) for t in program.tensors]


def trace(program: Program) -> Any:
    """Executes the program's text and returns the traced kernel."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"fuzz_{program.seed}.py"
        path.write_text(program.text or program.runnable())
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.dont_write_bytecode = True
        spec.loader.exec_module(module)
    kernel = module.kernel
    return getattr(kernel, "prim_func", kernel)


def prepare(program: Program) -> Prepared:
    """Traces and evaluates a program.

    Raises:
        IllegalProgramError: the evaluator or the front end says that it has no meaning.
    """
    try:
        func = trace(program)
        args = arguments(program)
        result = evaluator.run(func, [a.array for a in args])
    except (ExecutionError, TileScaleError, NameError) as error:
        raise IllegalProgramError(f"{type(error).__name__}: {error}") from error
    return Prepared(program, func, [a.whole for a in args], result.exact)


def _run_in_child(kernel: Any, program: Program, path: Path) -> None:
    """Runs in a forked process, so that a crash or an endless loop of the kernel is seen."""
    args = arguments(program)
    try:
        kernel(*(a.array for a in args))
        result: Any = [a.whole for a in args]
    except Exception as error:
        result = f"{type(error).__name__}: {error}"
    path.write_bytes(pickle.dumps(result))


def run_kernel(kernel: Any, program: Program) -> list[np.ndarray] | str:
    """All memory of the tensors after the kernel ran, or what went wrong."""
    handle, name = tempfile.mkstemp()
    os.close(handle)
    path = Path(name)
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            _run_in_child(kernel, program, path)
        finally:
            os._exit(0)
    try:
        status = _wait(child)
        if status:
            return status
        result: list[np.ndarray] | str = pickle.loads(path.read_bytes())
        return result
    finally:
        path.unlink()


def _wait(child: int) -> str:
    """What happened to the child, empty if it ended well."""
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    pause = 0.0005
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return f"the kernel died with {signal.Signals(-code).name}" if code < 0 else ""
        time.sleep(pause)
        pause = min(2 * pause, 0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return f"the kernel did not end within {_TIMEOUT_SECONDS:.0f} s"


def difference(program: Program, expected: list[np.ndarray], got: list[np.ndarray]) -> str:
    """The first element that differs, empty if none does; NaN equals NaN and -0 equals 0."""
    for tensor, want, have in zip(program.tensors, expected, got, strict=True):
        left, right = want, have
        if "float" in tensor.dtype:
            left, right = left.astype(np.float64), right.astype(np.float64)
            bad = ~((left == right) | (np.isnan(left) & np.isnan(right)))
        else:
            bad = left.view(np.uint8) != right.view(np.uint8)
            bad = bad.reshape(left.size, -1).any(axis=1)
        if bad.any():
            at = int(np.flatnonzero(bad)[0])
            where = "outside" if not MARGIN <= at < left.size - MARGIN else "at"
            return (
                f"{tensor.name} differs in {int(bad.sum())} of {left.size - 2 * MARGIN} elements, "
                f"first {where} offset {at - MARGIN}: expected {left[at]}, got {right[at]}"
            )
    return ""
