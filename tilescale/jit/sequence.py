"""Functions with several launches: one kernel for each, called one after another."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from tilescale.errors import UnsupportedTargetError
from tilescale.jit.backend import Backend, with_returns
from tilescale.jit.kernel import JITKernel
from tilescale.jit.options import CompileOptions


class KernelSequence(JITKernel):
    """What a function with several launches becomes.

    The first kernel checks the arguments and allocates; the others get the same tensors. On a GPU
    all run on one stream, so that each sees what those before it have written.

    Args:
        kernels: one for each launch, in order.
        prim_func: the function that was compiled.
    """

    def __init__(self, kernels: Sequence[JITKernel], prim_func: Any) -> None:
        first = kernels[0]
        signature = _whole_signature(first, prim_func)
        source = "\n".join(kernel.kernel_source for kernel in kernels)
        cached = all(kernel.from_cache for kernel in kernels)
        super().__init__(source, signature, prim_func, first.target, cached)
        self.kernels = tuple(kernels)
        # Positions of what the first kernel allocates, and of what the caller gets.
        self._allocated = first.out_idx
        self._returned = self.out_idx
        self._single = len(self._returned) == 1 and not signature.get("returns_tuple")

    def __call__(self, *args: Any) -> Any:
        """Runs the kernels, with the parameters that they do not allocate."""
        first, *others = self.kernels
        made = first(*args)
        tensors = [made] if len(self._allocated) == 1 else list(made or ())
        given = iter(args)
        allocated = dict(zip(self._allocated, tensors, strict=True))
        everything = [
            allocated[i] if i in allocated else next(given)
            for i in range(len(self._signature["params"]))
        ]
        for kernel in others:
            kernel(*everything)
        if not self._returned:
            return None
        returned = [everything[i] for i in self._returned]
        return returned[0] if self._single else tuple(returned)

    def evaluate_exprs(self, symbols: Sequence[int]) -> list[int]:
        """Returns the derived extents for these values of the symbols."""
        return self.kernels[0].evaluate_exprs(symbols)

    def _lacks(self, what: str, kind: str) -> UnsupportedTargetError:
        return UnsupportedTargetError(
            f"`{self.name}` launches {len(self.kernels)} kernels and has no {what} as a whole",
            expected="one of its kernels",
            got=self.target,
            remedy="ask each of `.kernels`",
        )


def compile_sequence(
    parts: Sequence[Any], prim_func: Any, options: CompileOptions, backend: Backend
) -> KernelSequence:
    """Returns the kernels of a function with several launches.

    Args:
        parts: what `pass.SplitLaunches` makes of the function.
        prim_func: the function.
        options: how to compile it.
        backend: what compiles for the target.
    """
    later = dataclasses.replace(options, out_idx=None)
    kernels = [
        backend.compile_kernel(part, options if index == 0 else later)
        for index, part in enumerate(parts)
    ]
    return KernelSequence(kernels, prim_func)


def _whole_signature(first: JITKernel, prim_func: Any) -> dict[str, Any]:
    """The first kernel's signature with the roles and results of the whole function."""
    signature = dict(first.signature)
    roles = [str(role) for role in prim_func.roles]
    if not {"output", "workspace"} & set(roles):
        return signature
    params = zip(signature["params"], roles, strict=True)
    signature["params"] = [
        {**fields, "role": role} if role in ("output", "workspace") else fields
        for fields, role in params
    ]
    return with_returns(prim_func, signature)
