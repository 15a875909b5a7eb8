"""The bank model against counting lane by lane, and the swizzle chooser."""

from collections import defaultdict

import pytest
from brute import QUICK, values
from hypothesis import given
from hypothesis import strategies as st

from tilescale import layout as tl
from tilescale.layout import cute


def count(byte_addresses, width):
    """(wavefronts, phases, worst) of one warp, by listing who wants what of which bank."""
    active = {i: a for i, a in enumerate(byte_addresses) if a is not None}
    if not active:
        return 0, 0, 0
    phases = {1: 1, 2: 1, 4: 1, 8: 2, 16: 4}[width]
    twins = [all(active.get(i ^ m, a) == a for i, a in active.items()) for m in (1, 2)]
    if any(twins) and phases > 1:
        phases //= 2
    costs = []
    for phase in range(phases):
        wanted = defaultdict(set)
        for lane, address in active.items():
            if lane * phases // 32 == phase:
                for byte in range(address, address + width):
                    wanted[byte // 4 % 32].add(byte // 4)
        costs.append(max((len(words) for words in wanted.values()), default=0))
    return max(sum(costs), phases), phases, max(costs)


def as_tuple(report):
    return report.wavefronts, report.ideal, report.worst


@QUICK
@given(
    st.sampled_from([1, 2, 4, 8, 16]),
    st.lists(st.one_of(st.none(), st.integers(0, 255)), min_size=1, max_size=32),
    st.sampled_from([0, 0, 1, 2, 3, 4, 16]),
)
def test_one_warp_lane_by_lane(width, chunks, twin):
    chunks = [chunks[lane & ~twin] for lane in range(len(chunks))]
    elements = [-1 if c is None else c for c in chunks]
    report = tl.score_elements(elements, 1, 8 * width, width)
    assert as_tuple(report) == count([None if c is None else c * width for c in chunks], width)
    assert report.accesses == (1 if any(c is not None for c in chunks) else 0)


@QUICK
@given(
    st.sampled_from([(8, 4), (16, 4), (16, 8), (16, 16), (32, 4), (32, 16), (4, 4)]),
    st.integers(1, 70),
    st.integers(1, 3),
    st.integers(0, 40),
)
def test_threads_and_vectors(kind, threads, vectors, stride):
    bits, width = kind
    length = width * 8 // bits
    elements = [
        (t * stride + v) * length + k
        for t in range(threads)
        for v in range(vectors)
        for k in range(length)
    ]
    report = tl.score_elements(elements, vectors * length, bits, width)
    total = [0, 0, 0]
    for warp in range(0, threads, 32):
        for v in range(vectors):
            lanes = [(t * stride + v) * width for t in range(warp, min(warp + 32, threads))]
            wavefronts, phases, worst = count(lanes, width)
            total = [total[0] + wavefronts, total[1] + phases, max(total[2], worst)]
    assert as_tuple(report) == tuple(total)
    assert report.accesses == vectors * -(-threads // 32)
    assert report.conflicts == total[0] - total[1]


def test_known_patterns():
    def cost(stride_bytes, width):
        elements = [t * stride_bytes // width for t in range(32)]
        return tl.score_elements(elements, 1, 8 * width, width).wavefronts

    assert [cost(4, 4), cost(8, 4), cost(128, 4), cost(132, 4)] == [1, 2, 32, 1]
    assert [cost(8, 8), cost(16, 8), cost(16, 16), cost(128, 16)] == [2, 4, 4, 32]
    broadcasts = [tl.score_elements([7] * 32, 1, 8 * w, w).wavefronts for w in (4, 8, 16)]
    assert broadcasts == [1, 1, 2]
    # Measured on an H200: neighbours that agree share a phase, others that agree do not, and an
    # access without neighbours that agree takes all its phases however few lanes are active.
    for twin, wavefronts in ((1, 2), (2, 2), (4, 4), (16, 4)):
        distinct = sorted({lane & ~twin for lane in range(32)})
        elements = [distinct.index(lane & ~twin) for lane in range(32)]
        assert tl.score_elements(elements, 1, 128, 16).wavefronts == wavefronts
    assert tl.score_elements(list(range(16)), 1, 64, 8).wavefronts == 2


@QUICK
@given(
    st.sampled_from([8, 16, 32]),
    st.integers(1, 20),
    st.integers(1, 6),
    st.sampled_from([32, 64, 128]),
)
def test_swizzled_tiles_are_permutations_of_each_row_span(bits, rows, spans, span_bytes):
    columns = spans * span_bytes * 8 // bits
    tile = {
        128: tl.make_full_bank_swizzled_layout,
        64: tl.make_half_bank_swizzled_layout,
        32: tl.make_quarter_bank_swizzled_layout,
    }[span_bytes](rows, columns, bits)
    offsets = tile.offsets()
    assert sorted(offsets) == list(range(rows * columns))
    chunk = 128 // bits
    for first in range(0, rows * columns, chunk):
        assert offsets[first] % chunk == 0
        assert offsets[first : first + chunk] == list(range(offsets[first], offsets[first] + chunk))


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_full_bank_swizzle_has_no_conflicts_by_row_or_column(bits):
    rows, columns = 64, 128 * 8 // bits
    chunk = 128 // bits
    tile = tl.make_full_bank_swizzled_layout(rows, columns, bits).to_cute()
    down = cute.Layout((32, chunk), (1, rows))
    along = cute.Layout(((8, 4), chunk), ((chunk * rows, 1), rows))
    for access in (down, along):
        assert tl.score_layout(access, tile, bits, 16).conflicts == 0
    linear = tl.make_linear_layout(rows, columns).to_cute()
    assert tl.score_layout(down, linear, bits, 16).worst == 8


@pytest.mark.parametrize(
    ("rows", "columns", "best"),
    [(64, 64, "swizzle 128B"), (64, 96, "pad 16B"), (48, 48, "swizzle 32B"), (33, 40, "linear")],
)
def test_the_chooser_scores_every_candidate_exactly(rows, columns, best):
    lanes = min(rows, 32)
    down = cute.Layout((lanes, 8), (1, rows))
    along = cute.Layout(((8, 4) if columns >= 64 else (4, 8), 8), ((8 * rows, 1), rows))
    accesses = [(down, 16), (along, 16)]
    ranked = tl.rank_tile_layouts((rows, columns), 16, accesses)
    for candidate in ranked:
        total = 0
        for access, width in accesses:
            threads, vector = values(access[0]), values(access[1])
            elements = [candidate.layout(t + v) for t in threads for v in vector]
            total += tl.score_elements(elements, 8, 16, width).wavefronts
            lanes_at = [candidate.layout(t) * 2 for t in threads]
            assert count(lanes_at, 16)[0] == tl.score_elements(elements, 8, 16, width).wavefronts
        assert candidate.wavefronts == total
    keys = [(c.wavefronts, c.bytes) for c in ranked]
    assert keys == sorted(keys)
    names = {c.name: c for c in ranked}
    assert "linear" in names
    assert ranked[0].wavefronts == min(c.wavefronts for c in ranked)
    assert names[best].wavefronts == ranked[0].wavefronts
    assert "pad 4B" not in names  # its rows would not be aligned to 16 bytes


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: tl.score_elements([0, 2], 2, 16, 4), "value 1 is element 2"),
        (lambda: tl.score_elements([1, 2], 2, 16, 4), "byte address 2 is not aligned"),
        (lambda: tl.score_elements([0, 1, 2], 3, 16, 4), "do not split 3 values"),
        (lambda: tl.score_elements([0], 1, 16, 3), "moves 1, 2, 4, 8 or 16 bytes"),
        (lambda: tl.score_layout(cute.Layout(8), cute.Layout(8), 16, 2), "has two modes"),
        (
            lambda: tl.score_layout(cute.Layout((8, 2), (1, 8)), cute.Layout(12), 32, 4),
            "reaches element 12",
        ),
        (lambda: tl.make_full_bank_swizzled_layout(8, 48, 16), "no whole number of 128-byte spans"),
        (lambda: tl.make_full_bank_swizzled_layout(8, 64, 24), "divide 128 bits"),
        (lambda: tl.rank_tile_layouts((0, 8), 16, []), "must be positive"),
        (
            lambda: tl.rank_tile_layouts((8, 8), 16, [(cute.Layout((8, 8), (8, 1)), 16)]),
            "are no vector",
        ),
    ],
)
def test_misuse_is_rejected(run, message):
    with pytest.raises(ValueError, match=message):
        run()
