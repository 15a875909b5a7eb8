"""The generated CUDA C++ on simulator and GPU: right results, no findings, no idle barrier."""

import numpy as np
import pytest

import tilescale
from tests.codegen.cuda import cuda_kernels
from tests.support import machine
from tilescale import sim
from tilescale.testing import evaluator

BARRIER = "ts::sync_block();"
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def halves(*shape):
    return RNG.standard_normal(shape).astype(np.float16)


def arguments(name):
    """Returns the tensors of a kernel, the values of its symbols, and its grid."""
    floats = [np.arange(1000, dtype=np.float32), np.ones(1000, np.float32)]
    numbers = RNG.integers(-9, 9, (48, 7)).astype(np.int32)
    outputs = [np.zeros(shape, np.int32) for shape in ((48,), (7,), (7, 48))]
    return {
        "vector_add": ([*floats, np.zeros(1000, np.float32)], [np.int32(1000)], (4, 1, 1)),
        "vector_scale": ([halves(4, 64), np.zeros((4, 64), np.float16)], [], (4, 1, 1)),
        "gemm": ([halves(128, 64), halves(96, 64), np.zeros((128, 96), np.float32)], [], (2, 2, 1)),
        "softmax": ([halves(10, 100), np.zeros((10, 100), np.float16)], [], (10, 1, 1)),
        "uneven": ([numbers, *outputs], [], (1, 1, 1)),
        "rotate": ([np.arange(64, dtype=np.int32), np.zeros(64, np.int32)], [], (1, 1, 1)),
    }[name]


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
    machine.build(func)(*tensors)
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
