"""T.im2col: convolutions as products."""

import numpy as np
import pytest

import tilescale.language as T
from tests.harness import kernel_run, thread_sim
from tilescale import errors


def gathered(shape, kernel, stride, dilation, pad, tile=(16, 8)):
    """All tiles of the matrix, and one tile beyond it in both directions."""
    n, h, w, c = shape
    rows = (h + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1
    columns = (w + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1
    tiles = (n * rows * columns // tile[0] + 2, kernel * kernel * c // tile[1] + 2)

    @T.prim_func
    def gather(
        A: T.Tensor(shape, "float32"),
        B: T.Tensor((tiles[0] * tile[0], tiles[1] * tile[1]), "float32"),
    ):
        with T.Kernel(tiles[0], tiles[1], threads=32) as (bx, by):
            col = T.alloc_shared(tile, "float32")
            T.im2col(A, col, bx, by, kernel, stride, dilation, pad)
            T.copy(col, B[bx * tile[0], by * tile[1]])

    return gather, rows, columns, tiles


def expected(image, kernel, stride, dilation, pad, rows, columns):
    """Row by row, as the definition says."""
    padded = np.pad(image, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    found = []
    for picture in padded:
        for y in range(rows):
            for x in range(columns):
                reach = (kernel - 1) * dilation + 1
                window = picture[y * stride :, x * stride :][:reach:dilation, :reach:dilation]
                found.append(window.ravel())
    return np.array(found)


@pytest.mark.parametrize(
    ("shape", "options"),
    [((2, 5, 6, 3), (3, 1, 1, 1)), ((1, 9, 7, 4), (3, 2, 2, 2)), ((2, 4, 4, 5), (1, 1, 1, 0))],
)
def test_tiles_of_the_matrix(shape, options):
    func, rows, columns, (m, k) = gathered(shape, *options)
    image = np.arange(1, np.prod(shape) + 1, dtype=np.float32).reshape(shape)
    wanted = np.zeros((m * 16, k * 8), np.float32)
    matrix = expected(image, *options, rows, columns)
    wanted[: matrix.shape[0], : matrix.shape[1]] = matrix
    out = np.zeros_like(wanted)
    kernel_run.run(func, [image, out])
    np.testing.assert_array_equal(out, wanted)
    out[...] = 0
    thread_sim.run(func, [image, out], grid=(m, k))
    np.testing.assert_array_equal(out, wanted)


@pytest.mark.parametrize(
    "body",
    [
        lambda A, col: T.im2col(col, col, 0, 0, 3, 1, 1, 1),
        lambda A, col: T.im2col(A, A, 0, 0, 3, 1, 1, 1),
        lambda A, col: T.im2col(A, col, 0, 0, 0, 1, 1, 1),
        lambda A, col: T.im2col(A, col, 0, 0, 3, 1, 1, -1),
    ],
)
def test_wrong_arguments(body):
    with pytest.raises(errors.OperatorArgumentError, match="im2col"):

        @T.prim_func
        def kernel(A: T.Tensor((1, 8, 8, 4), "float32")):
            with T.Kernel(1, threads=32):
                body(A, T.alloc_shared((16, 16), "float32"))
