"""In which order many objects get new names."""

import random

from buckets.services.order import Transfer, order, ordered


def transfers(*pairs: str) -> list[Transfer]:
    return [Transfer(name, to) for name, to in (pair.split(">") for pair in pairs)]


def test_a_chain_begins_at_its_end_and_what_is_alone_comes_first() -> None:
    found = order(transfers("a>b", "b>c", "c>d", "x>y"), one_bucket=True)
    assert (list(found.free), list(found.careful)) == ([2, 3], [1, 0])


def test_of_two_buckets_only_one_name_for_two_is_a_danger() -> None:
    items, never = ordered(transfers("a>b", "b>c", "x/a>z", "y/a>z"), one_bucket=False)
    assert [item.to for item in items] == ["b", "c", "z", "z"]
    assert never == {"z"}


def test_what_keeps_its_name_and_circles_have_a_place_too() -> None:
    items = transfers("same>same", "a>b", "b>a", "c>a")
    found = order(items, one_bucket=True)
    assert list(found.free) == [0]
    assert sorted(found.careful) == [1, 2, 3]


def test_a_long_chain_works_in_any_order() -> None:
    items = transfers(*(f"{number}>{number + 1}" for number in range(5000)))
    random.Random(7).shuffle(items)
    done, _ = ordered(items, one_bucket=True)
    assert [int(item.name) for item in done] == list(range(4999, -1, -1))
