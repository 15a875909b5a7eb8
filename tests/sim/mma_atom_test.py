"""The compiler's table of matrix instructions against the device's, and against the PTX ISA."""

from __future__ import annotations

import numpy as np
import pytest

from tests.sim.mma_places import (
    A_PLACES,
    B_PLACES,
    DTYPES,
    TABLE,
    c_place,
    quad,
    quad_c_place,
    quad_row,
    shape_of,
)
from tilescale import _ffi, layout

#: Importing it gives the fragments below their Python class.
assert layout.Fragment
ATOMS = {str(atom["name"]): atom for atom in _ffi.get("layout.MmaAtoms")()}
TYPES = {
    "f16": "float16",
    "bf16": "bfloat16",
    "tf32": "float32",
    "e4m3": "float8_e4m3fn",
    "e5m2": "float8_e5m2",
    "s8": "int8",
    "u8": "uint8",
    "f32": "float32",
    "s32": "int32",
}


def test_both_tables_have_the_same_instructions():
    assert list(ATOMS) == list(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_types_and_architecture(name):
    _, arch, *_, a, b, d, _, na, nb, nd = TABLE[name]
    atom = ATOMS[name]
    assert int(arch) == atom["first_arch"]
    assert [TYPES[t] for t in (a, b, d)] == [atom["a_type"], atom["b_type"], atom["c_type"]]
    for registers, operand, dtype in ((na, "a", a), (nb, "b", b), (nd, "c", d)):
        bits = 8 * np.dtype(DTYPES[dtype]).itemsize
        assert atom[operand].num_values * bits == 32 * int(registers)
        assert atom[operand].num_threads == 32


@pytest.mark.parametrize("name", [name for name in TABLE if shape_of(name) != "m8n8k4"])
def test_places_of_the_elements(name):
    atom = ATOMS[name]
    key = shape_of(name), 8 * np.dtype(DTYPES[TABLE[name][5]]).itemsize
    assert tuple(atom["shape"]) == tuple(map(int, TABLE[name][2:5]))
    for operand, place in (("a", A_PLACES[key]), ("b", B_PLACES[key]), ("c", c_place)):
        fragment = atom[operand]
        for lane in range(32):
            for i in range(fragment.num_values):
                assert fragment.element(lane, i) == place(lane // 4, lane % 4, i)


@pytest.mark.parametrize("accumulator", ["f16", "f32"])
def test_the_four_products_of_volta_tile_16_by_16(accumulator):
    atom = ATOMS[f"mma_m8n8k4_{accumulator}_f16"]
    assert tuple(atom["shape"]) == (16, 16, 4)
    for lane in range(32):
        # Two products share the rows of A, two the columns of B.
        top, left = 8 * (quad(lane) % 2), 8 * (quad(lane) // 2)
        for i in range(4):
            assert atom["a"].element(lane, i) == (top + quad_row(lane), i)
            assert atom["b"].element(lane, i) == (i, left + quad_row(lane))
        for i in range(8):
            row, column = quad_c_place(accumulator, lane, i)
            assert atom["c"].element(lane, i) == (top + row, left + column)
