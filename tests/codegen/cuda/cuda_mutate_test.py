"""No synchronisation can leave a generated kernel unnoticed."""

import pytest

import tilescale
from tests.codegen.cuda import cuda_kernels
from tests.codegen.cuda.cuda_arguments import arguments
from tilescale import sim
from tilescale.sim.mutate import mutate


@pytest.mark.parametrize("name", ["gemm", "uneven"])
def test_every_removal_is_reported(name, tmp_path, monkeypatch):
    monkeypatch.setenv("TILESCALE_CACHE_DIR", str(tmp_path))
    lowered = tilescale.lower(cuda_kernels.ALL[name](), target="cuda -arch=sm_80")
    signature = lowered.signature
    tensors, symbols, grid = arguments(name)

    def run(text, **options):
        return sim.launch(
            text,
            signature["kernel"],
            grid,
            tuple(signature["block"]),
            [*[t.copy() for t in tensors], *symbols],
            shared_bytes=signature["shared_bytes"],
            arch=signature["arch"],
            **options,
        )

    table = mutate(lowered.kernel_source, run)
    assert not table.baseline
    assert table.rows
    assert {row.verdict for row in table.rows} == {"reported"}, str(table)
    assert all("cuda_kernels.py:" in row.detail for row in table.rows), str(table)
