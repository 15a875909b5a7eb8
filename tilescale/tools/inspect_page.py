"""The page of `tilescale inspect --html`: one file, no scripts, nothing fetched."""

from __future__ import annotations

import dataclasses
import difflib
import html
from collections.abc import Mapping, Sequence
from pathlib import Path

_CONTEXT = 3


@dataclasses.dataclass(frozen=True)
class Stage:
    """The kernel as text after one step of its compilation.

    Attributes:
        name: the pass that made it, or what it is.
        text: the IR or the generated source.
    """

    name: str
    text: str


def render(title: str, stages: Sequence[Stage], counters: Mapping[str, int]) -> str:
    """Returns the page: what each stage changed, the whole text of each, and the counters.

    Args:
        title: the kernel's name.
        stages: in the order of compilation; the last is the generated source.
        counters: the prover's counters by name.
    """
    style = Path(__file__).with_name("inspect_page.css").read_text(encoding="utf-8")
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f"<title>{html.escape(title)}</title><style>{style}</style></head><body>",
        f"<h1>{html.escape(title)}</h1>",
        _contents(stages),
        *(_section(index, stages) for index in range(len(stages))),
        _counters(counters),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _contents(stages: Sequence[Stage]) -> str:
    items = []
    for index, stage in enumerate(stages):
        changed = _changed_lines(stages, index)
        label = "" if changed is None else f" <small>{changed} lines changed</small>"
        items.append(f'<li><a href="#s{index}">{html.escape(stage.name)}</a>{label}</li>')
    return f"<ol>{''.join(items)}</ol>"


def _changed_lines(stages: Sequence[Stage], index: int) -> int | None:
    """Lines that stage `index` adds or removes; None where there is nothing to compare with."""
    if not _is_comparable(stages, index):
        return None
    return sum(line[:1] in "+-" for line in _diff(stages[index - 1], stages[index], 0))


def _is_comparable(stages: Sequence[Stage], index: int) -> bool:
    # The last stage is C, the ones before are IR: a difference between the two says nothing.
    return 0 < index < len(stages) - 1


def _diff(before: Stage, after: Stage, context: int) -> list[str]:
    lines = difflib.unified_diff(
        before.text.splitlines(), after.text.splitlines(), n=context, lineterm=""
    )
    return list(lines)[2:]


def _section(index: int, stages: Sequence[Stage]) -> str:
    stage = stages[index]
    parts = [f'<h2 id="s{index}">{index}. {html.escape(stage.name)}</h2>']
    if _is_comparable(stages, index):
        lines = _diff(stages[index - 1], stage, _CONTEXT)
        parts.append(_render_diff(lines) if lines else "<p>no change</p>")
    opened = "" if _is_comparable(stages, index) else " open"
    parts.append(f"<details{opened}><summary>whole text</summary>")
    parts.append(f"<pre>{html.escape(stage.text)}</pre></details>")
    return "\n".join(parts)


def _render_diff(lines: Sequence[str]) -> str:
    classes = {"+": "added", "-": "removed", "@": "position"}
    rows = []
    for line in lines:
        kind = classes.get(line[:1], "")
        rows.append(f'<span class="{kind}">{html.escape(line)}</span>')
    return f'<pre class="diff">{chr(10).join(rows)}</pre>'


def _counters(counters: Mapping[str, int]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{value}</td></tr>" for name, value in counters.items()
    )
    return f"<h2>Prover</h2><table>{rows}</table>"
