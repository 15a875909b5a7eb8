"""Products, reductions, scans and copies of tiles that no instruction and no number of threads
divides: every pair of values of the parameters below occurs in some case."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tilescale.language as T
from tests.support import machine
from tilescale.testing import evaluator
from tilescale.testing.eval_dtype import storage_dtype

HALF, BRAIN = ("float16", "float32"), ("bfloat16", "float32")
PARAMETERS: dict[str, list[Any]] = {
    "arch": ["sm_70", "sm_75", "sm_80", "sm_89", "sm_90", "sm_120"],
    "m": [1, 7, 16, 48, 50, 64, 100],
    "n": [1, 8, 24, 40, 64, 72],
    "k": [1, 8, 16, 20, 32, 48],
    "threads": [32, 64, 80, 96, 128, 160, 192, 224, 256],
    "policy": [0, 1, 2],
    "types": [
        HALF,
        ("float16", "float16"),
        BRAIN,
        ("int8", "int32"),
        ("float8_e4m3fn", "float32"),
        ("float32", "float32"),
    ],
    "transposes": [(False, False), (False, True), (True, False), (True, True)],
    "scopes": ["ss", "fs", "sf", "ff"],
    "clear": [False, True],
    "reverse": [False, True],
    "dim": [0, 1],
    "through": ["shared", "fragment"],
}


ATTENTION: dict[str, list[Any]] = {
    "arch": ["sm_70", "sm_75", "sm_80", "sm_89", "sm_90", "sm_120"],
    "rows": [16, 33, 48, 64],
    "keys": [8, 16, 40, 64],
    "width": [16, 24, 32],
    "threads": [32, 96, 128, 160, 224],
    "scores_policy": [0, 1, 2],
    "values_policy": [0, 1, 2],
    "dtype": ["float16", "bfloat16"],
    "stages": [0, 2],
}


def pairs_of(case: dict[str, int]) -> set[tuple[str, int, str, int]]:
    return {(a, case[a], b, case[b]) for a, b in itertools.combinations(case, 2)}


def pairwise(parameters: dict[str, list[Any]], seed: int) -> list[dict[str, Any]]:
    """Cases that hold every pair of two parameters' values: each the best of some random ones."""
    rng = random.Random(seed)
    sizes = {name: range(len(values)) for name, values in parameters.items()}
    missing = {
        (a, i, b, j)
        for a, b in itertools.combinations(parameters, 2)
        for i, j in itertools.product(sizes[a], sizes[b])
    }
    cases = []
    while missing:
        a, i, b, j = min(missing)
        drawn = []
        for _ in range(30):
            case = {name: rng.choice(choices) for name, choices in sizes.items()}
            drawn.append({**case, a: i, b: j})
        best = max(drawn, key=lambda case: len(pairs_of(case) & missing))
        missing -= pairs_of(best)
        cases.append({name: parameters[name][index] for name, index in best.items()})
    return cases


def make(case: dict[str, Any]) -> tuple[Any, list[tuple[tuple[int, ...], str]]]:
    m, n, k = case["m"], case["n"], case["k"]
    operand, result = case["types"]
    a_shape = (k, m) if case["transposes"][0] else (m, k)
    b_shape = (n, k) if case["transposes"][1] else (k, n)
    alloc = {"s": T.alloc_shared, "f": T.alloc_fragment}
    alloc_scanned = alloc[case["through"][0]]

    @T.prim_func
    def odd(
        A: T.Tensor(a_shape, operand),
        B: T.Tensor(b_shape, operand),
        C: T.Tensor((m, n), result),
        R: T.Tensor((m,), result),
        S: T.Tensor((m, n), result),
    ):
        with T.Kernel(1, threads=case["threads"]):
            a = alloc[case["scopes"][0]](a_shape, operand)
            b = alloc[case["scopes"][1]](b_shape, operand)
            c = T.alloc_fragment((m, n), result)
            r = T.alloc_fragment((m,), result)
            s = alloc_scanned((m, n), result)
            T.copy(A, a)
            T.copy(B, b)
            T.copy(C, c)
            T.gemm(a, b, c, *case["transposes"], policy=case["policy"], clear_accum=case["clear"])
            T.reduce_max(c, r, dim=1)
            T.copy(c, s)
            T.cumsum(s, dim=case["dim"], reverse=case["reverse"])
            T.copy(c, C)
            T.copy(r, R)
            T.copy(s, S)

    shapes = [(a_shape, operand), (b_shape, operand), ((m, n), result), ((m,), result)]
    return odd, [*shapes, ((m, n), result)]


def build(func: Any, case: dict[str, Any]) -> Callable[..., None]:
    """The simulator has all architectures; a GPU takes every case as its own."""
    return machine.build(func, None if machine.GPU else case["arch"])


def check(case: dict[str, Any]) -> None:
    func, tensors = make(case)
    rng = np.random.default_rng(0)
    # Few elements that are not 0: all sums are exact.
    arrays = [
        (rng.integers(-1, 2, shape) * rng.integers(0, 2, shape)).astype(storage_dtype(dtype))
        for shape, dtype in tensors
    ]
    wanted = [array.copy() for array in arrays]
    evaluator.run(func, wanted, check_programs=False)
    build(func, case)(*arrays)
    for name, actual, right in zip("ABCRS", arrays, wanted, strict=True):
        np.testing.assert_array_equal(
            actual.astype(np.float64), right.astype(np.float64), err_msg=name
        )


CASES = pairwise(PARAMETERS, 0)
ATTENTION_CASES = pairwise(ATTENTION, 0)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.mark.parametrize(
    ("cases", "parameters"),
    [(CASES, PARAMETERS), (ATTENTION_CASES, ATTENTION)],
    ids=["tiles", "attention"],
)
def test_every_pair_occurs(cases, parameters):
    names = list(itertools.combinations(parameters, 2))
    seen = {(a, str(case[a]), b, str(case[b])) for case in cases for a, b in names}
    assert len(seen) == sum(len(parameters[a]) * len(parameters[b]) for a, b in names)


@pytest.mark.parametrize("number", range(len(CASES)))
def test_odd_tiles(number):
    check(CASES[number])


def attention(case: dict[str, Any], length: int) -> Any:
    rows, keys, width = case["rows"], case["keys"], case["width"]
    dtype, threads, stages = case["dtype"], case["threads"], case["stages"]
    scores_policy, values_policy = case["scores_policy"], case["values_policy"]
    blocks = (length + keys - 1) // keys

    @T.prim_func
    def attention(
        Q: T.Tensor((rows, width), dtype),
        K: T.Tensor((length, width), dtype),
        V: T.Tensor((length, width), dtype),
        Out: T.Tensor((rows, width), "float32"),
    ):
        with T.Kernel(1, threads=threads):
            q = T.alloc_shared((rows, width), dtype)
            k = T.alloc_shared((keys, width), dtype)
            v = T.alloc_shared((keys, width), dtype)
            s = T.alloc_fragment((rows, keys), "float32")
            p = T.alloc_fragment((rows, keys), dtype)
            o = T.alloc_fragment((rows, width), "float32")
            largest = T.alloc_fragment((rows,), "float32")
            before = T.alloc_fragment((rows,), "float32")
            total = T.alloc_fragment((rows,), "float32")
            part = T.alloc_fragment((rows,), "float32")
            T.copy(Q, q)
            T.clear(o)
            T.clear(total)
            T.fill(largest, -1e30)
            for b in T.Pipelined(blocks, num_stages=stages):
                T.copy(K[b * keys, 0], k)
                T.copy(V[b * keys, 0], v)
                T.gemm(q, k, s, transpose_B=True, clear_accum=True, policy=scores_policy)
                for i, j in T.Parallel(rows, keys):
                    s[i, j] = T.if_then_else(b * keys + j < length, s[i, j], -1e30)
                T.copy(largest, before)
                T.reduce_max(s, largest, dim=1, clear=False)
                for i, j in T.Parallel(rows, keys):
                    s[i, j] = T.exp(s[i, j] - largest[i])
                T.reduce_sum(s, part, dim=1)
                for i in T.Parallel(rows):
                    total[i] = total[i] * T.exp(before[i] - largest[i]) + part[i]
                T.copy(s, p)
                for i, j in T.Parallel(rows, width):
                    o[i, j] *= T.exp(before[i] - largest[i])
                T.gemm(p, v, o, policy=values_policy)
            for i, j in T.Parallel(rows, width):
                o[i, j] /= total[i]
            T.copy(o, Out)

    return attention


@pytest.mark.parametrize("number", range(len(ATTENTION_CASES)))
def test_attention_with_any_warp_policy(number):
    case, length = ATTENTION_CASES[number], 72
    rng = np.random.default_rng(number)
    dtype = storage_dtype(case["dtype"])
    q, k, v = (
        rng.standard_normal((extent, case["width"])).astype(dtype)
        for extent in (case["rows"], length, length)
    )
    out = np.zeros((case["rows"], case["width"]), np.float32)
    func = attention(case, length)
    build(func, case)(q, k, v, out)
    scores = q.astype(np.float64) @ k.astype(np.float64).T
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    wanted = weights @ v.astype(np.float64) / weights.sum(axis=1, keepdims=True)
    # The weights are rounded to the 16-bit type, bfloat16 to 8 bits; the reference has 53.
    np.testing.assert_allclose(out, wanted, rtol=2e-2, atol=2e-2)
