"""The one registry of environment variables that TileScale reads.

A knob is read from the environment each time it is asked for, so that tests and programs may change
it at run time. `docs/knobs.md` is generated from this file by `render_markdown`.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from tilescale.errors import KnobValueError

T = TypeVar("T")

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"", "0", "false", "no", "off"})


@dataclasses.dataclass(frozen=True)
class Knob(Generic[T]):
    """One environment variable.

    Attributes:
        name: name of the variable.
        kind: word for the value's type in messages and documentation.
        default: value when the variable is unset or empty.
        doc: one sentence for users.
        parse: turns the text into the value; raises ValueError for bad text.
    """

    name: str
    kind: str
    default: T
    doc: str
    parse: Callable[[str], T]

    def get(self) -> T:
        """Returns the current value.

        Raises:
            KnobValueError: the variable holds text that is not of the knob's type.
        """
        text = os.environ.get(self.name, "")
        if not text:
            return self.default
        try:
            return self.parse(text)
        except ValueError as error:
            raise KnobValueError(
                f"environment variable {self.name} has a bad value",
                expected=self.kind,
                got=repr(text),
                remedy=f"unset {self.name}, or set it as documented: {self.doc}",
            ) from error


def _parse_bool(text: str) -> bool:
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(text)


def _parse_count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


def _parse_path(text: str) -> Path | None:
    try:
        # A program may change its folder between two uses.
        return Path(text).expanduser().absolute()
    except RuntimeError as error:  # there is no such user
        raise ValueError(text) from error


def _bool(name: str, doc: str) -> Knob[bool]:
    return Knob(name, "boolean (0 or 1)", False, doc, _parse_bool)


def _count(name: str, default: int, doc: str) -> Knob[int]:
    return Knob(name, "non-negative integer", default, doc, _parse_count)


def _text(name: str, default: str, doc: str) -> Knob[str]:
    return Knob(name, "text", default, doc, str)


def _path(name: str, doc: str) -> Knob[Path | None]:
    return Knob(name, "path", None, doc, _parse_path)


CACHE_DIR = _path(
    "TILESCALE_CACHE_DIR",
    "Folder of the disk cache; the default is `tilescale` in the user's cache folder.",
)
DISABLE_CACHE = _bool("TILESCALE_DISABLE_CACHE", "Compile every kernel anew, and store nothing.")
CC = _text(
    "TILESCALE_CC",
    "",
    "Command of the C compiler for the CPU target; the default is the first of cc, gcc, clang"
    " and the ziglang wheel that works.",
)
CUDA_PATH = _path(
    "TILESCALE_CUDA_PATH",
    "Folder with NVRTC: a CUDA toolkit, or a folder of wheels; by default the installed wheels,"
    " then `/usr/local/cuda`.",
)
NUM_THREADS = _count(
    "TILESCALE_NUM_THREADS",
    0,
    "Threads on which a CPU kernel runs; 0 means all cores that the process may use.",
)
TARGET = _text("TILESCALE_TARGET", "auto", "Target of kernels that name none.")
DUMP = _path("TILESCALE_DUMP", "Folder into which every stage of a compilation is written as text.")
VERBOSE = _bool("TILESCALE_VERBOSE", "Log each compilation and where its result came from.")
PRINT_SOURCE = _bool("TILESCALE_PRINT_SOURCE", "Print the generated source of each kernel.")
COMPILE_WORKERS = _count(
    "TILESCALE_COMPILE_WORKERS",
    0,
    "Threads of `par_compile`; 0 means all cores that the process may use.",
)
COMPILE_TIMEOUT = _count(
    "TILESCALE_COMPILE_TIMEOUT",
    300,
    "Seconds after which a run of the C compiler is given up; 0 means never.",
)
SIM_SEED = _count("TILESCALE_SIM_SEED", 0, "Seed of simulated kernels that are given none.")
SIM_POLICY = _text(
    "TILESCALE_SIM_POLICY",
    "round_robin",
    "How the simulator chooses threads: `round_robin`, `random` or `adversarial`.",
)
SIM_ASYNC_POLICY = _text(
    "TILESCALE_SIM_ASYNC_POLICY",
    "eager",
    "When asynchronous copies arrive in the simulator: `eager`, `late` or `random`.",
)
SIM_CHECKS = _text(
    "TILESCALE_SIM_CHECKS",
    "all",
    "What the simulator checks: `all`, `none`, or some of `bounds races uninitialized`.",
)

ALL: tuple[Knob[bool] | Knob[int] | Knob[str] | Knob[Path | None], ...] = (
    CACHE_DIR,
    DISABLE_CACHE,
    CC,
    CUDA_PATH,
    NUM_THREADS,
    TARGET,
    DUMP,
    VERBOSE,
    PRINT_SOURCE,
    COMPILE_WORKERS,
    COMPILE_TIMEOUT,
    SIM_SEED,
    SIM_POLICY,
    SIM_ASYNC_POLICY,
    SIM_CHECKS,
)


def render_markdown() -> str:
    """Returns the text of `docs/knobs.md`."""
    lines = [
        "# Environment variables",
        "",
        "Generated from `tilescale/knobs.py`; a test compares the two.",
        "",
        "| name | type | default | meaning |",
        "|---|---|---|---|",
    ]
    for knob in ALL:
        default = "" if knob.default in (None, "") else f"`{knob.default}`"
        lines.append(f"| `{knob.name}` | {knob.kind} | {default} | {knob.doc} |")
    return "\n".join(lines) + "\n"
