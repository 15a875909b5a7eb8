"""Rounding and conversion of the evaluator against exhaustive or exact references."""

import itertools
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

from tilescale.testing import eval_dtype


def nearest_even(value, candidates):
    """The candidate nearest to `value`; among two equally near ones that with even bits."""
    exact = Fraction(value)
    best = min(range(len(candidates)), key=lambda n: (abs(Fraction(candidates[n]) - exact), n % 2))
    return candidates[best]


@pytest.mark.parametrize("dtype", ["float8_e4m3fn", "float8_e5m2"])
def test_fp8_rounds_to_the_nearest_value_and_saturates(dtype):
    storage = eval_dtype.storage_dtype(dtype)
    every = np.arange(128, dtype=np.uint8).view(storage).astype(np.float64)
    # In the order of their bits, so the parity of the position is that of the bits.
    candidates = [v for v in every.tolist() if np.isfinite(v)]
    rng = np.random.default_rng(0)
    middles = [(a + b) / 2 for a, b in itertools.pairwise(candidates)]
    values = np.array(middles + (rng.standard_exponential(200) * 50).tolist() + [1e9, np.inf])
    for source in (np.float32, np.float64):
        got = eval_dtype.round_float(values.astype(source), dtype)
        for value, result in zip(values.astype(source).tolist(), got.tolist(), strict=True):
            limit = candidates[-1]
            expected = limit if value >= limit else nearest_even(value, candidates)
            assert result == expected, value


def test_bfloat16_from_double_is_rounded_once():
    # Just above the middle of two neighbours: float32 alone would make it the middle.
    value = 1 + 2.0**-8 + 2.0**-50
    assert np.float32(value) == 1 + 2.0**-8
    assert eval_dtype.round_float(np.array([value]), "bfloat16")[0] == 1 + 2.0**-7
    below = 1 + 3 * 2.0**-8 - 2.0**-50
    assert eval_dtype.round_float(np.array([below, -below]), "bfloat16").tolist() == [
        1 + 2.0**-7,
        -1 - 2.0**-7,
    ]


@pytest.mark.parametrize(("dtype", "low", "high"), [("int4", -8, 7), ("uint4", 0, 15)])
def test_small_integers_wrap(dtype, low, high):
    values = np.arange(-40, 40)
    got = eval_dtype.wrap_int(values, dtype)
    assert got.min() == low
    assert got.max() == high
    assert ((got - values) % 16 == 0).all()


def test_uint64_constants_keep_their_bits():
    assert eval_dtype.constant(-1, "uint64")[0] == np.uint64(2**64 - 1)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float8_e4m3fn", "float8_e5m2"])
def test_storage_round_trip(dtype):
    storage = eval_dtype.storage_dtype(dtype)
    width = np.uint8 if storage.itemsize == 1 else np.uint16
    stored = np.arange(np.iinfo(width).max + 1).astype(width).view(storage)
    finite = stored[np.isfinite(stored.astype(np.float32))]
    back = eval_dtype.to_storage(eval_dtype.to_registers(finite, dtype), dtype)
    assert (back.view(width) == finite.view(width)).all()
    assert storage == np.float16 or storage == getattr(ml_dtypes, dtype)
