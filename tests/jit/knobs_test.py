"""docs/knobs.md is what `tilescale/knobs.py` says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tilescale import knobs
from tilescale.errors import KnobValueError


def test_document_is_up_to_date():
    document = Path(__file__).parents[2] / "docs" / "knobs.md"
    assert document.read_text(encoding="utf-8") == knobs.render_markdown()


def test_paths_are_absolute_and_of_known_users(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TILESCALE_CACHE_DIR", "a/b")
    assert knobs.CACHE_DIR.get() == tmp_path / "a" / "b"
    monkeypatch.setenv("TILESCALE_CACHE_DIR", "~no-such-user/x")
    with pytest.raises(KnobValueError, match="TILESCALE_CACHE_DIR"):
        knobs.CACHE_DIR.get()
