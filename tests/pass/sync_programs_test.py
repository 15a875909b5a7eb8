"""Random programs over shared memory: no race under any policy, and the results of a plain run."""

import random

import numpy as np
import pytest

import tilescale.language as T
from tests.harness import thread_sim

I32 = "int32"
SLOTS = 2
ROUNDS = 4


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


class Program:
    """Steps over a shared buffer of two slots, each a permutation of the threads' elements.

    A step is (kind, number, slot, other slot): what it does is in `step_code`, and for NumPy in
    `step_values`.
    """

    KINDS = ("own", "xor", "turn", "tile", "first", "round", "branch", "warp", "lanes", "warps")
    KINDS += ("half", "view")

    def __init__(self, seed):
        draw = random.Random(seed)
        self.threads = draw.choice([32, 64, 96, 128])
        self.rounds = draw.choice([1, 2, 3])
        self.persistent = draw.random() < 0.4
        self.steps = [
            (draw.choice(self.KINDS), draw.randint(1, 31), draw.randint(0, 1), draw.randint(0, 1))
            for _ in range(draw.randint(2, 5))
        ]

    def kernel(self):
        threads, steps, persistent = self.threads, self.steps, self.persistent

        @T.macro
        def step_code(s, tx, k, kind, number, slot, other):
            if kind == "own":
                s[slot * threads + tx] = s[slot * threads + tx] + number
            elif kind == "xor":
                s[slot * threads + tx] = s[other * threads + (tx ^ number)] + 1
            elif kind == "turn":
                s[slot * threads + tx] = s[other * threads + (tx + number) % threads] + k
            elif kind == "tile":
                for i in T.Parallel(threads):
                    s[slot * threads + i] = s[slot * threads + i] * 3 - number
            elif kind == "first":
                if tx == 0:
                    s[slot * threads] = s[other * threads + number] + 1
            elif kind == "round":
                s[(k + slot) % 2 * threads + tx] = s[(k + 1 + slot) % 2 * threads + (tx ^ 1)] + 2
            elif kind == "branch":
                if k % 2 == slot:
                    s[slot * threads + tx] = s[other * threads + threads - 1 - tx] + number
            elif kind == "lanes":
                if tx < 32:
                    s[slot * threads + tx] = s[other * threads + (tx ^ number)] + 1
                    s[slot * threads + tx] = s[slot * threads + 31 - tx] * 3
            elif kind == "warps":
                # All warps but the first one, if there are more.
                if tx >= threads % 64:
                    last = threads + threads % 64 - 1
                    s[slot * threads + tx] = s[slot * threads + last - tx] + number
                    s[slot * threads + tx] = s[slot * threads + last - tx] * 3
            elif kind == "half":
                if tx % 32 < 16:
                    s[slot * threads + tx] = s[slot * threads + (tx ^ 5)] + number
            elif kind == "view":
                rows = T.view(s, (SLOTS * threads // 8, 8))
                first = slot * threads // 8
                rows[first + tx // 8, tx % 8] = rows[first + tx // 8, 7 - tx % 8] + number
            else:
                if tx < 32:
                    s[slot * threads + tx] = s[slot * threads + tx] ^ number

        @T.prim_func
        def program(
            A: T.Tensor((SLOTS * threads,), I32), B: T.Tensor((SLOTS * threads,), I32), n: T.int32
        ):
            with T.Kernel(1, threads=threads):
                tx = T.get_thread_binding(0)
                s = T.alloc_shared((SLOTS * threads,), I32)
                T.copy(A, s)
                if persistent:
                    for k, _ in T.Persistent([ROUNDS, 1], 1, 0):
                        if k < n:
                            for kind, number, slot, other in steps:
                                step_code(s, tx, k, kind, number, slot, other)
                else:
                    for k in T.serial(n):
                        for kind, number, slot, other in steps:
                            step_code(s, tx, k, kind, number, slot, other)
                T.copy(s, B)

        return program

    def values(self, start):
        n, s = self.threads, start.copy().reshape(SLOTS, -1)
        t = np.arange(n)
        for k in range(self.rounds):
            for kind, number, slot, other in self.steps:
                if kind == "own":
                    s[slot] = s[slot] + number
                elif kind == "xor":
                    s[slot] = s[other][t ^ number] + 1
                elif kind == "turn":
                    s[slot] = s[other][(t + number) % n] + k
                elif kind == "tile":
                    s[slot] = s[slot] * 3 - number
                elif kind == "first":
                    s[slot, 0] = s[other, number] + 1
                elif kind == "round":
                    s[(k + slot) % 2] = s[(k + 1 + slot) % 2][t ^ 1] + 2
                elif kind == "branch" and k % 2 == slot:
                    s[slot] = s[other][::-1] + number
                elif kind == "lanes":
                    s[slot, :32] = (s[other][t ^ number][:32] + 1)[::-1] * 3
                elif kind == "warps":
                    part = s[slot, n % 64 :]
                    part[:] = part[::-1] + number
                    part[:] = part[::-1] * 3
                elif kind == "half":
                    s[slot] = np.where(t % 32 < 16, s[slot][t ^ 5] + number, s[slot])
                elif kind == "view":
                    s[slot] = s[slot].reshape(-1, 8)[:, ::-1].ravel() + number
                elif kind == "warp":
                    s[slot, :32] ^= number
        return s.ravel()


@pytest.mark.parametrize("seed", range(24))
def test_no_race_and_the_right_results(seed):
    program = Program(seed)
    lowered = thread_sim.lower(program.kernel())
    start = np.arange(SLOTS * program.threads, dtype=np.int32)
    expected = program.values(start)
    for policy in ("round_robin", "random", "adversarial"):
        out = np.zeros_like(start)
        arguments = [start.copy(), out, np.int32(program.rounds)]
        thread_sim.launch(lowered, arguments, policy=policy, seed=seed).check()
        np.testing.assert_array_equal(out, expected, str((policy, program.steps)))


def test_a_program_without_its_barriers_is_found():
    program = Program(0)
    lowered = thread_sim.lower(program.kernel())
    source = lowered.kernel_source.replace("ts::sync_block();", "").replace("ts::sync_warp();", "")
    assert source != lowered.kernel_source
    start = np.arange(SLOTS * program.threads, dtype=np.int32)
    arguments = [start, np.zeros_like(start), np.int32(program.rounds)]
    assert "race" in thread_sim.launch(lowered, arguments, source=source).kinds()
