"""What each primitive of `ts::ptx` orders or asks for: without it the simulator reports the lines.

Barriers, their votes and the waits of `cp.async` are in findings_test.py and primitives_test.py.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.sim.probe import functions, kernel, line_of
from tilescale import sim
from tilescale.sim.headers import simulator_headers

POLICIES = ("round_robin", "random", "adversarial")
HEAD = """
  TS_DYNAMIC_SHARED(raw);
  uint32_t* s = reinterpret_cast<uint32_t*>(raw);
  using namespace ts; using namespace ts::ptx;
  int t = threadIdx.x, lane = t % 32;
"""


def run(body, threads=32, grid=1, flag=0, **options):
    """The text of a kernel and what the simulator says of it."""
    source = kernel(HEAD + body, "const uint32_t* in, uint32_t* out, int* flag", threads)
    args = [np.arange(1024, dtype=np.uint32), np.zeros(1024, np.uint32), np.int32([flag])]
    options = {"arch": "sm_90", "shared_bytes": 4096, "seed": 4} | options
    return source, sim.launch(source, "k", grid, threads, args, **options)


def clean(body, **options):
    _, report = run(body, **options)
    assert not report.events, report.events[0]


def reported(kind, body, marks, **options):
    """The finding, with the lines of `body` that hold the marks."""
    source, report = run(body, **options)
    lines = {site.line for event in report.events if event.kind == kind for site in event.sites}
    assert kind in report.kinds(), report
    assert {line_of(source, mark) for mark in marks} <= lines, report


def racing(body, **options):
    reported("race", body, ["// W", "// R"], **options)


COLLECTIVES = {
    "sync_warp": "sync_warp(MASK)",
    "ballot": "ballot(MASK, true)",
    "elect": "elect(MASK)",
    **{f"match_{k}": f"match_{k}(MASK, 1u)" for k in ("any", "all")},
    **{f"shfl_{k}": f"ts::ptx::shfl_{k}(MASK, 1u, 1u, 4u)" for k in ("idx", "up", "down", "xor")},
    **{f"redux_{k}": f"redux_{k}(MASK, 1u)" for k in ("add", "min", "max", "and", "or", "xor")},
}


# The masks that lanes 0 to 3 give, and the lane that has left before.
MISTAKES = {"lacks a caller": (0x7, 99), "has others": (0x1F, 99), "has one that left": (0xF, 2)}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", COLLECTIVES)
def test_a_mask_names_those_who_call(name, policy):
    call = COLLECTIVES[name].replace("MASK", "uint32_t(*flag % 64)")
    body = f"if (lane == *flag / 64) return;\n  if (lane < 4) {call};  // C"
    clean(body, flag=0xF + 99 * 64, policy=policy)
    for mask, gone in MISTAKES.values():
        source, report = run(body, flag=mask + gone * 64, policy=policy)
        # Who waits for a lane that leaves later waits for ever.
        assert report.kinds() & {"divergent_collective", "deadlock"}, report
        sites = {site.line for event in report.events for site in event.sites}
        assert line_of(source, "// C") in sites


@pytest.mark.parametrize("name", ["shfl_up", "shfl_down", "shfl_xor", "shfl_idx"])
def test_a_shuffle_reads_lanes_of_its_mask(name):
    call = f"if (2 <= lane && lane < 6) ts::ptx::{name}(0x3cu, 1u, 1u, 32u);  // C"
    if name == "shfl_xor":
        call = call.replace("1u, 1u", "1u, 4u")
    reported("divergent_collective", call, ["// C"])


MATRICES = {
    **{
        f"ldmatrix_x{n}{suffix}": f"uint32_t r[{n}]; ldmatrix_x{n}{suffix}(r, s + 4 * lane)"
        for n in (1, 2, 4)
        for suffix in ("", "_trans")
    },
    **{
        f"stmatrix_x4{suffix}": f"uint32_t r[4] = {{}}; stmatrix_x4{suffix}(s + 4 * lane, r)"
        for suffix in ("", "_trans")
    },
}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", MATRICES)
def test_matrices_need_a_barrier_and_the_whole_warp(name, policy):
    # Two lanes access each element, so that no lane has its own.
    store, call = "for (int i = 0; i < 4; ++i) s[4 * (31 - lane) + i] = t;  // W", MATRICES[name]
    clean(f"{store}\nsync_warp();\n{call};  // R", policy=policy)
    racing(f"{store}\n{call};  // R", policy=policy)
    part = f"{store}\nsync_warp();\nif (lane == 7) return;\n{call};  // C"
    reported("divergent_collective", part, ["// C"], policy=policy)


def test_a_product_needs_the_whole_warp():
    call = "float d[4] = {}; uint32_t a[4] = {}, b[2] = {}; mma_m16n8k16_f32_f16(d, a, b, d);"
    clean(call)
    reported("divergent_collective", f"if (lane == 7) return;\n{call}  // C", ["// C"])


# Each way to set a flag: the value before, the call.
SETTERS = {
    "atomic_store": (0, "atomic_store<ORDER>(flag, 1)"),
    "atomic_exchange": (0, "atomic_exchange<ORDER>(flag, 1)"),
    "atomic_add": (0, "atomic_add<ORDER>(flag, 1)"),
    "atomic_max": (0, "atomic_max<ORDER>(flag, 1)"),
    "atomic_or": (0, "atomic_or<ORDER>(flag, 1)"),
    "atomic_xor": (0, "atomic_xor<ORDER>(flag, 1)"),
    "atomic_min": (5, "atomic_min<ORDER>(flag, 1)"),
    "atomic_and": (3, "atomic_and<ORDER>(flag, 1)"),
    "atomic_compare_exchange": (0, "atomic_compare_exchange<ORDER>(flag, 0, 1)"),
}
GETTERS = {
    "atomic_load": "atomic_load<ORDER>(flag)",
    "atomic_add": "atomic_add<ORDER>(flag, 0)",
    "atomic_or": "atomic_or<ORDER>(flag, 0)",
    "atomic_compare_exchange": "atomic_compare_exchange<ORDER>(flag, 9, 9)",
}


def handover(setter, getter, release="Order::kRelease, Scope::kGpu",
             acquire="Order::kAcquire, Scope::kGpu", fences=("", "")):  # fmt: skip
    """The first block hands a value over to the second one."""
    before, call = SETTERS[setter]
    return f"""
  if (blockIdx.x == 0 && t == 0) {{
    out[0] = in[7];  // W
    {fences[0]}
    {call.replace("ORDER", release)};
  }}
  if (blockIdx.x == 1 && t == 0) {{
    while ({GETTERS[getter].replace("ORDER", acquire)} == {before}) {{}}
    {fences[1]}
    out[1] = out[0];  // R
  }}
"""


# And which side gets weaker.
PAIRS = [(setter, "atomic_load", True) for setter in SETTERS]
PAIRS += [("atomic_store", getter, False) for getter in GETTERS]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("setter", "getter", "release"), PAIRS)
def test_an_order_and_a_scope_are_what_hands_over(setter, getter, release, policy):
    options = {"grid": 2, "flag": SETTERS[setter][0], "policy": policy}
    clean(handover(setter, getter), **options)
    for scope, order in [("kGpu", "kRelaxed"), ("kCta", "kRelease" if release else "kAcquire")]:
        weaker = {"release" if release else "acquire": f"Order::{order}, Scope::{scope}"}
        racing(handover(setter, getter, **weaker), **options)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("fence", ["fence_gpu();", "fence_sc_gpu();", "fence_sys();"])
def test_a_fence_on_both_sides_hands_over(fence, policy):
    relaxed = {"release": "Order::kRelaxed, Scope::kGpu", "acquire": "Order::kRelaxed, Scope::kGpu"}

    def body(*fences):
        return handover("atomic_store", "atomic_load", fences=fences, **relaxed)

    clean(body(fence, fence), grid=2, policy=policy)
    for fences in [(fence, ""), ("", fence), (fence, "fence_cta();"), ("fence_cta();", fence)]:
        racing(body(*fences), grid=2, policy=policy)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_fence_of_the_block_hands_over_inside_it(policy):
    relaxed = {"release": "Order::kRelaxed, Scope::kCta", "acquire": "Order::kRelaxed, Scope::kCta"}

    def body(*fences):
        text = handover("atomic_store", "atomic_load", fences=fences, **relaxed)
        return text.replace("blockIdx.x == 1 && t == 0", "t == 32")

    fence = "fence_cta();"
    clean(body(fence, fence), threads=64, policy=policy)
    for fences in [(fence, ""), ("", fence)]:
        racing(body(*fences), threads=64, policy=policy)


@pytest.mark.parametrize("policy", POLICIES)
def test_plain_accesses_race_with_atomic_ones(policy):
    add = "if (blockIdx.x == 0) atomic_add<Order::kRelaxed, Scope::kGpu>(flag, 1);  // W\n"
    clean(add, grid=2, policy=policy)
    racing(f"{add}  if (blockIdx.x == 1) out[t] = *flag;  // R", grid=2, policy=policy)


# Elements of each copy, and what touches its ends while it is on its way.
WHILE_IN_FLIGHT = {
    "reads what arrives": "out[t] = s[N * t];",
    "writes where it arrives": "s[N * t] = 1;",
    "writes what leaves": "out[N * t] = 1;",
    "copies to the same place": "cp_async_SIZE(s + N * t, in + N * t);",
}


IN_FLIGHT = [(4, what) for what in WHILE_IN_FLIGHT]
IN_FLIGHT += [(size, "reads what arrives") for size in (8, 16)]


@pytest.mark.parametrize("async_policy", ["eager", "late", "random"])
@pytest.mark.parametrize(("size", "what"), IN_FLIGHT)
def test_nothing_touches_a_copy_in_flight(size, what, async_policy):
    source = "out" if what == "writes what leaves" else "in"
    wait = "cp_async_commit();\ncp_async_wait<0>();"
    body = f"cp_async_SIZE(s + N * t, {source} + N * t);  // W\nWAIT\n{WHILE_IN_FLIGHT[what]}  // R"
    body = body.replace("SIZE", str(size)).replace("N", str(size // 4))
    clean(body.replace("WAIT", wait), async_policy=async_policy)
    for weaker in ("", "cp_async_commit();", wait.replace("<0>", "<1>")):
        racing(body.replace("WAIT", weaker), async_policy=async_policy)


VECTORS = {"b32": 1, "b64": 2, "b128": 4, "b256": 8}
# Loads and stores of global and of shared memory, which has none of 256 bits.
MEMORIES = [("g", "out", name) for name in VECTORS]
MEMORIES += [("s", "s", name) for name in VECTORS if name != "b256"]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("space", "place", "name"), MEMORIES)
def test_vectors_are_accessed_whole(space, place, name, policy):
    words = VECTORS[name]
    head = f"uint32_t v[{words}], w[{words}];\nldg_{name}(v, in + {words} * t);\n"
    store = f"st{space}_{name}({place} + {words} * t, v);  // W\n"
    load = f"ld{space}_{name}(w, {place} + {words} * (31 - t));  // R\n"
    use = f"s[512 + t] = w[{words - 1}];"
    options = {"policy": policy, "arch": "sm_100"}
    clean(f"{head}{store}sync_warp();\n{load}{use}", **options)
    racing(head + store + load + use, **options)


# Where the negative tests of the others are.
ELSEWHERE = {
    "findings_test.py": {
        "sync_block",
        "bar_sync",
        "bar_arrive",
        "cp_async_commit",
        "cp_async_wait",
    },
    "primitives_test.py": {"grid_barrier", "sync_block_count", "sync_block_and", "sync_block_or"},
}
# The first demands nothing; the second is a loop of the compare-exchange above.
FREE = {"active_mask", "locked_byte"}


def test_no_primitive_is_left_out():
    here = {*COLLECTIVES, *MATRICES, *SETTERS, *GETTERS}
    here |= {f"{kind}{space}_{name}" for kind in ("ld", "st") for space, _, name in MEMORIES}
    here |= {f"cp_async_{size}" for size in (4, 8, 16)}
    here |= {"fence_cta", "fence_gpu", "fence_sc_gpu", "fence_sys"}
    for name in ("atomic", "copy_async", "matrix", "memory", "sync", "warp"):
        declared = functions(simulator_headers()[f"tilescale/ptx/{name}.cuh"])
        assert declared <= here.union(FREE, *ELSEWHERE.values()), name
