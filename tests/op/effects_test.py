"""The declared effects of each tile operator: what it reads, writes and accumulates."""

import pytest

from tilescale import _ffi, ir
from tilescale.ir import op


def region(name, scope="shared"):
    return ir.full_region(ir.Buffer(name, "float32", [ir.const(4, "int32")] * 2, [], scope))


A, B, C = (region(name) for name in "ABC")
ACC = region("R", "reducer").buffer
ONE = ir.const(1.0, "float32")
ZERO = ir.const(0, "int32")

#: operator -> (reads, writes, accumulates, replicable)
CASES = {
    "copy": (op.Copy(A, C, {}, None), "A", "C", "", True),
    "fill": (op.Fill(C, ONE, {}, None), "", "C", "", True),
    "transpose": (op.Transpose(A, C, {}, None), "A", "C", "", True),
    "load_operand": (op.LoadOperand(A, C, True, False, 4, 4, {}, None), "A", "C", "", True),
    "gemm": (op.Gemm(A, B, C, False, False, False, {}, None), "AB", "", "C", True),
    "gemm_clear": (op.Gemm(A, B, C, False, False, True, {}, None), "AB", "C", "", True),
    "reduce": (op.Reduce(A, C, 1, op.ReduceKind.SUM, True, False, {}, None), "A", "C", "", True),
    "reduce_keep": (
        op.Reduce(A, C, 1, op.ReduceKind.SUM, False, False, {}, None),
        "A",
        "",
        "C",
        True,
    ),
    "scan": (op.Scan(A, C, 1, op.ScanKind.SUM, False, {}, None), "A", "C", "", True),
    "atomic": (op.Atomic(C, A, op.AtomicKind.ADD, {}, None), "A", "", "C", False),
    "reducer_init": (op.ReducerInit(ACC, op.ReduceKind.SUM, {}, None), "", "R", "", True),
    "reducer_update": (
        op.ReducerUpdate(ACC, [ZERO, ZERO], ONE, op.ReduceKind.SUM, {}, None),
        "",
        "",
        "R",
        False,
    ),
    "reducer_finalize": (
        op.ReducerFinalize(ACC, C, op.ReduceKind.SUM, {}, None),
        "R",
        "C",
        "",
        True,
    ),
    "print": (op.Print("text", [A], {}, None), "A", "", "", False),
    "device_assert": (op.DeviceAssert(ir.const(True, "bool"), "", {}, None), "", "", "", True),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_effects(case):
    operator, reads, writes, accumulates, replicable = CASES[case]
    declared = _ffi.get("op.Describe")(operator)
    assert case.startswith(declared["name"])
    names = {
        key: "".join(r.buffer.name for r in declared[key])
        for key in ("reads", "writes", "accumulates")
    }
    assert names == {"reads": reads, "writes": writes, "accumulates": accumulates}
    assert declared["replicable"] is replicable
