"""What the kernels of cuda_kernels.py are run with."""

import numpy as np


def arguments(name):
    """Returns the tensors of a kernel, the values of its symbols, and its grid."""
    rng = np.random.default_rng(0)

    def halves(*shape):
        return rng.integers(-3, 4, shape).astype(np.float16)

    def bytes_of(*shape):
        return rng.integers(-2, 3, shape).astype(np.int8)

    floats = [np.arange(1000, dtype=np.float32), np.ones(1000, np.float32)]
    numbers = rng.integers(-9, 9, (48, 7)).astype(np.int32)
    outputs = [np.zeros(shape, np.int32) for shape in ((48,), (7,), (7, 48))]
    tiles = rng.integers(-3, 4, (4, 16, 16)).astype(np.float32)
    return {
        "vector_add": ([*floats, np.zeros(1000, np.float32)], [np.int32(1000)], (4, 1, 1)),
        "vector_scale": ([halves(4, 64), np.zeros((4, 64), np.float16)], [], (4, 1, 1)),
        "gemm": ([halves(128, 64), halves(96, 64), np.zeros((128, 96), np.float32)], [], (2, 2, 1)),
        "softmax": ([halves(10, 100), np.zeros((10, 100), np.float16)], [], (10, 1, 1)),
        "uneven": ([numbers, *outputs], [], (1, 1, 1)),
        "rotate": ([np.arange(64, dtype=np.int32), np.zeros(64, np.int32)], [], (1, 1, 1)),
        "long_scan": (floats, [], (1, 1, 1)),
        "quads": (
            [bytes_of(16, 32), bytes_of(32, 32), np.zeros((16, 32), np.int32)],
            [],
            (1, 1, 1),
        ),
        "prefetch": ([tiles, np.zeros((4, 16, 16), np.float32)], [], (1, 1, 1)),
    }[name]
