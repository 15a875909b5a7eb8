"""Inputs for kernels, comparison with a reference, and time."""

from tilescale.profiler.bench import do_bench
from tilescale.profiler.compare import assert_close
from tilescale.profiler.profiler import Profiler
from tilescale.profiler.supply import TensorSupplyType

__all__ = ["Profiler", "TensorSupplyType", "assert_close", "do_bench"]
