"""The CPU target: C source, compiled by the system's C compiler and run on a thread pool."""

from __future__ import annotations

import ctypes
import dataclasses
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tilescale import _runtime
from tilescale.errors import InternalError, TensorSupplyError, TileScaleError
from tilescale.jit import backend, tensors, toolchain
from tilescale.jit import threads as _threads  # noqa: F401 - reads the number of threads
from tilescale.jit.argument_errors import ArgumentReporter, span_to_dict
from tilescale.jit.build import Artifact, Lowered, build
from tilescale.jit.cache import KernelCache
from tilescale.jit.kernel import JITKernel
from tilescale.jit.options import CompileOptions
from tilescale.jit.signature import with_outputs


class CpuKernel(JITKernel, _runtime.Kernel):
    """A kernel on the CPU.

    Args:
        artifact: what the compiler made.
        prim_func: the function that was compiled, or None.
        out_idx: positions of parameters to allocate and return; None leaves it to the function.

    Raises:
        CompileOptionError: `out_idx` does not fit the function.
    """

    def __init__(
        self, artifact: Artifact, prim_func: Any = None, out_idx: Sequence[int] | None = None
    ) -> None:
        self._artifact = artifact
        signature = with_outputs(artifact.signature, out_idx)
        JITKernel.__init__(self, artifact.source, signature, prim_func, "cpu", artifact.from_cache)
        try:
            _runtime.Kernel.__init__(
                self,
                str(artifact.binary),
                signature,
                ArgumentReporter(signature),
                tensors.adapt_array,
                tensors.allocate_like,
            )
        except (OSError, ValueError) as error:
            raise InternalError(f"the compiled kernel cannot be loaded: {error}") from error

    @property
    def library_path(self) -> Path:
        """Path of the loaded shared object."""
        return self._artifact.binary

    def evaluate_exprs(self, symbols: Sequence[int]) -> list[int]:
        """Returns the derived extents for these values of the symbols.

        Raises:
            TensorSupplyError: one of them is undefined.
        """
        count = self._signature["num_exprs"]
        if count == 0:
            return []
        values = (ctypes.c_int64 * max(1, len(symbols)))(*symbols)
        exprs = (ctypes.c_int64 * count)()
        if ctypes.CDLL(str(self.library_path)).ts_exprs(values, exprs) != 0:
            raise TensorSupplyError("an extent is undefined for these sizes", got=repr(symbols))
        return list(exprs)

    def export_library(self, path: str | Path) -> None:
        """Writes the shared object, and beside it `<path>.json` with the signature."""
        shutil.copyfile(self._artifact.binary, path)
        text = json.dumps(self._signature, indent=1)
        Path(f"{path}.json").write_text(text, encoding="utf-8")

    def export(self, path: str | Path) -> None:
        """Writes a shared object that tvm-ffi loads without Python and without this library.

        It exports one function, called like the kernel. Tensors that the kernel would allocate are
        passed by the caller, after or between the others as in `params`.

        Args:
            path: the file, usually ending in `.so`.

        Raises:
            ExportError: the kernel has parameters that cannot be passed this way.
        """
        from tilescale.jit.export import export_tvm_ffi

        export_tvm_ffi(self._source, self._signature, Path(path))


class CpuMaker:
    """How C sources become shared objects; see `build.Maker`."""

    source_name = "kernel.c"
    binary_name = "kernel.so"

    def environment(self, cache: KernelCache) -> list[str]:
        """What else a kernel depends on: the compiler library, the C compiler, the CPU."""
        parts = [
            toolchain.cpu_features(),
            " ".join(toolchain.DEFAULT_FLAGS),
            toolchain.kernel_abi_text(),
            backend.library_fingerprint(cache),
        ]
        try:
            parts.append(toolchain.find_compiler().fingerprint)
        except TileScaleError:
            parts.append("no compiler")
        return parts

    def complete(self, source: str) -> str:
        """Returns the source with what it includes of ours."""
        return toolchain.complete_source(source)

    def make(self, source: Path, binary: Path, flags: Sequence[str]) -> dict[str, Any]:
        """Compiles one file."""
        toolchain.compile_shared(source, binary, flags)
        return {}


def lower(func: Any, options: CompileOptions) -> Lowered:
    """Returns the C source of a function and its signature."""
    from tilescale import _ffi

    result = _ffi.get("pass.CompileCPU")(func, dict(options.pass_configs))
    signature = backend.with_returns(func, json.loads(str(result["signature"])))
    return Lowered(str(result["source"]), signature)


def stages(func: Any, options: CompileOptions) -> list[tuple[str, Any]]:
    """Returns the function after each pass."""
    from tilescale import _ffi

    return [
        (str(name), stage)
        for name, stage in _ffi.get("pass.Stages")(func, dict(options.pass_configs))
    ]


def compile_kernel(func: Any, options: CompileOptions) -> CpuKernel:
    """Compiles a function, or finds it in the disk cache, and loads it."""
    artifact = build(
        backend.key_text(func, options),
        lambda: backend.print_ir(func, True),
        options.compile_flags,
        lambda: lower(func, options),
        CpuMaker(),
        verbose=options.verbose,
    )
    # Positions are no part of the cache's key: those of this function are used.
    signature = {**artifact.signature, "span": span_to_dict(func.span)}
    return CpuKernel(dataclasses.replace(artifact, signature=signature), func, options.out_idx)
