"""The headers for GPUs and for the simulator declare the same functions."""

from __future__ import annotations

import re

import pytest

from tests.sim.probe import functions
from tilescale.sim.headers import cuda_headers, simulator_headers

# What instructions on shared memory need inside the headers for GPUs.
INTERNAL = {"shared_address", "shfl_segment"}
# Types that overloads of atomic_add and redux_... hide.
INTERNAL |= {f"atomic_add_{name}" for name in ("f16", "f16x2", "bf16", "bf16x2")}


def test_both_have_the_same_files():
    shared = {name for name in simulator_headers() if not name.startswith("tilescale/sim/")}
    assert shared == set(cuda_headers())


@pytest.mark.parametrize("name", [n for n in cuda_headers() if n.startswith("tilescale/ptx/")])
def test_both_declare_the_same_functions(name):
    cuda = functions(cuda_headers()[name]) - INTERNAL
    simulated = functions(simulator_headers()[name])
    if not name.endswith(("platform.cuh", "types.cuh")):
        assert cuda
    assert cuda == simulated


def test_types_have_the_same_names():
    pattern = re.compile(r"^using (\w+) = Narrow", re.MULTILINE)
    name = "tilescale/ptx/types.cuh"
    names = {"half_t", "bfloat16_t", "fp8_e4m3_t", "fp8_e5m2_t"}
    assert set(pattern.findall(cuda_headers()[name])) == names
    assert set(pattern.findall(simulator_headers()[name])) == names


def test_only_the_headers_for_gpus_have_assembly():
    assert not any("asm" in text for text in simulator_headers().values())
    for name, text in cuda_headers().items():
        assert name.startswith("tilescale/ptx/") or "asm" not in text
