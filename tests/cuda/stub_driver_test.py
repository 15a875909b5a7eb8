"""Everything up to the driver's calls, and what users see when these fail, without a GPU."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cuda import stub_program
from tilescale.jit import toolchain

STUB = Path(__file__).with_name("stub_driver.c")
ADD = "kernels.load_add('sm_80', 'input')(T(200), T(200), T(200, address=8192))"


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    path = tmp_path_factory.mktemp("stub") / "libcuda.so.1"
    toolchain.compile_shared(STUB, path, ["-Wl,-soname,libcuda.so.1"])
    return path


@pytest.fixture
def run(stub):
    def run(statements, **settings):
        here = Path.cwd()
        path = os.pathsep.join([str(here), *sys.path])
        environment = {**os.environ, "PYTHONPATH": path}
        environment |= {f"STUB_{name.upper()}": str(value) for name, value in settings.items()}
        command = [sys.executable, stub_program.__file__, str(stub), statements]
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, check=False, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_launch(run):
    text = run(ADD, params=5)
    assert "load mode=2 elf=1 options=2\nfunction add\n" in text
    assert (
        "launch grid=4,1,1 block=64,1,1 shared=0 stream=0 context=100 params=4096,4096,8192,200,4"
    ) in text
    assert "Error" not in text


JIT = """
import numpy, tilescale, tilescale.language as T_
N = T_.dynamic("N")

def make(shared=64, threads=64):
    @T_.prim_func
    def twice(A: T_.Tensor((N,), "float32"), B: T_.Tensor((N,), "float32")):
        with T_.Kernel(T_.ceildiv(N, 64), threads=threads) as bx:
            s = T_.alloc_shared((shared,), "float32")
            for i in T_.Parallel(64):
                s[i] = A[bx * 64 + 63 - i]
            for i in T_.Parallel(64):
                B[bx * 64 + i] = s[63 - i]
    return twice

def make_copy():
    @T_.prim_func
    def copy(A: T_.Tensor((256,), "float32"), B: T_.Tensor((256,), "float32")):
        with T_.Kernel(1, threads=64):
            T_.copy(A, B)
    return tilescale.compile(copy, target="cuda -arch=sm_80")

def compile(target="cuda -arch=sm_80", **fields):
    return tilescale.compile(make(**fields), target=target)
"""


@pytest.fixture
def run_jit(run, tmp_path):
    def run_jit(statements, **settings):
        # Kernels are traced from files.
        (tmp_path / "program.py").write_text(JIT)
        here = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from program import *\n"
        return run(here + statements, **settings)

    return run_jit


def test_compiled_functions_are_launched(run_jit):
    text = run_jit("compile()(T(200), T(200, address=8192))", params=4)
    assert "launch grid=4,1,1 block=64,1,1 shared=256 stream=0" in text
    assert "params=4096,8192,200,4" in text


def test_the_targets_of_a_machine_with_a_gpu(run_jit):
    text = run_jit("print(compile('auto').target, compile('cuda').target)", arch=86)
    assert text.count("cuda -arch=sm_86") == 2


def test_arguments_in_another_place_or_misaligned(run_jit):
    assert "ArgumentDeviceError" in run_jit("compile()(numpy.zeros(8, 'float32'), T(8))")
    text = run_jit("compile()(T(8), T(8, address=4098))")
    assert "ArgumentAlignmentError" in text and "a multiple of 4 bytes" in text


def test_tensors_that_break_assumptions_get_another_kernel(run_jit):
    text = run_jit("k = make_copy()\nk(T(256), T(256))\nk(T(256), T(256, address=4104))")
    assert text.count("load mode") == 2 and text.count("launch grid=1,1,1") == 2
    text = run_jit("k = compile()\nfor n in (8, 2**31 - 9): k(T(n), T(n))", grid=2**31 - 1)
    assert text.count("load mode") == 2 and text.count("launch grid=") == 2


def test_compiled_functions_on_another_architecture(run_jit):
    text = run_jit("compile()(T(8), T(8))", arch=90)
    assert "ArchitectureMismatchError" in text and "sm_90" in text and "twice" in text


def test_limits_of_the_device_are_named(run_jit):
    text = run_jit("compile(shared=20000)(T(8), T(8))", shared=65536)
    assert "SharedMemoryLimitError" in text and "80000 bytes" in text
    text = run_jit("compile(threads=256)(T(8), T(8))", threads=128)
    assert "ThreadLimitError" in text and "128 threads" in text


def test_loads_once_for_each_device(run):
    text = run(
        "k = kernels.load_add('sm_80', 'input')\n"
        "for d in (0, 1, 0, 1): k(*(T(64, device=d) for _ in range(3)))"
    )
    assert text.count("load mode") == 2
    assert [line.partition("context=")[2][:3] for line in text.splitlines()[2:]][-2:] == [
        "100",
        "101",
    ]


def test_empty_tensors_launch_nothing(run):
    assert "launch" not in run("kernels.load_add('sm_80', 'input')(T(0), T(0), T(0))")


def test_large_dynamic_shared_memory_is_asked_for(run):
    text = run("kernels.load_reverse('sm_80', 25000).attributes(0)")
    assert "set 8 100000\n" in text


@pytest.mark.parametrize(
    ("text", "size", "value"),
    [
        ("s0 127 + 128 //", 300, 3),
        ("s0 7 - 4 //", 5, -1),
        ("s0 7 - 4 %", 5, 2),
        ("s0 s0 * 2 +", 9, 83),
        ("s0 10 min 4 max", 3, 4),
        ("s0 10 min 4 max", 30, 10),
        ("-5", 1, -5),
    ],
)
def test_expressions(run, text, size, value):
    source = 'extern "C" __global__ void k(float* a, long long n, long long e) {}'
    statement = (
        f"t = kernels.tensor('A', [kernels.sym(0)])\n"
        f"kernels.load('''{source}''', 'k', [t], 'sm_80', symbols=['N'], exprs=['{text}'])"
        f"(T({size}))"
    )
    assert f"params=4096,{size},{value}\n" in run(statement, params=3)


@pytest.mark.parametrize("text", ["s0 0 //", "s0 s0 - 1 s0 s0 - % +", "s0 9223372036854775807 *"])
def test_expression_that_is_undefined(run, text):
    statement = (
        "t = kernels.tensor('A', [kernels.sym(0)])\n"
        f"kernels.load(kernels.ADD, 'add', [t], 'sm_80', symbols=['N'], exprs=['{text}'])(T(8))"
    )
    output = run(statement)
    assert "SizeExpressionError" in output
    assert "division by zero or an overflow" in output


# What fails, how, and what the message must say.
FAILURES = [
    ("MissingGpuError", {"init": 100}, ["STUB_ERROR_100", "nvidia-smi"]),
    ("MissingGpuError", {"devices": 0}, ["sees no device", "CUDA_VISIBLE_DEVICES"]),
    ("ArchitectureMismatchError", {"arch": 90}, ["sm_80", "Stub 0, sm_90", "-arch=sm_90"]),
    ("ArchitectureMismatchError", {"arch": 75}, ["sm_80", "Stub 0, sm_75", "-arch=sm_75"]),
    ("CudaLoadError", {"retain": 2}, ["STUB_ERROR_2", "context of cuda:0"]),
    ("CudaLoadError", {"load": 218}, ["STUB_ERROR_218", "log of option 5", "update the driver"]),
    ("ThreadLimitError", {"threads": 32}, ["at most 32 threads with 32 registers", "64 threads"]),
    (
        "CudaLaunchError",
        {"launch": 700},
        ["`add`", "STUB_ERROR_700", "grid (4, 1, 1), block (64, 1, 1), shared memory 0 of 166912"],
    ),
]


@pytest.mark.parametrize(
    ("error", "settings", "texts"), FAILURES, ids=lambda value: str(value)[:30]
)
def test_failure(run, error, settings, texts):
    output = run(ADD, **settings)
    assert f"{error}\n" in output
    for text in texts:
        assert text in output


def test_cubin_runs_on_later_devices_of_the_same_generation(run):
    assert "launch grid" in run(ADD, arch=86)
    assert "launch grid" in run(ADD, arch=89)


def test_device_with_less_shared_memory_than_its_architecture(run):
    output = run("kernels.load_reverse('sm_80', 25000).attributes(0)", shared=99328)
    assert "SharedMemoryLimitError" in output
    assert "at most 99328 bytes on cuda:0 (Stub 0, sm_80)" in output
    assert "got: 100000 bytes" in output


def test_cooperative_grid(run):
    load = (
        "kernels.load('extern \"C\" __global__ void k(float* a) {}', 'k',"
        " [kernels.tensor('A', [{'const': 1}])], 'sm_80', cooperative=True,"
        " grid=[{'const': COUNT}])(T(1))"
    )
    assert "cooperative launch grid=20,1,1" in run(load.replace("COUNT", "20"))
    output = run(load.replace("COUNT", "21"))
    assert "GridLimitError" in output
    assert "at most 20 blocks, all resident at once" in output


@pytest.mark.parametrize(
    ("arguments", "error", "texts"),
    [
        ("T(8), T(9), T(8)", "ArgumentShapeError", ["`B`"]),
        ("T(8), T(8, bits=16), T(8)", "ArgumentDTypeError", ["float16"]),
        ("T(8), T(8, device=1), T(8)", "ArgumentDeviceError", ["cuda:0", "cuda:1", "same device"]),
        ("T(8), T(2, 4), T(8)", "ArgumentRankError", ["1 dimensions"]),
        ("T(8), T(8)", "ArgumentCountError", ["`C`"]),
    ],
)
def test_bad_argument(run, arguments, error, texts):
    output = run(f"kernels.load_add('sm_80', 'input')({arguments})")
    assert f"{error}\n" in output
    assert all(text in output for text in texts)
