"""How simulated kernels run: seed, policies, checks."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import types
from collections.abc import Iterator, Mapping
from typing import Any

from tilescale import knobs
from tilescale.errors import CompileOptionError

CHECKS = ("bounds", "races", "uninitialized")
POLICIES = ("round_robin", "random", "adversarial")
ASYNC_POLICIES = ("eager", "late", "random")
# Least value, and the first one that the simulator's library cannot take.
_INTEGERS = {"seed": (0, 2**64), "resident_blocks": (1, 2**32)}


@dataclasses.dataclass(frozen=True)
class Options:
    """How a simulated kernel runs.

    Attributes:
        seed: of the scheduler and of random completion; equal seeds give equal runs.
        policy: how threads are chosen: "round_robin", "random" or "adversarial".
        async_policy: when asynchronous copies arrive: "eager", "late" or "random".
        checks: of "bounds", "races", "uninitialized"; without any a kernel runs fast.
        resident_blocks: how many blocks run at once; None for what 4 multiprocessors hold.
        loop_seconds: processor time that a thread may take between two accesses to memory.
        time_limit: processor time of the launch; 0 for any.
        counters: counts bank conflicts, sectors and instructions by line: `Report.profile`.
        timeline: records who did what in which order: `Report.timeline`.
    """

    seed: int = 0
    policy: str = "round_robin"
    async_policy: str = "eager"
    checks: tuple[str, ...] = CHECKS
    resident_blocks: int | None = None
    loop_seconds: float = 10.0
    time_limit: float = 600.0
    counters: bool = False
    timeline: bool = False

    @property
    def is_instrumented(self) -> bool:
        """Whether the kernel has to tell of its accesses to memory."""
        return bool(self.checks) or self.counters


_NAMES = tuple(field.name for field in dataclasses.fields(Options))
_CURRENT: contextvars.ContextVar[Mapping[str, Any]] = contextvars.ContextVar(
    "tilescale_simulator_options", default=types.MappingProxyType({})
)


@contextlib.contextmanager
def options(**values: Any) -> Iterator[None]:
    """Runs the simulated kernels of a `with` block, in this thread, in a way of its own.

    Example::

        with tilescale.sim.options(seed=7, policy="random", async_policy="late"):
            kernel(a, b)

    What is not given stays as around the block: as the kernel's target says
    (`target={"kind": "sim", "arch": "sm_80", "seed": 7}`), else as the knobs TILESCALE_SIM_* say.

    Args:
        **values: fields of `Options`.

    Raises:
        CompileOptionError: an option does not exist, or has a value that is not allowed.
    """
    token = _CURRENT.set({**_CURRENT.get(), **check_options(values)})
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current_options(own: Mapping[str, Any]) -> Options:
    """Returns the options of a launch now.

    Args:
        own: those of the kernel's target; `options` wins over them, and they win over the knobs.
    """
    defaults = {
        "seed": knobs.SIM_SEED.get(),
        "policy": knobs.SIM_POLICY.get(),
        "async_policy": knobs.SIM_ASYNC_POLICY.get(),
        "checks": knobs.SIM_CHECKS.get(),
    }
    return Options(**check_options({**defaults, **own, **_CURRENT.get()}))


def check_options(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns options in one form.

    Raises:
        CompileOptionError: an option does not exist, or has a value that is not allowed.
    """
    result = dict(values)
    for name in values:
        if name not in _NAMES:
            raise _wrong(f"the simulator has no option {name!r}", _NAMES, name)
    _check_choice(result, "policy", POLICIES)
    _check_choice(result, "async_policy", ASYNC_POLICIES)
    if "checks" in result:
        result["checks"] = _checks(result["checks"])
    for name, (least, bound) in _INTEGERS.items():
        value = result.get(name, least)
        if name == "resident_blocks" and value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value < bound:
            raise _wrong(f"{name} must be a number", (f"an int from {least} on",), value)
    for name in ("loop_seconds", "time_limit"):
        value = result.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
            raise _wrong(f"{name} must be a time", ("seconds as an int or float",), value)
    return result


def _checks(value: Any) -> tuple[str, ...]:
    names = value.replace(",", " ").split() if isinstance(value, str) else list(value)
    if names in (["all"], ["none"]):
        return CHECKS if names == ["all"] else ()
    for name in names:
        if name not in CHECKS:
            raise _wrong(f"the simulator has no check {name!r}", (*CHECKS, "all", "none"), name)
    return tuple(name for name in CHECKS if name in names)


def _check_choice(values: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> None:
    if values.get(name, allowed[0]) not in allowed:
        raise _wrong(f"the simulator has no {name} {values[name]!r}", allowed, values[name])


def _wrong(message: str, allowed: tuple[str, ...], got: Any) -> CompileOptionError:
    return CompileOptionError(message, expected=", ".join(allowed), got=repr(got))
