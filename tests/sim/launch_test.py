"""Results of simple kernels, and bad calls."""

from __future__ import annotations

import numpy as np
import pytest

from tests.sim.probe import INCLUDE, kernel
from tilescale import errors, sim

ADD = kernel(
    """
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) c[i] = a[i] + b[i];
""",
    "const float* a, const float* b, float* c, int n",
)


def arrays(count):
    a = np.arange(count, dtype=np.float32)
    return a, a * 2, np.zeros(count, np.float32)


@pytest.mark.parametrize("policy", ["round_robin", "random", "adversarial"])
@pytest.mark.parametrize("checks", [(), ("bounds",), ("bounds", "races", "uninitialized")])
def test_adds_vectors(policy, checks):
    a, b, c = arrays(1000)
    report = sim.launch(
        ADD, "k", 8, 128, [a, b, c, np.int32(1000)], policy=policy, checks=checks, seed=3
    )
    assert not report.events
    assert np.array_equal(c, a + b)
    assert report.counters["accesses"] == (3000 if checks else 0)


def test_coordinates_of_all_dimensions():
    source = kernel(
        """
  int thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  int block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  out[block * 24 + thread] = 100 * block + thread;
""",
        "int* out",
    )
    out = np.zeros((30, 24), np.int32)
    sim.launch(source, "k", (5, 3, 2), (2, 3, 4), [out]).check()
    assert np.array_equal(out, 100 * np.arange(30)[:, None] + np.arange(24))


def test_shuffles_and_votes_of_a_warp():
    source = kernel(
        """
  int t = threadIdx.x;
  out[t] = ts::shfl_idx(t, 5);
  out[32 + t] = ts::shfl_up(t, 3);
  out[64 + t] = ts::shfl_down(t, 3, 8);
  out[96 + t] = ts::shfl_xor(t, 17);
  out[128 + t] = ts::ptx::ballot(ts::kAllLanes, t % 3 == 0);
  out[160 + t] = ts::any(t == 9) + 2 * ts::all(t < 32) + 4 * ts::any(t == 40) + 8 * ts::all(t == 9);
""",
        "int* out",
    )
    out = np.zeros((6, 32), np.int32)
    sim.launch(source, "k", 1, 32, [out], policy="random", seed=1).check()
    lanes = np.arange(32)
    assert (out[0] == 5).all()
    assert np.array_equal(out[1], np.where(lanes < 3, lanes, lanes - 3))
    assert np.array_equal(out[2], np.where(lanes % 8 + 3 > 7, lanes, lanes + 3))
    assert np.array_equal(out[3], lanes ^ 17)
    assert (out[4] == sum(1 << lane for lane in range(0, 32, 3))).all()
    assert (out[5] == 3).all()


def test_narrow_types_round_as_numpy_does():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    cases = {
        "half_t": np.float16,
        "bfloat16_t": ml_dtypes.bfloat16,
        "fp8_e5m2_t": ml_dtypes.float8_e5m2,
    }
    random = np.random.default_rng(0)
    values = random.integers(0, 2**32, 4096, dtype=np.uint32).view(np.float32)
    values = np.concatenate([values[np.isfinite(values)], random.normal(0, 1e-7, 1024)])
    values = values.astype(np.float32)
    for name, dtype in cases.items():
        wide = values[np.abs(values) <= float(ml_dtypes.finfo(dtype).max)]
        source = kernel(
            "  int i = blockIdx.x * 128 + threadIdx.x;\n  if (i < n) out[i] = in[i];",
            f"const float* in, ts::{name}* out, int n",
        )
        out = np.zeros(len(wide), dtype)
        blocks = -(-len(wide) // 128)
        sim.launch(source, "k", blocks, 128, [wide, out, np.int32(len(wide))]).check()
        bits = np.dtype(f"u{np.dtype(dtype).itemsize}")
        assert np.array_equal(out.view(bits), wide.astype(dtype).view(bits)), name


def test_atomics_add_up_over_blocks():
    source = kernel(
        """
  using namespace ts;
  ptx::atomic_add<Order::kRelaxed, Scope::kGpu>(&out[0], 1u);
  ptx::atomic_max<Order::kRelaxed, Scope::kGpu>(&out[1], blockIdx.x * 128 + threadIdx.x);
  ptx::atomic_xor<Order::kRelaxed, Scope::kGpu>(&out[2], 1u << threadIdx.x % 5);
""",
        "unsigned* out",
    )
    out = np.zeros(3, np.uint32)
    sim.launch(source, "k", 6, 128, [out], policy="random").check()
    expected = [6 * 128, 6 * 128 - 1, 0]
    for thread in range(6 * 128):
        expected[2] ^= 1 << thread % 128 % 5
    assert out.tolist() == expected


def test_prints_and_parameters_by_value():
    source = kernel('  if (threadIdx.x == 3) ts::ptx::print("%d %g\\n", n, x);', "int n, double x")
    report = sim.launch(source, "k", 1, 32, [np.int32(7), np.float64(2.5)])
    assert report.printed == "7 2.5\n"


def test_results_do_not_depend_on_the_seed():
    runs = []
    for _ in range(2):
        a, b, c = arrays(300)
        report = sim.launch(ADD, "k", 3, 128, [a, b, c, np.int32(300)], policy="random", seed=11)
        runs.append((c.tolist(), report.counters))
    assert runs[0] == runs[1]


def test_bad_calls_are_refused():
    a, b, c = arrays(8)
    with pytest.raises(errors.ArgumentCountError, match="another number of arguments"):
        sim.launch(ADD, "k", 1, 32, [a, b, c])
    with pytest.raises(errors.ArgumentTypeError, match="another size"):
        sim.launch(ADD, "k", 1, 32, [a, b, c, np.int64(8)])
    with pytest.raises(errors.ArgumentTypeError, match="cannot pass a int"):
        sim.launch(ADD, "k", 1, 32, [a, b, c, 8])
    with pytest.raises(errors.CompileOptionError, match="no policy"):
        sim.launch(ADD, "k", 1, 32, [a, b, c, np.int32(8)], policy="best")
    with pytest.raises(errors.CompileOptionError, match="unknown architecture"):
        sim.launch(ADD, "k", 1, 32, [a, b, c, np.int32(8)], arch="sm_60")
    with pytest.raises(errors.CompileOptionError, match="threads"):
        sim.launch(ADD, "k", 1, 1025, [a, b, c, np.int32(8)])
    with pytest.raises(errors.CompileOptionError, match="shared memory"):
        sim.launch(ADD, "k", 1, 32, [a, b, c, np.int32(8)], arch="sm_75", shared_bytes=70000)


@pytest.mark.parametrize(
    ("grid", "block", "options"),
    [
        (0, 32, {}),
        ((1, 0), 32, {}),
        (1, (32, -1), {}),
        ((1, 1, 1, 1), 32, {}),
        ((65536, 65536), 32, {}),
        (1, 32, {"seed": 2**64}),
        (1, 32, {"resident_blocks": 2**32}),
        (1, 32, {"resident_blocks": 0}),
        (1, 32, {"loop_seconds": "long"}),
        (1, 32, {"time_limit": -1}),
    ],
)
def test_numbers_that_the_simulator_cannot_take(grid, block, options):
    a, b, c = arrays(8)
    with pytest.raises(errors.CompileOptionError):
        sim.launch(ADD, "k", grid, block, [a, b, c, np.int32(8)], **options)


def test_an_unknown_instruction_is_an_error():
    source = kernel("  ts::ptx::wgmma();", "int n")
    with pytest.raises(errors.InternalError, match="wgmma"):
        sim.launch(source, "k", 1, 32, [np.int32(1)])
    static = INCLUDE + 'extern "C" __global__ void k(int n) { asm volatile("frobnicate;"); }'
    with pytest.raises(errors.InternalError, match="frobnicate"):
        sim.launch(static, "k", 1, 32, [np.int32(1)])
