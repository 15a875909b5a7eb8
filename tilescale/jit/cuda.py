"""The CUDA target: CUDA C++, compiled by NVRTC and launched through the driver."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tilescale.cuda.compiler import (
    DEFAULT_OPTIONS,
    CudaBinary,
    compile_cuda,
    compile_ptx,
    parse_resources,
)
from tilescale.cuda.disassemble import disassemble
from tilescale.cuda.kernel import CudaKernel
from tilescale.cuda.toolkit import find_toolkit
from tilescale.errors import TileScaleError
from tilescale.jit import backend, cuda_source
from tilescale.jit.argument_errors import span_to_dict
from tilescale.jit.build import Artifact, build, hash_parts
from tilescale.jit.cache import KernelCache
from tilescale.jit.kernel import JITKernel
from tilescale.jit.options import CompileOptions
from tilescale.jit.signature import with_outputs
from tilescale.sim.headers import cuda_headers

lower = cuda_source.lower
stages = cuda_source.stages

# What ported programs pass to nvcc, and NVRTC neither knows nor needs.
_NVCC_ONLY = ("-O", "--expt-relaxed-constexpr", "--expt-extended-lambda", "-Xcompiler", "-w")


class CudaJITKernel(JITKernel, CudaKernel):
    """A kernel on CUDA devices.

    Args:
        artifact: what the compiler made.
        prim_func: the function that was compiled.
        options: how it was compiled.

    Raises:
        CompileOptionError: `out_idx` does not fit the function.
        ThreadLimitError: a block is larger than the architecture allows.
        SharedMemoryLimitError: a block cannot have that much shared memory.
        RegisterLimitError: a block cannot have that many registers.
    """

    def __init__(self, artifact: Artifact, prim_func: Any, options: CompileOptions) -> None:
        signature = with_outputs(artifact.signature, options.out_idx)
        JITKernel.__init__(
            self,
            artifact.source,
            signature,
            prim_func,
            str(options.target),
            artifact.from_cache,
        )
        self._flags = nvrtc_flags(options)
        CudaKernel.__init__(
            self,
            _binary(artifact),
            signature["kernel"],
            signature,
            tuple(signature["block"]),
            signature["shared_bytes"],
            bool(signature.get("cooperative", False)),
            lambda number: compile_kernel(prim_func, cuda_source.variant_options(options, number)),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Large arrays, spills, and what the assembler did not do although it was asked to."""
        return (*self._signature["notes"], *self.binary.notes)

    @property
    def resource_usage(self) -> Mapping[str, int]:
        """Registers, stack, spills and shared memory, as the assembler reports them."""
        used = self.resources
        return {
            **(dataclasses.asdict(used) if used else {}),
            "dynamic_shared_bytes": self._signature["shared_bytes"],
        }

    @property
    def ptx(self) -> str:
        """The kernel as PTX, compiled anew from its source."""
        name = f"{self.name}.cu"
        return compile_ptx(
            self._source, self.binary.arch, name=name, options=self._flags, headers=cuda_headers()
        )

    @property
    def sass(self) -> str:
        """The kernel's machine code as text, by NVIDIA's disassembler."""
        return disassemble(self.binary.code)

    def show_ptx(self) -> None:
        """Prints the kernel as PTX."""
        print(self.ptx)

    def export_ptx(self, path: str | Path) -> None:
        """Writes the kernel as PTX."""
        Path(path).write_text(self.ptx, encoding="utf-8")

    def show_sass(self) -> None:
        """Prints the kernel's machine code as text."""
        print(self.sass)

    def export_sass(self, path: str | Path) -> None:
        """Writes the kernel's machine code as text."""
        Path(path).write_text(self.sass, encoding="utf-8")

    def export_library(self, path: str | Path) -> None:
        """Writes the cubin."""
        Path(path).write_bytes(self.binary.code)


class CudaMaker:
    """How CUDA sources become cubins; see `build.Maker`.

    Args:
        arch: "sm_80", ...
        name: what messages call the source.
    """

    source_name = "kernel.cu"
    binary_name = "kernel.cubin"

    def __init__(self, arch: str, name: str) -> None:
        self._arch = arch
        self._name = name

    def environment(self, cache: KernelCache) -> list[str]:
        """What else a kernel depends on: our library and headers, NVRTC, options."""
        headers = cuda_headers()
        parts = [self._arch, *DEFAULT_OPTIONS, *headers, *headers.values()]
        try:
            toolkit = find_toolkit(self._arch).fingerprint
        except TileScaleError:
            toolkit = "no NVRTC"
        return [hash_parts(*parts), toolkit, backend.library_fingerprint(cache)]

    def complete(self, source: str) -> str:
        """Returns the source as it is: NVRTC gets our headers beside it."""
        return source

    def make(self, source: Path, binary: Path, flags: Sequence[str]) -> dict[str, Any]:
        """Compiles one file."""
        made = compile_cuda(
            source.read_text(encoding="utf-8"),
            self._arch,
            name=self._name,
            options=flags,
            headers=cuda_headers(),
        )
        binary.write_bytes(made.code)
        return {"log": made.log, "kernels": list(made.kernels)}


def compile_kernel(func: Any, options: CompileOptions) -> CudaJITKernel:
    """Compiles a function, or finds it in the disk cache. Nothing is loaded on a device yet."""
    artifact = build(
        backend.key_text(func, options),
        lambda: backend.print_ir(func, True),
        nvrtc_flags(options),
        lambda: lower(func, options),
        CudaMaker(str(options.target.arch), f"{func.name}.cu"),
        verbose=options.verbose,
    )
    # Positions are no part of the cache's key: those of this function are used.
    signature = {**artifact.signature, "span": span_to_dict(func.span)}
    kernel = CudaJITKernel(dataclasses.replace(artifact, signature=signature), func, options)
    if not artifact.from_cache:
        backend.warn_of(kernel.name, kernel.notes)
    return kernel


def nvrtc_flags(options: CompileOptions) -> tuple[str, ...]:
    """Returns the options for NVRTC that the user asked for, also in the way nvcc takes them."""
    configs = options.pass_configs
    own = configs.get("tl.device_compile_flags") or ()
    words = [*options.compile_flags, *([own] if isinstance(own, str) else own)]
    flags: list[str] = []
    pending = ""
    for word in (part for text in words for part in shlex.split(str(text))):
        if pending:
            flags += [f"{pending}={word}"] if pending == "--ptxas-options" else []
            pending = ""
        elif word in ("-Xptxas", "-Xcompiler"):
            pending = "--ptxas-options" if word == "-Xptxas" else "nowhere"
        elif not word.startswith(_NVCC_ONLY):
            flags.append(word)
    if configs.get("tl.enable_fast_math"):
        flags.append("--use_fast_math")
    level = configs.get("tl.ptxas_register_usage_level")
    if level is not None:
        flags.append(f"--ptxas-options=--register-usage-level={int(level)}")
    return tuple(flags)


def _binary(artifact: Artifact) -> CudaBinary:
    log = str(artifact.facts["log"])
    return CudaBinary(
        artifact.binary.read_bytes(),
        artifact.signature["arch"],
        artifact.source,
        log,
        tuple(artifact.facts["kernels"]),
        parse_resources(log),
    )
