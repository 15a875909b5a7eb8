"""A name that the registry calls working is used by a test or an example, under that very name."""

import ast
from pathlib import Path

import pytest

import tilescale
import tilescale.language as T
from tilescale.jit.target import resolve_target
from tilescale.porting import Status, entries

ROOT = Path(__file__).absolute().parents[2]
# This folder's own tests of the registry mention names without using them.
MENTIONS = {"registry_test.py", "evidence_test.py"}


def sources():
    files = [*(ROOT / "examples").glob("*.py"), *(ROOT / "tests").rglob("*.py")]
    return [file for file in files if file.name not in MENTIONS]


def aliases(tree):
    """What module each name of a file stands for: `T`, `layout`, `tilescale`, ..."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                last = alias.name.rpartition(".")[2]
                found[alias.asname or last] = "T" if last == "language" else last
    return found


def attributes():
    """All `X.name` in tests and examples, by the module X, and all names imported from modules."""
    found = {}
    for file in sources():
        tree = ast.parse(file.read_text())
        modules = aliases(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                owner = node.value
                label = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
                found.setdefault(modules.get(label, label), set()).add(node.attr)
            elif isinstance(node, ast.ImportFrom):
                names = {alias.name for alias in node.names}
                found.setdefault(f"from {node.module}", set()).update(names)
    return found


USED = attributes()
ANYWHERE = set().union(*USED.values())


def is_used(entry):
    if entry.scope == "T":
        return entry.name in USED["T"]
    if entry.scope == "tilescale":
        *module, name = entry.name.split(".")
        imported = USED.get(f"from {'.'.join(['tilescale', *module])}", set())
        return name in imported or name in USED.get(module[-1] if module else "tilescale", set())
    if entry.scope == "tilescale.testing":
        return entry.name in USED["testing"] | USED.get("from tilescale.testing", set())
    if entry.name == "__call__":
        return True  # Every test that runs a kernel.
    return entry.name in ANYWHERE


SCOPES = {"T", "tilescale", "tilescale.layout", "tilescale.testing", "tilescale.JITKernel"} | {
    "tilescale.Profiler",
    "tilescale.TensorSupplyType",
}
WORKING = [e for e in entries().values() if e.status is Status.WORKS and e.scope in SCOPES]


@pytest.mark.parametrize("entry", WORKING, ids=lambda entry: entry.full_name)
def test_working_name_is_exercised(entry):
    assert is_used(entry), f"no test or example uses {entry.full_name}"


def test_pass_configs_are_those_that_compilation_accepts():
    listed = [e for e in entries().values() if e.scope == "pass config"]
    accepted = {e.name for e in listed if e.status is Status.WORKS}
    assert accepted == {key.value for key in tilescale.PassConfigKey}


def test_every_pass_config_can_be_given():
    @T.prim_func
    def kernel(A: T.Tensor((4,), "float32")):
        with T.Kernel(4) as i:
            A[i] = 1.0

    values = dict.fromkeys(tilescale.PassConfigKey, False)
    assert "float" in tilescale.lower(kernel, "cpu", pass_configs=values).kernel_source


def test_targets_are_those_that_compilation_knows():
    for entry in entries().values():
        if entry.scope != "target":
            continue
        if entry.status is Status.WORKS:
            assert resolve_target(entry.name).kind in ("cpu", entry.name)
        else:
            with pytest.raises(tilescale.errors.TileScaleError):
                resolve_target(entry.name)
