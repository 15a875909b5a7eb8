"""Errors that TileScale raises, one class per user mistake.

Every class derives from `TileScaleError`, which carries the message, what was expected, what was
found instead, the remedy, and the place in the user's source. `str(error)` shows all of them::

    argument `B` of kernel `add` has the wrong dtype
      --> add.py:12:5
       |
    12 |     B: T.Tensor((N,), "float32"),
       |     ^
      expected: float32
      got: float64
      remedy: convert it with `B.astype("float32")`
"""

from __future__ import annotations

from tilescale._error_base import InternalError as InternalError
from tilescale._error_base import Span as Span
from tilescale._error_base import TileScaleError as TileScaleError


class TileScaleWarning(UserWarning):
    """Base of all warnings issued by TileScale."""


class CacheWarning(TileScaleWarning):
    """The disk cache cannot be used; kernels are compiled into a temporary folder."""


class CompileNoteWarning(TileScaleWarning):
    """The assembler spills registers of a kernel, or ignores a request."""


# --------------------------------------------------------------------------------------------------
# Calling a compiled kernel
# --------------------------------------------------------------------------------------------------


class ArgumentError(TileScaleError):
    """A kernel was called with an argument that does not fit its signature.

    Attributes:
        kernel: name of the kernel.
        argument: name of the parameter, or None if the error concerns the whole call.
    """

    kernel: str | None = None
    argument: str | None = None


class ArgumentCountError(ArgumentError, TypeError):
    """Too few or too many positional arguments."""


class ArgumentKeywordError(ArgumentError, TypeError):
    """An argument was passed by keyword; kernels take positional arguments only."""


class ArgumentTypeError(ArgumentError, TypeError):
    """The argument is not a tensor where one is needed, or not a number where one is needed."""


class ArgumentDTypeError(ArgumentError, TypeError):
    """The tensor has another element type than the parameter."""


class ArgumentRankError(ArgumentError, ValueError):
    """The tensor has another number of dimensions than the parameter."""


class ArgumentShapeError(ArgumentError, ValueError):
    """An extent of the tensor differs from the parameter's, or two extents disagree."""


class ArgumentStrideError(ArgumentError, ValueError):
    """The tensor's memory layout differs from the parameter's."""


class ArgumentAlignmentError(ArgumentError, ValueError):
    """The tensor's data pointer is not aligned as the kernel needs it."""


class ArgumentDeviceError(ArgumentError, ValueError):
    """The tensor lives on a device on which the kernel does not run."""


class ArgumentReadOnlyError(ArgumentError, ValueError):
    """The kernel writes to the tensor, but it is read-only."""


class ArgumentRangeError(ArgumentError, ValueError):
    """A scalar argument, extent or derived size does not fit its integer type."""


class SizeExpressionError(ArgumentError, ValueError):
    """A size computed from the arguments is undefined, for example a division by zero."""


class KernelAssertionError(TileScaleError, AssertionError):
    """A `T.device_assert` failed while the kernel ran."""


# --------------------------------------------------------------------------------------------------
# Compiling
# --------------------------------------------------------------------------------------------------


class MissingCompilerError(TileScaleError):
    """No working C compiler was found for the CPU target."""


class UnknownTargetError(TileScaleError, ValueError):
    """The target's kind is not one that TileScale knows."""


class UnsupportedTargetError(TileScaleError, ValueError):
    """The target is known but cannot be compiled for or run here."""


class CompileOptionError(TileScaleError, ValueError):
    """An option of `tilescale.jit` or `tilescale.compile` has a value that is not allowed."""


class UnknownPassConfigError(TileScaleError, ValueError):
    """A key of `pass_configs` is not a `PassConfigKey`."""


class KnobValueError(TileScaleError, ValueError):
    """An environment variable of TileScale holds a value that cannot be read."""


class ExportError(TileScaleError):
    """The kernel cannot be exported in the requested form."""


# --------------------------------------------------------------------------------------------------
# Porting
# --------------------------------------------------------------------------------------------------


class ComesLaterError(TileScaleError, NotImplementedError):
    """A name of TileLang was used that works in a later version only; it can be imported."""


class NotPortedError(TileScaleError, NotImplementedError):
    """A name of TileLang was used that TileScale does not take over."""


# --------------------------------------------------------------------------------------------------
# Command line
# --------------------------------------------------------------------------------------------------


class CommandLineError(TileScaleError, ValueError):
    """The `tilescale` program was called with a command or an operand that it does not know."""


class KernelNotFoundError(TileScaleError, ValueError):
    """`tilescale inspect` found no kernel under the given name."""


# --------------------------------------------------------------------------------------------------
# Profiling
# --------------------------------------------------------------------------------------------------


class ResultMismatchError(TileScaleError, AssertionError):
    """A kernel's result differs from the reference by more than the tolerance."""


class TensorSupplyError(TileScaleError, ValueError):
    """Inputs for a kernel cannot be made from its signature alone."""


# --------------------------------------------------------------------------------------------------
# Expressions
# --------------------------------------------------------------------------------------------------


class IntrinsicTypeError(TileScaleError, TypeError):
    """An intrinsic was given the wrong number or types of arguments."""


class IrSyntaxError(TileScaleError, SyntaxError):
    """Text given to `tilescale.ir.parse` is not the text form of a function."""


# --------------------------------------------------------------------------------------------------
# Checked execution (evaluator, simulator)
# --------------------------------------------------------------------------------------------------


class ExecutionError(TileScaleError):
    """A kernel did, while it was executed with checks, what has no meaning in the language."""


class UninitializedReadError(ExecutionError):
    """An element of on-chip memory or of an output was read before it was written."""


class RaceError(ExecutionError):
    """Two parallel iterations or two programs touched one element, one of them writing."""


class OutOfBoundsError(ExecutionError, IndexError):
    """An element outside an on-chip buffer was read or written."""


class ReadOnlyAccessError(ExecutionError):
    """A kernel wrote to a tensor that it was not given to write."""


class MisalignedAccessError(ExecutionError):
    """A vector access at an address that is no multiple of its size."""


class DeadlockError(ExecutionError):
    """Every thread of a kernel waits, or spins on what nobody changes."""


class DivergenceError(ExecutionError):
    """Threads that must act together, at a barrier or in a warp, do not."""


class BrokenAssumptionError(ExecutionError):
    """A condition promised by `T.assume` does not hold."""


class UndefinedOperationError(ExecutionError):
    """An integer was divided by zero, or shifted by a negative or too large amount."""


class EndlessLoopError(ExecutionError):
    """A loop ran for more iterations than the evaluator allows."""


class UnsupportedEvaluationError(ExecutionError):
    """The evaluator cannot execute this construct, for example a foreign function."""


# Kept in files of their own for their size; everybody imports the classes from here.
from tilescale._cuda_errors import *  # noqa: E402, F403
from tilescale._kernel_errors import *  # noqa: E402, F403
from tilescale._operator_errors import *  # noqa: E402, F403
