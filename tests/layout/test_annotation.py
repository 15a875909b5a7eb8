"""Annotated layouts in the text of a kernel."""

import pytest
import tvm_ffi

import tilescale.language as T
from tilescale import ir
from tilescale import layout as tl
from tilescale.errors import OperatorArgumentError


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


def kernel_with(space, layout):
    @T.prim_func
    def program(A: T.Tensor((8, 8), "float16")):
        with T.Kernel(1, threads=32):
            tile = T.alloc_shared((8, 8), "float16")
            if space == "fragment":
                tile = T.alloc_fragment((8, 8), "float16")
            T.annotate_layout({tile: layout})
            T.copy(A, tile)

    return program


@pytest.mark.parametrize(
    ("space", "layout", "message"),
    [
        ("shared", tl.make_swizzled_layout([64, 64]), "another shape than the buffer"),
        ("shared", tl.make_gemm_fragment_8x8(), "takes another kind of layout"),
        ("fragment", tl.make_linear_layout(8, 8), "takes another kind of layout"),
        ("shared", lambda i, j: i - j, "gives no layout"),
        ("shared", lambda i, j: i.astype("float32"), "gives no layout"),
        ("shared", lambda i: i, "gives no layout"),
        ("shared", 3, "neither a layout nor a function"),
    ],
)
def test_layouts_that_do_not_fit_are_rejected_at_their_line(space, layout, message):
    with pytest.raises(OperatorArgumentError, match=message) as caught:
        kernel_with(space, layout)
    assert caught.value.span is not None and caught.value.span.file == __file__
    assert caught.value.remedy
