"""Every mistake is reported with its source line; the program without it gives no report."""

from __future__ import annotations

import numpy as np
import pytest

from tests.sim.probe import kernel, line_of
from tilescale import sim

POLICIES = ("round_robin", "random", "adversarial")


def run(source, threads=128, grid=1, shared=4096, **options):
    data = np.arange(1024, dtype=np.float32)
    out = np.zeros(1024, np.float32)
    report = sim.launch(source, "k", grid, threads, [data, out], shared_bytes=shared, **options)
    return report, out


def head(body):
    return kernel(
        "  TS_DYNAMIC_SHARED(raw);\n"
        "  float* s = reinterpret_cast<float*>(raw);\n"
        "  int* flag = reinterpret_cast<int*>(raw + 2048);\n"
        "  using namespace ts; using namespace ts::ptx;\n"
        "  int t = threadIdx.x, lane = t % 32, w = t / 32 * 32;\n" + body.strip("\n"),
        "const float* in, float* out",
    )


# name -> (kernel, what is dropped, what it becomes, lines of which one must be named)
SYNCHRONISED = {
    "sync_block": (
        head("s[t] = in[t];  // W\nsync_block();\nout[t] = s[127 - t];  // R"),
        "sync_block();",
    ),
    "sync_block before reuse": (
        head("out[t] = in[s == nullptr];\ns[t] = in[t]; sync_block();\n"
             "out[t] = s[(t + 64) % 128];  // R\n__syncthreads();\ns[t] = in[t + 128];  // W")
        .replace("__syncthreads();", "ts::sync_block();"),
        "ts::sync_block();",
    ),
    "sync_warp": (
        head("s[t] = in[t];  // W\nsync_warp();\nout[t] = s[w + 31 - lane];  // R"),
        "sync_warp();",
    ),
    "bar_sync": (
        head("if (t < 64) {\ns[t] = in[t];  // W\nbar_sync(1, 64);\nout[t] = s[63 - t];  // R\n}"),
        "bar_sync(1, 64);",
    ),
    "bar_arrive": (
        head("if (t < 64) {\ns[t] = in[t];  // W\nbar_arrive(1, 128);\n} else {\n"
             "bar_sync(1, 128);\nout[t] = s[t - 64];  // R\n}"),
        "bar_arrive(1, 128);",
    ),
    "cp_async_wait": (
        head("cp_async_4(s + t, in + t);  // W\ncp_async_commit();\ncp_async_wait<0>();\n"
             "out[t] = s[t];  // R"),
        "cp_async_wait<0>();",
    ),
    "cp_async_commit": (
        head("cp_async_16(s + 4 * t, in + 4 * t);  // W\ncp_async_commit();\ncp_async_wait<0>();\n"
             "out[t] = s[4 * t];  // R"),
        "cp_async_commit();",
    ),
    "barrier after cp_async_wait": (
        head("cp_async_8(s + 2 * t, in + 2 * t);  // W\ncp_async_commit();\ncp_async_wait<0>();\n"
             "sync_block();\nout[t] = s[255 - t];  // R"),
        "sync_block();",
    ),
}  # fmt: skip


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", SYNCHRONISED)
def test_a_missing_synchronisation_is_reported(name, policy):
    source, dropped = SYNCHRONISED[name]
    for async_policy in ("eager", "late", "random"):
        report, _ = run(source, policy=policy, async_policy=async_policy, seed=5)
        assert not report.events, report.events[0]
        wrong, _ = run(
            source.replace(dropped, ""), policy=policy, async_policy=async_policy, seed=5
        )
        lines = {site.line for event in wrong.events for site in event.sites}
        assert wrong.kinds() & {"race", "deadlock"}
        if "race" in wrong.kinds():
            assert {line_of(source, "// R"), line_of(source, "// W")} <= lines


FLAG = head(
    """
if (blockIdx.x == 0 && t == 0) {
  out[0] = in[7];  // W
  atomic_store<Order::kRelease, Scope::kGpu>(reinterpret_cast<int*>(out + 8), 1);
}
if (blockIdx.x == 1 && t == 0) {
  while (atomic_load<Order::kAcquire, Scope::kGpu>(reinterpret_cast<int*>(out + 8)) == 0) {}
  out[1] = out[0];  // R
}
"""
)
FENCED = FLAG.replace(
    "  atomic_store<Order::kRelease", "  fence_gpu();\n  atomic_store<Order::kRelaxed"
).replace("Order::kAcquire", "Order::kRelaxed").replace(
    "  out[1] = out[0];", "  fence_gpu ();\n  out[1] = out[0];"
)  # fmt: skip


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    ("right", "old", "new"),
    [
        (FLAG, "Order::kRelease", "Order::kRelaxed"),
        (FLAG, "Order::kAcquire", "Order::kRelaxed"),
        (FLAG, "kRelease, Scope::kGpu", "kRelease, Scope::kCta"),
        (FLAG, "kAcquire, Scope::kGpu", "kAcquire, Scope::kCta"),
        (FENCED, "fence_gpu();", ""),
        (FENCED, "fence_gpu ();", ""),
        (FENCED, "fence_gpu();", "fence_cta();"),
    ],
)
def test_a_weaker_order_or_scope_is_reported(right, old, new, policy):
    report, out = run(right, threads=32, grid=2, policy=policy, seed=2)
    assert not report.events, report.events[0]
    assert out[1] == 7
    wrong, _ = run(right.replace(old, new), threads=32, grid=2, policy=policy, seed=2)
    assert "race" in wrong.kinds()


def test_a_flag_that_nobody_sets_is_a_deadlock():
    source = FLAG.replace("kGpu>(reinterpret_cast<int*>(out + 8), 1)", "kGpu>(flag, 1)")
    report, _ = run(source, threads=32, grid=2)
    (event,) = [event for event in report.events if event.kind == "deadlock"]
    assert any(site.line == line_of(source, "while (") for site in event.sites)
    assert any("spins" in site.what for site in event.sites)


def test_a_flag_of_a_block_that_cannot_start_is_a_deadlock():
    source = FLAG.replace("blockIdx.x == 0", "blockIdx.x == 3").replace(
        "blockIdx.x == 1", "blockIdx.x < 2"
    )
    report, _ = run(source, threads=32, grid=4, resident_blocks=2)
    assert "2 blocks of the grid have no place to start" in report.events[0].message
    report, _ = run(source.replace("out[1] =", "out[2 + blockIdx.x] ="), threads=32, grid=4)
    assert not report.events


def test_waiting_threads_are_listed_with_their_lines():
    source = head("if (t < 32) {\nbar_sync(1, 64);  // A\n} else {\nbar_sync(2, 128);  // B\n}")
    report, _ = run(source)
    (event,) = report.events
    assert event.kind == "deadlock"
    found = {(site.line, site.what) for site in event.sites}
    assert found == {
        (line_of(source, "// A"), "32 threads: waits for barrier 1 of 64 threads"),
        (line_of(source, "// B"), "96 threads: waits for barrier 2 of 128 threads"),
    }


def test_a_divergent_barrier_is_reported():
    source = head("if (t < 64) {\nout[t] = 1;\nsync_block();  // A\nout[t] = 3;\n} else {\n"
                  "sync_block();  // B\nout[t] = 2;\n}")  # fmt: skip
    report, _ = run(source)
    assert report.kinds() == {"divergent_barrier"}
    lines = {site.line for site in report.events[0].sites}
    assert lines == {line_of(source, "// A"), line_of(source, "// B")}


def test_a_shuffle_that_some_lanes_skip_is_reported():
    source = head("int v = t;\nif (lane < 16) {\nv = ts::shfl_xor(v, 1);  // A\n}\nout[t] = v;")
    report, _ = run(source, threads=32)
    assert report.kinds() & {"deadlock", "divergent_collective"}
    assert line_of(source, "// A") in {s.line for e in report.events for s in e.sites}
    right = source.replace("shfl_xor(v, 1)", "shfl_xor(v, 1, 32, 0xffffu)")
    assert not run(right, threads=32)[0].events


@pytest.mark.parametrize(
    ("statement", "kind", "words"),
    [
        ("out[t + 1000] = 1;", "out_of_bounds", "behind the end of argument 1 (4096 bytes)"),
        ("out[t] = in[t - 1];", "out_of_bounds", "before the start of argument 0"),
        ("s[t + 1000] = 1;", "out_of_bounds", "shared memory of block 0 (4096 bytes)"),
        ("cp_async_16(s + 4 * t, in + 4 * t + 768);", "out_of_bounds", "behind the end"),
        ("cp_async_16(s + t, in);", "misaligned", "16 bytes"),
        ("out[0] = t;", "race", "argument 1"),
        ("out[t] = s[t];", "uninitialized", "shared memory"),
        ("device_assert(t < 77, \"too many\");", "assertion", "too many"),
        ("uint32_t v[4]; ldg_b128(v, in + t);", "misaligned", "16 bytes"),
        ("uint32_t v[2]; lds_b64(v, s + t);", "misaligned", "8 bytes"),
        ("uint32_t v[4] = {}; stg_b128(out + t, v);", "misaligned", "16 bytes"),
        ("uint32_t v[8]; ldg_b256(v, in);", "unsupported_instruction", "ld.global.v8"),
    ],
)  # fmt: skip
def test_a_bad_access_is_reported(statement, kind, words):
    source = head(f"{statement}  // here")
    report, _ = run(source)
    assert report.events[0].kind == kind
    assert words in report.events[0].message
    assert report.events[0].sites[0].line == line_of(source, "// here")


def test_writing_to_a_read_only_array_is_reported():
    source = head("const_cast<float*>(in)[t] = 1;  // here")
    data = np.zeros(1024, np.float32)
    data.flags.writeable = False
    report = sim.launch(source, "k", 1, 128, [data, np.zeros(4, np.float32)], shared_bytes=4096)
    assert report.kinds() == {"read_only"}


def test_lines_follow_line_directives():
    source = head('\n#line 77 "model.py"\nout[0] = t;')
    report, _ = run(source)
    assert (report.events[0].sites[0].file, report.events[0].sites[0].line) == ("model.py", 77)


@pytest.mark.parametrize(
    ("statement", "arch", "needed"),
    [
        ("cp_async_4(s, in);", 75, 80),
        ("uint32_t r[1]; ldmatrix_x1(r, s);", 70, 75),
        ("uint32_t r[4] = {}; stmatrix_x4(s, r);", 89, 90),
        ("float d[4]; uint32_t a[4], b[2]; mma_m16n8k32_f32_e4m3(d, a, b, d);", 80, 89),
    ],
)
def test_an_instruction_that_the_architecture_lacks_is_reported(statement, arch, needed):
    source = head(f"{statement}  // here")
    report, _ = run(source, arch=arch)
    assert report.kinds() == {"unsupported_instruction"}
    assert f"needs sm_{needed}; the kernel is for sm_{arch}" in report.events[0].message
    assert report.events[0].sites[0].line == line_of(source, "// here")
    assert "unsupported_instruction" not in run(source, arch=needed)[0].kinds()
