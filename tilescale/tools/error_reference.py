"""Writes `docs/errors.md`: `python -m tilescale.tools.error_reference > docs/errors.md`."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator

from tilescale import _cuda_errors, _error_base, _kernel_errors, _operator_errors, errors

_HEAD = """# Errors

Every mistake that TileScale recognises has its own class. All derive from `TileScaleError`, which
carries `message`, `expected`, `got`, `remedy` and `span`; printing one shows the line of your
program with a caret. `InternalError` alone means a defect of TileScale: please report it.

`tests/errors` holds at least one rejected program for each class that a kernel can provoke, with
the whole message.

Generated from `tilescale/errors.py` by `python -m tilescale.tools.error_reference`; a test compares
the two.
"""

_RULE = "# " + "-" * 98
_TITLE = re.compile(rf"^{_RULE}\n# (.+)\n{_RULE}$", re.MULTILINE)
_CLASS = re.compile(r"^class (\w+)\(", re.MULTILINE)


def _sections() -> Iterator[tuple[str, list[type[Exception]]]]:
    """Yields the titles in the sources and the exception classes below each."""
    heads = {_error_base: "Base classes", errors: "Warnings"}
    for module in (_error_base, errors, _cuda_errors, _kernel_errors, _operator_errors):
        first = heads.get(module, "")
        head, *parts = _TITLE.split(inspect.getsource(module))
        for title, text in zip([first, *parts[::2]], [head, *parts[1::2]], strict=True):
            classes = [getattr(module, name) for name in _CLASS.findall(text)]
            found = [cls for cls in classes if issubclass(cls, Exception)]
            if found:
                yield title, found


def _row(cls: type[Exception]) -> str:
    bases = ", ".join(f"`{base.__name__}`" for base in cls.__bases__)
    meaning = (inspect.getdoc(cls) or "").split("\n\n")[0].replace("\n", " ")
    return f"| `{cls.__name__}` | {bases} | {meaning} |"


def render_markdown() -> str:
    """Returns the page: one table for each section of the source."""
    lines = [_HEAD]
    for title, classes in _sections():
        lines += [f"## {title}", "", "| class | is a | meaning |", "|---|---|---|"]
        lines += [*(_row(cls) for cls in classes), ""]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(render_markdown())
