"""The port registry: complete, resolvable, true, and what its documentation says."""

import importlib
import sys
from pathlib import Path

import pytest

import tilescale
import tilescale.language as T
from tilescale.errors import (
    ComesLaterError,
    DTypeNotOnTargetError,
    NotPortedError,
    UnknownLanguageNameError,
)
from tilescale.porting import Placeholder, Status, entries, resolve
from tilescale.porting.document import render_markdown

ROOT = Path(__file__).absolute().parents[2]
CLASSES = {"tilescale.JITKernel", "tilescale.Profiler"}
MODULES = {"T", "tilescale", "tilescale.layout", "tilescale.testing"}
ERRORS = {Status.LATER: ComesLaterError, Status.REJECTED: NotPortedError}
#: Names that raise by themselves, with an error that knows more than the registry.
EARLY = {"thread_binding", "import_source", "call_extern", "call_pure_extern"}

LANGUAGE = [entry for entry in entries().values() if entry.scope == "T"]
HOST = [entry for entry in entries().values() if entry.scope in MODULES - {"T"}]
MEMBERS = [entry for entry in entries().values() if entry.scope in CLASSES]


def lookup(scope, name):
    """What `from <scope> import <name>` gives."""
    *inner, last = name.split(".")
    module = "tilescale.language" if scope == "T" else scope
    return getattr(importlib.import_module(".".join([module, *inner])), last)


@pytest.mark.parametrize("entry", LANGUAGE + HOST, ids=lambda entry: entry.full_name)
def test_name_resolves(entry):
    found = lookup(entry.scope, entry.name)
    if entry.status is Status.WORKS:
        assert not isinstance(found, Placeholder)
    elif isinstance(found, Placeholder):
        with pytest.raises(ERRORS[entry.status]) as caught:
            found()
        assert f"`{entry.full_name}`" in caught.value.message
        assert entry.note in caught.value.message
    else:
        # Known to the front end, because other targets will take it; see the tests below.
        assert isinstance(found, T.dtype) or entry.name in {*T.thread_level_functions(), *EARLY}


def traced_dtypes():
    names = [entry.name for entry in LANGUAGE if entry.status is Status.LATER]
    return [name for name in names if isinstance(getattr(T, name), T.dtype)]


@pytest.mark.parametrize("name", traced_dtypes())
def test_element_type_of_another_target_is_refused(name):
    kind = getattr(T, name)

    @T.prim_func
    def kernel(A: T.Tensor((16,), kind), B: T.Tensor((16,), kind)):
        with T.Kernel(1):
            T.copy(A, B)

    with pytest.raises(DTypeNotOnTargetError, match=f"the CPU target has no {name}"):
        tilescale.lower(kernel, "cpu")


def test_thread_level_functions_are_listed_for_cuda_alone():
    # Fences of the asynchronous proxy come with sm_90.
    later = {"fence_proxy_async"}
    listed = {entry.name: entry.targets for entry in LANGUAGE}
    wrong = [n for n in T.thread_level_functions() if listed.get(n) != ("cuda",)]
    assert set(wrong) == later


@pytest.fixture(scope="module")
def compiled():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "float32")):
        with T.Kernel(4) as i:
            A[i] = 1.0

    kernel = tilescale.compile(kernel, target="cpu")
    return {"tilescale.JITKernel": kernel, "tilescale.Profiler": kernel.get_profiler()}


@pytest.mark.parametrize("entry", MEMBERS, ids=lambda entry: entry.full_name)
def test_member_exists(entry, compiled):
    owner = compiled[entry.scope]
    # Some raise, as they should for this target.
    has = entry.name in vars(owner) or hasattr(type(owner), entry.name)
    assert has is (entry.status is Status.WORKS)


def test_tensor_supplies_are_those_that_exist():
    listed = {e.name for e in entries().values() if e.scope == "tilescale.TensorSupplyType"}
    assert listed == set(tilescale.TensorSupplyType.__members__)


def test_documentation_is_up_to_date():
    text = (ROOT / "docs" / "porting.md").read_text()
    assert text == render_markdown(), "run `python -m tilescale.porting > docs/porting.md`"


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(UnknownLanguageNameError, match=r"did you mean `T.copy`"):
        _ = T.cpoy
    with pytest.raises(AttributeError, match=r"module 'tilescale' has no attribute 'jti'"):
        _ = tilescale.jti
    with pytest.raises(AttributeError):
        resolve("T", "copy")


def test_each_name_has_a_reason_or_a_target():
    for entry in entries().values():
        assert entry.targets if entry.status is Status.WORKS else entry.note, entry


def test_any_use_of_a_later_name_teaches():
    with pytest.raises(ComesLaterError, match=r"T\.tma_copy.*sm_90"):
        T.tma_copy(1, 2)
    with pytest.raises(ComesLaterError, match=r"T\.ws"), T.ws(0):
        pass
    with pytest.raises(ComesLaterError, match=r"T\.tfloat32"):
        T.Tensor((4,), T.tfloat32)


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
