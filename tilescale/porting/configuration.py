"""Pass-config keys and environment variables."""

from tilescale.porting.entry import later, rejected, section, works

_ACCEPTED = "accepted and checked, without effect on the CPU target"
_CUDA = "not part of the CUDA target yet"
_PREFIX = "our variables have a prefix of their own"

PASS_CONFIGS = section(
    "Pass configs",
    "pass config",
    works("tl.Simplify tl.enable_fast_math", _ACCEPTED),
    works(
        "tl.config_index_bitwidth", "on GPUs; without it, each launch takes what its tensors need"
    ),
    works("tl.disable_buffer_init_check tl.disable_data_race_check", _ACCEPTED),
    works("tl.disable_prelower_semantic_check", _ACCEPTED),
    works("tl.disable_safe_memory_legalize", "no access is checked against its buffer"),
    works("tl.disable_warp_specialized tl.enable_auto_warp_specialization", _ACCEPTED),
    works("tl.disable_tma_lower tl.disable_wgmma tl.enable_async_copy", _ACCEPTED),
    works("tl.ptxas_register_usage_level tl.device_compile_flags", _ACCEPTED),
    works("tl.emit_line_directives", "the generated text has `#line` for debuggers"),
    works("tl.layout_cost_model", _ACCEPTED),
    works("tl.enable_reducer_plan_verbose tl.reducer_force_baseline", _ACCEPTED),
    works("tl.disable_vectorize_256 tl.enable_fp32x2_reduction", _ACCEPTED),
    works("tl.enable_lower_ldgstg tl.enable_lower_ldgstg_predicated", _ACCEPTED),
    works("tl.enable_vectorize_planner_verbose", _ACCEPTED),
    works("tl.debug_merge_shared_memory_allocations", _ACCEPTED),
    works("tl.enable_aggressive_shared_memory_merge", _ACCEPTED),
    works("tl.disable_shared_memory_reuse", "on GPUs each shared buffer keeps its own place"),
    works("tl.disable_shuffle_elect tl.disable_thread_storage_sync", _ACCEPTED),
    works("tl.disable_loop_unswitching tl.loop_unswitching_allow_non_trivial_else", _ACCEPTED),
    works("tl.if_stmt_binding_inline_replayable_binds tl.force_let_inline", _ACCEPTED),
    works("tl.ast_print_enable tl.layout_visualization_enable", _ACCEPTED),
    works("tl.layout_visualization_formats tl.storage_rewrite_detect_inplace", _ACCEPTED),
    works("tl.disable_out_of_bound_warning tl.enable_dump_ir tl.dump_ir_path", _ACCEPTED),
    works("tl.pass_profile tl.pass_profile_threshold_ms", _ACCEPTED),
    rejected("tl.enable_auto_schedule", "there is no Ascend target", "nothing: leave it out"),
    works(
        "tirx.disable_cse_tir tirx.Simplify tirx.disable_storage_rewrite tirx.disable_vectorize"
        " tirx.use_async_copy tirx.enable_debug tirx.merge_static_smem tirx.add_lower_pass"
        " tirx.noalias",
        _ACCEPTED,
    ),
    works("cuda.kernels_output_dir", _ACCEPTED),
)

ENVIRONMENT = section(
    "Environment variables",
    "environment variable",
    rejected("TILELANG_CACHE_DIR", _PREFIX, "`TILESCALE_CACHE_DIR`"),
    rejected("TILELANG_DISABLE_CACHE", _PREFIX, "`TILESCALE_DISABLE_CACHE`"),
    rejected("TILELANG_DEFAULT_TARGET", _PREFIX, "`TILESCALE_TARGET`"),
    rejected("TILELANG_VERBOSE", _PREFIX, "`TILESCALE_VERBOSE`"),
    rejected("TILELANG_PRINT_ON_COMPILATION", _PREFIX, "`TILESCALE_PRINT_SOURCE`"),
    rejected("TILELANG_COMPILE_TIMEOUT_SECONDS", _PREFIX, "`TILESCALE_COMPILE_TIMEOUT`"),
    rejected("TL_LOWER_TRACE_DIR", _PREFIX, "`TILESCALE_DUMP`"),
    rejected(
        "TILELANG_PASS_DIFF TILELANG_PASS_DIFF_OUTPUT TL_LOWER_TRACE TILELANG_PASS_PROFILE"
        " TILELANG_PASS_PROFILE_THRESHOLD_MS TILELANG_JIT_DIAGNOSTICS",
        "one command does their work",
        "`tilescale inspect`",
    ),
    rejected(
        "TILELANG_KERNEL_CACHE_USE_LIB_STAMP TILELANG_CLEANUP_TEMP_FILES TILELANG_TMP_DIR"
        " TILELANG_ENABLE_IR_SPAN TILELANG_EXECUTION_BACKEND",
        "always done, or done in one way only",
        "nothing: leave it out",
    ),
    rejected(
        "TL_TEMPLATE_PATH TL_CUTLASS_PATH TVM_IMPORT_PYTHON_PATH TVM_LIBRARY_PATH"
        " SKIP_LOADING_TILELANG_SO",
        "the package needs no paths",
        "nothing: leave it out",
    ),
    later(
        "TILELANG_AUTO_TUNING_DISABLE_CACHE TILELANG_AUTO_TUNING_CPU_UTILITIES"
        " TILELANG_AUTO_TUNING_CPU_COUNTS TILELANG_AUTO_TUNING_MAX_CPU_COUNT",
        "with the autotuner",
    ),
    later("TILELANG_LAYOUT_COST_MODEL TILELANG_ENABLE_DATA_RACE_CHECK", _CUDA),
)

SECTIONS = (PASS_CONFIGS, ENVIRONMENT)
