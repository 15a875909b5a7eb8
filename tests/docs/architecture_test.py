"""docs/architecture.md lists the passes of the CUDA target as they are."""

from __future__ import annotations

import re
from pathlib import Path

import tilescale.language as T
from tilescale import _ffi

TEXT = Path("docs/architecture.md").read_text()


@T.prim_func
def zero(A: T.Tensor((32,), "float32")):
    with T.Kernel(1, threads=32):
        T.clear(A)


def test_the_list_of_passes_is_that_of_the_pipeline():
    (block,) = re.findall(r"## The passes of the CUDA target\n.*?```\n(.*?)```", TEXT, re.DOTALL)
    listed = [line.split()[0] for line in block.splitlines()]
    assert listed == [str(name) for name, _ in _ffi.get("pass.CudaStages")(zero, {})]
