"""The decorator `tilescale.jit`.

Imports little, because `import tilescale` imports this file.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from tilescale.jit.kernel import JITKernel
    from tilescale.jit.options import CompileOptions
    from tilescale.jit.target import Target

# Names that only the body of a kernel uses: a function with one of them is itself the kernel.
_KERNEL_NAMES = frozenset({"Kernel", "ClusterKernel", "const"})


class JITFunction:
    """A decorated function.

    In the lazy style the function returns what `@T.prim_func` made, and a call gives the compiled
    kernel. In the eager style the function is the kernel itself, and a call compiles it for its
    arguments, if that has not been done, and runs it. Both are thread-safe.

    Args:
        function: the decorated function.
        options: what was given to the decorator, as for `tilescale.compile`.
    """

    def __init__(self, function: Callable[..., Any], options: Mapping[str, Any]) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self._given = dict(options)
        self._options: CompileOptions | None = None
        self._lock = threading.Lock()
        self._kernels: dict[Any, JITKernel] = {}
        self._eager: Any = None

    @property
    def is_eager(self) -> bool:
        """Whether the function is the kernel itself."""
        return bool(_KERNEL_NAMES & set(self.function.__code__.co_names))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Returns the compiled kernel (lazy style), or runs it (eager style)."""
        if self._eager is not None:
            return self._eager(*args, **kwargs)
        if self.is_eager:
            self._eager = self._make_eager()
            return self._eager(*args, **kwargs)
        return self.compile(*args, **kwargs)

    def compile(self, *args: Any, **kwargs: Any) -> JITKernel:
        """Returns the kernel for these arguments, compiled once.

        Args:
            *args: what the function takes; in the eager style the tensors' shapes and dtypes are
                used.
            **kwargs: the same by name.
        """
        if self.is_eager:
            self._eager = self._eager or self._make_eager()
            kernel: JITKernel = self._eager.compile(*args, **kwargs)
            return kernel
        key = _key(*self._positional(args, kwargs))
        found = self._kernels.get(key) if key is not None else None
        return found if found is not None else self._compile_lazy(key, args, kwargs)

    def _positional(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with named ones in their position, so that f(1) and f(n=1) are the same."""
        if not kwargs:
            return args, kwargs
        try:
            bound = inspect.signature(self.function).bind(*args, **kwargs)
        except TypeError:
            return args, kwargs  # The call itself will say what is wrong.
        return bound.args, bound.kwargs

    def _compile_lazy(self, key: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> JITKernel:
        from tilescale.jit.compiler import compile_with

        kernel = compile_with(self.function(*args, **kwargs), self.options)
        if key is None:
            return kernel
        with self._lock:
            return self._kernels.setdefault(key, kernel)

    def _make_eager(self) -> Any:
        from tilescale.jit.eager import EagerKernel

        return EagerKernel(self.function, self.options)

    @property
    def options(self) -> CompileOptions:
        """The options of the decorator, checked when first needed."""
        if self._options is None:
            from tilescale.jit.options import make_options

            self._options = make_options(**self._given)
        return self._options

    def with_options(self, **options: Any) -> JITFunction:
        """Returns the same function with other options, for example another target.

        Example::

            matmul.with_options(target="sim:sm_80")(64, 64, 64)

        Args:
            **options: as for the decorator; what is not given stays.

        Raises:
            CompileOptionError: an option does not exist.
        """
        _check_names(options)
        return _decorate(self.function, {**self._given, **options})

    def get_tir(self, *args: Any, **kwargs: Any) -> Any:
        """Returns the traced function for these arguments, without compiling it."""
        if self.is_eager:
            return self._make_eager().trace(*args, **kwargs)
        return self.function(*args, **kwargs)

    def get_kernel_source(self, *args: Any, **kwargs: Any) -> str:
        """Returns the generated source for these arguments."""
        return self.compile(*args, **kwargs).get_kernel_source()

    def par_compile(
        self,
        configs: Iterable[Any],
        num_workers: int | None = None,
        ignore_error: bool = False,
    ) -> list[JITKernel | None]:
        """Compiles the function for several arguments at once.

        Args:
            configs: for each kernel a tuple of positional or a dictionary of named arguments.
            num_workers: threads; None for TILESCALE_COMPILE_WORKERS.
            ignore_error: an error gives None and a log line.

        Returns:
            The kernels, in the order of `configs`.
        """
        from tilescale.jit.compiler import run_parallel

        def work(config: Any) -> JITKernel:
            if isinstance(config, Mapping):
                return self.compile(**config)
            return self.compile(*config) if isinstance(config, tuple) else self.compile(config)

        return run_parallel(work, list(configs), num_workers, ignore_error)

    def __repr__(self) -> str:
        return f"<tilescale.jit function {getattr(self.function, '__qualname__', self.function)}>"


def _key(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """A hashable stand-in for arguments, None if there is none."""
    try:
        key = (tuple(map(_frozen, args)), tuple(sorted((k, _frozen(v)) for k, v in kwargs.items())))
        hash(key)
    except TypeError:
        return None
    return key


def _frozen(value: Any) -> Any:
    # The type keeps 1, 1.0 and True apart.
    if isinstance(value, (list, tuple)):
        return type(value), tuple(map(_frozen, value))
    if isinstance(value, dict):
        return dict, tuple(sorted((k, _frozen(v)) for k, v in value.items()))
    return type(value), value


@overload
def jit(func: Callable[..., Any], /) -> JITFunction: ...


@overload
def jit(
    *,
    out_idx: Sequence[int] | int | None = None,
    target: str | Mapping[str, Any] | Target | None = None,
    target_host: str | Mapping[str, Any] | None = None,
    execution_backend: str | None = None,
    verbose: bool | None = None,
    pass_configs: Mapping[Any, Any] | None = None,
    debug_root_path: str | Path | None = None,
    compile_flags: Sequence[str] | str | None = None,
) -> Callable[[Callable[..., Any]], JITFunction]: ...


def jit(func: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Compiles a function when it is called.

    Lazy style, a function that returns a kernel::

        @tilescale.jit(out_idx=[-1])
        def add(n):
            @T.prim_func
            def kernel(A: T.Tensor((n,), "float32"), B: ...): ...
            return kernel

    Eager style, a function that is the kernel::

        @tilescale.jit
        def add(A, B):
            N = T.const("N")
            A: T.Tensor[[N], T.float32]
            ...

    Args:
        func: the function, when the decorator is used without parentheses.
        **options: as for `tilescale.compile`: out_idx (lazy style only), target, target_host,
            execution_backend, verbose, pass_configs, debug_root_path, compile_flags.

    Raises:
        CompileOptionError: an option does not exist or has a bad value.
    """
    if func is None:
        _check_names(options)
        return lambda function: jit(function) if not options else _decorate(function, options)
    return _decorate(func, options)


def _decorate(function: Any, options: Mapping[str, Any]) -> JITFunction:
    from tilescale.errors import CompileOptionError

    if not inspect.isfunction(function):
        raise CompileOptionError(
            "tilescale.jit decorates functions",
            expected="a function",
            got=type(function).__name__,
            remedy="use tilescale.compile for what @T.prim_func returns",
        )
    result = JITFunction(function, options)
    if result.is_eager and options.get("out_idx") is not None:
        raise CompileOptionError(
            f"out_idx does not go with the eager style of `{function.__name__}`",
            remedy="make outputs with T.empty(shape, dtype) and return them",
        )
    return result


def _check_names(options: Mapping[str, Any]) -> None:
    from tilescale.errors import CompileOptionError

    known = {
        "out_idx",
        "target",
        "target_host",
        "execution_backend",
        "verbose",
        "pass_configs",
        "debug_root_path",
        "compile_flags",
    }
    unknown = sorted(set(options) - known)
    if unknown:
        raise CompileOptionError(
            f"tilescale.jit has no option {unknown[0]!r}", expected=", ".join(sorted(known))
        )
