"""Module paths that ported programs import."""

import numpy as np
import pytest

import tilescale.testing
from tilescale import math
from tilescale.autotuner import autotune
from tilescale.backend.target import determine_target
from tilescale.env import env
from tilescale.errors import ComesLaterError, NotPortedError, ResultMismatchError
from tilescale.profiler import TensorSupplyType as Supply
from tilescale.testing import requires_cuda_compute_version_eq, requires_cuda_compute_version_lt
from tilescale.tools import cuda_driver
from tilescale.transform import LayoutInference, PassConfigKey
from tilescale.utils import target
from tilescale.utils.tensor import TensorSupplyType, torch_assert_close


def test_math():
    assert [math.cdiv(n, 4) for n in (0, 1, 4, 5)] == [0, 1, 1, 2]
    assert [math.next_power_of_2(n) for n in (0, 1, 2, 3, 5, 1024, 1025)] == [
        *(1, 1, 2, 4, 8),
        *(1024, 2048),
    ]


def test_names_of_the_package():
    assert tilescale.cdiv(5, 4) == 2
    assert tilescale.next_power_of_2(5) == 8
    assert tilescale.DataType("float16").bits == 16


def test_environment_is_a_view_of_the_knobs(monkeypatch, tmp_path):
    monkeypatch.setenv("TILESCALE_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("TILESCALE_VERBOSE", "1")
    assert str(tmp_path) == env.TILELANG_CACHE_DIR
    assert env.TILELANG_VERBOSE is True
    assert env.TILELANG_DEFAULT_TARGET == env.get_default_target() == "auto"


def test_cache_switch():
    before = env.is_cache_enabled()
    try:
        env.disable_cache()
        assert not env.is_cache_enabled()
        env.enable_cache()
        assert env.is_cache_enabled()
    finally:
        (env.enable_cache if before else env.disable_cache)()


def test_targets():
    assert determine_target("auto") == "cpu"
    assert determine_target({"kind": "c"}, return_object=True).kind == "cpu"
    assert target.determine_target("llvm") == "cpu"


def test_names_that_do_not_work_can_be_imported():
    assert PassConfigKey.TL_SIMPLIFY == "tl.Simplify"
    with pytest.raises(ComesLaterError, match="autotuner"):
        autotune(configs=[])
    with pytest.raises(NotPortedError, match=r"tilescale\.transform"):
        LayoutInference()


def test_comparison():
    assert TensorSupplyType is Supply
    x = np.ones(2000, np.float32)
    y = x.copy()
    y[7] = 2
    assert tilescale.testing.torch_assert_close(x, y)
    with pytest.raises(ResultMismatchError, match=r"1 of 2000 elements, first at \(7,\)"):
        torch_assert_close(x, y, max_mismatched_ratio=0)


def test_seed():
    tilescale.testing.set_random_seed(3)
    first = np.random.rand()  # noqa: NPY002
    tilescale.testing.set_random_seed(3)
    assert np.random.rand() == first  # noqa: NPY002


def test_marks_say_why(monkeypatch):
    def probe():
        pass

    monkeypatch.setattr(cuda_driver, "probe", lambda: None)
    (skip,) = tilescale.testing.requires_cuda(probe).pytestmark
    assert (skip.name, skip.args) == ("skipif", (True,))
    assert skip.kwargs["reason"] == "the machine has no GPU"
    for mark in (
        tilescale.testing.requires_cuda_compute_version,
        tilescale.testing.requires_cuda_compute_version_ge,
        requires_cuda_compute_version_eq,
        requires_cuda_compute_version_lt,
    ):
        (skip,) = mark(9, 0)(probe).pytestmark[-1:]
        assert skip.args == (True,) and "compute capability" in skip.kwargs["reason"]
    driver = cuda_driver.Driver("CUDA 13.0", ("GPU",), ((9, 0),))
    monkeypatch.setattr(cuda_driver, "probe", lambda: driver)
    for mark, major, skips in (
        (tilescale.testing.requires_cuda_compute_version_ge, 9, False),
        (tilescale.testing.requires_cuda_compute_version_ge, 10, True),
        (requires_cuda_compute_version_lt, 9, True),
        (requires_cuda_compute_version_eq, 9, False),
    ):
        assert mark(major, 0)(probe).pytestmark[-1].args == (skips,)


def test_main_runs_the_calling_file(tmp_path):
    assert callable(tilescale.testing.main)
    import subprocess
    import sys

    file = tmp_path / "ported_test.py"
    file.write_text(
        "import tilescale.testing\n\ndef test_one():\n    assert True\n\n"
        "if __name__ == '__main__':\n    tilescale.testing.main()\n"
    )
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
