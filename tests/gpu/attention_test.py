"""Flash attention as in examples/: two products, running maxima, relayout of the scores."""

import numpy as np
import pytest

from examples.flash_attention import flash_attention
from tests.gpu.backend import arch, check, draw


@pytest.mark.parametrize("causal", [False, True])
def test_agrees_with_the_evaluator(causal):
    rows = 32 if arch() == "sm_75" else 64
    func = flash_attention.get_tir(1, 2, 100, 32, causal, block_M=rows, block_N=rows)
    inputs = [draw(1, 100, 2, 32, dtype="float16", seed=i) for i in range(3)]
    out = np.zeros((1, 100, 2, 32), np.float16)
    check(func, [*inputs, out], rtol=1e-2, atol=1e-2)
