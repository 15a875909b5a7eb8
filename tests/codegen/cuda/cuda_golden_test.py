"""The generated CUDA C++ of a few kernels, word by word, and what a launch needs.

After a wanted change: pytest tests/codegen/cuda/cuda_golden_test.py --update-golden
"""

from pathlib import Path

import pytest

import tilescale
from tests.codegen.cuda import cuda_kernels
from tilescale.errors import UnsupportedArchitectureError

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", sorted(cuda_kernels.ALL))
def test_source(name, request):
    arch = cuda_kernels.ARCHS.get(name, "sm_80")
    source = tilescale.lower(cuda_kernels.ALL[name](), target=f"cuda -arch={arch}").kernel_source
    path = GOLDEN / f"{name}.cu"
    if request.config.getoption("--update-golden", default=False):
        path.write_text(source)
    assert source == path.read_text()


def test_every_golden_file_has_its_kernel():
    assert {p.stem for p in GOLDEN.glob("*.cu")} == set(cuda_kernels.ALL)


def test_launch():
    launch = tilescale.lower(cuda_kernels.vector_add(), target="cuda -arch=sm_90").signature
    assert launch["kernel"] == "vector_add"
    assert launch["arch"] == "sm_90"
    assert launch["block"] == [128, 1, 1]
    assert launch["shared_bytes"] == 0
    assert launch["arguments"] == ["A", "B", "C", "N"]
    assert launch["exprs"] == ["s0 255 + 256 //", "s0 1048576 +", "s0 1 max"]
    assert launch["index32_limit"] == [1, 2]


def test_shared_memory_is_the_sum_of_the_tiles():
    launch = tilescale.lower(cuda_kernels.gemm(), target={"kind": "cuda"}).signature
    assert launch["arch"] == "sm_80"
    assert launch["shared_bytes"] == 2 * (2 * 64 * 32 * 2)


def test_unknown_architecture():
    with pytest.raises(UnsupportedArchitectureError, match="no architecture"):
        tilescale.lower(cuda_kernels.gemm(), target="cuda -arch=sm_12")
