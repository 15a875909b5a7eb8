"""`T.CUDASourceCodeKernel`: a launch of a kernel that the user wrote in CUDA C++ (GPUs only)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tilescale import errors, ir
from tilescale.frontend import context
from tilescale.frontend.buffer import Buffer
from tilescale.frontend.diagnostics import mistake
from tilescale.language.kernel import Kernel

_MARKS = ("\n", "__global__", 'extern "C"', "#include")
_SUFFIXES = (".cu", ".cuh", ".cuda", ".cpp", ".cc", ".c")


def _text_of(given: Any) -> str:
    """The text itself, or that of the file of this name."""
    text = os.fspath(given) if isinstance(given, (str, os.PathLike)) else ""
    if isinstance(text, str) and any(mark in text for mark in _MARKS):
        return text
    path = Path(text).expanduser() if isinstance(text, str) and text.strip() else None
    if path is not None and path.is_file():
        return path.read_text(encoding="utf-8")
    file = path is not None and (path.suffix in _SUFFIXES or os.path.sep in str(path))
    raise mistake(
        errors.SourceKernelError,
        "T.CUDASourceCodeKernel is given " + ("a file that does not exist" if file else "no text"),
        expected="CUDA C++ with a `__global__` function, or the path of a file with it",
        got=repr(given),
        remedy="pass `source_code_or_path=`",
    )


def CUDASourceCodeKernel(
    *blocks: Any,
    threads: Any = None,
    source_code_or_path: Any,
    entry_name: str | None = None,
    cluster_dims: Any = None,
    prelude: str | None = None,
) -> None:
    """Launches a `__global__` function of CUDA C++.

    It takes the pointers of all tensors and `T.ptr` parameters in their order, then all scalars,
    then the symbols of shapes, e.g. `(float* A, float* B, int N)`; `void*` stands for any pointer.
    Its shared memory is static, which the simulator does not have. What it does is not analysed.
    The header of generated text is included before it.

    Args:
        blocks: 1 to 3 grid extents, as for `T.Kernel`.
        threads: number of threads of a block, or up to 3 extents; 128 if left out.
        source_code_or_path: the text, or the path of a file with it.
        entry_name: the function to launch: the only one if left out, or `main_kernel`.
        cluster_dims: as for `T.Kernel`.
        prelude: C++ put before the text.

    Raises:
        SourceKernelError: there is no such file or kernel, or it has other parameters.
        GridError: as for `T.Kernel`; the same for ThreadCountError.
    """
    builder = context.current("T.CUDASourceCodeKernel")
    launch = Kernel(*blocks, threads=threads, prelude=prelude, cluster_dims=cluster_dims)
    launch.attrs["cuda_source"] = _text_of(source_code_or_path)
    launch.attrs["entry"] = entry_name or ""
    with launch:
        signature = builder.signature
        tensors = [node for _, node, _ in signature.params if isinstance(node, ir.Buffer)]
        tensors += [buffer.node for buffer in (*signature.outputs, *signature.workspaces)]
        addresses = [Buffer.of(node).access_ptr() for node in tensors]
        attrs = {"called": "CUDASourceCodeKernel"}
        call = ir.make_call("cuda.source_kernel", addresses, attrs, "int32")
        builder.emit(ir.Evaluate(call, builder.span()))


__all__ = ["CUDASourceCodeKernel"]
