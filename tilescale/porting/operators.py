"""Tile operators, math, random numbers and debugging aids of the tile language."""

from tilescale.porting.entry import Entry, later, rejected, section, threads, works

_HOPPER = "part of the CUDA target (sm_90)"
_BLACKWELL = "part of the CUDA target (sm_100)"
_SPARSE = "with the 2:4 sparse GEMM of the CUDA target"


def both(names: str, note: str = "") -> tuple[Entry, ...]:
    """Entries for names that work on all targets."""
    return works(names, note, ("cpu", "cuda"))


TILE_OPERATORS = section(
    "Tile operators",
    "T",
    both("copy gemm fill clear transpose cumsum cummax"),
    both("GemmWarpPolicy", "a hint, without effect on the CPU target"),
    both("reduce reduce_sum reduce_abssum reduce_max reduce_min reduce_absmax"),
    both("reduce_bitand reduce_bitor reduce_bitxor"),
    both("reducer_init reducer_update finalize_reducer"),
    both("atomic_add atomic_max atomic_min atomic_or atomic_load atomic_store"),
    both("dp4a clamp index_to_coordinates"),
    both("atomic_addx2 atomic_addx4", "one instruction where the architecture has one"),
    threads("warp_reduce_sum warp_reduce_max warp_reduce_min"),
    threads("warp_reduce_bitand warp_reduce_bitor"),
    both("async_copy", "at once where there is no cp.async"),
    later("tma_copy copy_cluster", _HOPPER, "`T.copy`"),
    later("tma_gather4 tma_scatter4 tma_gather4_bytes", _BLACKWELL, "`T.copy`"),
    later("wgmma_gemm wait_wgmma", _HOPPER, "`T.gemm`"),
    later("tcgen05_gemm", _BLACKWELL, "`T.gemm`"),
    later(
        "gemm_blockscaled tcgen05_gemm_blockscaled mma_gemm_blockscaled"
        " make_blockscaled_gemm_layout",
        "with block-scaled types",
        "`T.gemm` after scaling the operands",
    ),
    later("gemm_sp wgmma_gemm_sp tcgen05_gemm_sp", _SPARSE, "`T.gemm`"),
    both("im2col", "a gather by threads"),
    rejected("c2d_im2col", "deprecated by TileLang", "`T.im2col`"),
    threads("access_ptr", "an address; the kind and extent of the access are checked hints"),
)

MATH = section(
    "Math",
    "T",
    both("abs exp exp2 exp10 log log2 log10 log1p sqrt rsqrt pow erf sigmoid"),
    both("sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh"),
    both("floor ceil trunc round nearbyint fmod hypot ldexp popcount clz"),
    both("isnan isinf isfinite min max ceildiv cdiv floordiv floormod truncdiv truncmod"),
    both("shift_left shift_right bitwise_and bitwise_or bitwise_xor bitwise_not"),
    both("power div copysign fabs"),
    both("infinity min_value max_value cast reinterpret fma fmul"),
    both(
        "__exp __exp10 __log __log2 __log10 __sin __cos __tan fast_rcp",
        "approximations on CUDA, exact on the CPU target",
    ),
    both("ieee_add ieee_sub ieee_mul ieee_fmaf ieee_fdiv ieee_frcp ieee_fsqrt ieee_frsqrt"),
    both("add2 sub2 mul2 fma2 max2 min2 abs2", "pairs, e.g. `T.float16x2(a, b)`"),
)

RANDOM_AND_DEBUG = section(
    "Random numbers and debugging",
    "T",
    both("rng_init rng_rand rng_rand_float"),
    both("print", "once per program, in any order; on CUDA with the block and thread"),
    both("device_assert", "stops the kernel and raises `KernelAssertionError` with its message"),
)

SECTIONS = (TILE_OPERATORS, MATH, RANDOM_AND_DEBUG)
