"""Each program is rejected with exactly its error class and its golden message.

After a message has changed on purpose, run this file with `--update` from the root of the
repository (`PYTHONPATH=. python tests/errors/rejected_test.py --update`) and review the difference.
"""

import sys

import pytest

from tests.errors import (
    cuda_programs,
    host_programs,
    operator_programs,
    syntax_programs,
    value_programs,
)
from tests.errors.rejected import GOLDEN, message_of, programs
from tilescale import errors

PROGRAMS = programs(
    syntax_programs, value_programs, operator_programs, host_programs, cuda_programs
)


@pytest.fixture(autouse=True)
def private_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TILESCALE_CACHE_DIR", str(tmp_path))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_rejected_with_its_message(program):
    text, error = message_of(program)
    assert type(error) is program.rejected_with, text
    assert text == (GOLDEN / f"{program.__name__}.txt").read_text()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_message_teaches(program):
    _, error = message_of(program)
    if isinstance(error, errors.KernelAssertionError):
        return  # Its message is the user's own.
    assert error.expected or error.got or error.remedy, "says only what is wrong"


def test_programs_cover_many_mistakes():
    assert len(PROGRAMS) >= 60
    assert len({program.rejected_with for program in PROGRAMS}) >= 25
    assert len({program.__name__ for program in PROGRAMS}) == len(PROGRAMS)


def test_no_golden_message_is_left_over():
    assert {path.stem for path in GOLDEN.iterdir()} == {program.__name__ for program in PROGRAMS}


def update():
    """Writes the golden message of every program, and says which class was wrong."""
    GOLDEN.mkdir(exist_ok=True)
    for program in PROGRAMS:
        text, error = message_of(program)
        (GOLDEN / f"{program.__name__}.txt").write_text(text)
        if type(error) is not program.rejected_with:
            print(f"{program.__name__}: expected {program.rejected_with.__name__}: {text}")


if __name__ == "__main__":
    if sys.argv[1:] != ["--update"]:
        sys.exit("usage: rejected_test.py --update; run the test with pytest")
    update()
