"""Errors of compiling a traced kernel; part of `tilescale.errors`, which everybody imports."""

from __future__ import annotations

from tilescale._kernel_errors import KernelError

# --------------------------------------------------------------------------------------------------
# Tile operators
# --------------------------------------------------------------------------------------------------


class CopyShapeError(KernelError, ValueError):
    """The two sides of `T.copy` have different extents."""


class CopyOverlapError(KernelError, ValueError):
    """The two sides of `T.copy` may overlap, and their extents are known at run time only."""


class FillValueError(KernelError, TypeError):
    """`T.fill` is given something other than a number."""


class GemmShapeError(KernelError, ValueError):
    """The operands of `T.gemm` do not fit each other."""


class GemmDTypeError(KernelError, TypeError):
    """The element types of `T.gemm` cannot be combined."""


class MatrixInstructionError(KernelError, ValueError):
    """`T.gemm` asks for an instruction that the architecture or the element types do not have."""


class ReduceDimError(KernelError, ValueError):
    """A reduction runs along a dimension that its source does not have."""


class ReduceShapeError(KernelError, ValueError):
    """The destination of a reduction has another shape than the reduced source."""


class ReduceDTypeError(KernelError, TypeError):
    """A reduction is not defined for the element type."""


class ReducerShapeError(KernelError, ValueError):
    """A reducer and the destination of `T.finalize_reducer` have different shapes."""


class ReducerScopeError(KernelError, TypeError):
    """A reducer operator is given a buffer that `T.alloc_reducer` did not make."""


class ScanDimError(KernelError, ValueError):
    """A scan runs along a dimension that its source does not have."""


class ScanShapeError(KernelError, ValueError):
    """The two sides of a scan have different shapes."""


class TransposeShapeError(KernelError, ValueError):
    """The two sides of `T.transpose` do not have exchanged extents."""


class AtomicShapeError(KernelError, ValueError):
    """The two sides of an atomic operator have different extents."""


class AtomicDTypeError(KernelError, TypeError):
    """An atomic operator is not defined for the element type."""


class AssertConditionError(KernelError, TypeError):
    """The condition of `T.device_assert` is not a truth value."""


# --------------------------------------------------------------------------------------------------
# The kernel as a whole
# --------------------------------------------------------------------------------------------------


class MissingKernelError(KernelError):
    """The function to compile has no `T.Kernel`."""


class ParallelRaceError(KernelError):
    """Iterations of `T.Parallel` write to one element without an atomic."""


class PipelineOrderError(KernelError, ValueError):
    """`order` and `stage` of `T.Pipelined` do not describe a schedule of its statements."""


class ScheduleError(KernelError, ValueError):
    """A schedule is of another kernel, or would change what the kernel computes."""


class LayoutConflictError(KernelError, ValueError):
    """Layouts given for one buffer contradict each other, or the threads of the block."""


class DynamicAllocationError(KernelError, ValueError):
    """An on-chip buffer has an extent that is not known at compile time."""


class DTypeNotOnTargetError(KernelError, TypeError):
    """The target has no such element type."""


class IntrinsicNotOnTargetError(KernelError):
    """The target cannot carry out an operation."""


class ThreadLevelOnCpuError(KernelError):
    """A construct for single threads is compiled for the CPU target."""


class DivergentTileOpError(KernelError):
    """A tile operator stands under a condition that differs between the threads of a block."""


class DivergentBarrierError(KernelError):
    """A barrier stands where not all threads that it waits for come."""


class DivergentAccessError(KernelError):
    """Threads share memory where not all come, so that no barrier can order their accesses."""


class LaunchNotOnTargetError(KernelError):
    """The launch asks for something that the target does not have."""
