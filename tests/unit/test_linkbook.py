"""The links of a bucket in pages: kept true by what changes, as a look at all of them would tell."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User

from buckets.access import Role, RoleMap
from buckets.objectstore import Index, Link, LiveBucket
from buckets.services import linkbook, linklist
from buckets.services.linkbook import LinkPage
from tests.unit.index_model import entry

Ask = Callable[..., Any]


class Site:
    """Live buckets without a server: "here", and others that there may be."""

    def __init__(self) -> None:
        self.lives: dict[str, LiveBucket] = {}
        self.revision = 0
        self.held = RoleMap(Role.VIEWER)
        for name in ("here", "there"):
            self.make(name)

    def make(self, bucket: str) -> None:
        self.lives[bucket] = LiveBucket(bucket)
        self.lives[bucket].become_ready()

    def write(self, bucket: str, name: str, to: Link | None = None, *, deleted: bool = False) -> None:
        self.revision += 1
        self.lives[bucket]._apply(replace(entry(name, self.revision), link=to, deleted=deleted), b"")

    def delete(self, bucket: str, name: str) -> None:
        self.write(bucket, name, deleted=True)

    async def ask(self, **more: Any) -> LinkPage:
        return await linkbook.own_page(User(), "here", seconds=0.1, **more)

    def expected(self, dangling: bool = False, query: str = "") -> list[tuple[str, str]]:
        """By a look at all of them."""
        found = []
        index = self.lives["here"].index
        for name in sorted(index.link_names()):
            to = index.link(name)
            assert to is not None
            live = self.lives.get(to.bucket)
            there = live is not None and (to.name is None or to.name in live.index)
            state = "hidden" if self.held.of(to.bucket) is None else "fine" if there else "dangling"
            if (state == "dangling" or not dangling) and (query in name or query in (to.name or "")):
                found.append((name, state))
        return found


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    site = Site()

    class Store:
        async def live(self, bucket: str) -> LiveBucket:
            return site.lives[bucket]

    async def store() -> Any:
        return Store()

    async def lives_of(buckets: Any, _: float) -> Any:
        return {bucket: site.lives.get(bucket) for bucket in buckets}

    async def require(*_: object) -> Role:
        return Role.VIEWER

    async def roles(_: object) -> RoleMap:
        return site.held

    monkeypatch.setattr(linkbook, "store", store)
    monkeypatch.setattr(linklist, "lives_of", lives_of)
    monkeypatch.setattr(linkbook, "require", require)
    monkeypatch.setattr(linkbook, "roles", roles)
    return site


async def test_it_stays_as_a_look_at_all_of_them_would_tell(site: Site) -> None:
    chance = random.Random(5)
    names, targets = [f"n{number}" for number in range(12)], [f"t{number}" for number in range(5)]
    for step in range(300):
        match chance.randrange(7):
            case 0 | 1 | 2:
                to = Link(chance.choice(["here", "there", "nowhere"]), chance.choice([*targets, *names, None]))
                site.write("here", chance.choice(names), to)
            case 3:
                site.write(chance.choice(["here", "there"]), chance.choice(targets))
            case 4:
                site.delete(chance.choice(["here", "there"]), chance.choice(targets))
            case 5:
                site.delete("here", chance.choice(names))
            case 6:
                site.write("here", chance.choice(names))
        if step % 5 == 0:
            for dangling in (False, True):
                page = await site.ask(dangling=dangling)
                expected = site.expected(dangling)
                assert [(link.name, str(link.state)) for link in page.links] == expected
                assert (page.total, page.all, page.dangling) == (len(expected), len(site.expected()), len(site.expected(True)))
                assert page.complete
            found = await site.ask(query="t1")
            assert [link.name for link in found.links] == [name for name, _ in site.expected(query="t1")]


async def test_a_bucket_that_comes_and_goes_changes_what_leads_there(site: Site) -> None:
    site.write("here", "whole", Link("later"))
    site.write("here", "one", Link("later", "x"))
    assert (await site.ask()).dangling == 2
    site.make("later")
    assert [link.name for link in (await site.ask(dangling=True)).links] == ["one"]
    site.write("later", "x")
    assert (await site.ask()).dangling == 0
    site.lives.pop("later").on_gone()
    assert (await site.ask()).dangling == 2


async def test_what_somebody_may_not_see_does_not_count_as_broken(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write("here", "secret", Link("there", "x"))
    assert (await site.ask()).dangling == 1
    site.held = RoleMap(None, {"here": Role.VIEWER})
    page = await site.ask()
    assert ([str(link.state) for link in page.links], page.dangling, page.complete) == (["hidden"], 0, True)
    assert (await site.ask(dangling=True)).total == 0


async def test_a_bucket_that_is_still_being_read_says_nothing_yet(site: Site) -> None:
    site.lives["slow"] = LiveBucket("slow")
    site.write("here", "link", Link("slow", "x"))
    page = await site.ask()
    assert ([str(link.state) for link in page.links], page.complete) == (["unknown"], False)
    site.lives["slow"].become_ready()
    page = await site.ask()
    assert ([str(link.state) for link in page.links], page.dangling, page.complete) == (["dangling"], 1, True)


async def test_a_change_costs_what_changed_and_not_what_there_is(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3000):
        site.write("here", f"{number:05}", Link("there", f"t{number % 7}"))
    first = await site.ask(size=10, page=3)
    assert (first.links[0].name, first.all, first.dangling) == ("00020", 3000, 3000)
    asked: list[str] = []
    look = Index.link

    def link(self: Index, name: str) -> Link | None:
        asked.append(name)
        return look(self, name)

    monkeypatch.setattr(Index, "link", link)
    site.write("here", "00020", Link("here", "new"))
    site.write("here", "new")
    page = await site.ask(size=10, page=3)
    assert (str(page.links[0].state), page.all, page.dangling) == ("fine", 3000, 2999)
    assert len(asked) < 30
    last = await site.ask(size=10, page=10_000)
    assert (last.page, last.links[-1].name) == (300, "02999")


async def test_who_does_not_ask_any_more_follows_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write("here", "link", Link("there", "x"))
    await site.ask()
    assert (site.lives["here"].readers, site.lives["there"].readers) == (1, 1)
    linkbook._books[site.lives["here"]].close()
    assert (site.lives["here"].readers, site.lives["there"].readers) == (0, 0)
    site.write("there", "x")
    assert (await site.ask()).dangling == 0
