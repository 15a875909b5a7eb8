"""What the passes of the CUDA target make of a kernel: legal stages, layouts, barriers."""

import pytest

import tilescale
import tilescale.language as T
from tests.codegen.cuda import cuda_kernels
from tilescale import _ffi, ir
from tilescale.errors import IntrinsicNotOnTargetError

#: The passes that bring a kernel to another stage.
ARRIVALS = {"infer_layouts": "mapped", "distribute_parallel": "thread"}

#: Threads have their code, but the layouts of shared memory are still annotations.
PLACED_LATER = (
    "distribute_parallel",
    "vectorize_loops",
    "widen_indices",
    "legalize_memory",
    "combine_neighbours",
)


def source(func):
    return tilescale.lower(func, target="cuda -arch=sm_80").kernel_source


def copies(middle, threads=64):
    """X to a tile, `middle(tile)`, and the tile to Y."""

    @T.prim_func
    def kernel(X: T.Tensor((64,), "float32"), Y: T.Tensor((64,), "float32")):
        with T.Kernel(1, threads=threads):
            tile = T.alloc_shared((64,), "float32")
            T.copy(X, tile)
            middle(tile)
            T.copy(tile, Y)

    return kernel


@pytest.mark.parametrize("name", sorted(cuda_kernels.ALL))
def test_every_stage_is_legal_and_prints(name):
    level = "tile"
    for stage, func in _ffi.get("pass.CudaStages")(cuda_kernels.ALL[name](), {}):
        level = ARRIVALS.get(stage, level)
        spec = "scheduled" if stage == "plan_schedule" else level
        breaches = ir.check_spec(func, spec)
        if stage in PLACED_LATER:
            breaches = [b for b in breaches if not b.startswith("no-annotate")]
        assert breaches == [], stage
        text = ir.to_text(func)
        (again,) = ir.parse(text).functions.values()
        assert ir.to_text(again) == text, stage


def test_no_barrier_where_each_thread_reads_its_own_elements():
    @T.macro
    def double(tile):
        for i in T.Parallel(64):
            tile[i] = tile[i] * 2

    assert source(copies(double)).count("ts::sync_block()") == 0


def test_a_barrier_before_and_after_reading_what_others_wrote():
    @T.macro
    def reverse(tile):
        other = T.alloc_shared((64,), "float32")
        for i in T.Parallel(64):
            other[i] = tile[63 - i]
        for i in T.Parallel(64):
            tile[i] = other[63 - i]

    # After the copy from X, and between the loops; the copy to Y reads what the same threads wrote.
    assert source(copies(reverse)).count("ts::sync_block()") == 2


def test_one_barrier_serves_several_buffers():
    @T.prim_func
    def kernel(X: T.Tensor((64,), "float32"), Y: T.Tensor((64,), "float32")):
        with T.Kernel(1, threads=64):
            a = T.alloc_shared((64,), "float32")
            b = T.alloc_shared((64,), "float32")
            T.copy(X, a)
            T.copy(X, b)
            for i in T.Parallel(64):
                Y[i] = a[63 - i] + b[63 - i]

    assert source(kernel).count("ts::sync_block()") == 1


def test_a_loop_that_comes_back_has_its_barrier():
    @T.prim_func
    def kernel(X: T.Tensor((4, 64), "float32"), Y: T.Tensor((4, 64), "float32")):
        with T.Kernel(1, threads=64):
            tile = T.alloc_shared((64,), "float32")
            for k in T.serial(4):
                T.copy(X[k, 0], tile)
                for i in T.Parallel(64):
                    Y[k, i] = tile[63 - i]

    text = source(kernel)
    body = text[text.index("for (") :]
    # One before the tile is overwritten, one before it is read.
    assert body.count("ts::sync_block()") == 2
    assert text.count("ts::sync_block()") == 2


def test_a_fragment_of_elementwise_loops_is_in_registers():
    assert "x: registers" in source(cuda_kernels.vector_scale())


def test_a_fragment_that_others_read_says_why_it_is_in_shared_memory():
    @T.prim_func
    def kernel(X: T.Tensor((64,), "float32"), Y: T.Tensor((64,), "float32")):
        with T.Kernel(1, threads=64):
            x = T.alloc_fragment((64,), "float32")
            T.copy(X, x)
            for i in T.Parallel(64):
                Y[i] = x[i] + x[0]
            Y[0] = x[1]

    text = source(kernel)
    assert "// x: shared memory, because it is accessed outside T.Parallel loops" in text
    assert "TS_DYNAMIC_SHARED(smem);" in text


def test_scalars_of_the_block_cannot_change_in_parallel():
    @T.prim_func
    def kernel(Y: T.Tensor((8,), "float32")):
        with T.Kernel(1, threads=32):
            x = T.alloc_local((8,), "float32")
            for i in T.Parallel(8):
                x[i] = 1.0
            T.copy(x, Y)

    with pytest.raises(IntrinsicNotOnTargetError, match=r"iterations of T\.Parallel change `x`"):
        source(kernel)
