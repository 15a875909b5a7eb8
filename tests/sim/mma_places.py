"""The table of matrix instructions, and the PTX ISA's places of their elements in NumPy."""

from __future__ import annotations

import re

import ml_dtypes
import numpy as np

from tilescale.sim.headers import simulator_headers

ROW = re.compile(r"^TS_MMA\((.*)\)$", re.MULTILINE)
TABLE = {
    fields[0]: fields
    for fields in (
        [field.strip() for field in row.split(",")]
        for row in ROW.findall(simulator_headers()["tilescale/mma_table.cuh"])
    )
}
DTYPES = {
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "tf32": np.float32,
    "e4m3": ml_dtypes.float8_e4m3fn,
    "e5m2": ml_dtypes.float8_e5m2,
    "s8": np.int8,
    "u8": np.uint8,
    "f32": np.float32,
    "s32": np.int32,
}

# Element i of a lane is at (row, column) of A, of B, of C. g: groupID, t: threadID_in_group.
A_PLACES = {
    ("m16n8k8", 16): lambda g, t, i: (g if i < 2 else g + 8, t * 2 + (i & 1)),
    ("m16n8k16", 16): lambda g, t, i: (
        g if i < 2 or 4 <= i < 6 else g + 8,
        t * 2 + (i & 1) if i < 4 else t * 2 + (i & 1) + 8,
    ),
    ("m16n8k4", 32): lambda g, t, i: (g if i == 0 else g + 8, t),
    ("m16n8k8", 32): lambda g, t, i: (g if i in (0, 2) else g + 8, t if i < 2 else t + 4),
    ("m8n8k16", 8): lambda g, t, i: (g, t * 4 + i),
    ("m16n8k16", 8): lambda g, t, i: (g if i < 4 else g + 8, t * 4 + (i & 3)),
    ("m16n8k32", 8): lambda g, t, i: (
        g if i < 4 or 8 <= i < 12 else g + 8,
        t * 4 + (i & 3) if i < 8 else t * 4 + (i & 3) + 16,
    ),
}
B_PLACES = {
    ("m16n8k8", 16): lambda g, t, i: (t * 2 + i, g),
    ("m16n8k16", 16): lambda g, t, i: (t * 2 + (i & 1) if i < 2 else t * 2 + (i & 1) + 8, g),
    ("m16n8k4", 32): lambda g, t, i: (t, g),
    ("m16n8k8", 32): lambda g, t, i: (t if i == 0 else t + 4, g),
    ("m8n8k16", 8): lambda g, t, i: (t * 4 + i, g),
    ("m16n8k16", 8): lambda g, t, i: (t * 4 + i, g),
    ("m16n8k32", 8): lambda g, t, i: (t * 4 + (i & 3) if i < 4 else t * 4 + (i & 3) + 16, g),
}


def c_place(g, t, i):
    return (g if i < 2 else g + 8, t * 2 + (i & 1))


def shape_of(name):
    """Returns the shape of an instruction, as in "m16n8k8"."""
    fields = TABLE[name]
    return f"m{fields[2]}n{fields[3]}k{fields[4]}"


def quad(lane):
    """Returns the number of the product of sm_70 in which a lane takes part."""
    return lane % 16 // 4


def quad_row(lane):
    """Returns the row of A, and column of B, that a lane holds of its product on sm_70."""
    return lane % 4 + (4 if lane >= 16 else 0)


def quad_c_place(accumulator, lane, i):
    """Returns where element i of a lane is in C on sm_70."""
    if accumulator == "f16":
        return quad_row(lane), i
    row = (lane & 0b1) + (i & 0b10) + (4 if lane >= 16 else 0)
    return row, (i & 0b100) + (lane & 0b10) + (i & 0b1)
