"""Options are checked, and errors say what is allowed."""

from __future__ import annotations

import pytest

from tilescale import errors, knobs
from tilescale.jit import target as target_module
from tilescale.jit.options import make_options
from tilescale.jit.pass_config import PassConfigKey, check_pass_configs
from tilescale.jit.target import Target, resolve_target
from tilescale.tools import cuda_driver


@pytest.mark.parametrize(
    "target",
    [None, "auto", "cpu", "c", "llvm -mcpu=native", {"kind": "cpu"}, {"kind": "c"}, Target("cpu")],
)
def test_cpu_targets(target, monkeypatch):
    monkeypatch.delenv("TILESCALE_TARGET", raising=False)
    assert resolve_target(target).kind == "cpu"


def test_target_from_the_environment(monkeypatch):
    monkeypatch.setenv("TILESCALE_TARGET", "riscv")
    with pytest.raises(errors.UnknownTargetError, match="riscv"):
        resolve_target("auto")
    assert resolve_target("cpu").kind == "cpu"


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("cuda -arch=sm_90a", "cuda -arch=sm_90a"),
        ({"kind": "cuda", "arch": "sm_75"}, "cuda -arch=sm_75"),
        ("sim", "sim:sm_80"),
        ("sim:sm_120", "sim:sm_120"),
        ({"kind": "sim", "arch": "sm_89", "seed": 3, "policy": "random"}, "sim:sm_89"),
        ({"kind": "cuda -arch=sm_86"}, "cuda -arch=sm_86"),
    ],
)
def test_gpu_targets(target, name):
    assert str(resolve_target(target)) == name
    assert resolve_target(name) == resolve_target(name)


def test_cuda_without_an_architecture_means_the_device(monkeypatch):
    monkeypatch.setattr(target_module, "device_arch", lambda: "sm_86")
    monkeypatch.delenv("TILESCALE_TARGET", raising=False)
    assert str(resolve_target("cuda")) == str(resolve_target("auto")) == "cuda -arch=sm_86"
    monkeypatch.setattr(target_module, "device_arch", lambda: None)
    assert str(resolve_target("cuda")) == "cuda -arch=sm_80"
    assert resolve_target("auto").kind == "cpu"


@pytest.mark.parametrize("capability", [(7, 5), (5, 2)])
def test_old_devices_are_none(monkeypatch, capability):
    driver = cuda_driver.Driver("CUDA 12.4", ("GPU",), (capability,))
    monkeypatch.setattr(cuda_driver, "probe", lambda: driver)
    target_module.device_arch.cache_clear()
    found = target_module.device_arch()
    target_module.device_arch.cache_clear()
    assert found == ("sm_75" if capability == (7, 5) else None)


def test_later_targets():
    with pytest.raises(errors.UnsupportedTargetError, match="not there yet"):
        resolve_target("cutedsl")


@pytest.mark.parametrize("target", ["sim:sm_12", "cuda -arch=sm_80a", {"kind": "sim", "arch": 80}])
def test_unknown_architectures(target):
    with pytest.raises(errors.UnsupportedArchitectureError, match="no architecture"):
        resolve_target(target)


@pytest.mark.parametrize(
    "options",
    [{"sede": 1}, {"seed": -1}, {"policy": "best"}, {"checks": "everything"}, {"seed": True}],
)
def test_wrong_options_of_the_simulator(options):
    with pytest.raises(errors.CompileOptionError, match=r"seed|the simulator"):
        resolve_target({"kind": "sim", **options})


@pytest.mark.parametrize("target", ["hip", "x86", "", {"arch": "sm_90"}])
def test_unknown_targets(target):
    with pytest.raises(errors.UnknownTargetError) as info:
        resolve_target(target)
    assert "cpu" in info.value.remedy


def test_options_in_one_form():
    options = make_options(
        out_idx=-1, compile_flags="-O2 '-DX=a b'", execution_backend="cython", target_host="c"
    )
    assert options.out_idx == (-1,)
    assert options.compile_flags == ("-O2", "-DX=a b")
    assert make_options(compile_flags=["-O2"]).compile_flags == ("-O2",)
    assert make_options(out_idx=[0, 2]).out_idx == (0, 2)


@pytest.mark.parametrize(
    "bad",
    [
        {"out_idx": "C"},
        {"out_idx": [1.5]},
        {"out_idx": [True]},
        {"compile_flags": [1]},
        {"execution_backend": "jvm"},
    ],
)
def test_bad_options(bad):
    with pytest.raises(errors.CompileOptionError):
        make_options(**bad)


def test_pass_configs():
    configs = check_pass_configs(
        {PassConfigKey.TL_ENABLE_FAST_MATH: True, "tl.disable_wgmma": 1, "tir.noalias": False}
    )
    assert configs == {"tl.enable_fast_math": True, "tl.disable_wgmma": 1, "tirx.noalias": False}
    assert all(type(key) is str for key in configs)


def test_unknown_pass_config_suggests_a_name():
    with pytest.raises(errors.UnknownPassConfigError) as info:
        check_pass_configs({"tl.enable_fast_mth": True})
    assert "tl.enable_fast_math" in info.value.remedy


def test_knobs(monkeypatch):
    monkeypatch.setenv("TILESCALE_NUM_THREADS", "three")
    with pytest.raises(errors.KnobValueError, match="TILESCALE_NUM_THREADS") as info:
        knobs.NUM_THREADS.get()
    assert info.value.got == "'three'"
    monkeypatch.setenv("TILESCALE_NUM_THREADS", "3")
    assert knobs.NUM_THREADS.get() == 3
    monkeypatch.setenv("TILESCALE_VERBOSE", "maybe")
    with pytest.raises(errors.KnobValueError):
        knobs.VERBOSE.get()
    monkeypatch.setenv("TILESCALE_VERBOSE", "Yes")
    assert knobs.VERBOSE.get() is True


def test_knob_names_are_unique_and_prefixed():
    names = [knob.name for knob in knobs.ALL]
    assert len(set(names)) == len(names)
    assert all(name.startswith("TILESCALE_") for name in names)
