"""The compiled kernel as users hold it."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tilescale import _runtime
from tilescale.errors import CompileOptionError, InternalError
from tilescale.jit import tensors
from tilescale.jit import threads as _threads  # noqa: F401 - reads the number of threads
from tilescale.jit.argument_errors import ArgumentReporter
from tilescale.jit.build import Artifact

if TYPE_CHECKING:
    from tilescale.profiler.profiler import Profiler
    from tilescale.profiler.supply import TensorSupplyType


@dataclasses.dataclass(frozen=True)
class KernelParam:
    """One parameter of a kernel.

    Attributes:
        name: as in the function.
        kind: "tensor", "scalar" or "pointer".
        dtype: element type.
        shape: extents of a tensor; a dynamic one is the name of its symbol or expression.
        role: "input", "output" (allocated and returned) or "workspace".
    """

    name: str
    kind: str
    dtype: str
    shape: tuple[int | str, ...]
    role: str


class JITKernel(_runtime.Kernel):
    """A compiled kernel. Call it with the parameters that it does not allocate, by position.

    Args:
        artifact: what the compiler made.
        prim_func: the function that was compiled, or None.
        out_idx: positions of parameters to allocate and return; None leaves it to the function.
        target: for what it was compiled.

    Raises:
        CompileOptionError: `out_idx` does not fit the function.
    """

    def __init__(
        self,
        artifact: Artifact,
        prim_func: Any = None,
        out_idx: Sequence[int] | None = None,
        target: str = "cpu",
    ) -> None:
        self._artifact = artifact
        self._signature = with_outputs(artifact.signature, out_idx)
        self.prim_func = prim_func
        self.target = target
        self._latency: float | None = None
        try:
            super().__init__(
                str(artifact.library),
                self._signature,
                ArgumentReporter(self._signature),
                tensors.adapt_array,
                tensors.allocate_like,
            )
        except (OSError, ValueError) as error:
            raise InternalError(f"the compiled kernel cannot be loaded: {error}") from error

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
        return [_param(self._signature, fields) for fields in self._signature["params"]]

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
        return self._artifact.source

    @property
    def host_source(self) -> str:
        """The same text: host and kernel are one source."""
        return self._artifact.source

    @property
    def library_path(self) -> Path:
        """Path of the loaded shared object."""
        return self._artifact.library

    @property
    def from_cache(self) -> bool:
        """Whether the shared object came from the disk cache."""
        return self._artifact.from_cache

    @property
    def latency(self) -> float | None:
        """Milliseconds of a run as the last `do_bench` measured it, None before."""
        return self._latency

    def get_kernel_source(self, kernel_only: bool = True) -> str:
        """Returns the generated C source.

        Args:
            kernel_only: accepted for ported programs; host and kernel are one source.
        """
        del kernel_only
        return self._artifact.source

    def get_host_source(self) -> str:
        """Returns the generated C source: host and kernel are one."""
        return self._artifact.source

    def show_source(self, which: str = "kernel") -> None:
        """Prints the generated source; `which` is accepted for ported programs."""
        del which
        print(self._artifact.source)

    def print_source_code(self, which: str = "kernel", file: str | None = None) -> None:
        """Prints the generated source, or writes it to `file`."""
        if file is None:
            self.show_source(which)
        else:
            Path(file).write_text(self._artifact.source, encoding="utf-8")

    def export_sources(
        self, kernel_path: str | Path | None = None, host_path: str | Path | None = None
    ) -> None:
        """Writes the generated source to one or both of the paths."""
        for path in (kernel_path, host_path):
            if path is not None:
                Path(path).write_text(self._artifact.source, encoding="utf-8")

    def export_library(self, path: str | Path) -> None:
        """Writes the shared object, and beside it `<path>.json` with the signature."""
        shutil.copyfile(self._artifact.library, path)
        text = json.dumps(self._signature, indent=1)
        Path(f"{path}.json").write_text(text, encoding="utf-8")

    def export(self, path: str | Path) -> None:
        """Writes a shared object that tvm-ffi loads without Python and without this library.

        It exports one function, called like the kernel. Tensors that the kernel would allocate are
        passed by the caller, after or between the others as in `params`.

        Args:
            path: the file, usually ending in `.so`.

        Raises:
            ExportError: the kernel has parameters that cannot be passed this way.
        """
        from tilescale.jit.export import export_tvm_ffi

        export_tvm_ffi(self._artifact.source, self._signature, Path(path))

    def get_profiler(self, tensor_supply_type: TensorSupplyType | None = None) -> Profiler:
        """Returns an object that makes inputs, compares results and measures time.

        Args:
            tensor_supply_type: what the inputs hold; None: small integers for integer types,
                normally distributed numbers for others.
        """
        from tilescale.profiler.profiler import Profiler
        from tilescale.profiler.supply import TensorSupplyType

        return Profiler(self, tensor_supply_type or TensorSupplyType.Auto)

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


def _param(signature: Mapping[str, Any], fields: Mapping[str, Any]) -> KernelParam:
    shape = tuple(dim_value(signature, dim) for dim in fields.get("shape") or ())
    role = fields.get("role", "input")
    return KernelParam(fields["name"], fields["kind"], fields["dtype"], shape, role)


def dim_value(signature: Mapping[str, Any], dim: Mapping[str, int]) -> int | str:
    """Returns a dimension of a signature as a number, or as the text of what it depends on."""
    if "const" in dim:
        return dim["const"]
    if "symbol" in dim:
        return str(signature["symbols"][dim["symbol"]])
    texts = signature.get("expr_text") or []
    return str(texts[dim["expr"]]) if dim["expr"] < len(texts) else f"expr{dim['expr']}"


def with_outputs(signature: dict[str, Any], out_idx: Sequence[int] | None) -> dict[str, Any]:
    """Returns the signature with the parameters at `out_idx` allocated and returned, in this order.

    Raises:
        CompileOptionError: a position does not exist, is no tensor, or the function makes its
            outputs itself.
    """
    if out_idx is None or len(out_idx) == 0:
        return signature
    params = [dict(p) for p in signature["params"]]
    if any(p.get("role") == "output" for p in params):
        raise CompileOptionError(
            f"kernel `{signature['name']}` makes its outputs with T.empty",
            expected="no out_idx",
            remedy="leave out_idx out",
        )
    returns = []
    for position in out_idx:
        index = position + len(params) if position < 0 else position
        if not 0 <= index < len(params) or index in returns:
            raise _bad_position(signature, position, f"has {len(params)} parameters")
        if params[index]["kind"] != "tensor":
            raise _bad_position(signature, position, f"`{params[index]['name']}` is no tensor")
        params[index]["role"] = "output"
        returns.append(index)
    _check_symbols(signature, params)
    return {**signature, "params": params, "returns": returns}


def _bad_position(signature: dict[str, Any], position: int, reason: str) -> CompileOptionError:
    return CompileOptionError(
        f"out_idx {position} does not fit kernel `{signature['name']}`: {reason}",
        expected="positions of different tensor parameters",
        got=str(position),
    )


def _check_symbols(signature: dict[str, Any], params: Sequence[Mapping[str, Any]]) -> None:
    known = {p["symbol"] for p in params if p.get("symbol") is not None}
    for param in params:
        if param.get("role", "input") == "input":
            dims = [*(param.get("shape") or ()), *(param.get("strides") or ())]
            known |= {dim["symbol"] for dim in dims if "symbol" in dim}
    for index, name in enumerate(signature["symbols"]):
        if index not in known:
            raise CompileOptionError(
                f"out_idx takes away the only tensor that has the dynamic extent `{name}`",
                expected="every symbol is an extent, a stride or a scalar of some argument",
                remedy=f"pass the output yourself, or add `{name}` as a scalar parameter",
            )
