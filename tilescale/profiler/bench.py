"""Time of a function: by the wall clock, or on a GPU."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from tilescale.errors import CompileOptionError
from tilescale.profiler import gpu_bench

# Shorter runs are timed several at a time, so that the clock's own cost does not matter.
_SAMPLE_SECONDS = 20e-6
_MODES: dict[str, Callable[[list[float]], float]] = {
    "min": min,
    "max": max,
    "mean": statistics.fmean,
    "median": statistics.median,
}
_GPU_CLOCKS = {"event": gpu_bench.event_times, "cudagraph": gpu_bench.graph_times}


def do_bench(
    func: Callable[[], Any],
    warmup: float = 25,
    rep: float = 100,
    n_warmup: int = 0,
    n_repeat: int = 0,
    quantiles: Sequence[float] | None = None,
    return_mode: str = "median",
    backend: str = "wall",
) -> float | list[float]:
    """Measures how long a call takes.

    Args:
        func: what is called.
        warmup: milliseconds of calls before the measurement.
        rep: milliseconds of the measurement.
        n_warmup: calls before the measurement; 0 derives them from `warmup`.
        n_repeat: measured samples; 0 derives them from `rep`.
        quantiles: returns these quantiles of the samples instead of one number.
        return_mode: "median", "mean", "min" or "max".
        backend: the clock: "wall"; or for work on a GPU "event", with a cold second-level cache,
            or "cudagraph", without the cost of launches.

    Returns:
        Milliseconds for one call, or one number for each quantile.

    Raises:
        CompileOptionError: `return_mode` or `backend` is unknown.
        MissingGpuError: the clock is a GPU's, and there is none.
    """
    _check(return_mode, backend)
    times = _GPU_CLOCKS.get(backend, _wall_times)(func, warmup, rep, n_warmup, n_repeat)
    if quantiles is not None:
        return [_quantile(times, q) for q in quantiles]
    return _MODES[return_mode](times)


def _wall_times(
    func: Callable[[], Any], warmup: float, rep: float, n_warmup: int, n_repeat: int
) -> list[float]:
    """Milliseconds of single calls by the wall clock."""
    func()
    estimate = min(_time(func, 1) for _ in range(3))
    inner = max(1, int(_SAMPLE_SECONDS / max(estimate, 1e-9)))
    for _ in range(n_warmup or max(1, int(warmup * 1e-3 / max(estimate, 1e-9)))):
        func()
    samples = n_repeat or max(3, int(rep * 1e-3 / max(estimate * inner, 1e-9)))
    return [_time(func, inner) * 1e3 for _ in range(samples)]


def _check(return_mode: str, backend: str) -> None:
    if return_mode not in _MODES:
        raise CompileOptionError(
            f"unknown return_mode {return_mode!r}",
            expected=" or ".join(_MODES),
            got=repr(return_mode),
        )
    if backend != "wall" and backend not in _GPU_CLOCKS:
        raise CompileOptionError(
            f"unknown benchmark clock {backend!r}",
            expected=" or ".join(["wall", *_GPU_CLOCKS]),
            got=repr(backend),
        )


def _time(func: Callable[[], Any], inner: int) -> float:
    start = time.perf_counter()
    for _ in range(inner):
        func()
    return (time.perf_counter() - start) / inner


def _quantile(samples: list[float], q: float) -> float:
    """Linear interpolation between the two nearest samples."""
    ordered = sorted(samples)
    position = q * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)
