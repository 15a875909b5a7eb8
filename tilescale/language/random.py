"""Random numbers: one generator for each program."""

from __future__ import annotations

from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.values import Scalar, as_typed

_GENERATORS = ("curandStatePhilox4_32_10_t", "curandStateXORWOW_t", "curandStateMRG32k3a_t")


def rng_init(
    seed: Scalar,
    seq: Scalar | None = None,
    off: Scalar = 0,
    generator: str = "curandStatePhilox4_32_10_t",
) -> None:
    """Starts the generator.

    Args:
        seed: the seed.
        seq: number of the sequence, for different numbers in different programs; 0 by default.
        off: how many numbers to skip.
        generator: name of the generator; every name gives the Philox generator on the CPU.

    Raises:
        OperatorArgumentError: there is no such generator.
    """
    if generator not in _GENERATORS:
        raise mistake(
            errors.OperatorArgumentError,
            f"there is no random generator {generator!r}",
            expected=", ".join(_GENERATORS),
            got=repr(generator),
            remedy="leave it out",
        )
    numbers = (seed, 0 if seq is None else seq, off)
    args = [as_typed(number, "int64") for number in numbers]
    call = ir.make_call("rng_init", args, {"generator": generator}, "int32")
    builder = context.current("T.rng_init")
    builder.emit_in_kernel("T.rng_init", ir.Evaluate(call, builder.span()))


def _drawn(what: str, call: ir.Expr) -> Any:
    builder = context.current(what)
    builder.require_kernel(what)
    return builder.bind(builder.take_hint("random"), call)


def rng_rand() -> Any:
    """The next uniform uint32."""
    return _drawn("T.rng_rand", ir.make_call("rng_rand", [], {}, "uint32"))


def rng_rand_float(bit: int = 32, dist: str = "uniform") -> Any:
    """The next floating number.

    Args:
        bit: 32 or 64.
        dist: "uniform" in (0, 1], or "normal" with mean 0 and deviation 1.

    Raises:
        OperatorArgumentError: another width or distribution.
    """
    if bit not in (32, 64) or dist not in ("uniform", "normal"):
        raise mistake(
            errors.OperatorArgumentError,
            "T.rng_rand_float cannot draw such numbers",
            expected='bit 32 or 64, dist "uniform" or "normal"',
            got=f"bit={bit}, dist={dist!r}",
            remedy="choose one of them",
        )
    attrs: dict[str, Any] = {"bit": int(bit), "dist": dist}
    return _drawn("T.rng_rand_float", ir.make_call("rng_rand_float", [], attrs, f"float{bit}"))


__all__ = ["rng_init", "rng_rand", "rng_rand_float"]
