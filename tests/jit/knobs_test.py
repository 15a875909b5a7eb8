"""docs/knobs.md is what `tilescale/knobs.py` says."""

from __future__ import annotations

from pathlib import Path

from tilescale import knobs


def test_document_is_up_to_date():
    document = Path(__file__).parents[2] / "docs" / "knobs.md"
    assert document.read_text(encoding="utf-8") == knobs.render_markdown()
