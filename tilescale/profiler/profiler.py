"""Runs a kernel on inputs that it makes itself."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tilescale.errors import ResultMismatchError
from tilescale.jit import tensors
from tilescale.profiler.bench import do_bench
from tilescale.profiler.compare import assert_close, to_numpy
from tilescale.profiler.supply import InputMaker, TensorSupplyType

if TYPE_CHECKING:
    from tilescale.jit.kernel import JITKernel


class Profiler:
    """Inputs, checks and time of one kernel.

    Args:
        kernel: the kernel.
        supply_type: what the inputs hold.
    """

    def __init__(self, kernel: JITKernel, supply_type: TensorSupplyType) -> None:
        self.kernel = kernel
        self.supply_type = supply_type

    def get_inputs(self, sizes: Mapping[str, Any] | None = None) -> list[Any]:
        """Returns one argument for each parameter that is passed, the same at each call.

        They are torch tensors if the program has imported torch, NumPy arrays otherwise.

        Args:
            sizes: values of dynamic extents and of scalar parameters, by name.

        Raises:
            TensorSupplyError: a value is missing.
        """
        kernel = self.kernel
        maker = InputMaker(kernel.signature, kernel.evaluate_exprs, self.supply_type, sizes or {})
        return maker.make()

    def run_once(self, func: Callable[..., Any] | None = None) -> Any:
        """Calls the kernel, or `func`, once with fresh inputs, and returns the result."""
        return (func or self.kernel)(*self.get_inputs())

    def do_bench(
        self,
        func: Callable[..., Any] | None = None,
        warmup: float = 25,
        rep: float = 100,
        n_warmup: int = 0,
        n_repeat: int = 0,
        input_tensors: Sequence[Any] | None = None,
        backend: str | None = None,
        quantiles: Sequence[float] | None = None,
        return_mode: str = "median",
        dynamic_symbolic_constraints: Mapping[str, int] | None = None,
    ) -> float | list[float]:
        """Measures the kernel, or `func`, in milliseconds.

        Args:
            func: what to measure instead; called with the kernel's inputs.
            warmup: milliseconds of calls before the measurement.
            rep: milliseconds of the measurement.
            n_warmup: calls before the measurement; 0 derives them from `warmup`.
            n_repeat: measured samples; 0 derives them from `rep`.
            input_tensors: the arguments; None makes them.
            backend: the clock: "wall", "event" or "cudagraph"; None takes events for kernels on
                CUDA and the wall clock for others.
            quantiles: returns these quantiles of the samples instead of one number.
            return_mode: "median", "mean", "min" or "max".
            dynamic_symbolic_constraints: values of dynamic extents and scalars, by name.
        """
        if input_tensors is None:
            input_tensors = self.get_inputs(dynamic_symbolic_constraints)
        inputs = tuple(input_tensors)
        on_gpu = self.kernel.signature.get("device") == "cuda"
        clock = backend or ("event" if on_gpu else "wall")
        run = func or self.kernel
        result = do_bench(
            lambda: run(*inputs), warmup, rep, n_warmup, n_repeat, quantiles, return_mode, clock
        )
        if func is None and isinstance(result, float):
            self.kernel._latency = result
        return result

    def assert_allclose(
        self,
        reference_program: Callable[..., Any],
        input_tensors: Sequence[Any] | None = None,
        atol: float = 1e-2,
        rtol: float = 1e-2,
        max_mismatched_ratio: float = 0.01,
    ) -> None:
        """Checks the kernel against a reference on the same inputs.

        Args:
            reference_program: takes what the kernel takes. It returns the outputs, or changes
                copies of the tensors that the kernel writes to.
            input_tensors: the arguments; None makes them.
            atol: absolute tolerance.
            rtol: relative tolerance.
            max_mismatched_ratio: share of the elements that may differ by more.

        Raises:
            ResultMismatchError: more elements differ.
        """
        actual, expected = self._run_both(reference_program, input_tensors)
        if len(actual) != len(expected):
            raise ResultMismatchError(
                "the reference returns another number of tensors than the kernel",
                expected=str(len(expected)),
                got=str(len(actual)),
            )
        for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
            if e is not None:
                assert_close(a, e, rtol, atol, max_mismatched_ratio, f"output {i}")

    def manual_assert_close(
        self,
        reference_program: Callable[..., Any],
        input_tensors: Sequence[Any] | None = None,
        manual_check_prog: Callable[[Any, Any], None] | None = None,
    ) -> None:
        """Runs kernel and reference on the same inputs and hands both results to the caller.

        Args:
            reference_program: as for `assert_allclose`.
            input_tensors: the arguments; None makes them.
            manual_check_prog: called with the kernel's outputs and the reference's, two lists.
        """
        actual, expected = self._run_both(reference_program, input_tensors)
        if manual_check_prog is not None:
            manual_check_prog(actual, expected)

    def assert_consistent(self, repeat: int = 10) -> None:
        """Checks that the kernel gives the same bits `repeat` times.

        Raises:
            ResultMismatchError: two runs differ.
        """
        inputs = self.get_inputs()
        first = [to_numpy(out) for out in self._run(inputs)]
        for _ in range(repeat - 1):
            for i, (out, want) in enumerate(zip(self._run(inputs), first, strict=True)):
                if not np.array_equal(to_numpy(out), want, equal_nan=want.dtype.kind == "f"):
                    raise ResultMismatchError(f"output {i} changes from run to run")

    def _run(self, inputs: Sequence[Any]) -> list[Any]:
        """Returns what the kernel returns, or the tensors that it has written to."""
        copies = self._copy_written(inputs)
        result = self.kernel(*copies)
        return self._written(copies) if result is None else _as_list(result)

    def _run_both(
        self, reference: Callable[..., Any], inputs: Sequence[Any] | None
    ) -> tuple[list[Any], list[Any]]:
        inputs = list(inputs) if inputs is not None else self.get_inputs()
        copies = self._copy_written(inputs)
        actual = self._run(inputs)
        result = reference(*copies)
        return actual, self._written(copies) if result is None else _as_list(result)

    def _copy_written(self, inputs: Sequence[Any]) -> list[Any]:
        passed = [p for p in self.kernel.signature["params"] if p.get("role", "input") == "input"]
        pairs = zip(passed, inputs, strict=True)
        return [_copy(value) if param.get("written") else value for param, value in pairs]

    def _written(self, arguments: Sequence[Any]) -> list[Any]:
        passed = [p for p in self.kernel.signature["params"] if p.get("role", "input") == "input"]
        pairs = zip(passed, arguments, strict=True)
        return [value for param, value in pairs if param.get("written")]


def _copy(value: Any) -> Any:
    """A copy of a tensor with the same strides."""
    if tensors.is_torch_tensor(value):
        fresh = value.new_empty_strided(value.shape, value.stride())
        return fresh.copy_(value)
    if not isinstance(value, np.ndarray) or value.flags.c_contiguous:
        return copy.copy(value)
    length = sum((n - 1) * s for n, s in zip(value.shape, value.strides, strict=True))
    memory = np.empty(length + value.itemsize, np.uint8)
    fresh = np.ndarray(value.shape, value.dtype, memory, 0, value.strides)
    fresh[...] = value
    return fresh


def _as_list(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (list, tuple)) else [result]
