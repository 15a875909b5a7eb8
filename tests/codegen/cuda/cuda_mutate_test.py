"""No synchronisation can leave a generated kernel unnoticed."""

import numpy as np
import pytest

import tilescale
from tests.codegen.cuda import cuda_kernels
from tilescale import sim
from tilescale.sim.mutate import mutate

RNG = np.random.default_rng(0)
ARGUMENTS = {
    "gemm": (RNG.integers(-3, 4, (128, 64)), RNG.integers(-3, 4, (96, 64)), np.zeros((128, 96))),
    "softmax": (RNG.standard_normal((10, 100)), np.zeros((10, 100))),
    "uneven": (RNG.integers(-9, 9, (48, 7)), *map(np.zeros, ((48,), (7,), (7, 48)))),
}
DTYPES = {
    "gemm": (np.float16, np.float16, np.float32),
    "softmax": (np.float16, np.float16),
    "uneven": (np.int32,) * 4,
}
GRIDS = {"gemm": (2, 2, 1), "softmax": (10, 1, 1), "uneven": (1, 1, 1)}


@pytest.mark.parametrize("name", ["gemm", "uneven"])
def test_every_removal_is_reported(name, tmp_path, monkeypatch):
    monkeypatch.setenv("TILESCALE_CACHE_DIR", str(tmp_path))
    lowered = tilescale.lower(cuda_kernels.ALL[name](), target="cuda -arch=sm_80")
    signature = lowered.signature

    def run(text, **options):
        tensors = [
            np.ascontiguousarray(array).astype(dtype)
            for array, dtype in zip(ARGUMENTS[name], DTYPES[name], strict=True)
        ]
        return sim.launch(
            text,
            signature["kernel"],
            GRIDS[name],
            tuple(signature["block"]),
            tensors,
            shared_bytes=signature["shared_bytes"],
            arch=signature["arch"],
            **options,
        )

    table = mutate(lowered.kernel_source, run)
    assert not table.baseline
    assert table.rows
    assert {row.verdict for row in table.rows} == {"reported"}, str(table)
    assert all("cuda_kernels.py:" in row.detail for row in table.rows), str(table)
