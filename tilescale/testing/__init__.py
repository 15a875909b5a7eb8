"""Testing of kernels: the evaluator of the tile language, comparisons, and pytest marks."""

from tilescale.profiler.compare import to_numpy
from tilescale.testing.compare import torch_assert_close
from tilescale.testing.marks import (
    main,
    requires_cuda,
    requires_cuda_compute_version,
    requires_cuda_compute_version_eq,
    requires_cuda_compute_version_ge,
    requires_cuda_compute_version_lt,
    set_random_seed,
)
from tilescale.testing.placement import place

__all__ = [
    "main",
    "place",
    "requires_cuda",
    "requires_cuda_compute_version",
    "requires_cuda_compute_version_eq",
    "requires_cuda_compute_version_ge",
    "requires_cuda_compute_version_lt",
    "set_random_seed",
    "to_numpy",
    "torch_assert_close",
]
