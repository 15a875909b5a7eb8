"""Errors of writing a kernel; part of `tilescale.errors`, which everybody imports."""

from __future__ import annotations

from tilescale._error_base import TileScaleError

__all__ = [
    "AnnotationError",
    "BufferAsScalarError",
    "CallError",
    "CompileTimeAssertError",
    "ConstBindingError",
    "DimensionError",
    "DivisionByZeroError",
    "ExtentMismatchError",
    "GridError",
    "ImmutableValueError",
    "IndexCountError",
    "IndexRangeError",
    "IndexTypeError",
    "InstructionAlignmentError",
    "KernelCountError",
    "KernelError",
    "LiteralRangeError",
    "LoopArgumentError",
    "LoopExitError",
    "LoopVariableAssignError",
    "MacroArgumentError",
    "MacroRecursionError",
    "NotABufferError",
    "OperandTypeError",
    "OperatorArgumentError",
    "OperatorPlacementError",
    "OutsideKernelError",
    "ReducerError",
    "RegionStepError",
    "ReturnError",
    "ReturnValueError",
    "ShapeError",
    "SourceKernelError",
    "SourceUnavailableError",
    "SymbolicBoolError",
    "SymbolicIndexError",
    "ThreadCountError",
    "UnboundSymbolError",
    "UndefinedValueError",
    "UnknownAttributeError",
    "UnknownDTypeError",
    "UnknownLanguageNameError",
    "UnknownNameError",
    "UnpackError",
    "UnsupportedSyntaxError",
    "ViewShapeError",
]

# --------------------------------------------------------------------------------------------------
# Writing a kernel: the text of the function
# --------------------------------------------------------------------------------------------------


class KernelError(TileScaleError):
    """A mistake in the text of a kernel; base of the classes below."""


class SourceUnavailableError(KernelError, OSError):
    """The source of a kernel cannot be read, so it cannot be traced."""


class UnsupportedSyntaxError(KernelError):
    """A Python construct that has no meaning inside a kernel."""


class UnknownNameError(KernelError, NameError):
    """A name that is defined neither in the kernel nor around it."""


class UnknownLanguageNameError(KernelError, AttributeError):
    """`T.<name>` does not exist."""


class UnknownAttributeError(KernelError, AttributeError):
    """A buffer or scalar of a kernel does not have this attribute."""


class UndefinedValueError(KernelError, NameError):
    """A name is used where it has no value: before its assignment, or after its block has ended."""


class ImmutableValueError(KernelError):
    """A name bound outside a loop or branch is assigned inside it."""


class LoopVariableAssignError(KernelError):
    """The variable of a loop is assigned inside the loop."""


class UnpackError(KernelError, ValueError):
    """A value is unpacked into the wrong number of names."""


class ReturnError(KernelError):
    """A `return` inside a loop or branch that is decided at run time."""


class ReturnValueError(KernelError):
    """A kernel returns something that is not a tensor made by `T.empty`."""


class LoopExitError(KernelError):
    """A `break` or `continue` where the enclosing loop cannot be left."""


class CompileTimeAssertError(KernelError, AssertionError):
    """An `assert` in a kernel fails while it is traced, or its condition is known only later."""


class MacroRecursionError(KernelError, RecursionError):
    """Macros call each other without end."""


class MacroArgumentError(KernelError, TypeError):
    """A macro is called with arguments that do not fit its parameters."""


class InstructionAlignmentError(KernelError, ValueError):
    """A single instruction is given an address that is never aligned as it needs it."""


class AnnotationError(KernelError, TypeError):
    """A parameter of a kernel has no annotation, or one that is not a type of the language."""


class ConstBindingError(KernelError, ValueError):
    """A `T.const` has no value, or two different ones, for the given arguments."""


# --------------------------------------------------------------------------------------------------
# Writing a kernel: values and types
# --------------------------------------------------------------------------------------------------


class SymbolicBoolError(KernelError, TypeError):
    """A run-time value is used where Python needs True or False."""


class SymbolicIndexError(KernelError, TypeError):
    """A run-time value is used where Python needs a number."""


class OperandTypeError(KernelError, TypeError):
    """An operand is neither a scalar nor a number."""


class DivisionByZeroError(KernelError, ZeroDivisionError):
    """An integer is divided by a constant 0."""


class LiteralRangeError(KernelError, ValueError):
    """A Python number cannot be held by the type it is given to."""


class BufferAsScalarError(KernelError, TypeError):
    """A whole buffer is used where one element is needed."""


class NotABufferError(KernelError, TypeError):
    """A scalar or Python object is used where a buffer or region is needed."""


class UnknownDTypeError(KernelError, TypeError):
    """A name or object that is not an element type."""


class IndexCountError(KernelError, IndexError):
    """A buffer is indexed with the wrong number of indices."""


class IndexRangeError(KernelError, IndexError):
    """A constant index lies outside the buffer."""


class IndexTypeError(KernelError, TypeError):
    """An index is not an integer."""


class RegionStepError(KernelError, ValueError):
    """A slice of a buffer has a step."""


# --------------------------------------------------------------------------------------------------
# Writing a kernel: launch, allocation, loops
# --------------------------------------------------------------------------------------------------


class OutsideKernelError(KernelError):
    """A construct that belongs inside `with T.Kernel(...)` is used outside."""


class KernelCountError(KernelError):
    """A function has no `T.Kernel`, or one inside another."""


class GridError(KernelError, ValueError):
    """The grid of a `T.Kernel` is not 1 to 3 integers."""


class SourceKernelError(KernelError, ValueError):
    """The text of `T.CUDASourceCodeKernel` has no such kernel, or one with other parameters."""


class ThreadCountError(KernelError, ValueError):
    """The number of threads of a `T.Kernel` is not possible."""


class ShapeError(KernelError, ValueError):
    """A shape that is negative, or not known at compile time where it must be."""


class UnboundSymbolError(KernelError, ValueError):
    """A dynamic size is part of an extent, but no argument has it as a whole one."""


class ViewShapeError(KernelError, ValueError):
    """A view does not hold exactly the bits of its source."""


class LoopArgumentError(KernelError, ValueError):
    """The arguments of a loop make no sense."""


class CallError(KernelError, TypeError):
    """A function of the language is called with arguments it does not have."""


class OperatorArgumentError(KernelError, ValueError):
    """An option of a tile operator or annotation has a value that is not allowed."""


class OperatorPlacementError(KernelError):
    """A tile operator is used inside an elementwise loop."""


class ExtentMismatchError(KernelError, ValueError):
    """The regions of an operator do not have the same extents."""


class DimensionError(KernelError, ValueError):
    """A dimension number is outside the buffer's rank."""


class ReducerError(KernelError):
    """A reducer is used other than through init, update and finalize."""
