"""The `tilescale` command.

tilescale doctor                     what this machine has, and what is missing for what
tilescale inspect FILE:KERNEL        every stage of a kernel's compilation as text
    --args "M=128, N=64"             arguments of the function that makes the kernel
    --html PAGE                      writes a page with the pass-by-pass differences instead
tilescale sim FILE:NAME              runs a kernel on the simulator, or a function with the
                                     parameter `target`; status 1 if something is found
    --args "M=128, N=64"             arguments of the function
    --sizes "N=100"                  dynamic extents and scalars of a kernel that gets random inputs
    --arch sm_80                     architecture
    --seed 0 --policy random --async-policy late --checks all    see docs/simulator.md
    --counters                       bank conflicts, sectors and instructions by line
    --timeline FILE                  a trace of the last launch for Perfetto
    --mutate                         removes each synchronisation in turn: is it reported?
tilescale cache info                 where compiled kernels are kept, and how many
tilescale cache clear                removes them
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from absl import app, flags

from tilescale.errors import CommandLineError, TileScaleError

_FLAGS = flags.FlagValues()
_HTML = flags.DEFINE_string("html", None, "File for the page of `inspect`.", flag_values=_FLAGS)
_ARGS = flags.DEFINE_string(
    "args",
    "",
    "Python keyword arguments for the function that makes the kernel.",
    flag_values=_FLAGS,
)
_SIZES = flags.DEFINE_string(
    "sizes", "", "Values of dynamic extents and scalars of `sim`.", flag_values=_FLAGS
)
_ARCH = flags.DEFINE_string("arch", "sm_80", "Architecture of `sim`.", flag_values=_FLAGS)
_SEED = flags.DEFINE_integer("seed", None, "Seed of `sim`.", flag_values=_FLAGS)
_POLICY = flags.DEFINE_string("policy", None, "Scheduling of `sim`.", flag_values=_FLAGS)
_ASYNC_POLICY = flags.DEFINE_string(
    "async_policy", None, "When asynchronous copies arrive in `sim`.", flag_values=_FLAGS
)
_CHECKS = flags.DEFINE_string("checks", None, "What `sim` checks.", flag_values=_FLAGS)
_COUNTERS = flags.DEFINE_boolean("counters", False, "Counts by line.", flag_values=_FLAGS)
_TIMELINE = flags.DEFINE_string("timeline", None, "Trace file of `sim`.", flag_values=_FLAGS)
_MUTATE = flags.DEFINE_boolean("mutate", False, "Mutates in `sim`.", flag_values=_FLAGS)
_FLAGS.mark_as_parsed()  # Callers of `run` get the defaults.


def run(arguments: Sequence[str]) -> int:
    """Carries out one command.

    Args:
        arguments: command and its operands, without the program's name and without flags.

    Returns:
        The exit status.

    Raises:
        CommandLineError: the command or its operands are not known.
    """
    if not arguments or arguments[0] == "help":
        print(__doc__)
        return 0
    command, *operands = arguments
    if command not in _COMMANDS:
        raise CommandLineError(
            f"`{command}` is not a command of tilescale",
            expected=", ".join(_COMMANDS),
            remedy="run `tilescale help`",
        )
    return _COMMANDS[command](operands)


def _doctor(operands: Sequence[str]) -> int:
    from tilescale.tools import doctor

    _check_operands("doctor", operands, 0)
    findings = doctor.examine()
    print(doctor.report(findings), end="")
    return 0 if doctor.is_cpu_ready(findings) else 1


def _inspect(operands: Sequence[str]) -> int:
    from tilescale.tools import inspect_kernel

    _check_operands("inspect FILE:KERNEL", operands, 1)
    return inspect_kernel.run(operands[0], _ARGS.value, _HTML.value)


def _sim(operands: Sequence[str]) -> int:
    from tilescale.tools import simulate

    _check_operands("sim FILE:NAME", operands, 1)
    given = {
        "seed": _SEED.value,
        "policy": _POLICY.value,
        "async_policy": _ASYNC_POLICY.value,
        "checks": _CHECKS.value,
        "counters": _COUNTERS.value or None,
    }
    return simulate.run(
        simulate.Request(
            operands[0],
            _ARGS.value,
            _SIZES.value,
            _ARCH.value,
            {name: value for name, value in given.items() if value is not None},
            _TIMELINE.value,
            _MUTATE.value,
        )
    )


def _cache(operands: Sequence[str]) -> int:
    from tilescale.jit.cache import KernelCache

    _check_operands("cache info|clear", operands, 1)
    cache = KernelCache()
    if operands[0] == "info":
        info = cache.info()
        state = "" if info.enabled else " (disabled)"
        print(f"{info.root}{state}: {info.entries} kernels, {info.bytes} bytes")
    elif operands[0] == "clear":
        print(f"{cache.info().root}: removed {cache.clear()} kernels")
    else:
        raise CommandLineError(
            f"`tilescale cache` cannot {operands[0]}", expected="info or clear", got=operands[0]
        )
    return 0


def _check_operands(usage: str, operands: Sequence[str], count: int) -> None:
    if len(operands) != count:
        raise CommandLineError(
            f"`tilescale {usage.split()[0]}` takes {count} operand{'s' * (count != 1)}",
            expected=f"tilescale {usage}",
            got=" ".join(operands) or "none",
        )


_COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "doctor": _doctor,
    "inspect": _inspect,
    "sim": _sim,
    "cache": _cache,
}


def _main(arguments: Sequence[str]) -> int:
    try:
        return run(arguments[1:])
    except TileScaleError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2


def _parse(arguments: Sequence[str]) -> list[str]:
    flags.FLAGS.mark_as_parsed()  # absl's own flags keep their defaults.
    if any(argument in ("--help", "-h", "-help") for argument in arguments[1:]):
        return [arguments[0], "help"]
    try:
        return list(_FLAGS([_with_underscores(argument) for argument in arguments]))
    except flags.Error as error:
        print(f"{error}; run `tilescale help`", file=sys.stderr)
        raise SystemExit(2) from error


def _with_underscores(argument: str) -> str:
    """Lets a flag be written with hyphens."""
    name, equals, value = argument.partition("=")
    if not name.startswith("--"):
        return argument
    return "--" + name[2:].replace("-", "_") + equals + value


def main() -> None:
    """Entry point of the `tilescale` program."""
    app.run(_main, flags_parser=_parse)


if __name__ == "__main__":
    main()
