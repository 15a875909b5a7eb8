"""The generated C of a few kernels, word by word.

After a wanted change: pytest tests/codegen/golden_test.py --update-golden
"""

from pathlib import Path

import golden_kernels
import pytest

import tilescale

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", sorted(golden_kernels.ALL))
def test_source(name, request):
    source = tilescale.lower(golden_kernels.ALL[name]()).kernel_source
    path = GOLDEN / f"{name}.c"
    if request.config.getoption("--update-golden"):
        path.write_text(source)
    assert source == path.read_text()


def test_every_golden_file_has_its_kernel():
    assert {p.stem for p in GOLDEN.glob("*.c")} == set(golden_kernels.ALL)
