"""The memory of a simulated launch: copies of the tensors, apart from each other."""

from __future__ import annotations

import ctypes
import dataclasses
import hashlib
from collections.abc import Sequence

import numpy as np

from tilescale.sim.machine import Region

# Between tensors, so that an access behind the end of one does not hit the next.
_GAP = 4096
# A copy starts at the same address as the original modulo this, hence is aligned like it.
_ALIGNMENT = 256


@dataclasses.dataclass(frozen=True)
class TensorMemory:
    """The bytes of one tensor argument, from its first to its last element.

    Attributes:
        name: of the parameter.
        address: of the first byte.
        size: number of bytes.
        written: whether the kernel may write to it.
        initialized: whether its elements have values before the launch.
        word: bytes that the kernel compares and swaps at once, as it does to change an element of
            4 bits; the last word may reach behind the tensor, and gets its bytes back.
    """

    name: str
    address: int
    size: int
    written: bool
    initialized: bool
    word: int = 1


class _Block:
    """A copy of tensors that overlap each other, or of one tensor."""

    def __init__(self, tensors: Sequence[TensorMemory]) -> None:
        self.tensors = tensors
        self.begin = min(t.address for t in tensors)
        self.size = max(t.address + t.size for t in tensors) - self.begin
        self._memory = np.zeros(self.size + 2 * _GAP + _ALIGNMENT, np.uint8)
        first = self._memory.ctypes.data + _GAP
        self.copy = first + (self.begin - first) % _ALIGNMENT
        ctypes.memmove(self.copy, self.begin, self.size)

    def region(self) -> Region:
        names = dict.fromkeys(t.name for t in self.tensors)
        word = max(t.word for t in self.tensors)
        return Region(
            self.copy,
            -(-self.size // word) * word,
            " and ".join(names).encode(),
            any(t.written for t in self.tensors),
            any(t.initialized for t in self.tensors),
        )

    def copy_back(self) -> None:
        if any(t.written for t in self.tensors):
            ctypes.memmove(self.begin, self.copy, self.size)


class Memory:
    """Copies of all tensors of a launch. Those that share bytes share them in the copy too.

    Args:
        tensors: the arguments.
    """

    def __init__(self, tensors: Sequence[TensorMemory]) -> None:
        self._blocks: list[_Block] = []
        group: list[TensorMemory] = []
        for tensor in sorted((t for t in tensors if t.size > 0), key=lambda t: t.address):
            if group and tensor.address >= max(t.address + t.size for t in group):
                self._blocks.append(_Block(group))
                group = []
            group.append(tensor)
        if group:
            self._blocks.append(_Block(group))

    def regions(self) -> list[Region]:
        """Returns what the simulator allows the kernel to touch."""
        return [block.region() for block in self._blocks]

    def translate(self, address: int) -> int:
        """Returns where the copy of a byte is; the address itself if no tensor has it."""
        for block in self._blocks:
            if 0 <= address - block.begin < block.size:
                return block.copy + (address - block.begin)
        return address

    def digest(self) -> str:
        """Returns a hash of all bytes, which tells whether two runs had the same results."""
        digest = hashlib.blake2b(digest_size=16)
        for block in self._blocks:
            digest.update(ctypes.string_at(block.copy, block.size))
        return digest.hexdigest()

    def copy_back(self) -> None:
        """Brings what the kernel wrote into the tensors."""
        for block in self._blocks:
            block.copy_back()
