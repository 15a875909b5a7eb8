"""Each tile operator refuses operands that do not fit it, at its own source position."""

import pytest

from tilescale import errors, ir
from tilescale.ir import op

SPAN = ir.Span("user.py", 7, 3, 7, 20, None)


def buffer(shape, dtype="float32", scope="shared", name="x"):
    return ir.Buffer(name, dtype, [ir.const(n, "int32") for n in shape], [], scope)


def region(shape, dtype="float32", scope="shared", name="x"):
    return ir.full_region(buffer(shape, dtype, scope, name))


def verify(operator):
    from tilescale import _ffi

    _ffi.get("op.Verify")(operator)


def gemm(a, b, c, trans_a=False, trans_b=False):
    return op.Gemm(a, b, c, trans_a, trans_b, False, {}, SPAN)


def reduce(src, dst, dim, kind=op.ReduceKind.SUM):
    return op.Reduce(src, dst, dim, kind, True, False, {}, SPAN)


REDUCER = buffer((4,), scope="reducer", name="acc")
BAD = {
    "copy": (op.Copy(region((4, 8)), region((8, 4)), {}, SPAN), errors.CopyShapeError),
    "fill": (op.Fill(region((4,)), ir.StringImm("x"), {}, SPAN), errors.FillValueError),
    "gemm_k": (gemm(region((4, 8)), region((4, 8)), region((4, 8))), errors.GemmShapeError),
    "gemm_m": (gemm(region((4, 8)), region((8, 2)), region((3, 2))), errors.GemmShapeError),
    "gemm_n": (
        gemm(region((4, 8)), region((2, 8)), region((4, 3)), trans_b=True),
        errors.GemmShapeError,
    ),
    "gemm_rank": (gemm(region((8,)), region((8, 2)), region((4, 2))), errors.GemmShapeError),
    "gemm_kinds": (
        gemm(region((4, 8), "int8"), region((8, 2)), region((4, 2))),
        errors.GemmDTypeError,
    ),
    "gemm_narrow": (
        gemm(region((4, 8)), region((8, 2)), region((4, 2), "float16")),
        errors.GemmDTypeError,
    ),
    "transpose": (
        op.Transpose(region((4, 8)), region((4, 8)), {}, SPAN),
        errors.TransposeShapeError,
    ),
    "reduce_dim": (reduce(region((4, 8)), region((4,)), 2), errors.ReduceDimError),
    "reduce_shape": (reduce(region((4, 8)), region((8,)), 1), errors.ReduceShapeError),
    "reduce_bits": (
        reduce(region((4, 8)), region((4,)), 1, op.ReduceKind.BITOR),
        errors.ReduceDTypeError,
    ),
    "scan_dim": (
        op.Scan(region((4,)), region((4,)), 1, op.ScanKind.SUM, False, {}, SPAN),
        errors.ScanDimError,
    ),
    "scan_shape": (
        op.Scan(region((4,)), region((5,)), 0, op.ScanKind.SUM, False, {}, SPAN),
        errors.ScanShapeError,
    ),
    "atomic_shape": (
        op.Atomic(region((4,)), region((5,)), op.AtomicKind.ADD, {}, SPAN),
        errors.AtomicShapeError,
    ),
    "atomic_bits": (
        op.Atomic(region((4,)), region((4,)), op.AtomicKind.OR, {}, SPAN),
        errors.AtomicDTypeError,
    ),
    "reducer_scope": (
        op.ReducerInit(buffer((4,)), op.ReduceKind.SUM, {}, SPAN),
        errors.ReducerScopeError,
    ),
    "reducer_rank": (
        op.ReducerUpdate(REDUCER, [], ir.const(1.0, "float32"), op.ReduceKind.SUM, {}, SPAN),
        errors.ReducerShapeError,
    ),
    "reducer_shape": (
        op.ReducerFinalize(REDUCER, region((5,)), op.ReduceKind.SUM, {}, SPAN),
        errors.ReducerShapeError,
    ),
    "assert": (
        op.DeviceAssert(ir.StringImm("x"), "text", {}, SPAN),
        errors.AssertConditionError,
    ),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_refuses(case):
    operator, error = BAD[case]
    with pytest.raises(error) as info:
        verify(operator)
    assert info.value.span is not None
    assert (info.value.span.file, info.value.span.line) == ("user.py", 7)
    assert info.value.expected
    assert info.value.remedy


GOOD = {
    "copy_drops_ones": op.Copy(region((1, 4, 8)), region((4, 1, 8)), {}, SPAN),
    "gemm_leading_one": gemm(region((1, 4, 8)), region((8, 2)), region((4, 2))),
    "gemm_int": gemm(region((4, 8), "int8"), region((8, 2), "int8"), region((4, 2), "int32")),
    "reduce_keeps_one": reduce(region((4, 8)), region((4, 1)), 1),
    "reduce_to_one": reduce(region((8,)), region((1,)), 0),
}


@pytest.mark.parametrize("case", sorted(GOOD))
def test_accepts(case):
    verify(GOOD[case])
