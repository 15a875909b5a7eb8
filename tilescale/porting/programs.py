"""Kernels, launches, types, loops and control flow of the tile language."""

from tilescale.porting.entry import hint, later, rejected, section, threads, works

_CLUSTER = "part of the CUDA target (sm_90 and newer)"
_IDLE = "a hint, without effect so far"

KERNELS = section(
    "Kernels and launches",
    "T",
    works("Kernel", "1 to 3 grid extents; `threads` is a hint; the grid becomes a parallel loop"),
    works("prim_func macro meta_class inline const dynamic empty"),
    works("BaseTileScheduler PersistentTileScheduler"),
    works("symbolic", "deprecated: an alias of `T.dynamic`"),
    works("Ref", "annotation of a macro's parameter that the macro assigns to"),
    works("annotate_compile_flags annotate_pass_configs call_intrin"),
    threads("import_source call_extern call_pure_extern", "each thread calls the function"),
    later("ClusterKernel", _CLUSTER, "`T.Kernel`"),
    works("CUDASourceCodeKernel", "parameters are compared with the call's", ("cuda",)),
    works("KernelLaunchFrame", "what `T.Kernel` returns"),
    threads("get_thread_binding get_thread_bindings"),
    works("get_thread_extent get_thread_extents", "needs `threads=`"),
    works("get_block_binding get_block_bindings get_block_extent get_block_extents"),
    later("get_cluster_dims get_cluster_size get_cluster_id get_cluster_ids", _CLUSTER),
    later("get_cluster_extent get_cluster_extents", _CLUSTER),
)

TYPES = section(
    "Tensors, parameters and views",
    "T",
    works("Tensor StridedTensor ptr make_tensor make_tensor_from_addr handle reshape view"),
    works("SharedBuffer FragmentBuffer LocalBuffer", "annotations of a macro's parameters"),
    works("SharedTensor FragmentTensor LocalTensor", "the same"),
    works("Layout Fragment", "those of `tilescale.layout`"),
    works("Cast", "`T.cast`"),
    works("Buffer", "deprecated: an alias of `T.Tensor`"),
    rejected(
        "allocate alloc_buffer decl_buffer match_buffer",
        "raw TVM buffers have no tile semantics",
        "`T.alloc_shared`, `T.alloc_fragment`, `T.alloc_local` or `T.Tensor`",
    ),
    rejected(
        "sblock launch_thread reads writes evaluate attr",
        "raw TVM blocks have no tile semantics",
        "`T.Kernel` and tile operators",
    ),
)

ALLOCATION = section(
    "Allocation",
    "T",
    works("alloc_shared alloc_fragment alloc_local alloc_var alloc_reducer alloc_global"),
    later("alloc_barrier alloc_cluster_barrier", _CLUSTER, "synchronous tile operators"),
    later("alloc_tmem deallocate_tmem", "part of the CUDA target (sm_100)", "`T.alloc_fragment`"),
    later(
        "alloc_descriptor alloc_wgmma_desc alloc_tcgen05_smem_desc alloc_tcgen05_instr_desc",
        "part of the CUDA target",
        "`T.gemm`",
    ),
)

LOOPS = section(
    "Loops and control flow",
    "T",
    works("Parallel Pipelined Persistent serial Serial unroll Unroll vectorized Vectorized grid"),
    works("if_then_else Select any_of all_of"),
    works("loop_break", "the same as `break`"),
    works("If Then Else", "with statements that do what Python's `if` does"),
    rejected(
        "thread_binding",
        "the compiler maps programs and iterations to threads",
        "`T.Kernel` and `T.Parallel`",
    ),
    rejected(
        "parallel",
        "a TVM loop kind; tile loops are `T.Parallel`",
        "`T.Parallel`",
    ),
)

HINTS = section(
    "Annotations and hints",
    "T",
    works("annotate_safe_value assume"),
    hint("annotate_layout use_swizzle"),
    works("annotate_l2_hit_ratio", _IDLE, ("cpu", "cuda")),
    hint("annotate_restrict_buffers annotate_min_blocks_per_sm"),
    works("annotate_producer_reg_dealloc annotate_consumer_reg_alloc", _IDLE, ("cpu", "cuda")),
    works("no_set_max_nreg disable_warp_group_reg_alloc", _IDLE, ("cpu", "cuda")),
    later("set_max_nreg inc_max_nreg dec_max_nreg", "part of the CUDA target (sm_90)"),
)

SECTIONS = (KERNELS, TYPES, ALLOCATION, LOOPS, HINTS)
