"""Tile operators (`cc/op`); constructors take the fields in order, then attrs and the span."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import tvm_ffi

from tilescale.ir.stmt import TileOp

if TYPE_CHECKING:
    from tilescale.ir.expr import Buffer, Expr, Region


class ReduceKind(enum.IntEnum):
    """How elements are combined."""

    SUM = 0
    MAX = 1
    MIN = 2
    ABSSUM = 3
    ABSMAX = 4
    BITAND = 5
    BITOR = 6
    BITXOR = 7


class ScanKind(enum.IntEnum):
    """What a scan accumulates."""

    SUM = 0
    MAX = 1


class AtomicKind(enum.IntEnum):
    """How an atomic update combines the old value with the new one."""

    ADD = 0
    MAX = 1
    MIN = 2
    OR = 3
    AND = 4
    XOR = 5
    EXCH = 6


@tvm_ffi.register_object("tilescale.op.Copy")
class Copy(TileOp):
    """dst = src, converted elementwise."""

    src: Region
    dst: Region


@tvm_ffi.register_object("tilescale.op.Gemm")
class Gemm(TileOp):
    """c += op(a) * op(b)."""

    a: Region
    b: Region
    c: Region
    trans_a: bool
    trans_b: bool
    clear_accum: bool


@tvm_ffi.register_object("tilescale.op.Fill")
class Fill(TileOp):
    """Every element of dst = value."""

    dst: Region
    value: Expr


@tvm_ffi.register_object("tilescale.op.Transpose")
class Transpose(TileOp):
    """dst[j, i] = src[i, j]."""

    src: Region
    dst: Region


@tvm_ffi.register_object("tilescale.op.LoadOperand")
class LoadOperand(TileOp):
    """dst = src, into the registers of a matrix instruction that will read them."""

    src: Region
    dst: Region
    is_a: bool
    transposed: bool
    m: int
    n: int


@tvm_ffi.register_object("tilescale.op.Reduce")
class Reduce(TileOp):
    """dst = combination of src along `dim`."""

    src: Region
    dst: Region
    dim: int
    kind: int
    clear: bool
    nan_propagate: bool


@tvm_ffi.register_object("tilescale.op.Scan")
class Scan(TileOp):
    """Prefix sums or maxima along `dim`."""

    src: Region
    dst: Region
    dim: int
    kind: int
    reverse: bool


@tvm_ffi.register_object("tilescale.op.Atomic")
class Atomic(TileOp):
    """dst = dst kind src, each element indivisibly."""

    dst: Region
    src: Region
    kind: int


@tvm_ffi.register_object("tilescale.op.ReducerInit")
class ReducerInit(TileOp):
    """Starts an epoch of a reducer buffer."""

    reducer: Buffer
    kind: int


@tvm_ffi.register_object("tilescale.op.ReducerUpdate")
class ReducerUpdate(TileOp):
    """reducer[indices] = reducer[indices] kind value; may race."""

    reducer: Buffer
    indices: Sequence[Expr]
    value: Expr
    kind: int


@tvm_ffi.register_object("tilescale.op.ReducerFinalize")
class ReducerFinalize(TileOp):
    """Ends the epoch: dst = the combined values."""

    reducer: Buffer
    dst: Region
    kind: int


@tvm_ffi.register_object("tilescale.op.Print")
class Print(TileOp):
    """Prints `msg` and values once per program."""

    msg: str
    values: Sequence[Any]


@tvm_ffi.register_object("tilescale.op.DeviceAssert")
class DeviceAssert(TileOp):
    """Ends the launch with an error if `cond` is false."""

    cond: Expr
    msg: str
