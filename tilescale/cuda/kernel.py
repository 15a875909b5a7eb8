"""A CUDA kernel that Python calls with tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tilescale import _runtime
from tilescale.cuda.architectures import check_limits
from tilescale.cuda.compiler import CudaBinary, KernelResources
from tilescale.jit import tensors
from tilescale.jit.argument_errors import ArgumentReporter


class CudaKernel(_runtime.CudaKernel):
    """One kernel of a binary, with what it takes to bind its arguments and launch it.

    The function's parameters are the slots of cc/runtime/README.md in their order: tensors and
    pointers, scalars, symbols, derived expressions. It is launched on the stream that the first
    tensor's framework works on, and nothing is synchronised.

    Args:
        binary: machine code.
        symbol: name of the kernel in it.
        signature: as in cc/runtime/README.md, with `"device": "cuda"` and `"exprs"`.
        block: threads of a block.
        shared_bytes: dynamic shared memory of a block.
        cooperative: blocks wait for each other, so all must be resident at once.
        variant: gives the kernel that runs in place of this one where arguments break what this
            one assumes; see cc/runtime/README.md.

    Raises:
        ThreadLimitError: the block is larger than the architecture allows.
        SharedMemoryLimitError: a block cannot have that much shared memory.
        RegisterLimitError: a block cannot have that many registers.
        ValueError: the signature contradicts itself.
    """

    def __init__(
        self,
        binary: CudaBinary,
        symbol: str,
        signature: Mapping[str, Any],
        block: tuple[int, int, int],
        shared_bytes: int = 0,
        cooperative: bool = False,
        variant: Callable[[int], CudaKernel] | None = None,
    ) -> None:
        self.binary = binary
        self.symbol = symbol
        self._signature: Mapping[str, Any] = {**signature, "device": "cuda"}
        used = binary.resources.get(symbol)
        check_limits(
            binary.arch,
            symbol,
            block,
            shared_bytes + (used.shared_bytes if used else 0),
            used.registers if used else 0,
            used.stack_bytes if used else 0,
        )
        super().__init__(
            binary.code,
            symbol,
            binary.arch,
            block,
            shared_bytes,
            cooperative,
            self._signature,
            ArgumentReporter(dict(self._signature)),
            tensors.adapt_array,
            tensors.allocate_like,
            tensors.current_stream,
            variant,
        )

    @property
    def signature(self) -> Mapping[str, Any]:
        """What the arguments are, as described in cc/runtime/README.md."""
        return self._signature

    @property
    def resources(self) -> KernelResources | None:
        """What the kernel uses, as the assembler reports it; None for linked code."""
        return self.binary.resources.get(self.symbol)

    def __repr__(self) -> str:
        return f"<CudaKernel {self.symbol} for {self.binary.arch}>"
