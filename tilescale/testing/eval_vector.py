"""Loads and stores of neighbouring elements as 32-bit words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tilescale import ir
from tilescale.testing import eval_dtype
from tilescale.testing.eval_access import Lanes, Machine
from tilescale.testing.eval_dtype import Values

_WORD_BYTES = 4


def move(
    machine: Machine, value: Callable[[Any, Lanes], Values], call: ir.Call, lanes: Lanes
) -> Values:
    """Carries out `load_vector` or `store_vector`; these have no value of their own.

    Args:
        machine: the memory.
        value: evaluates an expression.
        call: the intrinsic.
        lanes: who carries it out.
    """
    loads = call.op == "load_vector"
    words, memory = (call.args[0], call.args[1]) if loads else (call.args[1], call.args[0])
    dtype, size = str(memory.buffer.dtype), int(call.attrs["bytes"])
    count = size * 8 // eval_dtype.bits(dtype)
    wanted = lanes.spread(value(call.args[2], lanes))
    takers = lanes.subset(wanted)
    numbers = np.zeros((lanes.count, size // _WORD_BYTES), np.uint32)
    places = [
        [*value_of[:-1], value_of[-1] + k]
        for value_of in [_indices(value, words, lanes)]
        for k in range(numbers.shape[1])
    ]
    if not loads:
        for k, place in enumerate(places):
            numbers[:, k] = machine.load(words.buffer, place, lanes)
    if takers.count:
        indices = _indices(value, memory, takers)
        verb = "read" if loads else "written"
        offset, inside = machine.run(memory.buffer, indices, count, takers, verb)
        chosen = np.flatnonzero(wanted)[inside]
        reached, offset = takers.subset(inside), offset[inside]
        if loads and reached.count:
            loaded = machine.load_run(memory.buffer, offset, count, reached)
            stored = np.ascontiguousarray(eval_dtype.to_storage(loaded, dtype))
            numbers[chosen] = stored.view(np.uint8).view(np.uint32)
        elif reached.count:
            raw = np.ascontiguousarray(numbers[chosen]).view(np.uint8)
            stored = raw.view(eval_dtype.storage_dtype(dtype))
            values = eval_dtype.to_registers(stored, dtype)
            machine.store_run(memory.buffer, offset, values, reached)
    if loads:
        for k, place in enumerate(places):
            machine.store(words.buffer, place, numbers[:, k], lanes)
    return np.zeros(1, np.int32)


def _indices(
    value: Callable[[Any, Lanes], Values], address: ir.AddressOf, lanes: Lanes
) -> list[Values]:
    return [value(index, lanes) for index in address.indices]
