"""Single PTX instructions of a thread or warp: matrices and asynchronous copies (GPUs only).

An address is an element such as `A[i, j]`, a buffer or region, whose first element is meant, or
what `T.access_ptr` and `T.address_of` give.
"""

from __future__ import annotations

import functools
from typing import Any

from tilescale import _ffi, errors, ir
from tilescale.frontend import context
from tilescale.frontend.buffer import Buffer
from tilescale.frontend.diagnostics import mistake
from tilescale.frontend.values import Scalar, as_condition, as_index, const_int, describe
from tilescale.language import hints
from tilescale.language.atomic import address_of

_COPY_BYTES = (4, 8, 16)
_MATRIX_ROW_BYTES = 16
#: Element types as PTX users abbreviate them, and what the table of instructions calls them.
_TYPES = {
    "fp16": "float16",
    "bf16": "bfloat16",
    "fp32": "float32",
    "tf32": "float32",
    "e4m3": "float8_e4m3fn",
    "float8_e4m3": "float8_e4m3fn",
    "e5m2": "float8_e5m2",
}


def _wrong(what: str, expected: str, got: str, remedy: str) -> errors.TileScaleError:
    return mistake(errors.OperatorArgumentError, what, expected=expected, got=got, remedy=remedy)


def _emit(name: str, op: str, values: list[Any], attrs: dict[str, Any]) -> ir.Expr:
    context.current(f"T.{name}").require_kernel(f"T.{name}")
    return ir.make_call(op, values, {**attrs, "called": name}, "int32")


def _address(name: str, role: str, value: Any, spaces: tuple[str, ...]) -> ir.AddressOf:
    """The address, which must be in one of the memories `spaces`."""
    found = value if isinstance(value, ir.AddressOf) else address_of(value)
    space = found.buffer.scope if isinstance(found, ir.AddressOf) else ""
    if not isinstance(found, ir.AddressOf) or space not in spaces:
        raise _wrong(
            f"{role} of T.{name} lies in the wrong memory",
            f"an address in {' or '.join(spaces)} memory",
            f"{space or describe(value)}",
            "pass an element of such a buffer, e.g. one of T.alloc_shared or T.alloc_local",
        )
    return found


def access_ptr(base: Any, access_type: str = "r", *extents: Any, extent: Any = None) -> ir.Expr:
    """The address of an element, for single instructions and foreign functions.

    Args:
        base: an element such as `A[i, j]`, or a buffer or region.
        access_type: "r", "w" or "rw": for the reader; instructions say what they access.
        extents: how many elements are accessed: for the reader too.
        extent: the same.

    Raises:
        OperatorArgumentError: no such kind of access, or an extent that is no integer.
    """
    for size in (*extents, *([] if extent is None else [extent])):
        hints.integer("T.access_ptr", "extent", size)
    if access_type not in ("r", "w", "rw"):
        raise _wrong(
            "T.access_ptr knows no such access",
            '"r", "w" or "rw"',
            repr(access_type),
            "say how the memory is accessed",
        )
    return address_of(base)


def ptx_ldmatrix(trans: Any, num: int, src: Any, dst: Any) -> ir.Expr:
    """Loads matrices of 8 rows of 16 bytes from shared memory into registers of a warp.

    Lane l gives the address of row l mod 8 of matrix l div 8. All lanes must come here together.

    Args:
        trans: whether each matrix of 16-bit elements is transposed, a constant.
        num: how many, 1, 2 or 4: each fills 32 bits of `dst`.
        src: address in shared memory of this lane's row, aligned to 16 bytes.
        dst: address in a buffer of `T.alloc_local`.

    Raises:
        OperatorArgumentError: no such number of matrices, or an address in another memory.
        UnsupportedInstructionError: on architectures before sm_75.
    """
    count, transposed = const_int(num), const_int(trans)
    if count not in (1, 2, 4) or transposed is None:
        raise _wrong(
            "T.ptx_ldmatrix is asked for something that the instruction does not do",
            "a constant `trans`, and 1, 2 or 4 matrices",
            f"{describe(trans)} and {describe(num)}",
            "load several times",
        )
    row = _address("ptx_ldmatrix", "the source", src, ("shared",))
    to = _address("ptx_ldmatrix", "the destination", dst, ("local",))
    attrs = {"count": count, "transposed": bool(transposed), "bytes": _MATRIX_ROW_BYTES}
    return _emit("ptx_ldmatrix", "cuda.load_matrix", [to, row], attrs)


@functools.cache
def _atoms() -> dict[tuple[str, str, str, str], str]:
    """The instructions by shape and types of A, B and C."""
    found: dict[tuple[str, str, str, str], str] = {}
    for atom in _ffi.get("layout.MmaAtoms")():
        m, n, k = atom["shape"]
        types = (str(atom["a_type"]), str(atom["b_type"]), str(atom["c_type"]))
        found[(f"m{m}n{n}k{k}", *types)] = str(atom["name"])
    return found


def _atom(name: str, shape: str, layouts: tuple[str, str], types: tuple[Any, Any, Any]) -> str:
    a, b, c = (_TYPES.get(str(kind), str(kind)) for kind in types)
    found = _atoms().get((shape, a, b, c))
    if found is None or layouts != ("row", "col"):
        known = sorted({key[0] for key in _atoms() if key[1:] == (a, b, c)})
        got = f"{shape} of {a} ({layouts[0]}) and {b} ({layouts[1]}), accumulated in {c}"
        raise _wrong(
            f"T.{name} is asked for a matrix product that no instruction computes",
            f"A by rows and B by columns, {' or '.join(known) or 'other types'}",
            got,
            "use T.gemm, which chooses the instruction",
        )
    return found


def _registers(name: str, role: str, data: Any, index: Scalar) -> ir.AddressOf:
    """The address of element `index` of a thread's array."""
    first = _address(name, role, data, ("local",))
    buffer = Buffer.of(first.buffer)
    if const_int(index) == 0 or not isinstance(data, Buffer):
        return first
    if buffer.ndim == 1:
        return ir.AddressOf(buffer.node, [as_index(index)])
    raise _wrong(
        f"{role} of T.{name} needs an array of one dimension",
        "T.alloc_local of one extent",
        describe(data),
        "pass an element of the array, and 0 as its index",
    )


def ptx_mma(
    dtype: Any,
    shape: str,
    a_layout: str,
    b_layout: str,
    a_dtype: Any,
    b_dtype: Any,
    c_dtype: Any,
    a: Any,
    a_index: Scalar,
    b: Any,
    b_index: Scalar,
    c: Any,
    c_index: Scalar,
    saturate: Any = False,
) -> ir.Expr:
    """C += A B by one matrix instruction of a warp; all lanes must come here together.

    Args:
        dtype: type of the accumulator, the same as `c_dtype`.
        shape: such as "m16n8k16".
        a_layout: "row".
        b_layout: "col".
        a_dtype: such as "fp16" or "float16".
        b_dtype: the same.
        c_dtype: the same.
        a: buffer of `T.alloc_local` with this lane's elements of A.
        a_index: the first of them.
        b: the same for B.
        b_index: the same.
        c: the same for C.
        c_index: the same.
        saturate: False.

    Raises:
        OperatorArgumentError: there is no such instruction.
        UnsupportedInstructionError: the architecture does not have it.
    """
    if _TYPES.get(str(dtype), str(dtype)) != _TYPES.get(str(c_dtype), str(c_dtype)):
        raise _wrong(
            "T.ptx_mma is given two types of the accumulator",
            "the same `dtype` and `c_dtype`",
            f"{dtype} and {c_dtype}",
            "give the type of C twice",
        )
    if const_int(saturate) != 0:
        raise _wrong("T.ptx_mma does not saturate", "False", describe(saturate), "leave it out")
    atom = _atom("ptx_mma", shape, (a_layout, b_layout), (a_dtype, b_dtype, c_dtype))
    return _product("ptx_mma", atom, (c, c_index), (a, a_index), (b, b_index))


def _product(name: str, atom: str, *operands: tuple[Any, Scalar]) -> ir.Expr:
    roles = ("the accumulator", "the first operand", "the second operand")
    values = [
        _registers(name, role, *operand) for role, operand in zip(roles, operands, strict=True)
    ]
    return _emit(name, "cuda.mma", values, {"atom": atom})


def ptx_mma_sm70(
    shape: str,
    a_layout: str,
    b_layout: str,
    a_dtype: Any,
    b_dtype: Any,
    c_dtype: Any,
    a: Any,
    a_index: Scalar,
    b: Any,
    b_index: Scalar,
    c: Any,
    c_index: Scalar,
) -> ir.Expr:
    """The products of the four quad pairs of a warp, "m16n16k4" together; else as `ptx_mma`.

    Raises:
        OperatorArgumentError: there is no such instruction.
    """
    name = "ptx_mma_sm70"
    atom = _atom(name, shape, (a_layout, b_layout), (a_dtype, b_dtype, c_dtype))
    return _product(name, atom, (c, c_index), (a, a_index), (b, b_index))


def ptx_cp_async(dst: Any, src: Any, num_elems: int, predicate: Any = None) -> ir.Expr:
    """Starts a copy of this thread's from global to shared memory.

    Args:
        dst: address in shared memory.
        src: address in global memory.
        num_elems: how many elements: 4, 8 or 16 bytes, to which both are aligned.
        predicate: where it is false the bytes become 0, and `src` is not read.

    Raises:
        OperatorArgumentError: another number of bytes, or an address in another memory.
        UnsupportedInstructionError: on architectures before sm_80.
    """
    to = _address("ptx_cp_async", "the destination", dst, ("shared",))
    origin = _address("ptx_cp_async", "the source", src, ("global",))
    bits = Buffer.of(to.buffer).dtype.bits
    count = const_int(num_elems)
    if count is None or count * bits not in [8 * size for size in _COPY_BYTES]:
        raise _wrong(
            "T.ptx_cp_async cannot copy that much at once",
            "a constant number of elements that are 4, 8 or 16 bytes",
            f"{describe(num_elems)} elements of {bits} bits",
            "copy several times, or use T.async_copy",
        )
    guard = ir.const(True, "bool") if predicate is None else as_condition(predicate)
    attrs = {"bytes": count * bits // 8}
    return _emit("ptx_cp_async", "cuda.copy_async", [to, origin, guard], attrs)


def ptx_commit_group() -> ir.Expr:
    """Ends the group of this thread's asynchronous copies since the last commit."""
    return _emit("ptx_commit_group", "ptx_commit_group", [], {})


def ptx_wait_group(num: int = 0) -> ir.Expr:
    """Waits for all but the `num` latest groups of this thread's asynchronous copies.

    What other threads copied is there after the next barrier, which the compiler inserts after a
    wait for all groups only: write `T.sync_threads()` behind others.

    Raises:
        OperatorArgumentError: `num` is not a constant of at least 0.
    """
    count = const_int(num)
    if count is None or count < 0:
        raise _wrong(
            "T.ptx_wait_group waits for no such number of groups",
            "a constant of at least 0",
            describe(num),
            "give the number of groups that may be unfinished",
        )
    return _emit("ptx_wait_group", "ptx_wait_group", [ir.const(count, "int32")], {})


def __ldg(element: Any, index: Scalar | None = None) -> ir.Expr:
    """The element, which nobody writes while the kernel runs: the reader may cache it.

    Args:
        element: an element of a global tensor, or a tensor of one dimension.
        index: which element of the tensor; its first if left out.

    Raises:
        OperatorArgumentError: it does not lie in global memory.
    """
    first = _address("__ldg", "the element", element, ("global",))
    indices = first.indices if index is None else [as_index(index)]
    value: ir.Expr = Buffer.of(first.buffer)[tuple(indices)]
    return value


__all__ = [
    "__ldg",
    "access_ptr",
    "ptx_commit_group",
    "ptx_cp_async",
    "ptx_ldmatrix",
    "ptx_mma",
    "ptx_mma_sm70",
    "ptx_wait_group",
]
