"""The compiled kernel as users hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tilescale.errors import UnsupportedTargetError
from tilescale.jit.signature import KernelParam, evaluate_exprs, make_param

if TYPE_CHECKING:
    from tilescale.profiler.profiler import Profiler
    from tilescale.profiler.supply import TensorSupplyType


class JITKernel:
    """A compiled kernel. Call it with the parameters that it does not allocate, by position.

    Each target has a subclass, which also derives from the type of `tilescale._runtime` that binds
    the arguments and launches. This class adds no call of its own, so that a call reaches that
    type without a Python frame.

    Args:
        source: the generated source.
        signature: as in cc/runtime/README.md, with the outputs of this kernel.
        prim_func: the function that was compiled, or None.
        target: for what it was compiled.
        from_cache: whether the machine code came from the disk cache.
    """

    if TYPE_CHECKING:

        def __call__(self, *args: Any) -> Any:
            """Runs the kernel."""

    def __init__(
        self,
        source: str,
        signature: Mapping[str, Any],
        prim_func: Any,
        target: str,
        from_cache: bool = False,
    ) -> None:
        self._source = source
        self._signature = signature
        self._from_cache = from_cache
        self.prim_func = prim_func
        self.target = target
        self._latency: float | None = None

    @property
    def name(self) -> str:
        """Name of the kernel."""
        return str(self._signature["name"])

    @property
    def signature(self) -> Mapping[str, Any]:
        """What the arguments are, as described in cc/runtime/README.md."""
        return self._signature

    @property
    def params(self) -> list[KernelParam]:
        """All parameters, with those that the kernel allocates."""
        return [make_param(self._signature, fields) for fields in self._signature["params"]]

    @property
    def out_idx(self) -> list[int]:
        """Positions of the parameters that the kernel allocates and returns, in this order."""
        returns = self._signature.get("returns")
        if returns is not None:
            return list(returns)
        roles = [p.get("role") for p in self._signature["params"]]
        return [i for i, role in enumerate(roles) if role == "output"]

    @property
    def kernel_source(self) -> str:
        """The generated source."""
        return self._source

    @property
    def host_source(self) -> str:
        """The same text: host and kernel are one source."""
        return self._source

    @property
    def from_cache(self) -> bool:
        """Whether the machine code came from the disk cache."""
        return self._from_cache

    @property
    def latency(self) -> float | None:
        """Milliseconds of a run as the last `do_bench` measured it, None before."""
        return self._latency

    def get_kernel_source(self, kernel_only: bool = True) -> str:
        """Returns the generated source.

        Args:
            kernel_only: accepted for ported programs; host and kernel are one source.
        """
        del kernel_only
        return self._source

    def get_host_source(self) -> str:
        """Returns the generated source: host and kernel are one."""
        return self._source

    def show_source(self, which: str = "kernel") -> None:
        """Prints the generated source; `which` is accepted for ported programs."""
        del which
        print(self._source)

    def print_source_code(self, which: str = "kernel", file: str | None = None) -> None:
        """Prints the generated source, or writes it to `file`."""
        if file is None:
            self.show_source(which)
        else:
            Path(file).write_text(self._source, encoding="utf-8")

    def export_sources(
        self, kernel_path: str | Path | None = None, host_path: str | Path | None = None
    ) -> None:
        """Writes the generated source to one or both of the paths."""
        for path in (kernel_path, host_path):
            if path is not None:
                Path(path).write_text(self._source, encoding="utf-8")

    def get_profiler(self, tensor_supply_type: TensorSupplyType | None = None) -> Profiler:
        """Returns an object that makes inputs, compares results and measures time.

        Args:
            tensor_supply_type: what the inputs hold; None: small integers for integer types,
                normally distributed numbers for others.
        """
        from tilescale.profiler.profiler import Profiler
        from tilescale.profiler.supply import TensorSupplyType

        return Profiler(self, tensor_supply_type or TensorSupplyType.Auto)

    def evaluate_exprs(self, symbols: Sequence[int]) -> list[int]:
        """Returns the derived extents for these values of the symbols.

        Raises:
            TensorSupplyError: one of them is undefined.
        """
        return evaluate_exprs(self._signature, symbols)

    def export_library(self, path: str | Path) -> None:
        """Writes the machine code: a shared object, or a cubin."""
        raise self._lacks("machine code of its own", "cpu or cuda")

    def export(self, path: str | Path) -> None:
        """Writes a shared object that C++ loads with tvm-ffi; see `tilescale.jit.cpu`."""
        raise self._lacks("an export for C++", "cpu")

    def show_ptx(self) -> None:
        """Prints the kernel as PTX."""
        raise self._lacks("PTX", "cuda")

    def export_ptx(self, path: str | Path) -> None:
        """Writes the kernel as PTX."""
        raise self._lacks("PTX", "cuda")

    def show_sass(self) -> None:
        """Prints the kernel's machine code as text."""
        raise self._lacks("machine code of a GPU", "cuda")

    def export_sass(self, path: str | Path) -> None:
        """Writes the kernel's machine code as text."""
        raise self._lacks("machine code of a GPU", "cuda")

    @property
    def resource_usage(self) -> Mapping[str, int]:
        """Registers, stack, spills and shared memory, as the assembler reports them."""
        raise self._lacks("an assembler's report", "cuda")

    @property
    def n_regs(self) -> int:
        """Registers of a thread."""
        return self.resource_usage["registers"]

    @property
    def n_spills(self) -> int:
        """Bytes that a thread spills for lack of registers."""
        return self.resource_usage["spill_store_bytes"]

    @property
    def n_max_threads(self) -> int:
        """Threads of a block."""
        if "block" not in self._signature:
            raise self._lacks("threads in a block", "cuda")
        x, y, z = self._signature["block"]
        return int(x * y * z)

    def _lacks(self, what: str, kind: str) -> UnsupportedTargetError:
        return UnsupportedTargetError(
            f"kernel `{self.name}` has no {what}: it is compiled for {self.target}",
            expected=f"a kernel for the target {kind}",
            got=self.target,
        )

    def run_once(self, *args: Any) -> Any:
        """Runs the kernel once, with inputs made by the profiler if there are no arguments."""
        return self(*args) if args else self.get_profiler().run_once()

    def __getattr__(self, name: str) -> NoReturn:
        """Says what has become of an attribute that ported programs ask for."""
        from tilescale.porting import entries, make_error

        entry = entries().get(("tilescale.JITKernel", name))
        if entry is None:
            raise AttributeError(f"a kernel has no attribute {name!r}")
        raise AttributeError(str(make_error(entry)))

    def __repr__(self) -> str:
        params = ", ".join(f"{p.name}: {p.dtype}{list(p.shape) or ''}" for p in self.params)
        return f"<JITKernel {self.name}({params}) for {self.target}>"
