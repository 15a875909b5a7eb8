"""Keyword arguments: each is obeyed, refused, or a checked hint that changes no result."""

import ast
from pathlib import Path

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.harness import kernel_run
from tilescale import errors, ir
from tilescale.layout import Fragment, Layout


def traced(body):
    """A kernel over a tensor, a shared tile, a fragment and an accumulator, all of 16 x 16."""

    @T.prim_func
    def kernel(A: T.Tensor((16, 16), "float16")):
        with T.Kernel(1, threads=32):
            tile = T.alloc_shared((16, 16), "float16")
            x = T.alloc_fragment((16, 16), "float16")
            acc = T.alloc_fragment((16, 16), "float32")
            body(A, tile, x, acc)

    return kernel


@T.macro
def loop(tile, make):
    for i, j in make(16, 16):
        tile[i, j] = 0


@T.macro
def count(tile, make):
    for i in make(16):
        tile[i, 0] = 0


ROWS = Fragment((16, 16), forward_fn=lambda i, j: (i, j))

REFUSED = {
    "no width of vectors": lambda A, s, x, c: T.copy(A, s, coalesced_width=0),
    "a width of run time": lambda A, s, x, c: T.copy(A, s, coalesced_width=A[0, 0]),
    "TMA that is a number": lambda A, s, x, c: T.copy(A, s, disable_tma=1),
    "eviction": lambda A, s, x, c: T.copy(A, s, eviction_policy="evict_never"),
    "cp.async to registers": lambda A, s, x, c: T.copy(A, x, prefer_instruction="cp_async"),
    "TMA to registers": lambda A, s, x, c: T.copy(A, x, prefer_instruction="tma"),
    "instruction for a value": lambda A, s, x, c: T.copy(
        A[0, 0], A[0, 1], prefer_instruction="cp_async"
    ),
    "layout of a value": lambda A, s, x, c: T.copy(A[0, 0], A[0, 1], loop_layout=ROWS),
    "annotation of a copy": lambda A, s, x, c: T.copy(A, s, annotations={"async": "user"}),
    "annotations that are none": lambda A, s, x, c: T.copy(A, s, annotations=["disable_tma"]),
    "one annotation twice": lambda A, s, x, c: T.copy(
        A, s, coalesced_width=2, annotations={"coalesced_width": 4}
    ),
    "layout of a copy": lambda A, s, x, c: T.copy(A, s, loop_layout=lambda i, j: (i, j)),
    "layout of a loop": lambda A, s, x, c: loop(s, lambda *n: T.Parallel(*n, loop_layout=(16, 16))),
    "width of a loop": lambda A, s, x, c: loop(s, lambda *n: T.Parallel(*n, coalesced_width=-1)),
    "asynchronous loop": lambda A, s, x, c: loop(s, lambda *n: T.Parallel(*n, prefer_async="yes")),
    "annotation of Parallel": lambda A, s, x, c: loop(
        s, lambda *n: T.Parallel(*n, annotations={"x": 1})
    ),
    "annotation of serial": lambda A, s, x, c: count(
        s, lambda n: T.serial(n, annotations={"x": 1})
    ),
    "annotation of vectorized": lambda A, s, x, c: count(
        s, lambda n: T.vectorized(n, annotations={"x": 1})
    ),
    "annotation of unroll": lambda A, s, x, c: count(
        s, lambda n: T.unroll(n, annotations={"x": 1})
    ),
    "explicit": lambda A, s, x, c: count(s, lambda n: T.unroll(n, explicit="yes")),
    "unroll factor": lambda A, s, x, c: count(s, lambda n: T.unroll(n, unroll_factor=0)),
    "annotation of Pipelined": lambda A, s, x, c: count(
        s, lambda n: T.Pipelined(n, annotations={"x": 1})
    ),
    "stages of Persistent": lambda A, s, x, c: T.Persistent([4], 1, 0, num_stages=-1),
    "k_pack": lambda A, s, x, c: T.gemm(s, s, c, k_pack=3),
    "barrier of a product": lambda A, s, x, c: T.gemm(s, s, c, mbar=s),
    "annotation of a product": lambda A, s, x, c: T.gemm(s, s, c, annotations={"x": 1}),
    "scope of alloc_shared": lambda A, s, x, c: T.alloc_shared((4,), "int8", scope="local"),
    "scope of alloc_fragment": lambda A, s, x, c: T.alloc_fragment((4,), "int8", scope="local"),
    "scope of alloc_local": lambda A, s, x, c: T.alloc_local((4,), "int8", scope="shared"),
    "scope of alloc_var": lambda A, s, x, c: T.alloc_var("int32", scope="local"),
    "scope by position": lambda A, s, x, c: T.alloc_var("int32", 1, "local"),
    "two initial values": lambda A, s, x, c: T.alloc_var("int32", 1, 2),
    "replication": lambda A, s, x, c: T.alloc_reducer((4,), "int32", "sum", replication="some"),
    "reannotation": lambda A, s, x, c: T.annotate_layout({}, allow_reannotation=1),
    "batch": lambda A, s, x, c: T.reduce_sum(c, c[0:16, 0], batch=0),
    "saturation": lambda A, s, x, c: T.cast(A[0, 0], "float8_e4m3fn", sat=False),
    "saturation that is none": lambda A, s, x, c: T.cast(A[0, 0], "float32", sat="yes"),
    "warp": lambda A, s, x, c: T.print(1, warp_id=-1),
    "warp of run time": lambda A, s, x, c: T.print(1, warp_id=A[0, 0]),
    "warp group": lambda A, s, x, c: T.print(1, warp_group_id="0"),
    "clusters": lambda A, s, x, c: T.PersistentTileScheduler(4, 4, cluster_size=2),
    "extent of an address": lambda A, s, x, c: T.access_ptr(A[0, 0], "r", 1.5),
    "extent by name": lambda A, s, x, c: T.access_ptr(A[0, 0], "r", extent=1.5),
    "types of an accumulator": lambda A, s, x, c: T.ptx_mma(
        "float32", "m16n8k16", "row", "col", "fp16", "fp16", "fp16", A, 0, A, 0, A, 0
    ),
    "producer's registers": lambda A, s, x, c: T.annotate_producer_reg_dealloc(20),
    "consumer's registers": lambda A, s, x, c: T.annotate_consumer_reg_alloc(241),
    "blocks": lambda A, s, x, c: T.annotate_min_blocks_per_sm(0),
    "cached share": lambda A, s, x, c: T.annotate_l2_hit_ratio({A: 1.5}),
    "TMA of an atomic": lambda A, s, x, c: T.atomic_add(A[0, 0], 1, use_tma="yes"),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_refused(body):
    with pytest.raises(errors.OperatorArgumentError) as caught:
        traced(body)
    assert caught.value.expected
    assert caught.value.got
    assert caught.value.remedy
    assert caught.value.span is not None


def test_a_constant_of_floats_is_refused():
    @tilescale.jit
    def kernel(A):
        N = T.const("N", dtype="float32")
        A: T.Tensor((N,), "float32")
        with T.Kernel(1):
            T.clear(A)

    with pytest.raises(errors.OperatorArgumentError, match="dtype"):
        kernel(np.zeros(4, np.float32))


def test_a_batch_of_a_reducer_is_a_number():
    with pytest.raises(errors.OperatorArgumentError, match="batch"):

        @T.prim_func
        def kernel(A: T.Tensor((4,), "int32")):
            with T.Kernel(1):
                r = T.alloc_reducer((4,), "int32")
                T.reducer_init(r)
                T.finalize_reducer(r, A, batch=0)


def run(body):
    """What `body(A, B)` makes of 16 x 16 numbers."""

    @T.prim_func
    def kernel(A: T.Tensor((16, 16), "float32"), B: T.Tensor((16, 16), "float32")):
        with T.Kernel(1, threads=32):
            body(A, B)

    a = np.arange(256, dtype=np.float32).reshape(16, 16)
    b = np.zeros((16, 16), np.float32)
    kernel_run.run(kernel, [a, b])
    return a, b


@T.macro
def hinted(A, B):
    tile = T.alloc_shared((16, 16), "float32", scope="shared")
    x = T.alloc_fragment((16, 16), "float32", scope="local.fragment")
    row = T.alloc_fragment((16,), "float32")
    v = T.alloc_var("int32", 3, "local.var")
    T.annotate_producer_reg_dealloc(24)
    T.annotate_consumer_reg_alloc(240)
    T.no_set_max_nreg()
    T.copy(A, tile, coalesced_width=3, disable_tma=True, eviction_policy="evict_first")
    T.copy(tile, x, annotations={"coalesced_width": 1, "loop_layout": ROWS})
    T.reduce_sum(x, row, batch=2)
    for i, j in T.Parallel(16, 16, prefer_async=True, loop_layout=ROWS, coalesced_width=2):
        B[i, j] = x[i, j] + row[i] + v
    T.copy(B[0, 0], B[0, 1], eviction_policy="evict_last")


def test_hints_change_no_result():
    a, b = run(hinted)
    expected = a + a.sum(1, keepdims=True) + 3
    expected[0, 1] = expected[0, 0]
    np.testing.assert_array_equal(b, expected)


@T.macro
def parts(A, B):
    for i in T.unroll(16, unroll_factor=4):
        for j in T.unroll(16, explicit=True):
            B[i, j] = A[i, j]


def test_loops_that_are_written_out_in_parts():
    a, b = run(parts)
    np.testing.assert_array_equal(b, a)


def layouts_of(again):
    @T.prim_func
    def kernel(A: T.Tensor((8,), "int32")):
        with T.Kernel(1):
            tile = T.alloc_shared((8,), "int32")
            T.annotate_layout({tile: Layout((8,), lambda i: i)})
            T.annotate_layout({tile: Layout((8,), lambda i: i ^ 1)}, allow_reannotation=again)
            T.copy(A, tile)

    return [s for s in kernel.body.body.stmts if isinstance(s, ir.Annotate)]


def test_a_layout_may_be_annotated_again():
    assert len(layouts_of(False)) == 2
    (only,) = layouts_of(True)
    assert only.value == Layout((8,), lambda i: i ^ 1)


def test_arguments_of_a_pipelined_loop_as_annotations():
    @T.prim_func
    def kernel(A: T.Tensor((8,), "int32")):
        with T.Kernel(1):
            for i in T.Pipelined(8, annotations={"num_stages": 3}):
                A[i] = 0

    loops = [s for s in (kernel.body.body,) if isinstance(s, ir.For)]
    assert loops[0].attrs["num_stages"] == 3


def unused_parameters():
    """Parameters of public functions of the language that their bodies never read."""
    folder = Path(T.__file__).parent
    for path in sorted(folder.glob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef) or function.name == "__exit__":
                continue
            read = {
                node.id
                for node in ast.walk(function)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
            }
            arguments = function.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            for argument in every:
                if argument.arg not in read and argument.arg not in ("self", "cls"):
                    yield f"{path.name}: {function.name}({argument.arg})"


def test_no_argument_is_dropped_unread():
    assert list(unused_parameters()) == []
