"""The generated CUDA C++ on simulator and GPU: right results, no findings, no idle barrier."""

import numpy as np
import pytest

import tilescale
from tests.codegen.cuda import cuda_kernels
from tests.codegen.cuda.cuda_arguments import arguments
from tests.support import machine
from tilescale import sim
from tilescale.testing import evaluator

BARRIER = "ts::sync_block();"


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def launch(lowered, source, tensors, symbols, grid):
    signature = lowered.signature
    return sim.launch(
        source,
        signature["kernel"],
        grid,
        tuple(signature["block"]),
        [*tensors, *symbols],
        shared_bytes=signature["shared_bytes"],
        arch=signature["arch"],
    )


@pytest.mark.parametrize("name", sorted(cuda_kernels.ALL))
def test_results_are_those_of_the_evaluator(name):
    func = cuda_kernels.ALL[name]()
    tensors, _, _ = arguments(name)
    expected = [tensor.copy() for tensor in tensors]
    evaluator.run(func, expected, check_programs=False)
    machine.build(func, cuda_kernels.ARCHS.get(name, "sm_80"))(*tensors)
    for actual, wanted in zip(tensors, expected, strict=True):
        np.testing.assert_allclose(actual, wanted, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["gemm", "uneven"])
def test_no_barrier_can_go(name):
    machine.simulator_only("GPUs do not report races")
    lowered = tilescale.lower(cuda_kernels.ALL[name](), target="cuda -arch=sm_80")
    tensors, symbols, grid = arguments(name)
    parts = lowered.kernel_source.split(BARRIER)
    assert len(parts) > 1
    for i in range(1, len(parts)):
        without = BARRIER.join(parts[:i]) + BARRIER.join(["", *parts[i:]])[len(BARRIER) :]
        report = launch(lowered, without, [t.copy() for t in tensors], symbols, grid)
        assert report.events, f"barrier {i} of {len(parts) - 1}"
