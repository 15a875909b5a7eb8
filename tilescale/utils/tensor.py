"""Inputs and comparisons of tensors, as ported programs import them."""

from tilescale.profiler import TensorSupplyType
from tilescale.testing import torch_assert_close

__all__ = ["TensorSupplyType", "torch_assert_close"]
