"""Pipelined loops of every shape, with the arguments to run them on."""

import numpy as np

import tilescale.language as T

TILE = 32


def sums(body, *, num_stages=3, dtype="float32", out_dtype="float32", extent=None, **loop):
    """Y += body(...) over the steps of a pipelined loop; the trip count comes with the call."""
    steps = T.dynamic("steps")

    @T.prim_func
    def kernel(
        X: T.Tensor((steps, TILE, TILE), dtype),
        Table: T.Tensor((steps,), "int32"),
        Y: T.Tensor((TILE, TILE), out_dtype),
    ):
        with T.Kernel(1, threads=64):
            tile = T.alloc_shared((TILE, TILE), dtype)
            total = T.alloc_fragment((TILE, TILE), out_dtype)
            T.clear(total)
            for k in T.Pipelined(steps, num_stages=num_stages, **loop):
                body(X, Table, tile, total, k)
            T.copy(total, Y)

    return kernel


@T.macro
def transposed_sum(tile, total):
    """Reads what other threads have loaded."""
    for i, j in T.Parallel(TILE, TILE):
        total[i, j] += tile[j, i]


@T.macro
def plain(X, Table, tile, total, k):
    T.copy(X[k, 0, 0], tile)
    transposed_sum(tile, total)


@T.macro
def conditional(X, Table, tile, total, k):
    if k % 2 == 0:
        T.copy(X[k, 0, 0], tile)
    if k % 2 == 0:
        transposed_sum(tile, total)


@T.macro
def stale(X, Table, tile, total, k):
    """Steps with an odd number use the tile of the step before."""
    if k % 2 == 0:
        T.copy(X[k, 0, 0], tile)
    transposed_sum(tile, total)


@T.macro
def indirect(X, Table, tile, total, k):
    block = Table[k]
    T.copy(X[block, 0, 0], tile)
    transposed_sum(tile, total)


@T.macro
def ragged(X, Table, tile, total, k):
    """A source that is neither aligned nor inside."""
    T.copy(X[k, 1, 3], tile)
    transposed_sum(tile, total)


@T.macro
def several(X, Table, tile, total, k):
    other = T.alloc_shared((TILE, TILE), "float32")
    T.copy(X[k, 0, 0], tile)
    T.copy(X[k, 0, 0], other)
    for i, j in T.Parallel(TILE, TILE):
        total[i, j] += tile[j, i] * other[i, j]


@T.macro
def unread(X, Table, tile, total, k):
    """A load that nothing waits for, because nothing reads it."""
    other = T.alloc_shared((TILE, TILE), "float32")
    T.copy(X[k, 0, 0], other)
    T.copy(X[k, 0, 0], tile)
    transposed_sum(tile, total)


@T.macro
def numbered(X, Table, tile, total, k):
    """Operators that name dimensions of what is in flight."""
    rows = T.alloc_fragment((TILE,), "float32")
    columns = T.alloc_fragment((TILE,), "float32")
    sums = T.alloc_shared((TILE, TILE), "float32")
    T.copy(X[k, 0, 0], tile)
    T.reduce_sum(tile, rows, dim=1)
    T.reduce_max(tile, columns, dim=0)
    T.cumsum(tile, sums, dim=0)
    for i, j in T.Parallel(TILE, TILE):
        total[i, j] += rows[i] + 3 * columns[j] + sums[j, i]


@T.macro
def feedback(X, Table, tile, total, k):
    """Each step writes what the next one loads."""
    T.copy(X[k, 0, 0], tile)
    transposed_sum(tile, total)
    for i, j in T.Parallel(TILE, TILE):
        X[k + 1, i, j] = total[i, j]


@T.macro
def one_branch(X, Table, tile, total, k):
    """A branch that loads two tiles and computes."""
    if k % 3 != 1:
        other = T.alloc_shared((TILE, TILE), "float32")
        T.copy(X[k, 0, 0], tile)
        T.copy(X[k, 0, 0], other)
        for i, j in T.Parallel(TILE, TILE):
            total[i, j] += tile[j, i] * other[i, j]


@T.macro
def two_arms(X, Table, tile, total, k):
    """The arms load different tiles, at an index that the branch computes."""
    if Table[k] % 2 == 0:
        block = Table[k]
        T.copy(X[block, 0, 0], tile)
        transposed_sum(tile, total)
    else:
        other = T.alloc_shared((TILE, TILE), "float32")
        T.copy(X[k, 0, 0], other)
        for i, j in T.Parallel(TILE, TILE):
            total[i, j] -= other[j, i]


@T.macro
def nested_branch(X, Table, tile, total, k):
    if k > 0:  # noqa: SIM102 the nest is the point
        if Table[k] % 2 == 0:
            T.copy(X[k, 0, 0], tile)
            transposed_sum(tile, total)


@T.macro
def changing_condition(X, Table, tile, total, k):
    """The branch changes what its condition reads: it stays whole."""
    if total[0, 0] >= 0:
        T.copy(X[k, 0, 0], tile)
        transposed_sum(tile, total)


BODIES = {
    "plain": plain,
    "conditional": conditional,
    "stale": stale,
    "indirect": indirect,
    "ragged": ragged,
    "several": several,
    "unread": unread,
    "numbered": numbered,
    "feedback": feedback,
    "one_branch": one_branch,
    "two_arms": two_arms,
    "nested_branch": nested_branch,
}


def arguments(steps, dtype="float32", out_dtype="float32"):
    rng = np.random.default_rng(steps)
    return [
        rng.integers(-3, 4, (steps, TILE, TILE)).astype(dtype),
        rng.permutation(steps).astype(np.int32),
        np.zeros((TILE, TILE), out_dtype),
    ]


def after_the_loop(num_stages=3):
    """The tile of the last step is used once more; an outer loop runs the pipeline again."""

    @T.prim_func
    def kernel(X: T.Tensor((5, TILE, TILE), "float32"), Y: T.Tensor((2, TILE, TILE), "float32")):
        with T.Kernel(1, threads=64):
            tile = T.alloc_shared((TILE, TILE), "float32")
            for turn in T.serial(2):
                for k in T.Pipelined(5 - turn, num_stages=num_stages):
                    T.copy(X[k, 0, 0], tile)
                for i, j in T.Parallel(TILE, TILE):
                    Y[turn, i, j] = tile[j, i]

    return kernel


def nested(num_stages=3):
    """An outer loop runs the pipeline several times, with another trip count each time."""

    @T.prim_func
    def kernel(X: T.Tensor((5, TILE, TILE), "float32"), Y: T.Tensor((6, TILE, TILE), "float32")):
        with T.Kernel(1, threads=64):
            tile = T.alloc_shared((TILE, TILE), "float32")
            total = T.alloc_fragment((TILE, TILE), "float32")
            for turn in T.serial(6):
                T.clear(total)
                for k in T.Pipelined(5 - turn, num_stages=num_stages):
                    T.copy(X[k, 0, 0], tile)
                    transposed_sum(tile, total)
                T.copy(total, Y[turn, 0, 0])

    return kernel


def products(num_stages=2):
    """The sum of the squares of matrices."""

    @T.prim_func
    def kernel(X: T.Tensor((5, TILE, TILE), "float16"), Y: T.Tensor((TILE, TILE), "float32")):
        with T.Kernel(1, threads=64):
            tile = T.alloc_shared((TILE, TILE), "float16")
            total = T.alloc_fragment((TILE, TILE), "float32")
            T.clear(total)
            for k in T.Pipelined(5, num_stages=num_stages):
                T.copy(X[k, 0, 0], tile)
                T.gemm(tile, tile, total)
            T.copy(total, Y)

    return kernel


def background(waits):
    """A copy of the user's own, who waits for it or leaves that to the compiler."""

    @T.prim_func
    def kernel(X: T.Tensor((64,), "float32"), Y: T.Tensor((64,), "float32")):
        with T.Kernel(1, threads=64):
            tile = T.alloc_shared((64,), "float32")
            T.async_copy(X, tile)
            if waits:
                T.ptx_wait_group(0)
            for i in T.Parallel(64):
                Y[i] = tile[63 - i]

    return kernel
