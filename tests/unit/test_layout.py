"""Where chunks lie, against a plain list of them."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buckets.objectstore.reading import layout
from buckets.objectstore.reading.layout import Contiguous, Scattered, Spot, Table

LENGTHS = st.lists(st.integers(0, 5), min_size=1, max_size=80).filter(any)


def chunks_of(lengths: list[int], step: int) -> list[Spot]:
    return [Spot(index, 100 + step * index, offset) for index, offset in enumerate([0, *accumulate(lengths)][:-1])]


@given(lengths=LENGTHS, anchors=st.integers(2, 20), data=st.data())
def test_a_table_finds_a_chunk_at_or_before_any_position(lengths: list[int], anchors: int, data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "MAX_ANCHORS", anchors)
        table, chunks = Table(), chunks_of(lengths, 3)
        for spot, length in zip(chunks, lengths, strict=True):
            table.add(spot.sequence, length)
    assert (table.size, table.chunks) == (sum(lengths), len(lengths))
    assert table.weight <= 200 + 16 * anchors
    start = data.draw(st.integers(0, table.size - 1))
    end = data.draw(st.integers(start + 1, table.size))
    spot = table.spot(start)
    assert spot in chunks
    assert spot.offset <= start
    assert sum(lengths[: table.upto(end)]) >= end
    assert table.upto(end) > spot.index
    assert all(table.fits(chunk, length) for chunk, length in zip(chunks, lengths, strict=True))


def test_a_table_knows_a_wrong_chunk() -> None:
    table = Table()
    for spot, length in zip(chunks_of([5, 7, 2], 1), [5, 7, 2], strict=True):
        table.add(spot.sequence, length)
    assert table.fits(Spot(1, 101, 5), 7)
    assert not table.fits(Spot(1, 102, 5), 7)
    assert not table.fits(Spot(1, 101, 6), 7)
    assert not table.fits(Spot(2, 102, 12), 3)
    assert not table.fits(Spot(3, 103, 14), 0)


def test_chunks_in_a_row_are_counted() -> None:
    row = Contiguous(size=1050, chunk_size=100, first=7)
    assert (row.chunks, row.last_length) == (11, 50)
    assert row.spot(0) == Spot(0, 7, 0)
    assert row.spot(99) == Spot(0, 7, 0)
    assert row.spot(100) == Spot(1, 8, 100)
    assert row.spot(1049) == Spot(10, 17, 1000)
    assert [row.upto(end) for end in (1, 100, 101, 1050)] == [1, 1, 2, 11]
    assert row.fits(Spot(1, 8, 100), 100)
    assert row.fits(Spot(10, 17, 1000), 50)
    assert not row.fits(Spot(1, 9, 100), 100)
    assert not row.fits(Spot(1, 8, 100), 99)
    assert not row.fits(Spot(10, 17, 1000), 100)


def test_what_was_found_of_scattered_chunks_is_used_again() -> None:
    found = Scattered(size=1000, chunk_size=10, first=5, last=905)
    assert found.around(50) == ((0, 5), (99, 905))
    found.learn(40, 300)
    found.learn(40, 300)
    assert found.around(50) == ((40, 300), (99, 905))
    assert found.around(40) == ((40, 300), (40, 300))
    assert found.around(39) == ((0, 5), (40, 300))
    assert found.around(99) == ((99, 905), (99, 905))
