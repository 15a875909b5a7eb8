"""Names of the language that are no operators, and operators that some back ends cannot have."""

from __future__ import annotations

from tilescale.language import SCALAR_BITS
from tilescale.porting import Status, entries

# What says how a kernel is traced, typed, allocated or launched: no value is computed by it.
_NO_OPERATORS = """
BaseTileScheduler Buffer BufferRegion Else Fragment FragmentBuffer FragmentTensor GemmWarpPolicy If
Kernel KernelLaunch KernelLaunchFrame Layout LocalBuffer LocalTensor PersistentTileScheduler Ref
SCALAR_BITS SharedBuffer SharedTensor StridedTensor Tensor Then
const dynamic empty inline macro meta_class prim_func symbolic thread_level_functions
to_dtype dtype handle ptr half float double bool is_f8f6f4_family is_float4 is_float4_e2m1fn
is_float6 is_float8 float8_e4m3 annotate_compile_flags annotate_consumer_reg_alloc
annotate_l2_hit_ratio annotate_layout annotate_min_blocks_per_sm annotate_pass_configs
annotate_producer_reg_dealloc annotate_restrict_buffers annotate_schedule
disable_warp_group_reg_alloc no_set_max_nreg
"""
# A name of TileLang's that tells what to write instead.
_REFUSED = "thread_binding"

_THREADS = "single threads carry it out; the evaluator and the CPU target have none"
_GPU_TEXT = "the text is CUDA C++"
_NUMBERS = "each target has a generator of its own; tests check that the seed decides"
_ADDRESSES = "raw addresses lie outside of what the simulator and the evaluator check"
_NO_HOST = ("evaluator", "cpu")
_SIMULATED = ("sim:sm_75", "sim:sm_80", "sim:sm_89", "sim:sm_120")

#: Operators, back ends without them, and the reason.
EXCEPTIONS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "access_ptr activemask address_of all_sync any_sync ballot ballot_sync get_lane_idx"
        " get_thread_binding get_thread_bindings get_warp_group_idx get_warp_idx get_warp_idx_sync"
        " match_all_sync match_any_sync named_barrier_arrive ptx_commit_group ptx_cp_async"
        " ptx_ldmatrix ptx_mma ptx_mma_sm70 ptx_wait_group shfl_down shfl_sync shfl_up shfl_xor"
        " shuffle_elect sync_grid sync_threads sync_warp syncthreads_and syncthreads_count"
        " syncthreads_or warp_reduce_bitand warp_reduce_bitor warp_reduce_max"
        " warp_reduce_min warp_reduce_sum",
        _NO_HOST,
        _THREADS,
    ),
    ("CUDASourceCodeKernel call_extern call_pure_extern import_source", _NO_HOST, _GPU_TEXT),
    ("rng_init rng_rand rng_rand_float", ("evaluator",), _NUMBERS),
    ("make_tensor", ("evaluator",), _ADDRESSES),
    ("make_tensor_from_addr", ("evaluator", *_SIMULATED), _ADDRESSES),
)

_SM_80 = "an instruction of sm_80 and later"
#: Operators that are single instructions, and the back ends whose architecture has none.
OTHER_ARCHITECTURES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("ptx_cp_async ptx_mma", ("sim:sm_75",), _SM_80),
    ("ptx_mma_sm70", (*_SIMULATED, "hardware"), "an instruction of sm_70, on its simulator only"),
)


def is_operator(name: str) -> bool:
    """Returns whether a public name of the language computes, moves or orders something."""
    entry = entries().get(("T", name))
    comes_later = entry is not None and entry.status is not Status.WORKS
    described = name in SCALAR_BITS or name in _NO_OPERATORS.split() or name == _REFUSED
    return not (described or comes_later)


def reason(operator: str, back_end: str) -> str | None:
    """Returns why a back end does not have an operator, if it is known."""
    for operators, back_ends, why in EXCEPTIONS + OTHER_ARCHITECTURES:
        if operator in operators.split() and back_end in back_ends:
            return why
    return None
