"""What the CUDA architectures allow a kernel."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from tilescale.errors import (
    GridLimitError,
    RegisterLimitError,
    SharedMemoryLimitError,
    ThreadLimitError,
    UnsupportedArchitectureError,
)

_NAME = re.compile(r"sm_(\d+)([af]?)")
_KIB = 1024
# Bytes of shared memory that a block can have, of which the driver keeps none back.
_SHARED_BYTES = {
    70: 96 * _KIB,
    72: 96 * _KIB,
    75: 64 * _KIB,
    80: 163 * _KIB,
    86: 99 * _KIB,
    87: 163 * _KIB,
    88: 163 * _KIB,
    89: 99 * _KIB,
    90: 227 * _KIB,
    100: 227 * _KIB,
    101: 227 * _KIB,
    103: 227 * _KIB,
    110: 227 * _KIB,
    120: 99 * _KIB,
    121: 99 * _KIB,
}
MAX_THREADS = 1024
# Registers of 32 bits that a block can have, on every architecture; a warp gets them in units.
_MAX_REGISTERS = 65536
_WARP = 32
_MAX_GRID = (2**31 - 1, 65535, 65535)
_REGISTER_UNIT = 8
# Bytes that a thread can have in local memory, its stack.
_MAX_STACK_BYTES = 512 * _KIB


@dataclasses.dataclass(frozen=True)
class Architecture:
    """A CUDA architecture.

    Attributes:
        name: "sm_80", "sm_90a", ...
        number: 80, 90, ...
        max_shared_bytes: shared memory that a block can have.
        max_threads: threads that a block can have.
    """

    name: str
    number: int
    max_shared_bytes: int
    max_threads: int = MAX_THREADS

    def __str__(self) -> str:
        return self.name


def architecture(name: str) -> Architecture:
    """Returns the architecture called `name`, such as "sm_80" or "sm_90a".

    Raises:
        UnsupportedArchitectureError: there is no such architecture.
    """
    match = _NAME.fullmatch(name)
    shared = _SHARED_BYTES.get(int(match[1])) if match else None
    suffix_fits = match is not None and (not match[2] or int(match[1]) >= 90)
    if match is None or shared is None or not suffix_fits:
        raise UnsupportedArchitectureError(
            f"{name!r} is no architecture that kernels can be compiled for",
            expected=", ".join(f"sm_{number}" for number in _SHARED_BYTES)
            + "; from sm_90 on also with the suffix a, as in sm_90a",
            got=repr(name),
            remedy='name the architecture of your GPU, as in target="cuda -arch=sm_90a"',
        )
    return Architecture(name, int(match[1]), shared)


def check_grid(arch: str, kernel: str, grid: Sequence[int]) -> None:
    """Compares the blocks of a launch with what any GPU takes.

    Args:
        arch: the architecture's name.
        kernel: the kernel's name.
        grid: blocks along x, y, z.

    Raises:
        GridLimitError: there are too many along one of them.
    """
    if any(blocks > most for blocks, most in zip(grid, _MAX_GRID, strict=True)):
        raise GridLimitError(
            f"the grid of kernel `{kernel}` is too large",
            expected=f"at most {_MAX_GRID} blocks along (x, y, z) on {arch}",
            got=str(tuple(grid)),
            remedy="put the largest extent first, or use larger tiles",
        )


def check_limits(
    arch: str,
    kernel: str,
    block: Sequence[int],
    shared_bytes: int,
    registers: int = 0,
    stack_bytes: int = 0,
) -> None:
    """Compares what a kernel needs with what an architecture gives a block.

    Args:
        arch: the architecture's name.
        kernel: the kernel's name.
        block: threads along x, y, z.
        shared_bytes: of a block, static and dynamic.
        registers: of a thread; 0 if they are not known.
        stack_bytes: of a thread.

    Raises:
        ThreadLimitError: the block is larger than the architecture allows.
        SharedMemoryLimitError: a block cannot have that much shared memory.
        RegisterLimitError: a block cannot have that many registers, or a thread such a stack.
    """
    limits = architecture(arch)
    threads = block[0] * block[1] * block[2]
    if not 0 < threads <= limits.max_threads or min(block) < 1:
        raise ThreadLimitError(
            f"kernel `{kernel}` has a block that {limits} cannot run",
            expected=f"1 to {limits.max_threads} threads",
            got=f"{block[0]} * {block[1]} * {block[2]} = {threads} threads",
            remedy="use fewer threads",
        )
    if shared_bytes > limits.max_shared_bytes:
        raise SharedMemoryLimitError(
            f"kernel `{kernel}` needs more shared memory than {limits} gives a block",
            expected=f"at most {limits.max_shared_bytes} bytes",
            got=f"{shared_bytes} bytes",
            remedy="use smaller tiles or fewer pipeline stages",
        )
    _check_registers(limits, kernel, threads, registers)
    if stack_bytes > _MAX_STACK_BYTES:
        raise RegisterLimitError(
            f"kernel `{kernel}` has more local memory than {limits} gives a thread",
            expected=f"at most {_MAX_STACK_BYTES} bytes for arrays and spilled registers",
            got=f"{stack_bytes} bytes",
            remedy="use smaller arrays, shared memory, or a workspace in global memory",
        )


def _check_registers(limits: Architecture, kernel: str, threads: int, registers: int) -> None:
    warps = -(-threads // _WARP)
    units = -(-registers // _REGISTER_UNIT)
    if warps * units * _WARP * _REGISTER_UNIT <= _MAX_REGISTERS:
        return
    most = _MAX_REGISTERS // (units * _WARP * _REGISTER_UNIT) * _WARP
    raise RegisterLimitError(
        f"kernel `{kernel}` needs more registers than {limits} gives a block",
        expected=f"at most {most} threads with {registers} registers each, "
        f"of {_MAX_REGISTERS} in all",
        got=f"{threads} threads",
        remedy=f"declare the kernel with __launch_bounds__({threads}), use fewer threads, "
        "or smaller tiles",
    )
