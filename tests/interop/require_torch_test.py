"""tests/support/torch.py where there is no torch."""

from __future__ import annotations

import importlib.util

import pytest

from tests.support.torch import import_torch


@pytest.fixture
def no_torch(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


def test_skips_with_a_reason(no_torch, monkeypatch):
    monkeypatch.delenv("TILESCALE_REQUIRE_TORCH", raising=False)
    with pytest.raises(pytest.skip.Exception, match="has no torch"):
        import_torch()


def test_fails_where_it_is_required(no_torch, monkeypatch):
    monkeypatch.setenv("TILESCALE_REQUIRE_TORCH", "1")
    with pytest.raises(pytest.fail.Exception, match="has no torch"):
        import_torch()
