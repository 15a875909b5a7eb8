"""`compile`, `par_compile` and `lower`: from a traced function to a kernel."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tilescale import knobs
from tilescale.errors import CompileOptionError
from tilescale.jit.backend import find_backend, print_ir, split_launches
from tilescale.jit.build import LOGGER
from tilescale.jit.kernel import JITKernel
from tilescale.jit.options import CompileOptions, make_options
from tilescale.jit.pass_config import check_pass_configs
from tilescale.jit.sequence import compile_sequence
from tilescale.jit.signature import KernelParam, make_param
from tilescale.jit.target import Target


def compile(  # noqa: A001 - the name users know
    func: Any,
    out_idx: Sequence[int] | int | None = None,
    execution_backend: str | None = None,
    target: str | Mapping[str, Any] | Target | None = None,
    target_host: str | Mapping[str, Any] | None = None,
    verbose: bool | None = None,
    pass_configs: Mapping[Any, Any] | None = None,
    compile_flags: Sequence[str] | str | None = None,
    debug_root_path: str | Path | None = None,
) -> JITKernel:
    """Compiles a function for a target and loads it.

    Args:
        func: what `@T.prim_func` returns.
        out_idx: positions of parameters that the kernel allocates and returns.
        execution_backend: accepted for ported programs.
        target: "auto" (default), "cpu", "cuda" or "sim", the last two also with an architecture:
            "cuda -arch=sm_90", "sim:sm_80"; or a dictionary with the keys "kind" and "arch".
        target_host: accepted for ported programs.
        verbose: logs where the kernel came from.
        pass_configs: values by `PassConfigKey`.
        compile_flags: options for the C compiler, or for NVRTC.
        debug_root_path: folder that gets the generated source.

    Raises:
        CompileOptionError: an option has a value that is not allowed.
        MissingCompilerError: there is no C compiler.
        MissingCudaLibraryError: the target is CUDA, and NVRTC is not installed.
        TileScaleError: the function is not legal; the class says why.
    """
    options = make_options(
        out_idx=out_idx,
        target=target,
        target_host=target_host,
        execution_backend=execution_backend,
        verbose=verbose,
        pass_configs=pass_configs,
        debug_root_path=debug_root_path,
        compile_flags=compile_flags,
    )
    return compile_with(func, options)


def compile_with(func: Any, options: CompileOptions) -> JITKernel:
    """Compiles a function with options that are checked already."""
    func = _as_prim_func(func)
    options = _with_annotations(func, options)
    dump = knobs.DUMP.get()
    if dump is not None:
        _dump(func, options, dump)
    backend = find_backend(options.target)
    launches = split_launches(func)
    if len(launches) == 1:
        kernel = backend.compile_kernel(func, options)
    else:
        kernel = compile_sequence(launches, func, options, backend)
    _show(kernel, options)
    return kernel


def par_compile(
    funcs: Iterable[Any],
    num_workers: int | None = None,
    ignore_error: bool = False,
    **options: Any,
) -> list[JITKernel | None]:
    """Compiles several functions at once.

    Args:
        funcs: what `@T.prim_func` returns, each.
        num_workers: threads; None for TILESCALE_COMPILE_WORKERS, at most one for each function.
        ignore_error: a function that cannot be compiled gives None and a log line, no error.
        **options: as for `compile`.

    Returns:
        The kernels, in the order of `funcs`.
    """

    def compile_one(func: Any) -> JITKernel | None:
        return compile(func, **options)

    return run_parallel(compile_one, list(funcs), num_workers, ignore_error)


def run_parallel(
    work: Any, items: Sequence[Any], num_workers: int | None, ignore_error: bool
) -> list[Any]:
    """Returns `work(item)` of each item, computed on several threads."""

    def guarded(item: Any) -> Any:
        try:
            return work(item)
        except Exception:
            if not ignore_error:
                raise
            LOGGER.exception("one of the kernels was not compiled")
            return None

    if not items:
        return []
    from concurrent.futures import ThreadPoolExecutor  # Slow to import, and seldom needed.

    workers = num_workers or knobs.COMPILE_WORKERS.get() or len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(min(workers, len(items))) as pool:
        return list(pool.map(guarded, items))


@dataclasses.dataclass(frozen=True)
class LoweredFunction:
    """What the compiler makes of a function, before the C compiler sees it.

    Attributes:
        name: name of the kernel.
        target: for what it was lowered.
        kernel_source: the generated source; of several launches one text after another.
        host_source: the same text: host and kernel are one source.
        params: the parameters.
        signature: as in cc/runtime/README.md.
    """

    name: str
    target: str
    kernel_source: str
    host_source: str
    params: list[KernelParam]
    signature: Mapping[str, Any]


def lower(
    func: Any,
    target: str | Mapping[str, Any] | Target | None = None,
    target_host: str | Mapping[str, Any] | None = None,
    pass_configs: Mapping[Any, Any] | None = None,
) -> LoweredFunction:
    """Lowers a function to C or CUDA C++ without compiling it. Needs no compiler but ours.

    Args:
        func: what `@T.prim_func` returns.
        target: as for `compile`; the text for the simulator is that for CUDA.
        target_host: accepted for ported programs.
        pass_configs: values by `PassConfigKey`.
    """
    func = _as_prim_func(func)
    options = make_options(target=target, target_host=target_host, pass_configs=pass_configs)
    options = _with_annotations(func, options)
    backend = find_backend(options.target)
    lowered = [backend.lower(launch, options) for launch in split_launches(func)]
    signature = lowered[0].signature
    params = [make_param(signature, fields) for fields in signature["params"]]
    source = "\n".join(launch.source for launch in lowered)
    # A CUDA kernel has no host source: the runtime binds its arguments.
    host = source if options.target.kind == "cpu" else ""
    return LoweredFunction(signature["name"], str(options.target), source, host, params, signature)


def _as_prim_func(func: Any) -> Any:
    from tilescale import ir

    func = getattr(func, "prim_func", func)
    if isinstance(func, ir.PrimFunc):
        return func
    raise CompileOptionError(
        "only traced functions can be compiled",
        expected="what @T.prim_func returns",
        got=type(func).__name__,
        remedy="call the function that makes the kernel first, or decorate it with @T.prim_func",
    )


def _with_annotations(func: Any, options: CompileOptions) -> CompileOptions:
    """Adds the options that the function's body asks for; those of the call win."""
    configs = func.attrs.get("pass_configs", None)
    flags = func.attrs.get("compile_flags", None)
    if configs is None and flags is None:
        return options
    own = {str(key): value for key, value in (configs or {}).items()}
    return dataclasses.replace(
        options,
        pass_configs={**check_pass_configs(own), **options.pass_configs},
        compile_flags=(*(str(flag) for flag in flags or ()), *options.compile_flags),
    )


@contextlib.contextmanager
def _writing(folder: Path, asked_by: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CompileOptionError(
            f"{asked_by} asks for files that cannot be written",
            expected="a folder with space that may be written to",
            got=f"{folder} ({error.strerror or error})",
        ) from error


def _dump(func: Any, options: CompileOptions, folder: Path) -> None:
    """Writes the function after each pass, numbered in order."""
    for launch in split_launches(func):
        stages = [("tile", launch), *find_backend(options.target).stages(launch, options)]
        target = folder / str(launch.name)
        with _writing(target, knobs.DUMP.name):
            target.mkdir(parents=True, exist_ok=True)
            for number, (name, stage) in enumerate(stages):
                file = target / f"{number:02d}_{name}.txt"
                file.write_text(print_ir(stage, True), encoding="utf-8")


def _show(kernel: JITKernel, options: CompileOptions) -> None:
    suffix = ".c" if options.target.kind == "cpu" else ".cu"
    if options.debug_root is not None:
        with _writing(options.debug_root, "debug_root_path"):
            options.debug_root.mkdir(parents=True, exist_ok=True)
            kernel.export_sources(options.debug_root / f"{kernel.name}{suffix}")
    dump = knobs.DUMP.get()
    if dump is not None:
        with _writing(dump, knobs.DUMP.name):
            kernel.export_sources(dump / kernel.name / f"kernel{suffix}")
    if knobs.PRINT_SOURCE.get():
        kernel.show_source()
