"""The target `sim`: CUDA kernels on the simulator, with arguments in the host's memory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tilescale import _ffi, _runtime
from tilescale.cuda.architectures import check_limits
from tilescale.errors import CompileOptionError, Span
from tilescale.jit import backend, cuda_source, tensors
from tilescale.jit.argument_errors import ArgumentReporter
from tilescale.jit.build import Lowered
from tilescale.jit.kernel import JITKernel
from tilescale.jit.options import CompileOptions
from tilescale.jit.signature import with_outputs
from tilescale.sim.findings import SourceMap
from tilescale.sim.kernel import SimulatedLaunch, build_kernels
from tilescale.sim.report import Report
from tilescale.sim.user_source import UserSource

lower = cuda_source.lower
stages = cuda_source.stages

# The printed text of a function ends its lines with where the user wrote them.
_FILE = re.compile(r"^.*  ; (.+):\d+$", re.MULTILINE)


class SimKernel(JITKernel, _runtime.HostedKernel):
    """A kernel on the simulator.

    Args:
        lowered: source and signature.
        prim_func: the function that was compiled.
        options: how it was compiled.

    Raises:
        CompileOptionError: `out_idx` does not fit the function.
        ThreadLimitError: a block is larger than the architecture allows.
        SharedMemoryLimitError: a block cannot have that much shared memory.
    """

    def __init__(self, lowered: Lowered, prim_func: Any, options: CompileOptions) -> None:
        signature = with_outputs({**lowered.signature, "device": "cpu"}, options.out_idx)
        check_limits(
            signature["arch"], signature["name"], signature["block"], signature["shared_bytes"]
        )
        # The runtime holds it, so it must not refer to this kernel.
        launch = self._launch = SimulatedLaunch(
            lowered.source,
            signature,
            SourceMap(lambda: _user_files(prim_func)),
            dict(options.target.options),
            [flag for flag in options.compile_flags if flag.startswith("-D")],
            lambda: _user_sources(prim_func),
        )
        JITKernel.__init__(self, lowered.source, signature, prim_func, str(options.target))
        _runtime.HostedKernel.__init__(
            self,
            signature,
            ArgumentReporter(signature),
            tensors.adapt_array,
            tensors.allocate_like,
            self._launch,
            lambda number: SimKernel.variant_of(launch, number, prim_func, options),
        )

    @classmethod
    def variant_of(
        cls, launch: SimulatedLaunch, number: int, prim_func: Any, options: CompileOptions
    ) -> SimKernel:
        """Returns the kernel for arguments that break what the kernel itself assumes.

        Args:
            launch: of the kernel itself; it gets the reports of this one too.
            number: of the variant, as in cc/runtime/README.md.
            prim_func: the function that was compiled.
            options: how it was compiled.
        """
        changed = cuda_source.variant_options(options, number)
        kernel = cls(lower(prim_func, changed), prim_func, changed)
        kernel._launch.report_to = launch
        return kernel

    @property
    def notes(self) -> tuple[str, ...]:
        """What will be slow on a GPU for want of registers."""
        return tuple(self._signature["notes"])

    @property
    def last_report(self) -> Report | None:
        """What the simulator found and counted in the latest call, None before the first."""
        return self._launch.last_report


def compile_kernel(func: Any, options: CompileOptions) -> SimKernel:
    """Returns the kernel. The host's compiler sees its text at the first call."""
    kernel = SimKernel(lower(func, options), func, options)
    backend.warn_of(kernel.name, kernel.notes)
    return kernel


def build_many(kernels: Sequence[JITKernel]) -> None:
    """Compiles the texts of several simulated kernels in one translation unit.

    Without it, each is compiled at its first call, which takes three times as long. The options
    that hold now (`tilescale.sim.options`) decide whether accesses to memory are checked.

    Args:
        kernels: what `tilescale.compile` returns for the target "sim".

    Raises:
        CompileOptionError: a kernel is not for the simulator.
        CudaCompileError: a text has C++ of the user's, and cannot be compiled.
        InternalError: another text cannot be compiled.
    """
    for kernel in kernels:
        if not isinstance(kernel, SimKernel):
            raise CompileOptionError(
                f"kernel `{kernel.name}` is not for the simulator",
                expected='a kernel with the target "sim"',
                got=kernel.target,
            )
    build_kernels([kernel._launch for kernel in kernels if isinstance(kernel, SimKernel)])


def _user_files(func: Any) -> set[str]:
    """The files that a function's statements come from."""
    return set(_FILE.findall(backend.print_ir(func, True)))


def _user_sources(func: Any) -> list[UserSource]:
    """The C++ that users wrote for a function's kernels."""
    return [
        UserSource(str(found["text"]), str(found["called"]), _to_span(found["span"]))
        for found in _ffi.get("codegen.UserSources")(func)
    ]


def _to_span(span: Any) -> Span | None:
    return Span(str(span.file), span.line, span.col, span.end_col) if span is not None else None
