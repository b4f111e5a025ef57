"""Rendered rows are shared, but only between those who see the same."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from buckets import rows
from buckets.listing import object_row
from buckets.objectstore import ObjectInfo


def info(**changes: object) -> ObjectInfo:
    found = ObjectInfo(bucket="b", name="x.txt", nuid="n", size=1, chunks=1, modified=datetime.now(UTC), revision=5)
    return replace(found, **changes)  # type: ignore[arg-type]


def test_the_same_row_is_rendered_once() -> None:
    first = rows.row_html("same", object_row(info()))
    assert rows.row_html("same", object_row(info())) is first


@pytest.mark.parametrize("change", [{"revision": 6, "size": 7}, {"name": "y.txt"}, {"problem": "broken"}])
def test_another_state_is_another_row(change: dict[str, object]) -> None:
    first = rows.row_html("changed", object_row(info()))
    assert rows.row_html("changed", object_row(info(**change))) != first


def test_a_row_is_of_its_bucket() -> None:
    assert "/other/" in rows.row_html("other", object_row(info()))


def test_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MOST", len(rows._rendered) + 2)
    for number in range(10):
        rows.row_html("many", object_row(info(name=f"{number}")))
    assert len(rows._rendered) == rows.MOST
