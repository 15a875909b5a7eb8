"""The main part of a guarded loop runs without guards."""

import numpy as np
import pytest
from irbuild import Kernel, load, region, var

import tilescale
from tilescale import _ffi, ir


def loops(func):
    """(is it marked independent, text of the body) of each innermost loop after the pass."""
    stages = _ffi.get("pass.Stages")(func, {})
    text = next(ir.to_text(f) for stage, f in stages if stage == "split_guarded_loops")
    lines = text.splitlines()
    found = []
    for start, line in enumerate(lines):
        if not line.lstrip().startswith("serial "):
            continue
        indent = line[: len(line) - len(line.lstrip())]
        end = next(n for n in range(start + 1, len(lines)) if lines[n] == indent + "}")
        body = "\n".join(lines[start + 1 : end])
        if "serial " not in body:
            found.append(("independent" in line, body))
    return found


def tile_copy(rows, cols, block=16, dtype="int32"):
    k = Kernel()
    bx, by = var("bx"), var("by")
    a, c = k.input("A", [rows, cols], dtype), k.output("C", [rows, cols], dtype)
    tile = k.alloc([block, block], dtype)
    k.copy(region(a, [by * block, bx * block], [block, block]), tile)
    k.copy(tile, region(c, [by * block, bx * block], [block, block]))
    grid = [(bx, (cols + block - 1) // block), (by, (rows + block - 1) // block)]
    return k.function(grid)


def test_the_main_loop_of_a_ragged_copy_has_no_guard():
    found = loops(tile_copy(20, 37))
    main = [body for independent, body in found if independent]
    assert len(main) == 2
    assert not any("select(" in body or "if " in body for body in main)
    # Loading fills the rest of the tile with zeros; storing has nothing to do there.
    assert sum("select(" in body for independent, body in found if not independent) == 1


@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (17, 15), (40, 33), (3, 64)])
def test_ragged_copies_are_right(shape):
    values = np.arange(shape[0] * shape[1], dtype=np.int32).reshape(shape)
    assert (tilescale.compile(tile_copy(*shape))(values) == values).all()


@pytest.mark.parametrize("scale", [1, 2, 3, -1, -2])
def test_scaled_and_shifted_indices(scale):
    k = Kernel()
    a, c = k.input("A", [7], "int32"), k.output("C", [24], "int32")
    shift = 3 if scale > 0 else -14
    with k.parallel(24) as i:
        k.store(c, [i], load(a, i * scale - shift))
    out = tilescale.compile(k.function())(np.arange(10, 17, dtype=np.int32))
    expected = [10 + j if 0 <= (j := i * scale - shift) < 7 else 0 for i in range(24)]
    assert out.tolist() == expected


def test_several_tensors_with_different_ranges():
    k = Kernel()
    a, b = k.input("A", [5], "int32"), k.input("B", [9], "int32")
    c = k.output("C", [12], "int32")
    with k.parallel(12) as i:
        k.store(c, [i], load(a, i - 2) + load(b, i + 1))
    func = k.function()
    x, y = np.arange(1, 6, dtype=np.int32), np.arange(100, 109, dtype=np.int32)
    out = tilescale.compile(func)(x, y)
    at = lambda v, i: int(v[i]) if 0 <= i < len(v) else 0  # noqa: E731
    assert out.tolist() == [at(x, i - 2) + at(y, i + 1) for i in range(12)]
