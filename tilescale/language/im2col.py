"""`T.im2col`: a tile of the matrix whose product with a filter is a convolution."""

from __future__ import annotations

from typing import Any

from tilescale import errors
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.macro import macro
from tilescale.frontend.values import Scalar, const_int, describe
from tilescale.language import loop
from tilescale.language.math import if_then_else

#: What a macro iterates over has types that only the trace knows.
_loop: Any = loop


def im2col(
    img: Any,
    col: Any,
    nhw_step: Scalar,
    c_step: Scalar,
    kernel: int,
    stride: int,
    dilation: int,
    pad: int,
) -> None:
    """Gathers tile (nhw_step, c_step) of the matrix of a convolution.

    Row m is the output pixel with this number, column k the tap and channel with this number, the
    channels next to each other; what lies in the padding or behind the matrix is 0.

    Args:
        img: a tensor (N, H, W, C).
        col: the tile (rows, columns), in shared memory or a fragment.
        nhw_step: the number of the tile among the rows.
        c_step: the number of the tile among the columns.
        kernel: taps in each direction, a constant; the others too.
        stride: between the windows of neighbouring pixels.
        dilation: between neighbouring taps.
        pad: zeros on each side of the image.

    Raises:
        OperatorArgumentError: not tensors of 4 and 2 dimensions, or other constants.
    """
    sizes = [const_int(size) for size in (kernel, stride, dilation, pad)]
    ranks = [len(getattr(tensor, "shape", ())) for tensor in (img, col)]
    least = (1, 1, 1, 0)
    if ranks != [4, 2] or any(s is None or s < m for s, m in zip(sizes, least, strict=True)):
        raise mistake(
            errors.OperatorArgumentError,
            "T.im2col is called with the wrong arguments",
            expected="a tensor (N, H, W, C), a tile of 2 dimensions, and constants",
            got=", ".join(describe(v) for v in (img, col, kernel, stride, dilation, pad)),
            remedy="gather in T.Parallel what is not a square filter (examples/conv_im2col.py)",
        )
    _gather(img, col, nhw_step, c_step, *sizes)


@macro
def _gather(
    img: Any,
    col: Any,
    nhw_step: Any,
    c_step: Any,
    kernel: Any,
    stride: Any,
    dilation: Any,
    pad: Any,
) -> None:
    _, height, width, channels = img.shape
    rows = (height + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1
    columns = (width + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1
    for i, j in _loop.Parallel(*col.shape):
        m = nhw_step * col.shape[0] + i
        k = c_step * col.shape[1] + j
        h = m // columns % rows * stride + k // (kernel * channels) * dilation - pad
        w = m % columns * stride + k // channels % kernel * dilation - pad
        inside = k < kernel * kernel * channels
        col[i, j] = if_then_else(inside, img[m // (rows * columns), h, w, k % channels], 0)


__all__ = ["im2col"]
