"""The examples of docs/layout_algebra.md say what they print."""

import doctest
from pathlib import Path

import tilescale

DOCUMENT = "docs/layout_algebra.md"


def find_document():
    for root in (Path(__file__).parents[2], Path.cwd()):
        if (root / DOCUMENT).is_file():
            return root / DOCUMENT
    raise FileNotFoundError(DOCUMENT)


def test_examples():
    assert tilescale.__file__
    failures, examples = doctest.testfile(str(find_document()), module_relative=False)
    assert examples > 40
    assert failures == 0
