"""What the generator knows while it writes one program."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from contextlib import contextmanager

from fuzz_expressions import Expressions, Leaf, is_float
from fuzz_program import Node, Program, Tensor

ODD_TILES = [1, 3, 5, 6, 7, 12, 13, 19, 33]
EVEN_TILES = [2, 4, 8, 16, 32]


@dataclasses.dataclass(frozen=True)
class Tile:
    """An on-chip buffer; `dims` are names of tile extents."""

    name: str
    dims: tuple[str, ...]
    dtype: str


class State:
    """The program so far, and which tiles hold defined values."""

    def __init__(self, rng: random.Random, program: Program) -> None:
        self.rng = rng
        self.program = program
        self.allocs: list[Node] = []
        self.tiles: list[Tile] = []
        self.defined: set[str] = set()
        self.indices: list[str] = ["bx", "by", "bz"][: len(program.grid)]
        self.scalars: list[str] = []
        self.atomic_kinds: dict[str, str] = {}
        self.loop_depth = 0
        self.lines = 0
        self._names = 0

    # ---- where one program works -----------------------------------------------------------

    @property
    def row0(self) -> str:
        """The first row of the program's tile."""
        return "bx * BM" if len(self.program.grid) == 1 else "by * BM"

    @property
    def col0(self) -> str:
        """The first column of the program's tile."""
        return "0" if len(self.program.grid) == 1 else "bx * BN"

    @property
    def batch(self) -> str:
        """The leading index of tensors with a batch dimension."""
        return "bz, " if len(self.program.grid) == 3 else ""

    def origin(self, dim: str) -> str:
        """The first index of the program's part of a tensor extent."""
        return {"M": self.row0, "N": self.col0}.get(dim, "0")

    def tile_of(self, dim: str) -> str:
        """The tile extent that goes with a tensor extent."""
        return {"M": "BM", "N": "BN", "K": "BK", "Q": "BN"}[dim]

    # ---- names, tensors, tiles -------------------------------------------------------------

    def fresh(self, stem: str) -> str:
        """A new name."""
        self._names += 1
        return f"{stem}{self._names}"

    def hit(self, operator: str, dtype: str) -> None:
        """Counts an operator."""
        self.program.hits.add((operator, dtype))

    def tensor(self, dims: tuple[str, ...], dtype: str, *, output: bool = False) -> Tensor:
        """A new parameter; with a batch dimension if the grid has one."""
        if len(self.program.grid) == 3:
            dims = ("L", *dims)
        padding = -1
        if len(dims) > 1 and dtype != "int4" and self.rng.random() < 0.2:
            padding = self.rng.randint(0, 3)
            self.hit("strided", dtype)
        tensor = Tensor(self.fresh("Out" if output else "In"), dims, dtype, padding)
        self.program.tensors.append(tensor)
        return tensor

    def input(self, dims: tuple[str, ...], dtype: str) -> Tensor:
        """An input tensor, perhaps one that is there already."""
        full = ("L", *dims) if len(self.program.grid) == 3 else dims
        known = [
            t
            for t in self.program.tensors
            if t.name.startswith("In") and t.dims == full and t.dtype == dtype
        ]
        if known and self.rng.random() < 0.6:
            return self.rng.choice(known)
        return self.tensor(dims, dtype)

    def tile(self, dims: tuple[str, ...], dtype: str, scope: str = "") -> Tile:
        """A new tile, undefined."""
        tile = Tile(self.fresh("t"), dims, dtype)
        scope = scope or self.rng.choice(["shared", "fragment"])
        shape = f"({', '.join(dims)},)"
        self.allocs.append(Node(f'{tile.name} = T.alloc_{scope}({shape}, "{dtype}")'))
        self.tiles.append(tile)
        return tile

    def ready(self, dims: tuple[str, ...] | None = None, dtype: str | None = None) -> list[Tile]:
        """Defined tiles of a shape and dtype."""
        return [
            t
            for t in self.tiles
            if t.name in self.defined
            and (dims is None or t.dims == dims)
            and (dtype is None or t.dtype == dtype)
        ]

    def target(self, dims: tuple[str, ...], dtype: str) -> Tile:
        """A tile to write: one that exists, or a new one."""
        known = [t for t in self.tiles if t.dims == dims and t.dtype == dtype]
        if known and self.rng.random() < 0.5:
            return self.rng.choice(known)
        return self.tile(dims, dtype)

    @contextmanager
    def may_not_run(self) -> Iterator[None]:
        """What is defined inside counts as undefined afterwards."""
        before = set(self.defined)
        yield
        self.defined &= before

    @contextmanager
    def index(self, name: str) -> Iterator[None]:
        """Inside a loop over `name`."""
        self.indices.append(name)
        self.loop_depth += 1
        yield
        self.loop_depth -= 1
        self.indices.remove(name)

    # ---- expressions -----------------------------------------------------------------------

    def leaves(self, dims: tuple[str, ...], names: list[str], written: Tile | None) -> list[Leaf]:
        """What an element of a box with these loop variables may read."""
        by_dim = dict(zip(dims, names, strict=True))
        found = [Leaf(name, "int32") for name in self.scalars]
        for tile in self.ready():
            if tile.dtype == "int4" or any(d not in by_dim for d in tile.dims):
                continue
            where = [by_dim[d] for d in tile.dims]
            if tile != written and self.rng.random() < 0.2:
                where[0] = f"{tile.dims[0]} - 1 - {where[0]}"
            found.append(Leaf(f"{tile.name}[{', '.join(where)}]", tile.dtype))
        for tensor in self.program.tensors:
            if tensor.name.startswith("In") and self.rng.random() < 0.5:
                found.append(self._tensor_leaf(tensor, by_dim))
        return found

    def _tensor_leaf(self, tensor: Tensor, by_dim: dict[str, str]) -> Leaf:
        rng = self.rng
        where = []
        for dim in tensor.dims:
            if dim == "L":
                where.append("bz")
                continue
            inner = by_dim.get(self.tile_of(dim), rng.choice(self.indices))
            shift = rng.choice(["", "", " + 1", " - 1", " - 2"])
            where.append(self._odd_index(f"{self.origin(dim)} + {inner}{shift}", by_dim))
        text = f"{tensor.name}[{', '.join(where)}]"
        if tensor.dtype == "int4":
            return Leaf(f'T.cast({text}, "int32")', "int32")
        return Leaf(text, tensor.dtype)

    def _odd_index(self, index: str, by_dim: dict[str, str]) -> str:
        """Now and then an index that is hard to bound, or one read from memory."""
        rng = self.rng
        if rng.random() < 0.75:
            return index
        gathers = [
            f"{t.name}[{', '.join(by_dim[d] for d in t.dims)}]"
            for t in self.ready(None, "int32")
            if all(d in by_dim for d in t.dims)
        ]
        forms = [f"({index}) // 2", f"({index}) % 3", f"({index}) * 2 - 3", f"({index}) ^ 1"]
        forms += [f"T.min({index}, 4)", f"T.max({index} - 4, 0)", f"5 - ({index})", *gathers]
        return rng.choice(forms)

    def bounds(self, dims: tuple[str, ...], names: list[str]) -> list[str]:
        """Conditions that put a place near the edges of a tensor, some of them off by one."""
        rng = self.rng
        found = []
        for dim, name in zip(dims, names, strict=True):
            extent = dim[1:]
            if extent not in self.program.sizes:
                continue
            at = f"{self.origin(extent)} + {name}"
            shift = rng.choice(["", " + 1", " + 2", " - 1"])
            found += [f"{at}{shift} < {extent}", f"{at}{shift} <= {extent}", f"{at} - 1 >= 0"]
            found.append(f"{at} < {extent} - {rng.randint(0, 3)}")
        return found

    def expressions(
        self,
        dims: tuple[str, ...] = (),
        names: list[str] | None = None,
        written: Tile | None = None,
    ) -> Expressions:
        """Expressions for one element of a box."""
        names = names or []
        indices = [*names, *self.indices, *self.scalars]
        leaves = self.leaves(dims, names, written)
        return Expressions(self.rng, leaves, indices, self.bounds(dims, names))


def sum_dtype(dtype: str) -> str:
    """A type in which sums of small values of `dtype` are exact."""
    if is_float(dtype):
        return "float64" if dtype == "float64" else "float32"
    return dtype if dtype in ("int64", "uint32", "int32") else "int32"
