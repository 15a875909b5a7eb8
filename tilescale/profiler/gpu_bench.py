"""Time of work on a GPU, by CUDA events or in a CUDA graph; both through torch."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from tilescale.errors import MissingGpuError

# Written before each sample, so that no input is in the second-level cache: more than any GPU has.
_FLUSH_BYTES = 256 << 20
_ESTIMATE_CALLS = 5
_GRAPH_CALLS = 20


def event_times(
    func: Callable[[], Any], warmup: float, rep: float, n_warmup: int, n_repeat: int
) -> list[float]:
    """Returns milliseconds of single calls, between two events of the current stream.

    Args:
        func: what is called; its work goes to torch's current stream.
        warmup: milliseconds of calls before the measurement.
        rep: milliseconds of the measurement.
        n_warmup: calls before the measurement; 0 derives them from `warmup`.
        n_repeat: measured calls; 0 derives them from `rep`.

    Raises:
        MissingGpuError: there is no torch, or it finds no GPU.
    """
    torch = _torch()
    flush = torch.empty(_FLUSH_BYTES, dtype=torch.int8, device="cuda")
    func()
    torch.cuda.synchronize()
    estimate = _between_events(torch, lambda: [func() for _ in range(_ESTIMATE_CALLS)])
    each = max(estimate / _ESTIMATE_CALLS, 1e-6)
    for _ in range(n_warmup or max(1, int(warmup / each))):
        func()
    count = n_repeat or max(3, min(10_000, int(rep / each)))
    pairs = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(count)]
    for start, end in pairs:
        flush.zero_()
        start.record()
        func()
        end.record()
    torch.cuda.synchronize()
    return [float(start.elapsed_time(end)) for start, end in pairs]


def graph_times(
    func: Callable[[], Any], warmup: float, rep: float, n_warmup: int, n_repeat: int
) -> list[float]:
    """Returns milliseconds of a call as part of a CUDA graph, where launches cost next to nothing.

    The arguments are those of `event_times`; the second-level cache is not flushed.

    Raises:
        MissingGpuError: there is no torch, or it finds no GPU.
    """
    torch = _torch()
    func()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(_GRAPH_CALLS):
            func()
    each = max(_between_events(torch, graph.replay), 1e-6)
    for _ in range(n_warmup or max(1, int(warmup / each))):
        graph.replay()
    count = n_repeat or max(3, min(10_000, int(rep / each)))
    return [_between_events(torch, graph.replay) / _GRAPH_CALLS for _ in range(count)]


def _between_events(torch: Any, func: Callable[[], Any]) -> float:
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    func()
    end.record()
    torch.cuda.synchronize()
    return float(start.elapsed_time(end))


def _torch() -> Any:
    try:
        torch = importlib.import_module("torch")
    except ImportError as error:
        raise _missing("torch is not installed") from error
    if not torch.cuda.is_available():
        raise _missing("torch finds no GPU")
    return torch


def _missing(reason: str) -> MissingGpuError:
    return MissingGpuError(
        "work on a GPU cannot be timed here",
        expected="torch with CUDA, and a GPU",
        got=reason,
        remedy='use backend="wall" for kernels on the CPU',
    )
