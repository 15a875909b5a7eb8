"""Products of products: an accumulator becomes the next product's operand."""

from __future__ import annotations

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.support import machine
from tilescale import sim
from tilescale.testing import evaluator


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def chain(m, n, d, policy, threads):
    """Out = (Q K^T) V; the product in the middle is rounded to float16."""

    @T.prim_func
    def chain(
        Q: T.Tensor((m, d), "float16"),
        K: T.Tensor((n, d), "float16"),
        V: T.Tensor((n, d), "float16"),
        Out: T.Tensor((m, d), "float32"),
    ):
        with T.Kernel(1, threads=threads):
            q = T.alloc_shared((m, d), "float16")
            k = T.alloc_shared((n, d), "float16")
            v = T.alloc_shared((n, d), "float16")
            s = T.alloc_fragment((m, n), "float32")
            p = T.alloc_fragment((m, n), "float16")
            o = T.alloc_fragment((m, d), "float32")
            T.copy(Q, q)
            T.copy(K, k)
            T.copy(V, v)
            T.gemm(q, k, s, transpose_B=True, policy=policy, clear_accum=True)
            T.copy(s, p)
            T.gemm(p, v, o, policy=policy, clear_accum=True)
            T.copy(o, Out)

    return chain


def arguments(m, n, d):
    rng = np.random.default_rng(3)
    tensors = [rng.standard_normal(shape).astype(np.float16) for shape in ((m, d), (n, d), (n, d))]
    return [*tensors, np.zeros((m, d), np.float32)]


def check(func, arch, m, n, d):
    tensors = arguments(m, n, d)
    expected = [tensor.copy() for tensor in tensors]
    evaluator.run(func, expected, check_programs=False)
    machine.build(func, arch)(*tensors)
    # Sums in another order may round an element between the products to the next float16.
    np.testing.assert_allclose(tensors[3], expected[3], rtol=2e-3, atol=2e-2)


def profiled(func, arch, m, n, d):
    machine.simulator_only("GPUs do not count bank conflicts")
    lowered = tilescale.lower(func, target=f"cuda -arch={arch}")
    signature = lowered.signature
    report = sim.launch(
        lowered.kernel_source,
        "chain",
        (1, 1, 1),
        tuple(signature["block"]),
        arguments(m, n, d),
        shared_bytes=signature["shared_bytes"],
        arch=arch,
        counters=True,
    )
    report.check()
    return lowered.kernel_source, report


@pytest.mark.parametrize("arch", ["sm_75", "sm_80", "sm_120"])
def test_an_accumulator_is_the_next_operand_where_it_is(arch):
    full_row = T.GemmWarpPolicy.FullRow
    func = chain(64, 64, 32, full_row, 128)
    check(func, arch, 64, 64, 32)
    source, report = profiled(func, arch, 64, 64, 32)
    # Nothing but the three tiles goes through shared memory, and no lane asks another one.
    assert "// p: registers" in source
    assert source.count("reinterpret_cast<ts::half_t*>(smem") == 3
    assert "shfl" not in source
    assert report.profile.total("conflicts", "shared") == 0


# 7 and 33 end inside an instruction, whose registers beyond them nobody sets.
@pytest.mark.parametrize("policy", list(T.GemmWarpPolicy))
@pytest.mark.parametrize(
    ("m", "n", "threads"), [(64, 64, 128), (48, 40, 96), (16, 64, 128), (33, 7, 64), (16, 33, 64)]
)
def test_any_policy_and_shape(policy, m, n, threads):
    check(chain(m, n, 32, policy, threads), "sm_80", m, n, 32)


def test_any_policy_on_volta():
    check(chain(64, 32, 32, T.GemmWarpPolicy.Square, 64), "sm_70", 64, 32, 32)
