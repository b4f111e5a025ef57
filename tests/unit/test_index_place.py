"""Where something stands in a listing is where the listing shows it, in every order."""

import base64
from dataclasses import replace
from itertools import count

import pytest

from buckets.objectstore import Folder, Index, ObjectInfo, Sort, SortKey
from buckets.objectstore.entry import Entry

SORTS = [Sort(key, descending) for key in SortKey for descending in (False, True)]


def filled(names: int) -> Index:
    index, revisions = Index("b"), count(1)
    for number in range(names):
        scattered = number * 7_919 % 10_007
        index.apply(entry(f"{scattered:05}.txt", next(revisions), scattered % 100))
        if number % 10 == 0:
            index.apply(entry(f"folder {scattered:05}/in it", next(revisions), scattered % 30))
    return index


def entry(name: str, revision: int, size: int) -> Entry:
    return Entry.read(token(name), f'{{"name":"{name}","size":{size}}}'.encode(), revision, revision * 1_000)


def token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


@pytest.mark.parametrize("sort", SORTS, ids=str)
def test_everything_is_where_the_listing_shows_it(sort: Sort) -> None:
    index = filled(2_000)
    shown = index.page(sort=sort, limit=3_000)
    items: list[Folder | ObjectInfo] = [*shown.folders, *shown.objects]
    places = [index.place(item, sort=sort) for item in items]
    assert places == list(range(shown.total)) == list(range(2_200))


def test_what_has_changed_or_gone_has_no_place() -> None:
    index = filled(20)
    shown = index.page()
    index.discard(shown.objects[3].name)
    assert index.place(shown.objects[3]) is None
    assert index.place(shown.objects[4]) == index.place(shown.objects[2], prefix="") + 1  # type: ignore[operator]
    assert index.place(replace(shown.objects[5], revision=999)) is None
    assert index.place(replace(shown.folders[0], size=10**9)) is None
    assert index.place(shown.objects[5], prefix="nowhere/") is None
