"""Names of the CUDA dialect: roles, barriers, bulk copies, matrix instructions, clusters, warps."""

from tilescale.porting.entry import later, section, threads, works

_SYNC = "synchronous tile operators: the compiler places what they need"
_HOPPER = "part of the CUDA target (sm_90)"
_BLACKWELL = "part of the CUDA target (sm_100)"
_CUDA = "part of the CUDA target"
_VECTORS = "vectors of uint32; what lies outside the buffer is 0 and is not written"

ROLES = section(
    "Roles and schedules",
    "T",
    later("ws WarpSpecialize", _HOPPER, "`T.Pipelined`: the compiler plans roles"),
    threads("get_warp_idx get_warp_idx_sync get_lane_idx get_warp_group_idx shuffle_elect"),
    later(
        "annotate_ws_schedule WSSchedule WSRole WSPipeline WSScope WSSync WSOpRef WSID ws_op"
        " annotate_ws_pipeline_depth",
        "with the schedule language of the CUDA target",
        "`T.Pipelined`",
    ),
)

BARRIERS = section(
    "Barriers and synchronisation",
    "T",
    later(
        "mbarrier_arrive mbarrier_expect_tx mbarrier_arrive_expect_tx mbarrier_wait_parity"
        " barrier_arrive barrier_wait cp_async_barrier_noinc ptx_arrive_cluster_barrier",
        _HOPPER,
        _SYNC,
    ),
    threads("sync_threads named_barrier_arrive sync_warp"),
    threads("syncthreads_count syncthreads_and syncthreads_or"),
    threads("sync_grid", "launched cooperatively: all blocks are alive at once"),
    threads("ptx_wait_group ptx_commit_group ptx_cp_async", "sm_80 and newer"),
    later("fence_proxy_async", _HOPPER, _SYNC),
    later("pdl_trigger pdl_sync", _HOPPER, "kernels in stream order"),
    later(
        "cluster_arrive cluster_arrive_relaxed cluster_wait cluster_sync block_rank_in_cluster",
        _HOPPER,
        "`T.Kernel` without clusters",
    ),
    later(
        "clc_try_cancel clc_try_cancel_multicast clc_is_canceled clc_get_first_ctaid_x"
        " clc_get_first_ctaid_y clc_get_first_ctaid_z",
        _BLACKWELL,
        "`T.PersistentTileScheduler`",
    ),
)

BULK_COPIES = section(
    "Bulk copies",
    "T",
    later(
        "create_tma_descriptor tma_load tma_load_2sm tma_store_arrive tma_store_wait",
        _HOPPER,
        "`T.copy`",
    ),
)

MATRIX_INSTRUCTIONS = section(
    "Matrix instructions",
    "T",
    later(
        "warpgroup_arrive warpgroup_commit_batch warpgroup_wait warpgroup_fence_operand"
        " initialize_wgmma_descriptor increase_descriptor_offset ptx_wgmma_ss ptx_wgmma_rs"
        " ptx_wgmma_sp_ss ptx_wgmma_sp_rs",
        _HOPPER,
        "`T.gemm`",
    ),
    later(
        "tcgen05_before_thread_sync tcgen05_after_thread_sync tcgen05_mma_arrive"
        " tcgen05_cp_warpx4 tcgen05_sf_warp_transpose ptx_tcgen05_mma_ss ptx_tcgen05_mma_ts"
        " ptx_tcgen05_mma_blockscaled_ss initialize_tcgen05_descriptor",
        _BLACKWELL,
        "`T.gemm`",
    ),
    threads("ptx_mma ptx_mma_sm70", "A by rows, B by columns, without saturation"),
    threads("ptx_ldmatrix"),
    later(
        "ptx_mma_sp ptx_mma_block_scale ptx_stmatrix mma_store mma_fill",
        _CUDA,
        "`T.gemm` and `T.copy`",
    ),
    later(
        "TensorCoreIntrinEmitter TensorCoreIntrinEmitterSM120"
        " TensorCoreIntrinEmitterWithLadderTransform WGMMATensorCoreIntrinEmitter"
        " TCGEN05TensorCoreIntrinEmitter SparseTensorCoreIntrinEmitter"
        " WGSparseTensorCoreIntrinEmitter compute_gmma_descriptor compute_umma_descriptor",
        _CUDA,
        "`T.gemm`",
    ),
)

WARPS_AND_MEMORY = section(
    "Warps and typed memory access",
    "T",
    works("ldg32 ldg64 ldg128 stg32 stg64 stg128", _VECTORS, ("cpu", "cuda")),
    works("ldg256 stg256", "sm_100 and newer", ("cpu", "cuda")),
    works("__ldg", "a plain load, which CUDA's compiler may cache", ("cpu", "cuda")),
    works("lds32 lds64 lds128 sts32 sts64 sts128", _VECTORS, ("cpu", "cuda")),
    threads("shfl_sync shfl_xor shfl_up shfl_down", "value, lane, width=32, mask"),
    threads("any_sync all_sync ballot_sync ballot match_any_sync match_all_sync activemask"),
    works("any all", "of one condition: votes of a warp, on CUDA only", ("cpu", "cuda")),
)

SECTIONS = (ROLES, BARRIERS, BULK_COPIES, MATRIX_INSTRUCTIONS, WARPS_AND_MEMORY)
