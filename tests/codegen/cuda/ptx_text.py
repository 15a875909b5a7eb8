"""CUDA C++ to PTX with NVRTC, to see which instructions a kernel becomes."""

from __future__ import annotations

import ctypes
import functools
import re

from tilescale import cuda
from tilescale.sim.headers import cuda_headers

_INSTRUCTION = re.compile(r"^\s+(?:@!?%p\d+ )?([a-z][\w.:]*)\b[^;]*;", re.MULTILINE)


@functools.cache
def _library(path: str, preload: tuple[str, ...]) -> ctypes.CDLL:
    for name in preload:
        ctypes.CDLL(name, ctypes.RTLD_GLOBAL)
    return ctypes.CDLL(path)


def _strings(texts: list[str]) -> ctypes.Array[ctypes.c_char_p]:
    return (ctypes.c_char_p * len(texts))(*(text.encode() for text in texts))


def ptx_of(source: str, arch: str) -> str:
    """Returns the PTX of a generated kernel for an architecture, as in "sm_80".

    Raises:
        AssertionError: NVRTC rejects the source.
    """
    toolkit = cuda.find_toolkit(arch)
    nvrtc = _library(str(toolkit.nvrtc), toolkit.preload)
    headers = cuda_headers()
    program = ctypes.c_void_p()
    names, texts = _strings(list(headers)), _strings(list(headers.values()))
    status = nvrtc.nvrtcCreateProgram(
        ctypes.byref(program), source.encode(), b"kernel.cu", len(headers), texts, names
    )
    assert status == 0
    options = _strings(
        [f"--gpu-architecture=compute_{arch[3:]}", "-std=c++17", f"-I{toolkit.include}"]
    )
    status = nvrtc.nvrtcCompileProgram(program, len(options), options)
    kind = "PTX" if status == 0 else "ProgramLog"
    size = ctypes.c_size_t()
    getattr(nvrtc, f"nvrtcGet{kind}Size")(program, ctypes.byref(size))
    text = ctypes.create_string_buffer(size.value)
    getattr(nvrtc, f"nvrtcGet{kind}")(program, text)
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    assert status == 0, text.value.decode()
    return text.value.decode()


def instructions_of(ptx: str) -> list[str]:
    """Returns the opcodes with their modifiers, in order."""
    return _INSTRUCTION.findall(ptx)
