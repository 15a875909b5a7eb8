"""Device code that Bazel compiled and linked."""

from pathlib import Path

import pytest

from tilescale import _runtime

HERE = Path("tests/cuda/rdc")


@pytest.mark.parametrize("arch", ["sm_80", "sm_90a"])
def test_linked_module_has_the_kernel(arch):
    cubin = (HERE / f"scale.{arch}.cubin").read_bytes()
    assert "scale" in _runtime.cubin_functions(cubin)


@pytest.mark.parametrize("arch", ["sm_80", "sm_90a"])
def test_parts_are_relocatable(arch):
    part = (HERE / "helper" / f"helper.cu.{arch}.cubin").read_bytes()
    assert any("twice" in name for name in _runtime.cubin_functions(part))
