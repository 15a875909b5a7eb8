"""Extents of tiles and tensors: small odd ones, and those that matrix instructions work on."""

from __future__ import annotations

import random

from fuzz_program import Program
from fuzz_state import EVEN_TILES, ODD_TILES

#: Threads of a block: a part of a power of two of warps, whole ones, and more than one SM quarter.
THREADS = (32, 64, 64, 96, 128, 128, 160, 256)

#: Operators that want tiles for matrix instructions: multiples of 8 or 16, and nearly so.
MATRIX = {"tile_gemm", "chain", "epilogue", "persistent_gemm"}
#: Operators whose extents are 7, 48 or 100, so that they fit no power of two of lanes.
WIDE = {"reduce_wide", "scan_wide"}
_MATRIX_ROWS = (16, 16, 24, 32, 33, 40, 48, 64, 72)
_MATRIX_DEPTHS = (8, 16, 16, 20, 24, 32, 48)


def _tiles(rng: random.Random, name: str, shape: str) -> dict[str, int]:
    if name in MATRIX:
        rows = (24, 33, 40, 48, 72) if shape == "npot" else _MATRIX_ROWS
        tiles = {axis: rng.choice(rows) for axis in ("BM", "BN")}
        return tiles | {"BK": rng.choice(_MATRIX_DEPTHS)}
    tiles = {
        axis: rng.choice(ODD_TILES if rng.random() < 0.6 else EVEN_TILES)
        for axis in ("BM", "BN", "BK")
    }
    if name in WIDE:
        tiles |= {"BM": rng.choice([1, 4, 7, 16, 48]), "BN": rng.choice([7, 48, 100])}
    elif shape == "npot":
        tiles[rng.choice(["BM", "BN"])] = rng.choice([3, 5, 6, 7, 12, 13])
    if rng.random() < 0.25 and name not in WIDE:
        tiles["BK"] = tiles["BN"]
    return tiles


def choose_sizes(
    rng: random.Random, name: str, shape: str
) -> tuple[dict[str, int], dict[str, int]]:
    """Tensor and tile extents for an operator that show `shape`; odd ones are preferred."""
    tiles = _tiles(rng, name, shape)
    most = 2 if name in MATRIX | WIDE else 3
    sizes = {}
    for axis in "MNK":
        tile = tiles["B" + axis]
        whole = tile * rng.randint(1, most)
        sizes[axis] = whole if rng.random() < 0.3 else max(1, whole + rng.randint(1 - tile, tile))
    if shape == "ragged":
        axis = rng.choice("MN")
        while tiles["B" + axis] == 1:
            tiles["B" + axis] = rng.choice(ODD_TILES + EVEN_TILES)
        tile = tiles["B" + axis]
        sizes[axis] = tile * rng.randint(0, most - 1) + rng.randint(1, tile - 1)
    if shape == "zero":
        # An empty K still leaves results to compare.
        sizes["K" if "gemm" in name else rng.choice("MNKK")] = 0
    sizes |= {"L": rng.randint(1, 3), "H": rng.randint(1, 9), "Q": 2 * rng.randint(1, 8)}
    return sizes, tiles


def shown_shapes(program: Program) -> set[str]:
    """The shape classes that the program's sizes show."""
    sizes, tiles = program.sizes, program.tiles
    found = set()
    used = {dim for tensor in program.tensors for dim in tensor.dims}
    if any(sizes[dim] == 0 for dim in used):
        found.add("zero")
    pairs = [(sizes[dim], tiles["B" + dim]) for dim in "MN" if dim in used]
    if any(size % tile for size, tile in pairs):
        found.add("ragged")
    if any(tiles[name] & (tiles[name] - 1) for name in ("BM", "BN")):
        found.add("npot")
    return found


def make_empty(program: Program, rng: random.Random) -> None:
    """Makes one extent of a tensor 0, rather one that leaves programs to run."""
    in_tensors = {dim for tensor in program.tensors for dim in tensor.dims}
    candidates = [d for d in "NK" if d in in_tensors and f"T.ceildiv({d}" not in program.grid[0]]
    name = rng.choice(candidates or [d for d in "MN" if d in in_tensors] or ["M"])
    program.sizes[name] = 0


def make_ragged(program: Program, rng: random.Random) -> None:
    """Gives an extent of a tensor a remainder."""
    used = {dim for tensor in program.tensors for dim in tensor.dims}
    axis = rng.choice([dim for dim in "MN" if dim in used] or ["M"])
    tile = program.tiles["B" + axis] = max(3, program.tiles["B" + axis])
    program.sizes[axis] = tile * rng.randint(0, 1) + rng.randint(1, tile - 1)
