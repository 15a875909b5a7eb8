"""The PTX of stores of less than a word: a lock where a neighbour is of another, only there."""

import pytest

import tilescale
import tilescale.language as T
from tests.codegen.cuda import ptx_text
from tests.support.gpu import needs_nvrtc_for

# What follows the taking of the lock and the giving back.
LOCK, UNLOCK = "atom.acquire.gpu.cas.b32", "atom.release.gpu.exch.b32"


def halves(n, dtype):
    """The threads and blocks that write the two halves of a byte differ."""

    @T.prim_func
    def kernel(B: T.Tensor((n,), dtype)):
        with T.Kernel(T.ceildiv(n, 4), threads=32) as bx:
            for i in T.Parallel(4):
                if bx + i * T.ceildiv(n, 4) < n:
                    B[n - 1 - bx - i * T.ceildiv(n, 4)] = T.cast((bx + i * 3) % 7, dtype)

    return kernel


def counters(n, dtype):
    @T.prim_func
    def kernel(B: T.Tensor((n,), dtype)):
        with T.Kernel(3, threads=32) as bx:
            for i in T.Parallel(64):
                T.atomic_add(B[(i + bx) % n], T.cast(i % 2, dtype))

    return kernel


def rows(columns):
    @T.prim_func
    def kernel(A: T.Tensor((8, columns), "int4"), B: T.Tensor((8, columns), "int4")):
        with T.Kernel(1, threads=32):
            T.copy(A, B)

    return kernel


def ptx_of(func, arch):
    needs_nvrtc_for(arch)
    return ptx_text.ptx_of(tilescale.lower(func, target=f"cuda -arch={arch}").kernel_source, arch)


@pytest.mark.parametrize("arch", ["sm_75", "sm_90"])
def test_the_lock_is_released_where_it_was_taken(arch):
    ptx = ptx_of(halves(14, "int4"), arch)
    found = ptx_text.instructions_of(ptx)
    between = found[found.index(LOCK) : found.index(UNLOCK)]
    assert any(name.startswith("ld.volatile") for name in between)
    assert any(name.startswith("st.volatile") for name in between)
    assert "byte_lock" in ptx


def test_no_lock_without_need():
    assert "byte_lock" not in ptx_of(counters(8, "int32"), "sm_80")


@pytest.mark.parametrize(
    ("columns", "store"), [(32, "st.global.v2.u32"), (20, "st.global.u16"), (6, "st.global.u8")]
)
def test_whole_bytes_are_stored_plainly(columns, store):
    found = ptx_text.instructions_of(ptx_of(rows(columns), "sm_80"))
    assert store in found
    assert not [name for name in found if name.startswith("atom")]


def test_bytes_of_two_rows_are_changed_atomically():
    found = ptx_text.instructions_of(ptx_of(rows(7), "sm_80"))
    assert [name for name in found if name.startswith("atom")]


def test_elements_of_half_a_byte_need_no_alignment_of_their_own():
    @T.prim_func
    def move(A: T.Tensor((64,), "int4"), B: T.Tensor((64,), "int4")):
        with T.Kernel(1, threads=32):
            for i in T.Parallel(64):
                B[i] = A[i]

    for arch in ("sm_75", "sm_80"):
        assert "move" in tilescale.lower(move, target=f"cuda -arch={arch}").kernel_source
