"""The host's torch, for interop tests: `torch = import_torch()` at the top of a module."""

from __future__ import annotations

import importlib
import importlib.util
import os
from typing import Any

import pytest


def import_torch() -> Any:
    """Returns torch; without it skips the calling module, or fails where CI requires it."""
    if importlib.util.find_spec("torch") is None:
        reason = (
            "the host's interpreter has no torch; "
            "TILESCALE_TORCH_PYTHON may name one that has (then: bazel sync --configure)"
        )
        if os.environ.get("TILESCALE_REQUIRE_TORCH") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason, allow_module_level=True)
    return importlib.import_module("torch")
