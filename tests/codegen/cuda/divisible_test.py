"""Dynamic sizes that are strides: taken for multiples of vectors, else another variant runs."""

import re

import numpy as np
import pytest

import tilescale
import tilescale.language as T
from tests.support import machine
from tests.support.machine import place
from tilescale import _runtime, errors
from tilescale.jit import backend, cuda_source, tensors
from tilescale.jit.argument_errors import ArgumentReporter
from tilescale.jit.options import make_options

RNG = np.random.default_rng(0)
GENERAL = {"divisible_sizes": False}
# The number of the variant for sizes that are no multiples.
SIZES = 10


def make_product(assume=False):
    M, N, K = T.dynamic("m, n, k")

    @T.prim_func
    def product(
        A: T.Tensor((M, K), "float16"),
        B: T.Tensor((K, N), "float16"),
        C: T.Tensor((M, N), "float32"),
    ):
        with T.Kernel(T.ceildiv(N, 32), T.ceildiv(M, 32), threads=32) as (bx, by):
            if assume:
                T.assume(K % 8 == 0)
                T.assume(N % 16 == 0)
            a = T.alloc_shared((32, 32), "float16")
            b = T.alloc_shared((32, 32), "float16")
            c = T.alloc_fragment((32, 32), "float32")
            T.clear(c)
            for k in T.Pipelined(T.ceildiv(K, 32), num_stages=2):
                T.copy(A[by * 32, k * 32], a)
                T.copy(B[k * 32, bx * 32], b)
                T.gemm(a, b, c)
            T.copy(c, C[by * 32, bx * 32])

    return product


def make_twice(dtype="float32", strides=None):
    """B = 2 A; the symbols of `strides` are s and t."""
    M, N = T.dynamic("m, n")
    source = T.Tensor((M, N), dtype)
    if strides:
        source = T.StridedTensor((M, N), strides(*T.dynamic("s, t")), dtype)

    @T.prim_func
    def twice(A: source, B: T.Tensor((M, N), dtype)):
        with T.Kernel(T.ceildiv(N, 64), T.ceildiv(M, 8), threads=32) as (bx, by):
            for i, j in T.Parallel(8, 64):
                B[by * 8 + i, bx * 64 + j] = A[by * 8 + i, bx * 64 + j] * T.cast(2, dtype)

    return twice


def make_wide(columns):
    """A tensor whose width follows from a size."""
    N = T.dynamic("n")
    width = columns(N)

    @T.prim_func
    def wide(A: T.Tensor((8, width), "float16"), B: T.Tensor((N,), "float16")):
        with T.Kernel(T.ceildiv(width, 64), threads=32) as bx:
            for i, j in T.Parallel(8, 64):
                A[i, bx * 64 + j] = T.float16(1)

    return wide


def lower(func, arch="sm_80", **configs):
    return tilescale.lower(func, target=f"cuda -arch={arch}", pass_configs=configs)


def multiples(func, **configs):
    """Symbol -> what it is taken for a multiple of."""
    signature = lower(func, **configs).signature
    names = signature["symbols"]
    return {names[e["symbol"]]: e["multiple"] for e in signature.get("divisible", [])}


@pytest.fixture
def made(monkeypatch):
    """The numbers of the variants that were compiled."""
    numbers = []
    real = cuda_source.variant_options
    monkeypatch.setattr(
        cuda_source,
        "variant_options",
        lambda options, number: numbers.append(number) or real(options, number),
    )
    return numbers


def test_a_dynamic_product_copies_16_bytes_asynchronously():
    fast, general = lower(make_product()).kernel_source, lower(make_product(), **GENERAL)
    assert fast.splitlines()[1] == (
        "// For k % 8 == 0 and n % 8 == 0; a launch with other sizes takes another variant."
    )
    assert fast.count("cp_async_16(") >= 4
    assert "cp_async" not in general.kernel_source
    assert "divisible" not in general.signature
    assert "another variant" not in general.kernel_source
    assert multiples(make_product()) == {"k": 8, "n": 8}


def test_what_the_kernel_says_itself_is_not_checked():
    func = make_product(assume=True)
    assert "divisible" not in lower(func).signature
    assert lower(func).kernel_source == lower(func, **GENERAL).kernel_source
    body = re.sub("//.*", "", lower(make_product()).kernel_source)
    assert body.count("cp_async_16(") == lower(func).kernel_source.count("cp_async_16(")


@pytest.mark.parametrize(
    ("m", "n", "k", "variants"),
    [
        (32, 64, 64, []),
        (45, 40, 72, []),
        (7, 8, 8, []),
        (1, 8, 0, []),
        (0, 8, 8, []),
        (33, 40, 41, [SIZES]),
        (33, 41, 40, [SIZES]),
        (33, 39, 42, [SIZES]),
        (33, 36, 64, [SIZES]),
        (3, 1, 1, [SIZES]),
        (2, 5, 0, [SIZES]),
    ],
)
def test_products_of_all_sizes_are_right(m, n, k, variants, made):
    kernel = machine.build(make_product(), "sm_80")
    a = RNG.integers(-3, 3, (m, k)).astype(np.float16)
    b = RNG.integers(-3, 3, (k, n)).astype(np.float16)
    for _ in range(2):
        c = np.full((m, n), 7, np.float32)
        kernel(a, b, c)
        np.testing.assert_array_equal(c, a.astype(np.float32) @ b.astype(np.float32))
    assert made == variants


def test_one_kernel_serves_both_kinds_of_sizes(made):
    kernel = machine.build(make_twice(), "sm_80")
    for columns in (64, 63, 4, 2, 0, 130, 128):
        a = RNG.standard_normal((9, columns)).astype(np.float32)
        kernel(a, b := np.zeros_like(a))
        np.testing.assert_array_equal(b, 2 * a)
    assert made == [SIZES]


@pytest.mark.parametrize(
    ("dtype", "multiple"), [("int8", 16), ("float16", 8), ("float32", 4), ("float64", 2)]
)
def test_elementwise_kernels_access_16_bytes(dtype, multiple):
    assert multiples(make_twice(dtype)) == {"n": multiple}
    source = lower(make_twice(dtype)).kernel_source
    assert "Words<4>" in source
    assert "Words<" not in lower(make_twice(dtype), **GENERAL).kernel_source


def test_products_of_sizes_need_less_of_their_symbols():
    for columns, found in (
        (lambda n: n * 2, {"n": 4}),
        (lambda n: n * 3, {"n": 8}),
        (lambda n: n * 8, {}),
        (lambda n: n + 8, {"n": 8}),
        (lambda n: n + 1, {}),
    ):
        assert multiples(make_wide(columns)) == found


def test_static_strides_need_nothing():
    func = make_wide(lambda n: 64)
    assert "divisible" not in lower(func).signature
    assert lower(func).kernel_source == lower(func, **GENERAL).kernel_source


def test_rows_without_a_distance_need_nothing():
    N = T.dynamic("n")

    @T.prim_func
    def line(A: T.Tensor((N,), "float32"), B: T.Tensor((N,), "float32")):
        with T.Kernel(T.ceildiv(N, 256), threads=32) as bx:
            for i in T.Parallel(256):
                B[bx * 256 + i] = A[bx * 256 + i]

    assert "divisible" not in lower(line).signature
    assert lower(line).kernel_source == lower(line, **GENERAL).kernel_source


def test_tensors_without_vectors_need_nothing(made):
    M, N, P = T.dynamic("m, n, p")

    @T.prim_func
    def gather(
        A: T.Tensor((M, N), "float32"),
        Table: T.Tensor((4, P), "int32"),
        B: T.Tensor((4, N), "float32"),
    ):
        with T.Kernel(T.ceildiv(N, 128), 4, threads=32) as (bx, by):
            for j in T.Parallel(128):
                B[by, bx * 128 + j] = A[Table[by, 0], bx * 128 + j]

    assert multiples(gather) == {"n": 4}
    kernel = machine.build(gather, "sm_80")
    table = RNG.integers(0, 6, (4, 3), np.int32)
    for columns in (132, 131):
        a = RNG.standard_normal((6, columns)).astype(np.float32)
        kernel(a, table, b := np.zeros((4, columns), np.float32))
        np.testing.assert_array_equal(b, a[table[:, 0]])
    assert made == [SIZES]


def test_scalar_accesses_alone_are_no_reason():
    M, N = T.dynamic("m, n")

    @T.prim_func
    def reverse(A: T.Tensor((M, N), "float32"), B: T.Tensor((64,), "float32")):
        with T.Kernel(1, threads=64):
            for j in T.Parallel(64):
                B[j] = A[0, 63 - j]

    assert "divisible" not in lower(reverse).signature
    assert lower(reverse).kernel_source == lower(reverse, **GENERAL).kernel_source


@pytest.mark.parametrize(
    ("columns", "pad", "variants"),
    [(64, 0, []), (64, 4, []), (64, 3, [SIZES]), (62, 2, [SIZES]), (61, 3, [SIZES])],
)
def test_strides_of_the_user_are_checked(columns, pad, variants, made):
    func = make_twice(strides=lambda s, t: (s, 1))
    assert multiples(func) == {"s": 4, "n": 4}
    kernel = machine.build(func, "sm_80")
    a = RNG.standard_normal((11, columns + pad)).astype(np.float32)[:, :columns]
    kernel(a, b := np.zeros((11, columns), np.float32))
    np.testing.assert_array_equal(b, 2 * a)
    assert made == variants


def test_columns_a_distance_apart_have_no_vectors():
    func = make_twice(strides=lambda s, t: (s, t))
    # What is stored has.
    assert multiples(func) == {"n": 4}
    kernel = machine.build(func, "sm_80")
    a = RNG.standard_normal((11, 64)).astype(np.float32)[:, ::2]
    kernel(a, b := np.zeros((11, 32), np.float32))
    np.testing.assert_array_equal(b, 2 * a)


def test_views_of_tensors_are_checked_alike(made):
    M, N = T.dynamic("m, n")

    @T.prim_func
    def halves(
        A: T.Tensor((M, N * 2), "float16"),
        B: T.Tensor((M, N * 2), "float16"),
        Count: T.Tensor((N,), "int8"),
    ):
        with T.Kernel(T.ceildiv(N, 64), T.ceildiv(M, 8), threads=32) as (bx, by):
            X = T.view(A, (M, N), "float32")
            Y = T.view(B, (M, N), "float32")
            for i, j in T.Parallel(8, 64):
                Y[by * 8 + i, bx * 64 + j] = X[by * 8 + i, bx * 64 + j]

    assert multiples(halves) == {"n": 4}
    kernel = machine.build(halves, "sm_80")
    for columns in (64, 6):
        a = RNG.standard_normal((5, columns)).astype(np.float16)
        kernel(a, b := np.zeros_like(a), np.zeros(columns // 2, np.int8))
        np.testing.assert_array_equal(b, a)
    assert made == [SIZES]


@pytest.mark.parametrize(
    ("offset", "columns", "variant"),
    [(0, 64, 0), (0, 63, SIZES), (8, 64, 4), (8, 63, 4), (4, 64, 6), (4, 63, 6)],
)
def test_misaligned_tensors_assume_no_sizes(offset, columns, variant, made):
    kernel = machine.build(make_twice(), "sm_80")
    a = RNG.standard_normal((9, columns)).astype(np.float32)
    kernel(place(a, offset), b := place(np.zeros_like(a), 0))
    np.testing.assert_array_equal(b, 2 * a)
    assert made == ([variant] if variant else [])
    options = cuda_source.variant_options(make_options(), variant)
    assert ("divisible" in lower(make_twice(), **options.pass_configs).signature) == (variant == 0)


@pytest.mark.parametrize("make", [make_product, make_twice])
@pytest.mark.parametrize("arch", ["sm_75", "sm_90", "sm_100"])
def test_the_wide_variant_assumes_the_same(make, arch):
    narrow = lower(make(), arch).signature["divisible"]
    assert narrow == lower(make(), arch, **{"tl.config_index_bitwidth": 64}).signature["divisible"]


def recorded(func, changes=()):
    """A kernel that only notes its variants, and the notes."""
    machine.simulator_only("the sizes have no memory behind them")
    signature = {**tilescale.compile(func, target="sim:sm_80").signature, **dict(changes)}
    seen = []

    def bind(number):
        return _runtime.HostedKernel(
            signature,
            ArgumentReporter(signature),
            tensors.adapt_array,
            tensors.allocate_like,
            lambda *_: seen.append(number),
            bind,
        )

    return bind(0), seen


@pytest.mark.parametrize(
    ("rows", "columns", "variant"),
    [(2, 2**30 - 16, 0), (2, 2**30, 1), (2, 2**30 + 1, 1 + SIZES), (1, 2**30 + 1, SIZES)],
)
def test_both_checks_of_sizes_decide(rows, columns, variant):
    kernel, seen = recorded(make_twice("int8"))
    shape = (rows, columns)
    a = np.lib.stride_tricks.as_strided(np.zeros(64, np.int8), shape, (columns, 1))
    kernel(a, a)
    assert seen == [variant]


def test_a_variant_may_need_more_of_another_tensor():
    """As its text is another one, so are its vectors."""
    machine.simulator_only("the addresses are the host's")
    kernel = tilescale.compile(make_twice(), target="sim:sm_80")
    seen = []

    def bind(number):
        vectors = {0: (16, 4), SIZES: (4, 16), 4: (8, 8)}[number]
        params = [
            {**param, "vector_alignment": needs}
            for param, needs in zip(kernel.signature["params"], vectors, strict=True)
        ]
        signature = {**kernel.signature, "params": params}
        return _runtime.HostedKernel(
            signature,
            ArgumentReporter(signature),
            tensors.adapt_array,
            tensors.allocate_like,
            lambda *_: seen.append(number),
            bind,
        )

    call = bind(0)
    for columns, offset in ((64, 8), (63, 0), (63, 8)):
        a = np.zeros((8, columns), np.float32)
        call(place(a, 0), place(a, offset))
    assert seen == [0, SIZES, 4]


@pytest.mark.parametrize("entry", [{"symbol": 9, "multiple": 4}, {"symbol": 0, "multiple": 3}])
def test_signatures_are_checked(entry):
    with pytest.raises(ValueError, match="`divisible`"):
        recorded(make_twice(), {"divisible": [entry]})


def test_the_simulator_sees_rows_that_are_not_aligned():
    """What the variant is for: the kernel itself would fault on such sizes."""
    machine.simulator_only("the fault ends the GPU's context")
    kernel = tilescale.compile(make_twice(), target="sim:sm_80")
    signature = {**kernel.signature, "divisible": []}
    careless = _runtime.HostedKernel(
        signature,
        ArgumentReporter(signature),
        tensors.adapt_array,
        tensors.allocate_like,
        kernel._launch,
    )
    a = place(np.ones((9, 63), np.float32), 0)
    with pytest.raises(errors.ExecutionError, match="align"):
        careless(a, np.zeros_like(a))


def test_variants_have_their_own_place_in_the_cache():
    options = make_options()
    keys = [
        backend.key_text(make_twice(), cuda_source.variant_options(options, number))
        for number in range(12)
    ]
    assert len(set(keys)) == 12
    assert keys[0] == backend.key_text(make_twice(), options)


@pytest.mark.parametrize("columns", [64, 63, 0])
def test_the_cpu_makes_no_difference(columns):
    kernel = tilescale.compile(make_twice(), target="cpu")
    assert "divisible" not in kernel.signature
    a = RNG.standard_normal((9, columns)).astype(np.float32)
    kernel(a, b := np.zeros_like(a))
    np.testing.assert_array_equal(b, 2 * a)
