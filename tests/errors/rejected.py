"""How rejected programs are declared, run and compared with their golden messages."""

import inspect
import linecache
import re
from pathlib import Path

import tilescale

GOLDEN = Path(__file__).parent / "golden"


def rejected(cls):
    """Marks a function whose body must raise exactly `cls`."""

    def mark(program):
        program.rejected_with = cls
        return program

    return mark


def programs(*modules):
    """All marked functions of the modules, in the order of their source."""
    return [
        value
        for module in modules
        for value in vars(module).values()
        if inspect.isfunction(value) and hasattr(value, "rejected_with")
    ]


def compile_for_cpu(function, **options):
    """Compiles without the disk cache; all mistakes in a kernel are found before the C compiler."""
    return tilescale.compile(function, target="cpu", **options)


def message_of(program):
    """Runs a program; returns the class name and the whole message, without what varies.

    Paths lose their folder, and line numbers count from the program's first line; kernels that
    programs share lie `above`.
    """
    try:
        program()
    except tilescale.errors.TileScaleError as error:
        first = program.__code__.co_firstlineno
        text = f"{type(error).__name__}: {error}"
        return normalise(text, Path(program.__code__.co_filename), first), error
    return "nothing was raised", None


def normalise(text, file, first_line):
    """Makes a message independent of where the file lies and of what stands above the program."""
    name = re.escape(str(file))

    def position(match):
        return f"{file.name}:{_offset(int(match[1]), first_line)}"

    text = re.sub(rf"{name}:(\d+)", position, text)
    text = re.sub(r"in line (\d+)", lambda m: f"in line {_offset(int(m[1]), first_line)}", text)
    lines = [_relative_line(line, file, first_line) for line in text.splitlines()]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _offset(line, first_line):
    """A line of the program by its distance; what programs share stands somewhere above them."""
    return f"+{line - first_line}" if line >= first_line else "above"


def _relative_line(line, file, first_line):
    match = re.match(r"(\d+) \| (.*)", line)
    if match and linecache.getline(str(file), int(match[1])).rstrip("\n") == match[2]:
        return f"{_offset(int(match[1]), first_line)} | {match[2]}"
    return re.sub(r"^ +\|", "  |", line)
