"""A generated kernel: sizes, tensors, and a tree of statements that can be cut and printed."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator

SHAPES = ("ragged", "zero", "npot")


@dataclasses.dataclass
class Node:
    """One line of the kernel, with an indented body if it opens a block."""

    text: str
    body: list[Node] | None = None

    def lines(self, indent: int) -> Iterator[str]:
        yield "    " * indent + self.text
        if self.body is not None:
            yield from itertools.chain.from_iterable(n.lines(indent + 1) for n in self.body)
            if not self.body:
                yield "    " * (indent + 1) + "pass"

    def copy(self) -> Node:
        return Node(self.text, None if self.body is None else [n.copy() for n in self.body])


@dataclasses.dataclass
class Tensor:
    """A tensor parameter; `dims` are expressions of the program's sizes.

    Attributes:
        padding: elements between rows, -1 for a tensor without gaps.
    """

    name: str
    dims: tuple[str, ...]
    dtype: str
    padding: int = -1

    def annotation(self) -> str:
        shape = f"({', '.join(self.dims)},)"
        if self.padding < 0:
            return f'T.Tensor({shape}, "{self.dtype}")'
        steps = ["1"]
        for i in range(len(self.dims) - 1, 0, -1):
            pad = f" + {self.padding}" if i == len(self.dims) - 1 else ""
            steps.insert(0, f"({self.dims[i]}{pad}) * {steps[0]}")
        return f'T.StridedTensor({shape}, ({", ".join(steps)},), "{self.dtype}")'


@dataclasses.dataclass
class Program:
    """A kernel, everything needed to run it, and what it exercises.

    Attributes:
        seed: made it, and makes its inputs.
        sizes: extents of tensors by name.
        dynamic: those of them that are symbols of the kernel.
        tiles: extents of tiles, constants of the kernel.
        tensors: parameters in order.
        grid: extents of the launch.
        threads: threads of a block.
        body: statements of one program.
        hits: (operator, dtype) pairs that the body contains.
        shapes: which of `SHAPES` the sizes show.
        text: the kernel as text, if it was read from a file.
    """

    seed: int
    sizes: dict[str, int]
    dynamic: list[str]
    tiles: dict[str, int]
    tensors: list[Tensor]
    grid: list[str]
    body: list[Node]
    threads: int = 64
    hits: set[tuple[str, str]] = dataclasses.field(default_factory=set)
    shapes: set[str] = dataclasses.field(default_factory=set)
    text: str = ""

    def copy(self) -> Program:
        return dataclasses.replace(
            self,
            sizes=dict(self.sizes),
            tiles=dict(self.tiles),
            tensors=list(self.tensors),
            body=[n.copy() for n in self.body],
        )

    def source(self) -> str:
        """The program as Python text."""
        names = ["bx", "by", "bz"][: len(self.grid)]
        lines = ["import tilescale.language as T", ""]
        for name, value in self.sizes.items():
            dynamic = name in self.dynamic
            lines.append(f'{name} = T.dynamic("{name}")' if dynamic else f"{name} = {value}")
        lines += [f"{name} = {value}" for name, value in self.tiles.items()]
        lines += ["", "", "@T.prim_func", "def kernel("]
        lines += [f"    {t.name}: {t.annotation()}," for t in self.tensors]
        target = f"({', '.join(names)})" if len(names) > 1 else names[0]
        launch = f"{', '.join(self.grid)}, threads={self.threads}"
        lines += ["):", f"    with T.Kernel({launch}) as {target}:"]
        lines += itertools.chain.from_iterable(n.lines(2) for n in self.body)
        lines += [] if self.body else ["        pass"]
        return "\n".join(lines) + "\n"

    def integral(self) -> bool:
        """Whether no floating type occurs in the kernel."""
        return "float" not in (self.text or self.source())

    def runnable(self) -> str:
        """The program as text that `fuzz.py --program` runs again."""
        head = [
            f"# Run with: fuzz --program=THIS_FILE   (seed {self.seed})",
            f"SEED = {self.seed}",
            f"SIZES = {self.sizes}",
            f"TENSORS = {[(t.name, t.dims, t.dtype, t.padding) for t in self.tensors]}",
        ]
        return "\n".join(head) + "\n" + self.source()
