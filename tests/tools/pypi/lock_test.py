"""tools/pypi/lock.py, and the lock that is checked in."""

from __future__ import annotations

import re
from pathlib import Path

from tools.pypi import lock

FOLDER = Path("third_party/pypi")
PIN = re.compile(r"(\S+)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)")


def locked() -> dict[str, tuple[str, int]]:
    """Returns {package: (version, number of hashes)}."""
    text = (FOLDER / "requirements_lock.txt").read_text().partition("\n")[2]
    assert PIN.sub("", text) == "", "the lock has lines that are no pins"
    return {name: (version, hashes.count("--hash")) for name, version, hashes in PIN.findall(text)}


def test_every_requirement_is_locked_as_asked():
    pins = locked()
    for line in (FOLDER / "requirements.in").read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, version = line.partition("==")
            assert lock.normalize(name) in pins
            assert version in ("", pins[lock.normalize(name)][0])


def test_packages_with_machine_code_are_locked_for_both_interpreters():
    assert locked()["numpy"][1] == len(lock.PYTHONS)


def test_render_is_what_pip_reads():
    text = lock.render({("b", "2.0"): {"1" * 64, "0" * 64}, ("a", "1.0"): {"2" * 64}})
    assert text.splitlines()[1:] == [
        "a==1.0 \\",
        f"    --hash=sha256:{'2' * 64}",
        "b==2.0 \\",
        f"    --hash=sha256:{'0' * 64} \\",
        f"    --hash=sha256:{'1' * 64}",
    ]


def test_names_are_normalized():
    assert lock.normalize("Typing_Extensions.x") == "typing-extensions-x"
