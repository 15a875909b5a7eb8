"""Layouts of global tensors whose extents are known only at launch."""

import itertools

import pytest

from tilescale import ir
from tilescale.layout import cute

M, N = ir.Var("M", "int64"), ir.Var("N", "int64")


def at(value, m, n, **others):
    """The number that an expression is where M = m and N = n."""
    if isinstance(value, int):
        return value
    return ir.as_const_int(
        ir.substitute(value, {M: ir.const(m, "int64"), N: ir.const(n, "int64"), **others})
    )


def test_sizes_and_printing():
    tensor = cute.make_row_major_layout((M, N))
    assert str(tensor) == "(M,N):(N,1)"
    assert at(cute.size(tensor), 5, 7) == 35
    assert at(cute.cosize(tensor), 5, 7) == 35
    assert str(cute.Layout((M, (4, N)))) == "(M,(4,N)):(1,(M,M*4))"


def test_offsets_of_coordinates():
    tensor = cute.make_row_major_layout((M, N))
    i, j = ir.Var("i", "int64"), ir.Var("j", "int64")
    offset = tensor((i, j))
    for a, b in itertools.product(range(3), range(5)):
        point = {i: ir.const(a, "int64"), j: ir.const(b, "int64")}
        assert at(ir.substitute(offset, point), 3, 5) == a * 5 + b
    flat = cute.Layout((M, N))(i)
    assert [at(ir.substitute(flat, {i: ir.const(k, "int64")}), 3, 5) for k in range(15)] == list(
        range(15)
    )


def test_constant_expressions_are_constants():
    layout = cute.Layout((ir.const(4, "int32"), 3), (ir.const(3, "int64"), 1))
    assert layout == cute.Layout((4, 3), (3, 1))


def test_coalesce_where_provable():
    compact = cute.Layout((M, N, 4))
    assert str(cute.coalesce(compact)) == "M*N*4:1"
    assert str(cute.coalesce(cute.Layout((M * 2, N), (1, 2 * M)))) == "M*2*N:1"
    assert str(cute.coalesce(cute.Layout((M + 1, N), (4, M * 4 + 4)))) == "(M+1)*N:4"
    assert str(cute.coalesce(cute.make_row_major_layout((M, N)))) == "(M,N):(N,1)"
    assert str(cute.coalesce(cute.Layout((M, 1, N), (N, 7, 1)))) == "(M,N):(N,1)"


@pytest.mark.parametrize("make", [cute.make_row_major_layout, cute.make_column_major_layout])
def test_division_by_a_static_tile(make):
    tensor = make((M, N))
    tiles = cute.zipped_divide(tensor, (4, 8))
    m, n = 10, 20
    concrete = cute.zipped_divide(make((m, n)), (4, 8))
    rest = [at(e, m, n) for e in tiles.shape[1]]
    assert (tiles.shape[0], tuple(rest)) == ((4, 8), concrete.shape[1])
    for i, j, a, b in itertools.product(range(4), range(8), range(rest[0]), range(rest[1])):
        assert at(tiles(((i, j), (a, b))), m, n) == concrete(((i, j), (a, b)))


def test_exact_division_needs_no_rounding():
    tensor = cute.Layout((M * 16, N), (N, 1))
    tiles = cute.logical_divide(tensor, (16, 8))
    assert str(tiles[0]) == "(16,M):(N,16*N)"
    assert str(tiles[1]) == "(8,(N+7)//8):(1,8)"


def test_product_with_a_static_tile():
    block = cute.Layout((4, 8), (8, 1))
    grid = cute.logical_product(block, cute.Layout((M, N)))
    assert grid[0] == block
    m, n = 3, 2
    for a, b in itertools.product(range(m), range(n)):
        assert at(grid[1]((a, b)), m, n) == 32 * (a + m * b)


def test_composition_with_a_contiguous_symbolic_layout():
    assert str(cute.composition(cute.Layout(M * 4, 2), cute.Layout((4, M), (1, 4)))) == (
        "(4,M):(2,8)"
    )
    assert str(cute.composition(cute.Layout((M, N), (N, 1)), cute.Layout(M, 1))) == "M:N"


def test_swizzle_of_an_expression():
    swizzle = cute.Swizzle(2, 1, 3)
    i = ir.Var("i", "int32")
    expr = swizzle(i)
    for x in range(128):
        assert ir.as_const_int(ir.substitute(expr, {i: ir.const(x, "int32")})) == swizzle(x)
    up = cute.Swizzle(2, 1, -3)
    expr = up(i)
    for x in range(128):
        assert ir.as_const_int(ir.substitute(expr, {i: ir.const(x, "int32")})) == up(x)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: cute.right_inverse(cute.Layout((M, N))), "needs a static layout; the mode M:1"),
        (lambda: cute.complement(cute.Layout((4, M), (2, 8)), 64), "complement needs a static"),
        (
            lambda: cute.composition(cute.Layout((M, N), (N, 1)), cute.Layout(4, 3)),
            "does not divide",
        ),
    ],
)
def test_what_cannot_be_proved_is_rejected(run, message):
    with pytest.raises(ValueError, match=message):
        run()


def test_a_float_is_no_extent():
    with pytest.raises(TypeError, match="integer type, got float32"):
        cute.Layout((ir.Var("x", "float32"), 4))
