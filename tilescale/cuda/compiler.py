"""CUDA C++ to machine code with NVRTC, in this process; no nvcc and no host compiler."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tilescale import _runtime
from tilescale.cuda.toolkit import Toolkit, find_toolkit
from tilescale.errors import (
    CudaCompileError,
    CudaError,
    CudaLinkError,
    MissingCudaLibraryError,
    RegisterLimitError,
    SharedMemoryLimitError,
    UnsupportedInstructionError,
)

DEFAULT_OPTIONS: tuple[str, ...] = ("-std=c++17", "--ptxas-options=-v")

_ENTRY = re.compile(r"Compiling entry function '(\w+)'")
_SPILLS = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
_REGISTERS = re.compile(r"Used (\d+) registers")
_SHARED = re.compile(r"(\d+) bytes smem")
_LACKING = re.compile(r"error\s*: (.*(?:requires \.target|not supported on \.target).*)")
_FEW_REGISTERS = re.compile(
    r"Insufficient registers \((\d+)\).*register target of (\d+)|Register allocation failed"
    r" with register count of '(\d+)'"
)
_OVERRIDDEN = re.compile(r"Overriding maximum register limit \d+ for '\w+' with\s+(\d+)")
_ERROR_LINE = re.compile(r"^[^\n(]*\((\d+)\): (?:catastrophic )?error", re.MULTILINE)
# What the assembler says when it does not do what it was asked for: setmaxnreg and the like.
_NOTE = re.compile(r"\(C\d+\)|\bignored\b|ptxas warning|: warning")
_SHOWN_LINES = 20
# More than this has to be dynamic, on every architecture.
_MAX_STATIC_SHARED = 48 * 1024
_NVJITLINK_WHEEL = {12: "nvidia-nvjitlink-cu12", 13: "nvidia-nvjitlink"}


@dataclasses.dataclass(frozen=True)
class KernelResources:
    """What a kernel uses, as the assembler reports it.

    Attributes:
        registers: of a thread.
        stack_bytes: of a thread.
        spill_store_bytes: bytes that a thread spills for lack of registers.
        spill_load_bytes: bytes that it reads back.
        shared_bytes: static shared memory of a block.
    """

    registers: int
    stack_bytes: int
    spill_store_bytes: int
    spill_load_bytes: int
    shared_bytes: int


@dataclasses.dataclass(frozen=True)
class CudaBinary:
    """Machine code for one architecture.

    Attributes:
        code: the cubin, or LTO-IR.
        arch: for which it was compiled.
        source: the CUDA source; empty for linked code.
        log: everything that the compiler and the assembler said.
        kernels: names of the global functions.
        resources: kernel -> what it uses; empty for LTO-IR.
    """

    code: bytes
    arch: str
    source: str
    log: str
    kernels: tuple[str, ...]
    resources: Mapping[str, KernelResources]

    @property
    def notes(self) -> tuple[str, ...]:
        """Requests that the assembler ignored, warnings, and the spills of each kernel."""
        lines = [line.strip() for line in self.log.splitlines() if _NOTE.search(line)]
        spills = [
            f"{name}: spills {used.spill_store_bytes} bytes ({used.registers} registers)"
            for name, used in self.resources.items()
            if used.spill_store_bytes
        ]
        return (*(line for line in lines if "Architectures prior to" not in line), *spills)


def compile_cuda(
    source: str,
    arch: str,
    *,
    name: str = "kernel.cu",
    kernels: Sequence[str] = (),
    options: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    relocatable: bool = False,
    lto: bool = False,
) -> CudaBinary:
    """Compiles one CUDA source.

    Args:
        source: the text; kernels are `extern "C"`.
        arch: "sm_80", "sm_90a", ...
        name: what messages call the source.
        kernels: functions that the result must have.
        options: more options of NVRTC.
        headers: name -> text of headers that the source includes, besides CUDA's.
        relocatable: makes code for `link_cuda`.
        lto: makes LTO-IR for `link_cuda`; the assembler then runs at the link.

    Raises:
        MissingCudaLibraryError: NVRTC is not installed.
        UnsupportedArchitectureError: there is no such architecture, or NVRTC does not know it.
        UnsupportedInstructionError: the architecture lacks an instruction of the source.
        SharedMemoryLimitError: static shared memory exceeds what a block can have.
        RegisterLimitError: an instruction needs more registers than a thread can have.
        CudaCompileError: the source is wrong.
    """
    flags = ["--relocatable-device-code=true"] if relocatable else []
    flags += ["-dlto"] if lto else []
    code, log = _compile(source, arch, arch, name, (*options, *flags), headers)
    found = () if lto else tuple(_runtime.cubin_functions(code))
    absent = [] if lto else [kernel for kernel in kernels if kernel not in found]
    if absent:
        raise CudaCompileError(
            f"{name} has no kernel {', '.join(absent)}",
            expected=", ".join(kernels),
            got=", ".join(found) or "no kernel",
            remedy='declare it as `extern "C" __global__`',
        )
    return CudaBinary(code, arch, source, log, found, parse_resources(log))


def compile_ptx(
    source: str,
    arch: str,
    *,
    name: str = "kernel.cu",
    options: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> str:
    """Returns a CUDA source as PTX.

    Args:
        source: the text.
        arch: "sm_80", "sm_90a", ...
        name: what messages call the source.
        options: more options of NVRTC.
        headers: name -> text of headers that the source includes, besides CUDA's.

    Raises:
        MissingCudaLibraryError: NVRTC is not installed.
        CudaCompileError: the source is wrong.
    """
    virtual = arch.replace("sm_", "compute_")
    code, _ = _compile(source, arch, virtual, name, options, headers)
    return code.decode().rstrip("\0")


def _compile(
    source: str,
    arch: str,
    output: str,
    name: str,
    options: Sequence[str],
    headers: Mapping[str, str] | None,
) -> tuple[bytes, str]:
    """Returns what NVRTC makes for the architecture `output`, and what it says."""
    toolkit = find_toolkit(arch)
    texts = dict(headers or {})
    flags = [f"--gpu-architecture={output}", *DEFAULT_OPTIONS, *options]
    # Where there is a driver, NVRTC caches; what comes from its cache lacks the assembler's report.
    flags += ["--no-cache"] if toolkit.version >= (12, 9) else []
    flags += [f"-I{toolkit.include}"] if toolkit.include else []
    code, log, error, missing = _runtime.nvrtc_compile(
        str(toolkit.nvrtc),
        toolkit.preload,
        source,
        name,
        list(texts),
        list(texts.values()),
        flags,
    )
    if missing:
        raise _unloadable(toolkit.nvrtc, error)
    if error:
        raise _rejected(source, arch, toolkit, log or error)
    return code, log


def link_cuda(
    inputs: Sequence[CudaBinary], *, kernels: Sequence[str] = (), options: Sequence[str] = ()
) -> CudaBinary:
    """Links relocatable code, or LTO-IR, of one architecture to one cubin.

    Args:
        inputs: results of `compile_cuda`, all relocatable or all LTO-IR.
        kernels: functions that the result must have.
        options: more options of nvJitLink.

    Raises:
        MissingCudaLibraryError: nvJitLink is not installed.
        CudaLinkError: the inputs do not fit together, or a kernel is missing from the result.
    """
    arch = inputs[0].arch
    toolkit = find_toolkit(arch)
    if toolkit.nvjitlink is None:
        raise MissingCudaLibraryError(
            "nvJitLink, the linker for CUDA kernels, was not found",
            expected=f"libnvJitLink.so.{toolkit.version[0]}",
            remedy=f"`pip install {_NVJITLINK_WHEEL[toolkit.version[0]]}`",
        )
    kinds = ["cubin" if binary.code[:4] == b"\x7fELF" else "ltoir" for binary in inputs]
    flags = [f"-arch={arch}", *(["-lto"] if "ltoir" in kinds else []), *options]
    if len(set(kinds)) > 1:
        raise CudaLinkError(
            "LTO-IR and machine code cannot be linked together",
            expected="inputs of one kind",
            got=", ".join(kinds),
            remedy="compile all inputs with lto=True, or none",
        )
    code, log, error, missing = _runtime.nvjitlink(
        str(toolkit.nvjitlink), kinds, [binary.code for binary in inputs], flags
    )
    if missing:
        raise _unloadable(toolkit.nvjitlink, error)
    found = tuple(_runtime.cubin_functions(code))
    absent = [kernel for kernel in kernels if kernel not in found]
    if error or absent:
        raise CudaLinkError(
            f"device code for {arch} cannot be linked: {error or 'a kernel is missing'}",
            expected=", ".join(absent) or None,
            got=_shorten(log) or None,
        )
    return CudaBinary(code, arch, "", log, found, {})


def parse_resources(log: str) -> dict[str, KernelResources]:
    """Returns what each kernel uses, from the assembler's verbose report."""
    parts = _ENTRY.split(log)
    result = {}
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        spills = _SPILLS.search(text)
        registers = _REGISTERS.search(text)
        shared = _SHARED.search(text)
        if spills and registers:
            stack, stores, loads = map(int, spills.groups())
            shared_bytes = int(shared[1]) if shared else 0
            result[name] = KernelResources(int(registers[1]), stack, stores, loads, shared_bytes)
    return result


def _unloadable(library: Path, reason: str) -> MissingCudaLibraryError:
    return MissingCudaLibraryError(
        f"{library} cannot be loaded",
        expected="a library for this machine, with the others that it needs",
        got=reason,
        remedy="install it again, or name another CUDA toolkit in TILESCALE_CUDA_PATH",
    )


def _rejected(source: str, arch: str, toolkit: Toolkit, log: str) -> CudaError:
    # In its verbose mode the assembler says how much a kernel uses, but not that it is too much.
    for kernel, used in parse_resources(log).items():
        if used.shared_bytes > _MAX_STATIC_SHARED:
            return SharedMemoryLimitError(
                f"kernel `{kernel}` has more static shared memory than there can be",
                expected=f"at most {_MAX_STATIC_SHARED} bytes",
                got=f"{used.shared_bytes} bytes",
                remedy="use dynamic shared memory, smaller tiles or fewer pipeline stages",
            )
    lacking = _LACKING.search(log)
    if lacking is not None:
        return UnsupportedInstructionError(
            f"the kernel uses an instruction that {arch} does not have",
            expected=f"instructions of {arch}",
            got=lacking[1],
            remedy="compile for a newer architecture, or choose another instruction",
        )
    few = _too_few_registers(arch, log)
    if few is not None:
        return few
    return CudaCompileError(
        f"{toolkit} rejects the source for {arch}:\n{_shorten(log)}{_excerpt(source, log)}",
        remedy="correct the source; a generated one is a defect of TileScale: please report it",
    )


def _too_few_registers(arch: str, log: str) -> RegisterLimitError | None:
    """The assembler does not always say that a limit of the user's has made it fail."""
    failed = _FEW_REGISTERS.search(log)
    limited = None if "error" in log else _OVERRIDDEN.search(log)
    if failed is None and limited is None:
        return None
    has = (failed and (failed[1] or failed[3])) or (limited and limited[1])
    needed = failed[2] if failed and failed[2] else None
    return RegisterLimitError(
        f"an instruction needs more registers than a thread can have on {arch}",
        expected=f"at most {has} registers, by the threads of a block, "
        "the blocks of a multiprocessor or --maxrregcount",
        got=f"{needed} registers" if needed else "more",
        remedy="use fewer threads, smaller tiles, or drop the limit",
    )


def _shorten(log: str) -> str:
    return "\n".join(log.strip().splitlines()[:_SHOWN_LINES])


def _excerpt(source: str, log: str) -> str:
    match = _ERROR_LINE.search(log)
    lines = source.splitlines()
    number = int(match[1]) if match else 0
    return f"\n{number} | {lines[number - 1]}" if 0 < number <= len(lines) else ""
