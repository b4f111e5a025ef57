"""Putting the pages of the server's answers together."""

from typing import Any

from buckets.objectstore.stream.streams import Streams


class Pages:
    """Stands in for JetStream: gives these answers by their offset, and notes what it was asked."""

    def __init__(self, pages: dict[int, dict[str, Any]]) -> None:
        self.pages = pages
        self.asked: list[int] = []

    async def api(self, endpoint: str, body: dict[str, Any], *, about: str = "") -> dict[str, Any]:
        self.asked.append(body["offset"])
        return self.pages[body["offset"]]


def info(name: str) -> dict[str, Any]:
    return {"config": {"name": f"OBJ_{name}", "subjects": [f"$O.{name}.C.>", f"$O.{name}.M.>"]}, "state": {}}


async def test_streams_without_a_leader_are_left_out_and_shift_nothing() -> None:
    """The server gives their names in ``missing``, and counts them."""
    pages = Pages(
        {
            0: {"total": 5, "streams": [info("a"), info("c")], "missing": ["OBJ_b"]},
            3: {"total": 5, "streams": [info("d"), info("e")]},
        }
    )
    buckets = await Streams(pages).list()  # type: ignore[arg-type]
    assert [status.name for status in buckets] == ["a", "c", "d", "e"]
    assert pages.asked == [0, 3]


async def test_a_bucket_that_is_on_two_pages_is_listed_once() -> None:
    """One was made meanwhile, and moved the others along."""
    pages = Pages({0: {"total": 3, "streams": [info("a"), info("b")]}, 2: {"total": 3, "streams": [info("b")]}})
    assert [status.name for status in await Streams(pages).list()] == ["a", "b"]  # type: ignore[arg-type]


async def test_a_page_without_anything_ends_it() -> None:
    pages = Pages({0: {"total": 1000, "streams": None, "missing": ["OBJ_b"]}})
    assert await Streams(pages).list() == []  # type: ignore[arg-type]


async def test_subjects_are_put_together_from_all_pages() -> None:
    pages = Pages(
        {
            0: {"total": 3, "state": {"subjects": {"$O.b.C.one": 1, "$O.b.C.two": 2}}},
            2: {"total": 3, "state": {"subjects": {"$O.b.C.three": 3}}},
        }
    )
    found = await Streams(pages).subjects("b", "$O.b.C.>")  # type: ignore[arg-type]
    assert found == {"$O.b.C.one": 1, "$O.b.C.two": 2, "$O.b.C.three": 3}
