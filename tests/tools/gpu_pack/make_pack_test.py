"""The pack's contents, and its script, on wheels made here."""

import os
import subprocess
import sys
import zipfile

import pytest

from tools.gpu_pack import make_pack, run_tests


def wheel(folder, name, files):
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in files.items():
            archive.writestr(member, text)
    return path


@pytest.fixture
def wheels(tmp_path):
    names = [
        "tilescale-0.1.0-cp311-abi3-manylinux_2_35_x86_64.whl",
        "apache_tvm_ffi-0.1-cp311-cp311-manylinux_2_28_x86_64.whl",
        "apache_tvm_ffi-0.1-cp312-cp312-manylinux_2_28_x86_64.whl",
        "absl_py-2.5.1-py3-none-any.whl",
        "pytest-9.9.9-py3-none-any.whl",
    ]
    unused = {"z.data/data/bin/z3": "", "z3/include/z3.h": ""}
    return [
        wheel(tmp_path, n, {n.partition("-")[0] + "_here.py": "x = 1\n", **unused}) for n in names
    ]


def test_wheels_for_the_python_of_the_pack(wheels, tmp_path):
    make_pack.make_pack(tmp_path / "pack", wheels, [])
    names = {path.name.partition("-")[0] for path in (tmp_path / "pack" / "wheels").iterdir()}
    assert names == {"tilescale", "apache_tvm_ffi", "absl_py", "pytest"}
    kept = [path.name for path in (tmp_path / "pack" / "wheels").glob("apache*")]
    assert kept == ["apache_tvm_ffi-0.1-cp312-cp312-manylinux_2_28_x86_64.whl"]


def test_programs_in_wheels_are_left_out(wheels, tmp_path):
    make_pack.make_pack(tmp_path / "pack", wheels, [])
    (absl,) = (tmp_path / "pack" / "wheels").glob("absl*")
    assert zipfile.ZipFile(absl).namelist() == ["absl_py_here.py"]


def test_script_runs_the_tests(wheels, tmp_path):
    test = tmp_path / "some_test.py"
    test.write_text(
        "from fuzz_helper import y\nfrom tilescale_here import x\n\n"
        "def test_it():\n    assert x == y\n"
    )
    helper = tmp_path / "fuzz_helper.py"
    helper.write_text("y = 1\n")
    pack = tmp_path / "pack"
    files = [(test, "tests/cuda/some_test.py"), (helper, "tests/fuzz/fuzz_helper.py")]
    size = make_pack.make_pack(pack, wheels, files)
    assert size == sum(p.stat().st_size for p in pack.rglob("*") if p.is_file())
    environment = {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [str(pack / "run.sh"), "tests/cuda/some_test.py"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert "tilescale-0.1.0" in done.stdout
    assert (pack / "results.xml").is_file()
    # What Python has already stays as it is.
    assert not (pack / "site" / "pytest_here.py").exists()


def test_own_wheels_replace_installed_ones(wheels, tmp_path):
    (tmp_path / "wheels").mkdir()
    for path in wheels:
        path.rename(tmp_path / "wheels" / path.name)
    taken = run_tests.unpack(tmp_path / "wheels", tmp_path / "site")
    assert any(name.startswith("apache_tvm_ffi") for name in taken)


def test_folder_that_is_not_empty(wheels, tmp_path):
    with pytest.raises(make_pack.PackError, match="not empty"):
        make_pack.make_pack(tmp_path, wheels, [])


def test_without_the_product(wheels, tmp_path):
    with pytest.raises(make_pack.PackError, match="no wheel of tilescale"):
        make_pack.make_pack(tmp_path / "pack", wheels[1:], [])


def test_too_large(wheels, tmp_path, monkeypatch):
    monkeypatch.setattr(make_pack, "MAX_BYTES", 100)
    with pytest.raises(make_pack.PackError, match="more than 100"):
        make_pack.make_pack(tmp_path / "pack", wheels, [])
