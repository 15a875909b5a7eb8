"""What the cases of lane_cases.py are made of.

They need NumPy alone, so that a machine with a GPU can run them without this package.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence

import numpy as np

_SPLITMIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)

SPECIAL_32 = np.array(
    [0, 0x80000000, 1, 0x80000001, 0x7FFFFF, 0x800000, 0x3F800000, 0xBF800000, 0x7F7FFFFF,
     0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001, 0xFFC12345, 0x33800000, 0x477FF000],
    np.uint32,
)  # fmt: skip
SPECIAL_16 = np.array(
    [0, 0x8000, 1, 0x8001, 0x3FF, 0x400, 0x3C00, 0xBC00, 0x7BFF, 0x7C00, 0xFC00, 0x7E00, 0x7C01,
     0x3F80, 0x7F7F, 0x7F80, 0xFF80, 0x7FC0, 0x7F81, 0x0080, 0x007F],
    np.uint16,
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Case:
    """One kernel `k(in0, in1, ..., out)`.

    Attributes:
        name: unique.
        source: CUDA text.
        inputs: arrays of 32-bit or 16-bit words.
        output: shape of the output, of 32-bit words.
        threads: of a block.
        blocks: of the grid, launched cooperatively if there are several.
        compare: "bits" if the simulator gives them all; "float32" and "float64" if it may give
            another NaN; "near32" and "near64" if it has the exact value of an approximation.
    """

    name: str
    source: str
    inputs: tuple[np.ndarray, ...]
    output: tuple[int, ...]
    threads: int = 32
    blocks: int = 1
    compare: str = "bits"

    def digest(self) -> str:
        """Returns what tells whether a recording is of this kernel and these inputs."""
        digest = hashlib.blake2b(self.source.encode(), digest_size=16)
        for array in self.inputs:
            digest.update(array.tobytes())
        return digest.hexdigest()


def random_bits(seed: int, count: int) -> np.ndarray:
    """Returns `count` random uint64, the same with every version of NumPy."""
    with np.errstate(over="ignore"):
        state = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_SPLITMIX[0])
        state += np.uint64(seed) * np.uint64(_SPLITMIX[2])
        state = (state ^ (state >> np.uint64(30))) * np.uint64(_SPLITMIX[1])
        state = (state ^ (state >> np.uint64(27))) * np.uint64(_SPLITMIX[2])
    return state ^ (state >> np.uint64(31))


def _kernel(body: str, parameters: str, threads: int) -> str:
    return (
        '#include "tilescale/kernel.cuh"\n'
        "using namespace ts;\nusing namespace ts::ptx;\n"
        f'extern "C" __global__ void __launch_bounds__({threads}) k({parameters}) {{\n'
        "  int t = threadIdx.x, lane = t % 32;\n" + body.strip("\n") + "\n}\n"
    )


def make_case(
    name: str,
    body: str,
    inputs: Sequence[np.ndarray],
    output: tuple[int, ...],
    threads: int = 32,
    blocks: int = 1,
    types: Sequence[str] = (),
    compare: str = "bits",
) -> Case:
    """Returns a case whose kernel has the variables t and lane, in0 and so on, and out.

    Args:
        name: unique.
        body: of the kernel.
        inputs: its inputs.
        output: shape of the output, of 32-bit words.
        threads: of a block.
        blocks: of the grid.
        types: of the inputs' elements; by default uint32_t.
        compare: how outputs are compared.
    """
    types = types or ["uint32_t"] * len(inputs)
    parameters = [f"const {kind}* in{i}" for i, kind in enumerate(types)] + ["uint32_t* out"]
    source = _kernel(body, ", ".join(parameters), threads)
    return Case(name, source, tuple(inputs), output, threads, blocks, compare)


def pairs_of(
    special: np.ndarray, seed: int, dtype: type[np.generic], count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Returns all pairs of special values, then `count` random ones."""
    a, b = np.meshgrid(special, special)
    noise = random_bits(seed, 2 * count).astype(dtype)
    a, b = np.append(a, noise[:count]), np.append(b, noise[count:])
    pad = -len(a) % 32
    return np.append(a, a[:pad]).astype(dtype), np.append(b, b[:pad]).astype(dtype)
