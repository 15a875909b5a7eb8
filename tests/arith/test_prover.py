"""Named questions: what must be provable, by which layer, and what must not."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tilescale import arith, ir

INT_MAX = 2**31 - 1


def var(name: str, dtype: str = "int32") -> ir.Var:
    return ir.Var(name, dtype)


class Tile:
    """A loop over tiles of 128 with a dynamic extent: element = block * 128 + lane."""

    def __init__(
        self, analyzer: arith.Analyzer, multiple_of: int = 1, dtype: str = "int32"
    ) -> None:
        self.n, self.block, self.lane = var("n", dtype), var("block", dtype), var("lane", dtype)
        analyzer.bind(self.n, 0, INT_MAX)
        if multiple_of > 1:
            analyzer.assume(self.n % multiple_of == 0)
        analyzer.bind_loop(self.block, 0, (self.n + 127) // 128)
        analyzer.bind_loop(self.lane, 0, 128)
        self.element = self.block * 128 + self.lane


def test_a_ragged_tail_keeps_its_guard() -> None:
    analyzer = arith.Analyzer()
    tile = Tile(analyzer)
    assert not analyzer.can_prove(tile.element < tile.n)
    stats = analyzer.stats()
    assert stats["refuted"] == 1
    assert stats["z3_queries"] == 0


def test_a_static_tile_needs_no_guard_and_no_z3() -> None:
    analyzer = arith.Analyzer(rlimit=0)
    block, lane = var("block"), var("lane")
    analyzer.bind_loop(block, 0, 8)
    analyzer.bind_loop(lane, 0, 128)
    assert analyzer.can_prove(block * 128 + lane < 1024)
    assert not analyzer.can_prove(block * 128 + lane < 1023)


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_whole_tiles_need_no_guard(dtype: str) -> None:
    analyzer = arith.Analyzer()
    tile = Tile(analyzer, multiple_of=128, dtype=dtype)
    assert analyzer.can_prove(tile.element < tile.n)
    assert analyzer.can_prove(tile.element >= 0)
    assert analyzer.stats()["z3_queries"] == 0


def test_multiples_of_less_than_the_tile_keep_the_guard() -> None:
    analyzer = arith.Analyzer()
    tile = Tile(analyzer, multiple_of=64)
    assert not analyzer.can_prove(tile.element < tile.n)


def test_only_z3_proves_that_no_difference_of_squares_is_two_modulo_four() -> None:
    x, y = var("x"), var("y")
    cond = (x % 4) * (x % 4) + 3 * (y % 4) != 2 + 3 * (y % 4) + 4 * (y // 4)
    for rlimit, expected in ((0, False), (arith.DEFAULT_RLIMIT, True)):
        analyzer = arith.Analyzer(rlimit)
        analyzer.bind(x, 0, 1000)
        analyzer.bind(y, 0, 1000)
        assert analyzer.can_prove(cond) is expected
        assert analyzer.stats()["by_z3"] == int(expected)


def test_only_z3_proves_a_guard_over_two_quotients() -> None:
    # The last of 3-element groups laid out in rows of 7: group and row agree where both are full.
    i, n = var("i"), var("n")
    for rlimit, expected in ((0, False), (arith.DEFAULT_RLIMIT, True)):
        analyzer = arith.Analyzer(rlimit)
        analyzer.bind(n, 0, 10000)
        analyzer.bind_loop(i, 0, n)
        analyzer.assume(i % 3 == 2)
        analyzer.assume(n % 3 != 0)
        assert analyzer.can_prove(i + 1 < n) is expected
        assert analyzer.stats()["by_z3"] == int(expected)


def test_wrap_around_is_not_forgotten() -> None:
    x = var("x")
    assert not arith.can_prove(x + 1 > x)
    assert arith.can_prove(x + 1 > x, {x: (-(2**31), INT_MAX - 1)})
    small = var("s", "int8")
    assert not arith.can_prove(small * 2 >= 0, {small: (0, 64)})
    assert arith.can_prove(small * 2 >= 0, {small: (0, 63)})
    unsigned = var("u", "uint32")
    assert not arith.can_prove(unsigned - 1 < unsigned)
    assert arith.can_prove(unsigned - 1 < unsigned, {unsigned: (1, 7)})


def test_division_by_what_may_be_zero_proves_nothing() -> None:
    x, y = var("x"), var("y")
    ranges = {x: (0, 10), y: (0, 10)}
    assert not arith.can_prove(x // y <= 10, ranges)
    assert not arith.can_prove(x % y < 10, ranges)
    assert arith.can_prove(x // y <= 10, {x: (0, 10), y: (1, 10)})
    assert arith.can_prove((x // y) * y <= x, {x: (0, 10), y: (1, 10)})
    assert arith.can_prove(x // y <= 10, ranges, [y != 0])


def test_the_lowest_number_divided_by_minus_one_wraps() -> None:
    x, y = var("x", "int8"), var("y", "int8")
    assert not arith.can_prove(x // y >= 0, {x: (-128, -1), y: (-1, -1)})
    assert arith.can_prove(x // y >= 0, {x: (-127, -1), y: (-1, -1)})


def test_facts_end_with_their_scope() -> None:
    analyzer = arith.Analyzer()
    x = var("x")
    with analyzer.scope(x > 3):
        assert analyzer.can_prove(x >= 4)
        with analyzer.scope(x < 5):
            assert analyzer.can_prove(x == 4)
        assert not analyzer.can_prove(x == 4)
    assert not analyzer.can_prove(x >= 4)


def test_binding_again_forgets() -> None:
    analyzer = arith.Analyzer()
    i, n = var("i"), var("n")
    analyzer.bind(n, 0, 100)
    analyzer.bind_loop(i, 0, n)
    assert analyzer.can_prove(i < n)
    analyzer.bind_loop(i, 0, 200)
    assert not analyzer.can_prove(i < n)
    assert analyzer.bounds(i) == (0, 199)


def test_bound_values_are_known() -> None:
    analyzer = arith.Analyzer()
    i, j = var("i"), var("j")
    analyzer.bind_loop(i, 0, 16)
    analyzer.bind_value(j, i * 4 + 2)
    assert analyzer.bounds(j) == (2, 62)
    assert analyzer.alignment(j, 4) == 2
    assert analyzer.can_prove(j - i * 4 == 2)


@pytest.mark.parametrize(
    ("minimum", "extent", "step", "low", "high"),
    [(0, 10, 1, 0, 9), (5, 3, 1, 5, 7), (0, 4, 8, 0, 24), (9, 4, -2, 3, 9), (-4, 2, 3, -4, -1)],
)
def test_loops_have_the_range_of_their_values(
    minimum: int, extent: int, step: int, low: int, high: int
) -> None:
    analyzer = arith.Analyzer()
    i = var("i")
    analyzer.bind_loop(i, minimum, extent, step)
    assert analyzer.bounds(i) == (low, high)
    assert analyzer.alignment(i - minimum, abs(step)) == 0


def test_loops_that_wrap_have_any_value() -> None:
    analyzer = arith.Analyzer()
    i, start = var("i", "int8"), var("start", "int8")
    analyzer.bind(start, 120, 127)
    analyzer.bind_loop(i, start, 20)
    assert analyzer.bounds(i) == (-128, 127)
    assert not analyzer.can_prove(i >= start)


def test_memory_may_change_but_not_within_one_question() -> None:
    buffer = ir.Buffer("a", "int32", [ir.const(8, "int32")], [], "global")
    element = ir.Load(buffer, [ir.const(3, "int32")])
    analyzer = arith.Analyzer()
    analyzer.assume(element > 5)
    assert not analyzer.can_prove(element > 5)
    assert analyzer.can_prove(element - element == 0)


def test_calls_with_effects_are_not_compared_nor_dropped() -> None:
    call = ir.Call("int32", "call_extern", [ir.StringImm("next")], {})
    assert not arith.can_prove(ir.Binary("bool", 10, call, call))
    kept = arith.simplify(ir.Binary("int32", 1, call, call))
    assert isinstance(kept, ir.Binary)


def test_casts_that_keep_the_value_are_seen_through() -> None:
    i = var("i")
    analyzer = arith.Analyzer(rlimit=0)
    analyzer.bind(i, 0, 1000)
    wide = i.astype("int64") * 8 + 4
    assert analyzer.bounds(wide) == (4, 8004)
    assert analyzer.alignment(wide, 8) == 4
    assert analyzer.can_prove((i * 8 + 4).astype("int64") == wide)
    assert not analyzer.can_prove(i.astype("int8").astype("int32") == i)


def test_alignment_needs_every_term() -> None:
    analyzer = arith.Analyzer()
    i, j, n = var("i"), var("j"), var("n")
    analyzer.assume(n % 8 == 0)
    assert analyzer.alignment(i * 16 + j * 8 + 4, 8) == 4
    assert analyzer.alignment(i * n, 8) == 0
    assert analyzer.alignment(i * n + j, 8) is None
    assert analyzer.alignment(i * 12, 8) is None


def test_index_width() -> None:
    analyzer = arith.Analyzer()
    i, n = var("i"), var("n")
    analyzer.bind(i, 0, 2**20)
    analyzer.bind(n, 0, INT_MAX)
    assert analyzer.index_width(i * 2047) == 32
    assert analyzer.index_width(i * 2048) is None  # wraps around in int32, would not in int64
    assert analyzer.index_width(i.astype("int64") * 2047) == 32
    assert analyzer.index_width(i.astype("int64") * 2048) == 64
    # The result is small, but not what it is computed from.
    assert analyzer.index_width((i.astype("int64") * 4096) // 4096) == 64
    assert analyzer.index_width(n.astype("int64") * n.astype("int64")) == 64
    huge = n.astype("int64") * n.astype("int64")
    assert analyzer.index_width(huge * huge) is None


def test_equal_questions_are_answered_once_also_in_a_scope_entered_again() -> None:
    analyzer = arith.Analyzer()
    tile = Tile(analyzer)
    for _ in range(3):
        with analyzer.scope(tile.lane < 64):
            assert not analyzer.can_prove(tile.block * 128 + tile.lane < tile.n)
    stats = analyzer.stats()
    assert stats["queries"] == 3
    assert stats["cache_hits"] == 2


def _questions() -> list[tuple[list[tuple[ir.Var, int, int]], ir.Expr]]:
    x, y, z = var("x"), var("y"), var("z")
    box = [(x, 0, 1000), (y, 1, 1000), (z, -50, 50)]
    conds = [
        (x * y) // (y + 1) <= x,
        (x * x + y * y) % 4 != 3,
        x * x * x + y * y * y != z * z * z + 1000003,
        x * y * z * 2 != z * z * y + 1,
        (x // 3) * 3 + z * z >= x - 2,
        (x + y) * (x + y) >= 4 * x * y,
    ]
    return [(box, cond) for cond in conds]


def test_answers_do_not_depend_on_the_order_of_questions() -> None:
    def answers(order: list[int]) -> dict[int, bool]:
        analyzer = arith.Analyzer()
        for name, low, high in questions[0][0]:
            analyzer.bind(name, low, high)
        return {i: analyzer.can_prove(questions[i][1]) for i in order}

    questions = _questions()
    order = list(range(len(questions)))
    first = answers(order)
    assert first == answers(order)
    for seed in range(3):
        shuffled = random.Random(seed).sample(order, len(order))
        assert answers(shuffled) == first
    assert 0 < sum(first.values()) < len(first)


def test_resources_are_counted_alike_each_time() -> None:
    def used(box: list[tuple[ir.Var, int, int]], cond: ir.Expr) -> int:
        analyzer = arith.Analyzer()
        for name, low, high in box:
            analyzer.bind(name, low, high)
        analyzer.ask_z3(cond)
        return analyzer.stats()["z3_resources"]

    for box, cond in _questions():
        assert used(box, cond) == used(box, cond) > 0


def test_a_small_limit_gives_up() -> None:
    box, cond = _questions()[0]
    outcomes = []
    for rlimit in (10, arith.DEFAULT_RLIMIT):
        analyzer = arith.Analyzer(rlimit)
        for name, low, high in box:
            analyzer.bind(name, low, high)
        outcomes.append(analyzer.ask_z3(cond))
    assert outcomes == [False, True]


ALWAYS: list[tuple[str, Callable[[ir.Var, ir.Var], ir.Expr]]] = [
    ("remainder below divisor", lambda i, n: i % n < n),
    ("quotient rounds down", lambda i, n: (i // n) * n <= i),
    ("next multiple is above", lambda i, n: (i // n + 1) * n > i),
    ("minimum", lambda i, n: ir.make_binary("min", i, n) <= n),
    ("halves", lambda i, n: i // 2 + (i + 1) // 2 == i),
    ("masks", lambda i, n: (i & 15) + (i >> 4) * 16 == i),
    ("triangle", lambda i, n: i * (i + 1) % 2 == 0),
]


@pytest.mark.parametrize(("name", "cond"), ALWAYS, ids=[name for name, _ in ALWAYS])
def test_what_always_holds_is_proved(name: str, cond: Callable[[ir.Var, ir.Var], ir.Expr]) -> None:
    i, n = var("i"), var("n")
    assert arith.can_prove(cond(i, n), {i: (-1000, 1000), n: (1, 50)}), name
