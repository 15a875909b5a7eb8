"""Machine code as text, by the disassembler of a CUDA toolkit or wheel."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tilescale import knobs
from tilescale.errors import CudaCompileError, MissingCudaLibraryError

# Program -> what it takes before the file.
_PROGRAMS = {"nvdisasm": ("--print-code",), "cuobjdump": ("-sass",)}
_WHEEL_FOLDERS = ("nvidia/cu13/bin", "nvidia/cuda_nvcc/bin", "nvidia/cuda_nvdisasm/bin")


def disassemble(cubin: bytes) -> str:
    """Returns the instructions in a cubin.

    Raises:
        MissingCudaLibraryError: no disassembler is installed.
        CudaCompileError: the disassembler rejects the file.
    """
    program = next(_candidates(), None)
    if program is None:
        raise MissingCudaLibraryError(
            "no disassembler for CUDA machine code was found",
            expected=" or ".join(_PROGRAMS),
            remedy="`pip install nvidia-cuda-nvdisasm-cu12`, or install a CUDA toolkit;"
            " `kernel.export_ptx` needs neither",
        )
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        command = [str(program), *_PROGRAMS[program.name], file.name]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise CudaCompileError(
            f"{program} rejects the machine code",
            expected="a disassembler of the CUDA version that compiled it, or a newer one",
            got=result.stderr.strip() or None,
            remedy="install a newer CUDA toolkit; `kernel.export_ptx` needs none",
        )
    return result.stdout


def _candidates() -> Iterator[Path]:
    requested = knobs.CUDA_PATH.get()
    roots = (
        [requested] if requested else [Path("/usr/local/cuda"), *map(Path, filter(None, sys.path))]
    )
    for name in _PROGRAMS:
        on_path = shutil.which(name)
        if on_path:
            yield Path(on_path)
        for root in roots:
            for folder in ("bin", *_WHEEL_FOLDERS):
                if (root / folder / name).is_file():
                    yield root / folder / name
