"""Element types of the tile language, scalar and vector."""

from tilescale.porting.entry import Entry, later, section, works

_LANES = (2, 4, 8, 16, 32, 64)
_SCALARS = (
    "bool",
    *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (4, 8, 16, 32, 64)),
    *("float16", "float32", "float64", "bfloat16", "float8_e4m3fn", "float8_e5m2"),
)
_LATER_FLOATS = (
    *("float8_e3m4", "float8_e4m3b11fnuz", "float8_e4m3fnuz"),
    *("float8_e5m2fnuz", "float8_e8m0fnu", "float6_e2m3fn", "float6_e3m2fn", "float4_e2m1fn"),
)


def _vectors() -> tuple[Entry, ...]:
    bases = [name for name in (*_SCALARS, *_LATER_FLOATS) if name != "bool"]
    names = " ".join(f"{base}x{lanes}" for base in bases for lanes in _LANES)
    return later(names, "with vector types", "the scalar type")


DTYPES = section(
    "Element types",
    "T",
    works(" ".join(_SCALARS)),
    later("tfloat32", "as an element type of its own", "`T.float32`"),
    later(" ".join(_LATER_FLOATS), "with block-scaled types"),
    later("float4_e2m1_unpacked", "with block-scaled types"),
    works("float8_e4m3", "the same as `T.float8_e4m3fn`"),
    works("half float double", "aliases of float16, float32 and float64"),
    works("is_float4 is_float4_e2m1fn is_float6 is_float8 is_f8f6f4_family"),
    works("dtype", "annotation of a parameter that holds an element type"),
    later(
        "is_float4_unpacked validate_gemm_ab_dtypes",
        "with block-scaled types",
    ),
)

VECTOR_DTYPES = section("Vector types", "T", _vectors())

SECTIONS = (DTYPES, VECTOR_DTYPES)
