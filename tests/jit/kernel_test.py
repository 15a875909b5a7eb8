"""The kernel object, and the profiler behind it."""

from __future__ import annotations

import json

import ml_dtypes
import numpy as np
import pytest

from tests.jit.build_test import SOURCE
from tests.runtime import c_kernels as ck
from tilescale import errors
from tilescale.jit import cache as cache_module
from tilescale.jit.build import Lowered, build
from tilescale.jit.cpu import CpuKernel, CpuMaker
from tilescale.profiler import TensorSupplyType, assert_close, do_bench
from tilescale.profiler.supply import InputMaker


@pytest.fixture(scope="module")
def artifact(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILESCALE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(cache_module._SWITCH, "enabled", True)
        yield build("k", lambda: "", (), lambda: Lowered(SOURCE, ck.add_signature()), CpuMaker())


@pytest.fixture(scope="module")
def add(artifact):
    return CpuKernel(artifact)


@pytest.fixture(scope="module")
def returning_add(artifact):
    return CpuKernel(artifact, out_idx=[-1])


def test_properties(add, returning_add):
    assert add.name == "k"
    assert "ts_tiles" in add.get_kernel_source()
    assert add.get_kernel_source() == add.kernel_source == add.host_source == add.get_host_source()
    assert [(p.name, p.dtype, p.shape, p.role) for p in add.params] == [
        ("A", "float32", ("N",), "input"),
        ("B", "float32", ("N",), "input"),
        ("C", "float32", ("N",), "input"),
    ]
    assert add.out_idx == []
    assert returning_add.out_idx == [2]
    assert "A: float32['N']" in repr(add)


def test_attributes_that_come_later_say_so(add):
    with pytest.raises(AttributeError, match="comes later"):
        _ = add.config
    with pytest.raises(errors.UnsupportedTargetError, match="compiled for cpu"):
        add.show_ptx()
    with pytest.raises(errors.UnsupportedTargetError, match="compiled for cpu"):
        _ = add.n_regs
    with pytest.raises(AttributeError, match=r"tilescale\.compile"):
        _ = add.artifact
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = add.nonsense


def test_out_idx(returning_add):
    a = np.arange(5, dtype="float32")
    np.testing.assert_array_equal(returning_add(a, a), a + a)
    with pytest.raises(errors.ArgumentCountError):
        returning_add(a, a, a)


@pytest.mark.parametrize(
    ("out_idx", "reason"),
    [([3], "3 parameters"), ([-4], "3 parameters"), ([0, -3], "3 parameters")],
)
def test_bad_out_idx(artifact, out_idx, reason):
    with pytest.raises(errors.CompileOptionError, match=reason):
        CpuKernel(artifact, out_idx=out_idx)


def test_out_idx_must_leave_every_symbol_bound(artifact):
    with pytest.raises(errors.CompileOptionError, match="`N`"):
        CpuKernel(artifact, out_idx=[0, 1, 2])


def test_show_and_export_source(add, capsys, tmp_path):
    add.show_source()
    assert "ts_tiles" in capsys.readouterr().out
    add.export_sources(tmp_path / "a.c", tmp_path / "b.c")
    add.print_source_code(file=str(tmp_path / "c.c"))
    texts = {(tmp_path / f"{name}.c").read_text() for name in "abc"}
    assert texts == {add.kernel_source}
    add.export_library(tmp_path / "k.so")
    assert (tmp_path / "k.so").read_bytes() == add.library_path.read_bytes()
    assert json.loads((tmp_path / "k.so.json").read_text())["name"] == "k"


def test_assert_allclose(add, returning_add):
    inputs = [np.ones(9, "float32"), np.ones(9, "float32")]
    returning_add.get_profiler().assert_allclose(lambda a, b: a + b, inputs)
    with pytest.raises(errors.ResultMismatchError, match="differs from the reference in 9 of 9"):
        returning_add.get_profiler().assert_allclose(lambda a, b: a - b, inputs)

    def in_place(a, b, c):
        c[:] = a + b

    add.get_profiler().assert_allclose(in_place, [*inputs, np.zeros(9, "float32")])
    with pytest.raises(errors.ResultMismatchError, match="another number"):
        returning_add.get_profiler().assert_allclose(lambda a, b: (a, b), inputs)


def test_manual_check_gets_both(returning_add):
    seen = []
    returning_add.get_profiler().manual_assert_close(
        lambda a, b: a + b,
        [np.ones(3, "float32")] * 2,
        lambda ours, reference: seen.append((ours, reference)),
    )
    [(ours, reference)] = seen
    np.testing.assert_array_equal(ours[0], reference[0])


def test_do_bench(returning_add):
    profiler = returning_add.get_profiler()
    sizes = {"N": 1000}
    latency = profiler.do_bench(warmup=1, rep=2, dynamic_symbolic_constraints=sizes)
    assert 0 < latency < 1000
    assert returning_add.latency == latency
    quantiles = profiler.do_bench(
        n_warmup=1, n_repeat=5, quantiles=[0.2, 0.5, 0.8], dynamic_symbolic_constraints=sizes
    )
    assert quantiles == sorted(quantiles)
    with pytest.raises(errors.TensorSupplyError, match="`N`"):
        profiler.do_bench()
    with pytest.raises(errors.CompileOptionError, match="cupti"):
        profiler.do_bench(backend="cupti", dynamic_symbolic_constraints=sizes)
    with pytest.raises(errors.CompileOptionError, match="return_mode"):
        profiler.do_bench(return_mode="mode", dynamic_symbolic_constraints=sizes)


def test_bench_modes(monkeypatch):
    from tilescale.profiler import bench

    times = iter([9.0, 9.0, 9.0, 1.0, 2.0, 6.0] * 4)
    monkeypatch.setattr(bench, "_time", lambda func, inner: next(times))
    results = [do_bench(int, n_warmup=1, n_repeat=3, return_mode=m) for m in ("min", "max")]
    results += [do_bench(int, n_warmup=1, n_repeat=3, return_mode=m) for m in ("mean", "median")]
    assert results == [1000, 6000, 3000, 2000]


def test_assert_consistent(add, tmp_path):
    params = [ck.tensor("n", [ck.const(1)], "int32", written=True)]
    body = "static int count; *(int*)slots[0].p = count++;"
    kernel = ck.load(tmp_path, body, ck.signature(params))
    profiler = add.get_profiler()
    profiler.kernel = type("Fake", (), {"signature": ck.signature(params)})()
    profiler.kernel.evaluate_exprs = lambda symbols: []
    calls = kernel
    profiler.kernel.__class__.__call__ = lambda self, *args: calls(*args)
    with pytest.raises(errors.ResultMismatchError, match="from run to run"):
        profiler.assert_consistent(3)


def made(dtype, supply, shape=(40, 50), **fields):
    sig = ck.signature([ck.tensor("A", [ck.const(n) for n in shape], dtype, **fields)])
    [array] = InputMaker(sig, lambda _: [], supply, {}).make()
    return array


@pytest.mark.parametrize("dtype", ["int8", "uint8", "bool", "float32", "bfloat16", "float8_e4m3fn"])
@pytest.mark.parametrize("supply", list(TensorSupplyType))
def test_supply(dtype, supply):
    array = made(dtype, supply)
    assert array.shape == (40, 50)
    assert array.dtype == (getattr(ml_dtypes, dtype) if dtype in dir(ml_dtypes) else dtype)
    values = array.astype("float64")
    assert np.isfinite(values).all()
    if supply is TensorSupplyType.Zero:
        assert (values == 0).all()
    elif supply is TensorSupplyType.One:
        assert (values == 1).all()
    else:
        assert values.std() > 0
    if supply is TensorSupplyType.Integer:
        assert (values == np.round(values)).all() and abs(values).max() <= 2


def test_supply_of_packed_and_strided():
    assert made("int4", TensorSupplyType.Auto, (3, 8)).shape == (3, 4)
    strided = made("float32", TensorSupplyType.Auto, (3, 4), strides=[ck.const(8), ck.const(2)])
    assert strided.strides == (32, 8)


def test_supply_evaluates_extents(add):
    sig = {**add.signature, "params": [ck.tensor("A", [ck.sym(0), ck.expr(0)])]}
    [array] = InputMaker(sig, add.evaluate_exprs, TensorSupplyType.Auto, {"N": 130}).make()
    assert array.shape == (130, 3)


def test_assert_close():
    assert_close(np.float32([1, np.nan]), np.float32([1, np.nan]), 0, 0)
    assert_close(np.float32([1, 2, 3, 9]), np.float32([1, 2, 3, 4]), max_mismatched_ratio=0.25)
    with pytest.raises(errors.ResultMismatchError) as info:
        assert_close(np.float32([[1, 2], [3, 9]]), np.float32([[1, 2], [3, 4]]))
    assert "1 of 4 elements, first at (1, 1)" in info.value.message
    with pytest.raises(errors.ResultMismatchError, match="another shape"):
        assert_close(np.zeros(3), np.zeros((3, 1)))
    big = np.array([2**63 - 1], "int64")
    with pytest.raises(errors.ResultMismatchError):
        assert_close(big, big - 1, 0, 0)
