"""The list that stays sorted, beside one that is sorted each time."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buckets.objectstore.index import ordered
from buckets.objectstore.index.ordered import Ordered

Item = tuple[int, str]
NUMBERS = st.integers(0, 60)


def key(item: Item) -> int:
    return item[0]


@pytest.fixture(autouse=True, scope="module")
def small_chunks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordered, "CHUNK", 4)
        yield


@given(
    start=st.sets(NUMBERS),
    changes=st.lists(st.tuples(st.sampled_from(["add", "remove", "replace"]), NUMBERS), max_size=80),
    asked=st.lists(NUMBERS, min_size=3, max_size=3),
)
def test_it_is_sorted_after_any_changes(start: set[int], changes: list[tuple[str, int]], asked: list[int]) -> None:
    wanted = {number: (number, "old") for number in start}
    found = Ordered(key, list(wanted.values()))
    for change, number in changes:
        if change == "add" and number not in wanted:
            wanted[number] = (number, "new")
            found.add(wanted[number])
        elif change == "remove" and number in wanted:
            found.remove(wanted.pop(number))
        elif change == "replace" and number in wanted:
            wanted[number] = (number, "changed")
            found.replace(wanted[number])
        check(found, sorted(wanted.values()), asked)


def check(found: Ordered[Item], wanted: list[Item], asked: list[int]) -> None:
    low, high, count = asked[0], max(asked[0], asked[1]), asked[2] % 7
    up = [item for item in wanted if item[0] >= low]
    down = [item for item in wanted if item[0] < low][::-1]
    assert list(found) == wanted
    assert len(found) == len(wanted)
    assert found.position(low) == len(down)
    assert found.at_or_after(low) == (up[0] if up else None)
    assert found.before(low) == (down[0] if down else None)
    assert found.last() == (wanted[-1] if wanted else None)
    assert found.beyond(low, count) == [item for item in wanted if item[0] > low][:count]
    assert found.beyond(low, count, descending=True) == down[:count]
    assert found.slice(count, count + 5) == wanted[count : count + 5]
    assert found.slice(count, count + 5, descending=True) == wanted[::-1][count : count + 5]
    for end in (high, None):
        stretch = [(start + at, chunk[at]) for start, chunk, first, stop in found.between(low, end) for at in range(first, stop)]
        assert stretch == [(at, item) for at, item in enumerate(wanted) if item[0] >= low and (end is None or item[0] < end)]


@pytest.mark.parametrize("number", [0, 3, 9])
def test_what_is_not_there_can_be_neither_removed_nor_replaced(number: int) -> None:
    found = Ordered(key, [(2, ""), (4, "")])
    with pytest.raises(KeyError):
        found.remove((number, ""))
    with pytest.raises(KeyError):
        found.replace((number, ""))


def test_chunks_stay_of_a_useful_size_whatever_is_removed() -> None:
    numbers = list(range(1000))
    found = Ordered(key, [(number, "") for number in numbers])
    random.Random(3).shuffle(numbers)
    for number in numbers[:950]:
        found.remove((number, ""))
    assert len(found._chunks) <= 50


def test_chunks_are_split_when_they_have_grown() -> None:
    found = Ordered(key)
    for number in range(1000):
        found.add((number, ""))
    assert max(map(len, found._chunks)) <= 8
