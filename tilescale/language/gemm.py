"""`T.gemm`: multiplying tiles."""

from __future__ import annotations

import enum
from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.control import Branch, decide
from tilescale.frontend.diagnostics import mistake
from tilescale.language import hints
from tilescale.language.fill import clear
from tilescale.language.region import as_region, emit


class GemmWarpPolicy(enum.IntEnum):
    """How the warps of a program share the result: a hint."""

    Square = 0
    FullRow = 1
    FullCol = 2


def _policy(value: Any) -> int:
    if value in list(GemmWarpPolicy):
        return int(value)
    raise mistake(
        errors.OperatorArgumentError,
        "T.gemm is given a policy that does not exist",
        expected=", ".join(f"T.GemmWarpPolicy.{policy.name}" for policy in GemmWarpPolicy),
        got=repr(value),
        remedy="leave it out: results do not depend on it",
    )


def gemm(
    A: Any,
    B: Any,
    C: Any,
    transpose_A: bool = False,
    transpose_B: bool = False,
    policy: GemmWarpPolicy | int = GemmWarpPolicy.Square,
    clear_accum: Any = False,
    k_pack: int = 1,
    mbar: Any = None,
    annotations: dict[str, Any] | None = None,
) -> None:
    """C += A * B, or C = A * B with `clear_accum`; products and sums are of C's type.

    Args:
        A: M x K (K x M with `transpose_A`), constant extents.
        B: K x N (N x K with `transpose_B`).
        C: M x N.
        transpose_A: whether A is stored transposed.
        transpose_B: whether B is stored transposed.
        policy: how warps share the result (a hint).
        clear_accum: whether C's old value is dropped; may be a run-time condition.
        k_pack: 1 or 2: a hint without effect on these targets.
        mbar: None: a barrier that signals completion comes with sm_100.
        annotations: `instruction`, on CUDA: a matrix instruction that must be used,
            as in `"mma_m16n8k8_f32_tf32"` (which reads 19 bits of float32 operands), `"mma"` for
            any, `"fma"` for none.

    Raises:
        GemmShapeError: the extents do not fit (raised when the kernel is compiled).
        MatrixInstructionError: the target lacks the instruction asked for (likewise).
        NotABufferError: an operand is not a buffer.
        OperatorArgumentError: no such policy, k_pack or annotation, or a barrier.
    """
    hints.count("T.gemm", "k_pack", k_pack, 1, 2)
    if mbar is not None:
        remedy = "leave it out: the product is complete when T.gemm returns"
        raise hints.refused("T.gemm", "mbar", mbar, "None", remedy)
    asked = hints.merged("T.gemm", {"instruction": None}, annotations)
    attrs: dict[str, Any] = {"policy": _policy(policy)}
    if asked["instruction"] is not None:
        attrs["instruction"] = asked["instruction"]
    operands = [as_region(operand, "T.gemm").node() for operand in (A, B, C)]
    known = decide(clear_accum)
    if known is None:
        _clear_if(clear_accum, C)
    flags = bool(transpose_A), bool(transpose_B), bool(known)
    emit("T.gemm", ir.op.Gemm, *operands, *flags, attrs)


def _clear_if(condition: Any, buffer: Any) -> None:
    branch = Branch(context.current("T.gemm"), condition)
    branch.then()
    clear(buffer)
    branch.end()


__all__ = ["GemmWarpPolicy", "gemm"]
