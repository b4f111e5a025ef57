"""What a form names: which objects that are, without looking twice, and letting others go on."""

import asyncio

import pytest
from django.http import QueryDict

from buckets.services.prefixes import begins, outermost
from buckets.views import files
from buckets.views.files import Chosen, batches
from tests.unit.test_index import filled


def chosen(*fields: tuple[str, str]) -> Chosen:
    query = QueryDict(mutable=True)
    for field, value in fields:
        query.appendlist(field, value)
    return Chosen.read(query)


def test_folders_are_taken_once_and_none_inside_another() -> None:
    many = [("folder", name) for name in ("b%2F", "a%2Fb%2F", "a%2F", "a%2F", "a-b%2F", "a", "", "%2F")]
    assert chosen(*many).folders == ["/", "a-b/", "a/", "b/"]
    assert chosen(("object", "x%2Fy"), ("object", "z"), ("object", "x%2Fy")).objects == ["x/y", "z"]


def test_what_is_below_a_prefix_is_found_among_many() -> None:
    folders = outermost(["b/", "a/c/", "a/", "a.b/"])
    assert folders == ["a.b/", "a/", "b/"]
    assert [name for name in ("a", "a/", "a/c/x", "a.b", "a.b/x", "ab/x", "b", "b/x", "c") if begins(name, folders)] == [
        "a/",
        "a/c/x",
        "a.b/x",
        "b/x",
    ]
    assert not begins("a", [])


async def test_each_name_comes_with_what_was_chosen_and_others_go_on_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "NAMES_AT_ONCE", 2)
    index = filled("a/1", "a/2", "a/b/3", "a/b/4", "a/b/5", "b", "c")
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    names = await chosen(("object", "b"), ("object", "a/1"), ("folder", "a/b/"), ("folder", "a/"), ("folder", "nothing/")).names_of(index)
    beside.cancel()
    assert names == {"b": "b", "a/1": "a/", "a/2": "a/", "a/b/3": "a/", "a/b/4": "a/", "a/b/5": "a/"}
    assert turns >= 3


def test_batches_leave_nothing_out() -> None:
    assert list(batches((number for number in range(5)), 2)) == [[0, 1], [2, 3], [4]]
    assert list(batches([], 2)) == []
