"""`T.ieee_*` in all rounding modes: exact arithmetic says which neighbour each result must be."""

import math
from fractions import Fraction

import numpy as np
import pytest

import tilescale.language as T
from tests.harness import kernel_run
from tilescale import errors
from tilescale.testing import eval_rounding

MODES = ("rn", "rz", "ru", "rd")
EXACT = {
    "add": lambda x, y, z: x + y,
    "sub": lambda x, y, z: x - y,
    "mul": lambda x, y, z: x * y,
    "fdiv": lambda x, y, z: x / y,
    "frcp": lambda x, y, z: 1 / x,
    "fmaf": lambda x, y, z: x * y + z,
}
OPERANDS = {"frcp": 1, "fsqrt": 1, "fmaf": 3}
NAMES = (*EXACT, "fsqrt")


def operands(dtype):
    """Ordinary numbers, and those at the ends: tiny, huge, equal and opposite ones."""
    rng = np.random.default_rng(0)
    info = np.finfo(dtype)
    ends = [info.tiny, -info.tiny, info.smallest_subnormal, info.max, -info.max, 1.0, -1.0]
    ends += [1 + info.eps, 1 - info.eps / 2, 3.0, 1 / 3, -0.1]
    size = 48
    scale = 2.0 ** rng.integers(-20, 20, (3, size))
    plain = (rng.standard_normal((3, size)) * scale).astype(dtype)
    pairs = np.array([(a, b) for a in ends for b in ends]).T
    third = rng.choice(ends, pairs.shape[1])
    return np.concatenate([plain, np.array([*pairs, third])], axis=1).astype(dtype)


def results(dtype):
    """Each operation in each mode, on the back end and by the evaluator."""
    values = operands(dtype)
    shape = (len(NAMES) * len(MODES), values.shape[1])

    @T.prim_func
    def kernel(X: T.Tensor(values.shape, dtype), Y: T.Tensor(shape, dtype)):
        with T.Kernel(T.ceildiv(shape[1], 64)) as bx:
            for i in T.Parallel(64):
                if bx * 64 + i < shape[1]:
                    for n, name in enumerate(NAMES):
                        for m, mode in enumerate(MODES):
                            args = [X[k, bx * 64 + i] for k in range(OPERANDS.get(name, 2))]
                            if name == "fsqrt":
                                args = [T.abs(args[0])]
                            function = getattr(T, f"ieee_{name}")
                            Y[n * len(MODES) + m, bx * 64 + i] = function(*args, rounding_mode=mode)

    out = np.zeros(shape, dtype)
    kernel_run.run(kernel, [values, out], tolerance=0)
    return values, out.reshape(len(NAMES), len(MODES), -1)


def is_rounded(exact, result, mode, dtype):
    """Whether `result` is the neighbour of `exact` that the mode asks for."""
    top = Fraction(float(np.finfo(dtype).max))
    with np.errstate(over="ignore"):
        below, above = (np.nextafter(result, dtype(end)) for end in (-np.inf, np.inf))
    mode = {"rz": "rd" if exact > 0 else "ru"}.get(mode, mode)
    if mode == "ru":
        reached = math.isinf(result) or Fraction(float(result)) >= exact
        return reached and (below == -np.inf or Fraction(float(below)) < exact)
    if mode == "rd":
        reached = math.isinf(result) or Fraction(float(result)) <= exact
        return reached and (above == np.inf or Fraction(float(above)) > exact)
    if math.isinf(result):
        return abs(exact) > top
    here = abs(Fraction(float(result)) - exact)
    others = [v for v in (below, above) if math.isfinite(v)]
    return all(here <= abs(Fraction(float(v)) - exact) for v in others)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_result_is_the_neighbour_that_the_mode_asks_for(dtype):
    values, out = results(dtype)
    checked = 0
    for name, rows in zip(NAMES, out, strict=True):
        if name == "fsqrt":
            continue
        for mode, row in zip(MODES, rows, strict=True):
            for x, y, z, result in zip(*values, row, strict=True):
                exact = EXACT[name](*(Fraction(float(v)) for v in (x, y, z)))
                assert is_rounded(exact, result, mode, np.dtype(dtype).type), (name, mode, x, y, z)
                checked += 1
    assert checked == 6 * len(MODES) * values.shape[1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_roots_enclose_the_exact_one(dtype):
    values, out = results(dtype)
    squares = [abs(Fraction(float(v))) for v in values[0]]
    nearest, toward_zero, up, down = out[NAMES.index("fsqrt")]
    np.testing.assert_array_equal(nearest, np.sqrt(abs(values[0])))
    np.testing.assert_array_equal(toward_zero, down)
    for square, high, low in zip(squares, up, down, strict=True):
        assert Fraction(float(low)) ** 2 <= square <= Fraction(float(high)) ** 2
        assert high in (low, np.nextafter(low, np.dtype(dtype).type(np.inf)))


def test_products_and_sums_are_not_fused():
    """(1 + e) (1 + e) - (1 + 2 e) is e e, which vanishes if the product is rounded first."""

    @T.prim_func
    def kernel(X: T.Tensor((64,), "float32"), Y: T.Tensor((2, 64), "float32")):
        with T.Kernel(1, threads=32):
            for i in T.Parallel(64):
                Y[0, i] = T.ieee_mul(X[i], X[i]) - (X[i] + X[i] - 1)
                Y[1, i] = T.ieee_fmaf(X[i], X[i], 1 - (X[i] + X[i]))

    x = (1 + np.arange(64) * 2.0**-23).astype(np.float32)
    y = np.zeros((2, 64), np.float32)
    kernel_run.run(kernel, [x, y], tolerance=0)
    assert (y[1, 1:] > 0).all()
    square = (x * x).astype(np.float32)
    np.testing.assert_array_equal(y[0], square - (x + x - np.float32(1)))


@pytest.mark.parametrize(
    ("operation", "args", "mode", "result"),
    [
        ("add", (1.0, -1.0), "rd", -0.0),
        ("add", (1.0, -1.0), "ru", 0.0),
        ("add", (-0.0, -0.0), "ru", -0.0),
        ("sub", (1.0, 1.0), "rd", -0.0),
        ("mul", (-0.0, 2.0), "rn", -0.0),
        ("mul", (-1e-30, 1e-30), "ru", -0.0),
        ("mul", (1e30, 1e30), "rz", float(np.finfo(np.float32).max)),
        ("mul", (1e30, 1e30), "rn", math.inf),
        ("div", (1.0, 0.0), "rz", math.inf),
        ("sqrt", (-0.0,), "rd", -0.0),
        ("sqrt", (-1.0,), "rn", math.nan),
    ],
)
def test_signs_of_zeros_and_ends_of_the_range(operation, args, mode, result):
    found = eval_rounding.rounded(operation, mode, np.float32, [np.float32(a) for a in args])
    np.testing.assert_equal(float(found), result)
    assert math.isnan(result) or math.copysign(1, found) == math.copysign(1, result)


@pytest.mark.parametrize(
    ("use", "match"),
    [
        (lambda x: T.ieee_add(x, x, rounding_mode="up"), "does not round so"),
        (lambda x: T.ieee_frsqrt(x, rounding_mode="ru"), "does not round so"),
        (lambda x: T.ieee_mul(T.cast(x, "float16"), 2, rounding_mode="rz"), "to nearest only"),
    ],
)
def test_modes_that_there_are_not(use, match):
    with pytest.raises(errors.OperatorArgumentError, match=match):

        @T.prim_func
        def kernel(X: T.Tensor((4,), "float32")):
            with T.Kernel(1):
                X[0] = use(X[1])
