"""Options are checked, and errors say what is allowed."""

from __future__ import annotations

import pytest

from tilescale import errors, knobs
from tilescale.jit.options import make_options
from tilescale.jit.pass_config import PassConfigKey, check_pass_configs
from tilescale.jit.target import Target, resolve_target


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


@pytest.mark.parametrize("target", ["cuda", "cuda -arch=sm_90a", {"kind": "cuda"}, "cutedsl"])
def test_later_targets(target):
    with pytest.raises(errors.UnsupportedTargetError, match="not there yet"):
        resolve_target(target)


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
