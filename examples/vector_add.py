"""Vector addition: the smallest kernel, in the eager style.

The decorated function is the kernel itself: calling it with arrays compiles it for their shapes
and runs it. `N` is read from the arguments, and the tensor made by `T.empty` is the result.
"""

import argparse

import numpy as np

import tilescale
import tilescale.language as T
from tilescale.testing import place, to_numpy


@tilescale.jit
def vector_add(A, B, block_N: int = 1024):
    N = T.const("N")
    A: T.Tensor[[N], T.float32]
    B: T.Tensor[[N], T.float32]
    C = T.empty((N,), T.float32)

    with T.Kernel(T.ceildiv(N, block_N), threads=256) as bx:
        for i in T.Parallel(block_N):
            C[bx * block_N + i] = A[bx * block_N + i] + B[bx * block_N + i]

    return C


def main(target: str = "auto") -> None:
    rng = np.random.default_rng(0)
    # The last block is ragged: what it would write behind the end of C is dropped.
    a = rng.standard_normal(100_003, dtype=np.float32)
    b = rng.standard_normal(100_003, dtype=np.float32)
    c = to_numpy(vector_add.with_options(target=target)(*place(target, a, b)))
    np.testing.assert_array_equal(c, a + b)
    print(f"vector_add: {c.size} elements, equal to NumPy's")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default="auto", help="cpu, cuda, sim:sm_80, ...")
    main(**vars(parser.parse_args()))
