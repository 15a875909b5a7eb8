"""Fragments and their conversion against enumeration."""

import pytest
from brute import QUICK, coords, values
from hypothesis import given
from hypothesis import strategies as st

from tilescale import ir
from tilescale.layout import Fragment, cute
from tilescale.layout import fragment as fragments


def slots(fragment):
    """{(thread, value): coordinate} of all slots that hold an element."""
    held = {
        (t, v): fragment.element(t, v)
        for t in range(fragment.num_threads)
        for v in range(fragment.num_values)
    }
    return {slot: crd for slot, crd in held.items() if crd is not None}


@st.composite
def random_fragments(draw, shape=None):
    """Any placement of a small tile: elements dealt to random slots, some of them twice."""
    shape = shape or tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=2)))
    threads, elements = draw(st.sampled_from([3, 8, 40, 64])), list(coords(shape))
    copies = draw(st.integers(1, 2))
    wanted = elements * copies
    per_thread = -(-len(wanted) // threads) + draw(st.integers(0, 1))
    places = draw(st.permutations(range(threads * per_thread)))[: len(wanted)]
    where = dict(zip(places, wanted, strict=True))
    thread_of = {
        (c // len(elements), e): p // per_thread
        for c, (p, e) in enumerate(zip(places, wanted, strict=True))
    }
    value_of = {
        (c // len(elements), e): p % per_thread
        for c, (p, e) in enumerate(zip(places, wanted, strict=True))
    }
    fragment = Fragment(
        shape,
        forward_fn=lambda *i: (
            lookup(thread_of, shape, copies, i),
            lookup(value_of, shape, copies, i),
        ),
        replicate=copies,
    )
    expected = {(p // per_thread, p % per_thread): e for p, e in where.items()}
    return fragment, expected


def lookup(table, shape, copies, indices):
    """A sum of selects that looks up `table` at the index variables."""
    crd, rep = (indices[:-1], indices[-1]) if copies > 1 else (indices, None)
    total = ir.const(0, "int32")
    for (copy, element), number in table.items():
        here = ir.const(True, "bool") if rep is None else rep == copy
        for var, c in zip(crd, element, strict=True):
            here = ir.make_binary("and", here, var == c)
        total = ir.make_select(here, ir.const(number, "int32"), total)
    return total


@QUICK
@given(random_fragments())
def test_slots_and_owners_are_inverse_maps(case):
    fragment, expected = case
    assert slots(fragment) == expected
    for crd in coords(tuple(fragment.shape)):
        owners = sorted(slot for slot, c in expected.items() if c == crd)
        assert list(fragment.owners(*crd)) == owners
    counts = {len(fragment.owners(*c)) for c in coords(tuple(fragment.shape))}
    assert fragment.replication == (counts.pop() if len(counts) == 1 else 0)


@QUICK
@given(random_fragments(), st.integers(1, 3))
def test_replicate_gives_groups_of_threads_the_whole_tile(case, times):
    fragment, expected = case
    copies = slots(fragment.replicate(times))
    n = fragment.num_threads
    assert copies == {(t + k * n, v): c for k in range(times) for (t, v), c in expected.items()}


@QUICK
@given(random_fragments(), st.data(), st.booleans(), st.booleans())
def test_repeat_tiles_the_fragment(case, data, on_thread, last_first):
    fragment, expected = case
    shape = tuple(fragment.shape)
    repeats = tuple(data.draw(st.integers(1, 3)) for _ in shape)
    tiled = {}
    copies = sorted(coords(repeats), key=lambda c: c if last_first else c[::-1])
    for number, copy in enumerate(copies):
        for (t, v), crd in expected.items():
            slot = (
                (t + number * fragment.num_threads, v)
                if on_thread
                else (t, v + number * fragment.num_values)
            )
            tiled[slot] = tuple(c + k * n for c, k, n in zip(crd, copy, shape, strict=True))
    repeated = fragment.repeat(repeats, on_thread, last_first)
    assert slots(repeated) == tiled
    assert tuple(repeated.shape) == tuple(n * k for n, k in zip(shape, repeats, strict=True))


@st.composite
def fragment_pairs(draw):
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=2)))
    return draw(random_fragments(shape)), draw(random_fragments(shape))


def check_conversion(source, destination):
    conversion = source.convert_to(destination)
    held, wanted = slots(source), slots(destination)
    moves = dict(conversion.moves_list())
    # Every slot of the destination gets, from one that holds it, the element that must be there.
    assert {to: held[origin] for to, origin in moves.items()} == wanted
    ranks = []
    for to, origin in moves.items():
        same_element = [s for s, c in held.items() if c == wanted[to]]
        best = min(distance(s, to) for s in same_element)
        assert distance(origin, to) == best
        ranks.append(best)
    assert conversion.method == ["identity", "register", "shuffle", "shared"][max(ranks)]
    assert conversion.num_exchanged == sum(to[0] != origin[0] for to, origin in moves.items())
    return conversion, moves


def distance(origin, to):
    if origin[0] == to[0]:
        return 0 if origin == to else 1
    return 2 if origin[0] // 32 == to[0] // 32 else 3


@QUICK
@given(fragment_pairs())
def test_conversion_moves_every_element_where_it_must_be(pair):
    (source, _), (destination, _) = pair
    conversion, moves = check_conversion(source, destination)
    crossing = [(to, origin) for to, origin in moves.items() if to[0] != origin[0]]
    if conversion.method != "shuffle":
        assert conversion.shuffle_rounds == 0
        return
    # At least as many rounds as any lane reads, or as different registers as any lane offers.
    reads = {}
    offers = {}
    for to, origin in crossing:
        reads.setdefault(to[0], []).append(to)
        offers.setdefault(origin[0], set()).add(origin[1])
    assert conversion.shuffle_rounds >= max(len(r) for r in [*reads.values(), *offers.values()])
    assert conversion.shuffle_rounds <= len(crossing)


@pytest.mark.parametrize(
    ("source", "destination", "method", "rounds"),
    [
        (lambda i, j: (i * 4 + j // 2, j % 2), lambda i, j: (i * 4 + j // 2, j % 2), "identity", 0),
        (
            lambda i, j: (i * 4 + j // 2, j % 2),
            lambda i, j: (i * 4 + j // 2, 1 - j % 2),
            "register",
            0,
        ),
        (lambda i, j: (i * 4 + j // 2, j % 2), lambda i, j: (i * 4 + j % 4, j // 4), "shuffle", 2),
        (lambda i, j: (i * 8 + j, 0), lambda i, j: (j * 8 + i, 0), "shared", 0),
    ],
)
def test_the_means_of_conversion(source, destination, method, rounds):
    conversion, _ = check_conversion(
        Fragment([8, 8], forward_fn=source), Fragment([8, 8], forward_fn=destination)
    )
    assert (conversion.method, conversion.shuffle_rounds) == (method, rounds)


def test_replicas_save_a_shuffle():
    spread = Fragment([4], forward_fn=lambda i: (i, 0))
    everywhere = fragments.make_fully_replicated_layout_fragment([4], 4)
    assert everywhere.convert_to(spread).method == "register"
    assert spread.convert_to(everywhere).method == "shuffle"


def test_shape_stride_maps_are_recognised():
    fragment = fragments.make_gemm_fragment_8x8()
    assert str(fragment) == "Fragment(8,8)<threads 32, values 2, ((4,8),2):((16,1),8)>"
    assert slots(fragment) == {(4 * i + j // 2, j % 2): (i, j) for i in range(8) for j in range(8)}
    transposed = fragments.make_gemm_fragment_8x8_transposed()
    assert slots(transposed) == {slot: (j, i) for slot, (i, j) in slots(fragment).items()}
    same = Fragment.from_thread_value([8, 8], cute.Layout(((4, 8), 2), ((16, 1), 8)))
    assert same == fragment and same.is_equal(fragment) and not same.is_equal(transposed)


def test_padded_tails_own_nothing():
    box = cute.Layout((32, 2), (1, 32))
    fragment = Fragment.from_thread_value([5, 7], box, padded=[8, 8])
    for (t, v), crd in slots(fragment).items():
        assert crd == ((t + 32 * v) % 8, (t + 32 * v) // 8)
    assert len(slots(fragment)) == 35
    assert fragment.element(5, 0) is None
    assert str(fragment).startswith("Fragment(5,7) in (8,8)<")
    half = fragment.replicate(2)
    assert len(slots(half)) == 70 and half.thread_value is None


def test_thread_function_alone_counts_elements_in_row_major_order():
    fragment = Fragment([4, 4], forward_thread_fn=lambda i, j: i // 2 * 2 + j // 2)
    assert [fragment.owners(i, j)[0] for i in (0, 1) for j in (0, 1)] == [(0, v) for v in range(4)]
    indexed = Fragment(
        [4, 4],
        forward_thread_fn=lambda i, j: i // 2 * 2 + j // 2,
        forward_index_fn=lambda i, j: [j % 2, i % 2],
    )
    assert [indexed.owners(i, j)[0][1] for i in (0, 1) for j in (0, 1)] == [0, 2, 1, 3]
    replicated = Fragment([2, 2], forward_thread_fn=lambda i, j, rep: i + 2 * rep, replicate=3)
    assert replicated.owners(1, 1) == ((1, 1), (3, 1), (5, 1))
    assert replicated.get_thread_size() == 6
    assert replicated.condense_rep_var() is replicated


def value_at(expr, mapping):
    out = ir.substitute(expr, {v: ir.const(x, "int32") for v, x in mapping.items()})
    return ir.as_const_int(out)


@pytest.mark.parametrize(
    "fragment",
    [
        fragments.make_gemm_fragment_8x8(),
        fragments.make_gemm_fragment_8x8().repeat([2, 3]).repeat([1, 2], True),
        Fragment.from_thread_value([6, 4], cute.Layout(((2, 3), 4), ((12, 1), 3))),
        fragments.make_fully_replicated_layout_fragment([3, 5], 4),
    ],
)
def test_forward_expressions_name_an_owner(fragment):
    i, j = ir.Var("i", "int32"), ir.Var("j", "int32")
    thread, index = fragment.map_forward_thread([i, j]), fragment.map_forward_index([i, j])
    assert len(index) == 1
    for a, b in coords(tuple(fragment.shape)):
        point = {i: a, j: b}
        assert (value_at(thread, point), value_at(index[0], point)) == fragment.owners(a, b)[0]
    assert fragment.thread is not None and len(fragment.index) == 1


@pytest.mark.parametrize(
    "fragment",
    [
        fragments.make_gemm_fragment_8x8().repeat([2, 3]).repeat([1, 2], True),
        fragments.make_gemm_fragment_8x8().replicate(2),
        Fragment.from_thread_value([6, 4], cute.Layout(((2, 3), 4), ((12, 1), 3))),
        Fragment.from_thread_value([5, 7], cute.Layout((32, 2), (1, 32)), padded=[8, 8]),
        Fragment.from_thread_value([4, 6], cute.Layout((8, 3), (3, 1))),
        Fragment.from_thread_value([4, 6], cute.Layout((3, 8), (8, 1))),
        Fragment.from_thread_value([3, 2], cute.Layout((4, 3), (1, 1))),
        Fragment.from_thread_value([3, 2], cute.Layout((3, (2, 2)), (1, (2, 3))), padded=[3, 3]),
    ],
)
def test_slot_expressions_name_the_element(fragment):
    t, v = ir.Var("t", "int32"), ir.Var("v", "int32")
    coord = fragment.map_slot(t, v)
    for thread, value in coords((fragment.num_threads, fragment.num_values)):
        point = tuple(value_at(e, {t: thread, v: value}) for e in coord)
        inside = all(c < n for c, n in zip(point, fragment.shape, strict=True))
        assert fragment.element(thread, value) == (point if inside else None)


def test_values_of_the_layout_are_flat_coordinates_first_dimension_fastest():
    layout = cute.Layout(((2, 3), 4), ((12, 1), 3))
    fragment = Fragment.from_thread_value([6, 4], layout)
    assert [r + 6 * c for r, c in (fragment.element(t, v) for v in range(4) for t in range(6))] == (
        values(layout)
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Fragment([4], forward_fn=lambda i: (i // 2, 0)),
            "both fall on value 0 of thread 0",
        ),
        (lambda: Fragment([4], forward_fn=lambda i: (i - 1, 0)), "has thread -1"),
        (lambda: Fragment([0], forward_fn=lambda i: (i, 0)), "extent below 1"),
        (
            lambda: Fragment.from_thread_value([4, 4], cute.Layout((4, 2), (1, 4))),
            r"no thread owns element \(0,2\)",
        ),
        (lambda: Fragment.from_thread_value([4], cute.Layout((4, 2), (1, 4))), "leaves the box"),
        (lambda: Fragment.from_thread_value([4], cute.Layout(4)), "needs a .thread, value. layout"),
        (
            lambda: Fragment.from_thread_value([4], cute.Layout((4, 1)), padded=[2]),
            "into a box no smaller",
        ),
        (
            lambda: Fragment.from_thread_value([4], cute.Layout((4, 1), (-1, 0))),
            "negative stride",
        ),
        (
            lambda: fragments.make_gemm_fragment_8x8().convert_to(
                Fragment([64], forward_fn=lambda i: (i, 0))
            ),
            "different shapes",
        ),
        (lambda: fragments.make_gemm_fragment_8x8().repeat([2]), "needs as many repeat counts"),
        (lambda: fragments.make_gemm_fragment_8x8().repeat([2, 0]), "repeated 0 times"),
        (lambda: fragments.make_gemm_fragment_8x8().replicate(0), "repeated 0 times"),
        (lambda: fragments.make_gemm_fragment_8x8().map_forward([1]), "cannot map 1 indices"),
        (
            lambda: Fragment([3], forward_fn=lambda i: (i * i, 0)).map_slot(0, 0),
            "no shape:stride map",
        ),
        (
            lambda: Fragment.from_thread_value([3], cute.Layout((4, 1)), padded=[4]).thread,
            "no closed form",
        ),
    ],
)
def test_misuse_is_rejected(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_misuse_of_the_python_face():
    with pytest.raises(TypeError, match="forward_fn or forward_thread_fn"):
        Fragment([4])
    with pytest.raises(IndexError, match="coordinate"):
        fragments.make_gemm_fragment_8x8().owners(8, 0)
    with pytest.raises(IndexError, match="thread 32"):
        fragments.make_gemm_fragment_8x8().element(32, 0)
