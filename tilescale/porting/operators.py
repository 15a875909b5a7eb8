"""Tile operators, math, random numbers and debugging aids of the tile language."""

from tilescale.porting.entry import later, rejected, section, works

_HOPPER = "part of the CUDA target (sm_90)"
_BLACKWELL = "part of the CUDA target (sm_100)"
_SPARSE = "with the 2:4 sparse GEMM of the CUDA target"
_FAST = "with the CUDA target"

TILE_OPERATORS = section(
    "Tile operators",
    "T",
    works("copy gemm fill clear transpose cumsum cummax"),
    works("GemmWarpPolicy", "a hint, without effect on the CPU target"),
    works("reduce reduce_sum reduce_abssum reduce_max reduce_min reduce_absmax"),
    works("reduce_bitand reduce_bitor reduce_bitxor"),
    works("reducer_init reducer_update finalize_reducer"),
    works("atomic_add atomic_max atomic_min atomic_or atomic_load atomic_store"),
    works("dp4a clamp index_to_coordinates"),
    works("atomic_addx2 atomic_addx4", "as 2 or 4 additions"),
    later(
        "warp_reduce_sum warp_reduce_max warp_reduce_min warp_reduce_bitand warp_reduce_bitor",
        "thread-level code needs the simulator or the CUDA target",
        "`T.reduce_sum` and its kin",
    ),
    works("async_copy", "at once where there is no cp.async"),
    later("tma_copy copy_cluster", _HOPPER, "`T.copy`"),
    later("tma_gather4 tma_scatter4 tma_gather4_bytes", _BLACKWELL, "`T.copy`"),
    later("wgmma_gemm wait_wgmma", _HOPPER, "`T.gemm`"),
    later("tcgen05_gemm", _BLACKWELL, "`T.gemm`"),
    later(
        "gemm_blockscaled tcgen05_gemm_blockscaled mma_gemm_blockscaled"
        " make_blockscaled_gemm_layout",
        "with block-scaled types on the CUDA target",
        "`T.gemm` after scaling the operands",
    ),
    later("gemm_sp wgmma_gemm_sp tcgen05_gemm_sp", _SPARSE, "`T.gemm`"),
    later("im2col", "with the CUDA target", "a gather in `T.Parallel` (examples/conv_im2col.py)"),
    rejected("c2d_im2col", "deprecated by TileLang", "a gather in `T.Parallel`"),
    later("access_ptr", "with the CUDA target", "regions such as `A[i, j]`"),
)

MATH = section(
    "Math",
    "T",
    works("abs exp exp2 exp10 log log2 log10 log1p sqrt rsqrt pow erf sigmoid"),
    works("sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh"),
    works("floor ceil trunc round nearbyint fmod hypot ldexp popcount clz"),
    works("isnan isinf isfinite min max ceildiv cdiv floordiv floormod truncdiv truncmod"),
    works("shift_left shift_right bitwise_and bitwise_or bitwise_xor bitwise_not"),
    works("power div copysign fabs"),
    works("infinity min_value max_value cast reinterpret fma fmul"),
    works(
        "__exp __exp10 __log __log2 __log10 __sin __cos __tan fast_rcp", "exact on the CPU target"
    ),
    works("ieee_add ieee_sub ieee_mul ieee_fmaf ieee_fdiv ieee_frcp ieee_fsqrt ieee_frsqrt"),
    later("add2 sub2 mul2 fma2 max2 min2 abs2", "with vector types", "scalar operators"),
)

RANDOM_AND_DEBUG = section(
    "Random numbers and debugging",
    "T",
    works("rng_init rng_rand rng_rand_float"),
    works("print", "once per program, in an order that the thread pool decides"),
    works("device_assert", "stops the kernel and raises `KernelAssertionError` with its message"),
)

SECTIONS = (TILE_OPERATORS, MATH, RANDOM_AND_DEBUG)
