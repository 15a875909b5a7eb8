"""Records the outputs of lane_cases.py on a GPU, for lanes_test.py.

Run on a machine with the GPU, NumPy, and CUDA's NVRTC and headers from the Python package index:

    python tests/sim/record_lanes.py OUTPUT.npz

and put the file into tests/sim/recorded/sm_90.npz.
"""

from __future__ import annotations

import ctypes
import functools
import json
import site
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import lane_cases

SHARED_BYTES = 8192


def find(pattern: str) -> Path:
    """Returns the first match in the folders of installed packages."""
    folders = [*site.getsitepackages(), site.getusersitepackages(), *sys.path]
    for folder in folders:
        for path in sorted(Path(folder).glob(pattern)):
            return path
    raise SystemExit(f"no {pattern} in the installed packages")


def check(what: str, status: int) -> None:
    """Ends the program if a call has failed."""
    if status:
        raise SystemExit(f"{what} returned {status}")


class Compiler:
    """NVRTC with our headers."""

    def __init__(self, arch: int) -> None:
        self.nvrtc = ctypes.CDLL(str(find("nvidia/*/lib/libnvrtc.so.*[0-9]")))
        include = find("nvidia/*/include/cuda_fp16.h").parent
        self.options = [f"-arch=sm_{arch}", "-std=c++17", f"-I{include}", f"-I{include}/cccl"]
        folder = lane_cases.DEVICE_HEADERS
        self.headers = {f"tilescale/{p.name}": p.read_bytes() for p in folder.glob("*.cuh")}
        for path in (folder / "ptx").glob("*.cuh"):
            self.headers[f"tilescale/ptx/{path.name}"] = path.read_bytes()

    def compile(self, name: str, source: str) -> bytes:
        """Returns the cubin."""
        program, size = ctypes.c_void_p(), ctypes.c_size_t()
        strings = ctypes.c_char_p * len(self.headers)
        status = self.nvrtc.nvrtcCreateProgram(
            ctypes.byref(program), source.encode(), b"kernel.cu", len(self.headers),
            strings(*self.headers.values()), strings(*(n.encode() for n in self.headers)),
        )  # fmt: skip
        check("nvrtcCreateProgram", status)
        options = (ctypes.c_char_p * len(self.options))(*(o.encode() for o in self.options))
        status = self.nvrtc.nvrtcCompileProgram(program, len(options), options)
        if status:
            self.nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
            log = ctypes.create_string_buffer(size.value)
            self.nvrtc.nvrtcGetProgramLog(program, log)
            raise SystemExit(f"{name}: {log.value.decode()}")
        self.nvrtc.nvrtcGetCUBINSize(program, ctypes.byref(size))
        code = ctypes.create_string_buffer(size.value)
        check("nvrtcGetCUBIN", self.nvrtc.nvrtcGetCUBIN(program, code))
        return code.raw


class Device:
    """The first GPU, through the driver."""

    def __init__(self) -> None:
        self.cuda = ctypes.CDLL("libcuda.so.1")
        context = ctypes.c_void_p()
        check("cuInit", self.cuda.cuInit(0))
        check("retain", self.cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0))
        check("cuCtxSetCurrent", self.cuda.cuCtxSetCurrent(context))

    def name(self) -> str:
        """Returns the GPU's name and the driver's version."""
        text, version = ctypes.create_string_buffer(100), ctypes.c_int()
        self.cuda.cuDeviceGetName(text, 100, 0)
        self.cuda.cuDriverGetVersion(ctypes.byref(version))
        return f"{text.value.decode()}, driver of CUDA {version.value}"

    def upload(self, array: np.ndarray) -> ctypes.c_uint64:
        """Returns the address of a copy of the array."""
        pointer = ctypes.c_uint64()
        size = ctypes.c_size_t(max(array.nbytes, 16))
        check("cuMemAlloc", self.cuda.cuMemAlloc_v2(ctypes.byref(pointer), size))
        data = array.ctypes.data_as(ctypes.c_void_p)
        status = self.cuda.cuMemcpyHtoD_v2(pointer, data, ctypes.c_size_t(array.nbytes))
        check("cuMemcpyHtoD", status)
        return pointer

    def run(self, case: lane_cases.Case, code: bytes) -> np.ndarray:
        """Returns what the kernel wrote."""
        module, kernel = ctypes.c_void_p(), ctypes.c_void_p()
        check(case.name, self.cuda.cuModuleLoadData(ctypes.byref(module), code))
        check(case.name, self.cuda.cuModuleGetFunction(ctypes.byref(kernel), module, b"k"))
        out = np.zeros(case.output, np.uint32)
        pointers = [self.upload(np.ascontiguousarray(array)) for array in (*case.inputs, out)]
        values = (ctypes.c_void_p * len(pointers))(*map(ctypes.addressof, pointers))
        launch = (
            self.cuda.cuLaunchCooperativeKernel if case.blocks > 1 else self.cuda.cuLaunchKernel
        )
        rest = (values,) if case.blocks > 1 else (values, None)
        status = launch(
            kernel, case.blocks, 1, 1, case.threads, 1, 1, SHARED_BYTES, ctypes.c_void_p(), *rest
        )
        check(case.name, status)
        check(case.name, self.cuda.cuCtxSynchronize())
        data = out.ctypes.data_as(ctypes.c_void_p)
        check(case.name, self.cuda.cuMemcpyDtoH_v2(data, pointers[-1], ctypes.c_size_t(out.nbytes)))
        return out


@functools.cache
def compiler() -> Compiler:
    """Returns this process's compiler."""
    return Compiler(lane_cases.RECORDED_ON)


def compile_case(case: lane_cases.Case) -> bytes:
    """Returns the cubin of a case."""
    return compiler().compile(case.name, case.source)


def main() -> None:
    """Records all cases."""
    outputs, digests = {}, {}
    cases = lane_cases.cases()
    with ProcessPoolExecutor() as pool:  # Before this process has used the GPU.
        codes = list(pool.map(compile_case, cases))
    device = Device()
    for case, code in zip(cases, codes, strict=True):
        outputs[case.name] = device.run(case, code)
        digests[case.name] = case.digest()
    about = json.dumps({"device": device.name(), "digests": digests})
    np.savez_compressed(sys.argv[1], about=np.array(about), **outputs)
    print(f"{len(outputs)} cases on {device.name()}")


if __name__ == "__main__":
    main()
