"""Histogram by atomics: each block counts into shared memory, then adds its counts to the result.

Many iterations of a `T.Parallel` loop may hit the same bin; that is an error for plain stores and
is what atomics are for.
"""

import argparse

import numpy as np

import tilescale
import tilescale.language as T
from tilescale.testing import place, to_numpy


@tilescale.jit
def histogram(values, counts, block: int = 4096, bins: int = 64):
    N = T.const("N")
    values: T.Tensor[[N], T.int32]
    counts: T.Tensor[[bins], T.int32]

    with T.Kernel(T.ceildiv(N, block), threads=256) as bx:
        local_counts = T.alloc_shared((bins,), T.int32)
        T.clear(local_counts)
        for i in T.Parallel(block):
            if bx * block + i < N:
                T.atomic_add(local_counts[values[bx * block + i]], 1)
        for b in T.Parallel(bins):
            T.atomic_add(counts[b], local_counts[b])


def main(target: str = "auto") -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 64, 100_001).astype(np.int32)
    counts = place(target, np.zeros(64, np.int32))
    histogram.with_options(target=target)(place(target, values), counts)
    np.testing.assert_array_equal(to_numpy(counts), np.bincount(values, minlength=64))
    print(f"histogram: {values.size} values in {len(counts)} bins, equal to NumPy's")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default="auto", help="cpu, cuda, sim:sm_80, ...")
    main(**vars(parser.parse_args()))
