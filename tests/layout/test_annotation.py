"""Annotated layouts in the text of a kernel."""

import tvm_ffi

import tilescale.language as T
from tilescale import ir
from tilescale import layout as tl


@T.prim_func
def annotated(A: T.Tensor((64, 64), "float16"), B: T.Tensor((64, 64), "float16")):
    with T.Kernel(1, threads=128):
        first = T.alloc_shared((64, 64), "float16")
        second = T.alloc_shared((64, 64), "float16")
        spread = T.alloc_fragment((64, 64), "float16")
        T.annotate_layout(
            {
                first: tl.make_swizzled_layout(first),
                second: lambda i, j: [j, i],
                spread: tl.make_gemm_fragment_8x8().repeat([8, 8]),
            }
        )
        T.copy(A, first)
        T.copy(first, second)
        T.copy(second, spread)
        T.copy(spread, B)


def test_annotated_layouts_print_and_parse():
    text = ir.to_text(annotated)
    assert text.count('annotate "layout"') == 3
    parsed = ir.parse(text)
    assert ir.to_text(parsed) == text
    assert tvm_ffi.structural_equal(parsed.functions["annotated"], annotated, map_free_vars=True)
