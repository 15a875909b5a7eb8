"""Index arithmetic on CUDA: 32 bits where it fits, 64 bits where it may not."""

import tilescale
import tilescale.language as T


def source(rows, columns, block=256):
    @T.prim_func
    def shift(A: T.Tensor((rows, columns), "int32"), B: T.Tensor((rows, columns), "int32")):
        with T.Kernel(T.ceildiv(columns, block), rows, threads=128) as (bx, by):
            for i in T.Parallel(block):
                B[by, bx * block + i] = A[by, bx * block + i] + 1

    return tilescale.lower(shift, target="cuda -arch=sm_80").kernel_source


def test_small_tensors_need_no_64_bits():
    text = source(64, 1000)
    assert "int64_t" not in text
    assert "const int32_t i" in text


def test_offsets_of_large_tensors_have_64_bits():
    text = source(1 << 20, 1 << 14)
    assert "int64_t(by) * 16384" in text


def test_indices_that_do_not_fit_have_64_bits():
    columns = (1 << 32) + 7
    text = source(1, columns)
    assert f"< {columns}ll" in text


def test_a_product_that_may_wrap_is_exact():
    n = T.dynamic("n")

    @T.prim_func
    def strided(A: T.Tensor((n,), "int32"), B: T.Tensor((n,), "int32")):
        with T.Kernel(n, threads=32) as bx:
            for i in T.Parallel(32):
                if bx * 32 + i < n:
                    B[bx * 32 + i] = A[bx * 32 + i]

    text = tilescale.lower(strided, target="cuda -arch=sm_80").kernel_source
    assert "int64_t(bx) * 32" in text


def test_division_of_what_is_not_negative_truncates():
    text = source(6, 700, block=100)
    assert "floordiv" not in text
    assert "floormod" not in text
