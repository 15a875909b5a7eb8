"""Compiling, running, profiling, tuning and testing: names outside kernels."""

from tilescale.porting.entry import later, rejected, section, works

_CUDA = "not part of the CUDA target yet"
_TUNER = "with the autotuner"
_TVM = "passes live in the C++ library and their IR is not TVM's"

COMPILING = section(
    "Compiling",
    "tilescale",
    works("jit compile par_compile lower"),
    works("JITKernel PassConfigKey TensorSupplyType Profiler"),
    works("enable_cache disable_cache set_log_level"),
    later("autotune set_autotune_inputs AutoTuner", _TUNER, "a loop over `tilescale.compile`"),
    later("CompiledArtifact", _CUDA, "what `tilescale.lower` returns"),
    later("register_cuda_postproc register_cuda_postproc_callback", _CUDA),
    later("register_c_postproc register_c_postproc_callback", _CUDA),
    rejected(
        "register_hip_postproc register_metal_postproc",
        "there is no such target",
        "the `cpu` target",
    ),
    rejected("tvm", "the IR is not TVM's", "`tilescale.lower` to look at a kernel's stages"),
)

JIT_OPTIONS = section(
    "Options of the decorator",
    "tilescale.jit option",
    works("out_idx target verbose pass_configs compile_flags"),
    works(
        "target_host execution_backend debug_root_path", "accepted; there is one host and one path"
    ),
)

KERNEL = section(
    "The compiled kernel",
    "tilescale.JITKernel",
    works("__call__ get_profiler get_kernel_source kernel_source export"),
    works("show_source print_source_code export_sources export_library"),
    works("get_host_source host_source", "the same text: host and kernel are one source"),
    works("prim_func params out_idx run_once latency"),
    works("show_ptx export_ptx show_sass export_sass", "of CUDA kernels"),
    works("resource_usage n_regs n_spills n_max_threads", "of CUDA kernels"),
    later("update_tuner_result get_tuner_result config ref_latency", _TUNER),
    rejected(
        "from_database from_tilelang_function artifact adapter",
        "they show internals of another compiler",
        "`tilescale.compile`",
    ),
)

PROFILER = section(
    "The profiler",
    "tilescale.Profiler",
    works("do_bench assert_allclose manual_assert_close assert_consistent run_once"),
)

BENCH_BACKENDS = section(
    "Benchmark clocks",
    "bench backend",
    works("wall event cudagraph"),
    later("cupti", _CUDA, "`event`"),
    rejected("msprof", "there is no such target", "`wall`"),
)

TENSOR_SUPPLIES = section(
    "Inputs made by the profiler",
    "tilescale.TensorSupplyType",
    works("Integer Uniform Normal Randn Zero One Auto"),
)

LAYOUT = section(
    "Layouts",
    "tilescale.layout",
    works("Layout Fragment make_swizzled_layout"),
    later("PartialFragment", _CUDA),
    works(
        "make_full_bank_swizzled_layout make_half_bank_swizzled_layout"
        " make_quarter_bank_swizzled_layout make_linear_layout make_gemm_fragment_8x8"
        " make_gemm_fragment_8x8_transposed make_fully_replicated_layout_fragment"
    ),
    later(
        "make_volta_swizzled_layout make_wgmma_swizzled_layout make_tcgen05mma_swizzled_layout"
        " make_cutlass_metadata_layout make_mma_swizzle_layout",
        _CUDA,
        "`make_swizzled_layout`",
    ),
)

TESTING = section(
    "Testing",
    "tilescale.testing",
    works("main set_random_seed torch_assert_close"),
    works("requires_cuda requires_cuda_compute_version requires_cuda_compute_version_ge"),
    works("requires_cuda_compute_version_eq requires_cuda_compute_version_lt"),
)

SUPPORT = section(
    "Support modules",
    "tilescale",
    works("cdiv next_power_of_2 math.cdiv math.next_power_of_2 DataType"),
    works("env.env", "an object whose attributes are the environment variables below"),
    works("backend.target.determine_target utils.target.determine_target"),
    works("utils.tensor.TensorSupplyType utils.tensor.torch_assert_close"),
    later("autotuner.autotune autotuner.AutoTuner autotuner.set_autotune_inputs", _TUNER),
    later("carver", _TUNER, "tile sizes chosen by hand"),
    later("tools.Analyzer tools.plot_layout", _CUDA),
    works("transform.PassConfigKey"),
    rejected(
        "transform.IfStmtBinding transform.InjectSoftwarePipeline transform.LayoutInference"
        " transform.LegalizeSafeMemoryAccess transform.LowerOpaqueBlock transform.LowerTileOp"
        " transform.MakePackedAPI transform.MaterializeKernelLaunch"
        " transform.ProducerConsumerWarpSpecialized transform.Simplify transform.ThreadSync",
        _TVM,
        "`tilescale inspect` to look at the stages",
    ),
    rejected(
        "tools.lower_trace tools.pass_visualizer tools.pass_timing tools.compile_only",
        "one command does their work",
        "`tilescale inspect`",
    ),
    rejected("autodd", "it rewrites TVM IR", "`tilescale inspect`"),
)

TARGETS = section(
    "Targets",
    "target",
    works("auto cpu cuda"),
    works("c llvm", "names of the CPU target in ported code"),
    later("cutedsl", "after the CUDA target", "`cuda`"),
    rejected("hip metal webgpu ascend", "not a goal of this project", "`cpu`"),
)

SECTIONS = (
    COMPILING,
    JIT_OPTIONS,
    KERNEL,
    PROFILER,
    BENCH_BACKENDS,
    TENSOR_SUPPLIES,
    LAYOUT,
    TESTING,
    SUPPORT,
    TARGETS,
)
