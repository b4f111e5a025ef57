"""Which links lead to what is about to go, out of the live indexes."""

from dataclasses import dataclass, replace
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import User

from buckets.access import Role, RoleMap
from buckets.objectstore import Index, Link
from buckets.services import linklist
from tests.unit.index_model import entry


@dataclass
class Live:
    index: Index


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Index:
    """Of the bucket "here", in which "z", "a/1" and "m" lead to "x", and many others to what is in "folder/"; another bucket is empty."""
    index = Index("here")
    links = {"z": "x", "a/1": "x", "m": "x", "folder/in": "folder/0"} | {f"b{number}": f"folder/{number}" for number in range(9)}
    for revision, (name, to) in enumerate(links.items(), 1):
        index.apply(replace(entry(name, revision), link=Link("here", to)))
    index.apply(entry("x", 99))

    async def lives(*_: object) -> tuple[RoleMap, dict[str, Live | None], bool]:
        return RoleMap(Role.VIEWER), {"here": Live(index), "empty": Live(Index("empty")), "gone": None}, True

    monkeypatch.setattr(linklist, "_all_lives", lives)
    monkeypatch.setattr(linklist, "STEP", 2)
    return index


async def found(names: list[str], folders: list[str]) -> list[tuple[str, str]]:
    links = (await linklist.links_to(User(), "here", names, folders)).links
    return [(link.name, str(link.state)) for link in links]


async def test_of_names_only_what_leads_to_them_is_looked_at(here: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Index, "link_names", Mock(side_effect=AssertionError("all links are looked at")))
    assert await found(["x", "nothing", "m"], []) == [("a/1", "fine"), ("z", "fine")]


async def test_of_folders_all_that_leads_into_them_from_outside(here: Index) -> None:
    inside = [(f"b{number}", "dangling") for number in range(9)]
    assert await found(["x"], ["folder/"]) == [("a/1", "fine"), *inside, ("m", "fine"), ("z", "fine")]
    assert await found([], ["fold/", "a/"]) == []
