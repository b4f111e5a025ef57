"""Random operations by us and by another client, on a real server, beside a plain model of what must come of them."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import nats
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from nats.aio.client import Client
from nats.js.api import ObjectMeta

from buckets.objectstore import BucketConfig, Link, ObjectInfo, ObjectStore
from buckets.objectstore.names import chunk_subject
from tests.conftest import running_store
from tests.natsserver import NatsServer
from tests.store.plain import Fails, Place, Plain, Thing

pytestmark = pytest.mark.current_server

T = TypeVar("T")
# Not shrunk: a failure would take minutes, and thirty steps can be read.
BOUNDED = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
CHUNK = 100
ONE, TWO = "one", "two"
PLACES = st.tuples(st.sampled_from([ONE, TWO]), st.sampled_from(["a", "b/c", "Ünï 🚢"]))
DATA = st.sampled_from([0, 1, CHUNK, CHUNK + 1, 10 * CHUNK, 5000])
EXPECTED = st.sampled_from(["any", "right", "wrong"])
TEXTS = st.sampled_from(["", "first", "Ünï 🚢", "x" * 20_000])


class Buckets(RuleBasedStateMachine):
    """Two buckets, "one" and "two" in the model."""

    server: NatsServer
    history = False

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.plain = Plain()
        self.serial = 0
        suffix = uuid.uuid4().hex[:12]
        self.real = {ONE: f"{ONE}-{suffix}", TWO: f"{TWO}-{suffix}"}
        self.started = running_store(self.server)
        self.store: ObjectStore = self.runner.run(self.started.__aenter__())
        self.foreign: Client = self.runner.run(nats.connect(self.server.url))
        self.runner.run(self._prepare())

    async def _prepare(self) -> None:
        for bucket in self.real.values():
            await self.store.create_bucket(BucketConfig(bucket))
            if self.history:
                await self.store.history.enable(bucket)
            assert await (await self.store.live(bucket)).wait_ready(10)

    def teardown(self) -> None:
        try:
            self.runner.run(self._check_all())
            self.runner.run(self._remove())
        finally:
            self.runner.run(self.foreign.close())
            self.runner.run(self.started.__aexit__())
            self.runner.close()

    async def _remove(self) -> None:
        for bucket in self.real.values():
            await self.store.delete_bucket(bucket, remove_history=True)

    def link(self, link: Link) -> Link:
        return Link(self.real[link.bucket], link.name)

    def at(self, place: Place) -> Place:
        return self.real[place[0]], place[1]

    def revision(self, place: Place, expected: str) -> int | None:
        thing = self.plain.things.get(place)
        right = thing.revision if thing is not None else 0
        return {"any": None, "right": right, "wrong": right + 1000}[expected]

    def both(self, place: Place, plain: Callable[[], None], real: Callable[[], Awaitable[ObjectInfo | None]]) -> None:
        """Do it in the model and in the store: both fail alike, or both succeed and look alike afterwards."""
        try:
            plain()
        except Fails as fails:
            with pytest.raises(fails.error):
                self.runner.run(_awaited(real()))
        else:
            info = self.runner.run(_awaited(real()))
            if info is not None:
                self.plain.written(place, info)
        self.runner.run(self._check(place))

    def data(self, size: int) -> bytes:
        """Different each time."""
        self.serial += 1
        return (self.serial.to_bytes(4, "big") * (size // 4 + 1))[:size]

    @initialize()
    def begin(self) -> None:
        """With something to work on."""
        for place in ((ONE, "a"), (ONE, "b/c"), (TWO, "a")):
            self.put(place, 3 * CHUNK, "", "any")

    @rule(place=PLACES, size=DATA, description=TEXTS, expected=EXPECTED)
    def put(self, place: Place, size: int, description: str, expected: str) -> None:
        data, revision = self.data(size), self.revision(place, expected)
        thing = Thing(data, description=description, metadata={"serial": str(self.serial)})
        self.both(
            place,
            lambda: self.plain.put(place, thing, revision),
            lambda: self.store.put(
                *self.at(place), data, description=description, metadata=thing.metadata, chunk_size=CHUNK, expected_revision=revision
            ),
        )

    @rule(place=PLACES, size=DATA, description=TEXTS)
    def another_client_puts(self, place: Place, size: int, description: str) -> None:
        data = self.data(size)

        async def put() -> ObjectInfo:
            bucket, name = self.at(place)
            objects = await self.foreign.jetstream().object_store(bucket)
            await objects.put(name, data, ObjectMeta(description=description))
            return await self.store.info(bucket, name)

        self.both(place, lambda: self.plain.put(place, Thing(data, description=description), None), put)

    @rule(place=PLACES, expected=EXPECTED)
    def delete(self, place: Place, expected: str) -> None:
        revision = self.revision(place, expected)
        self.both(place, lambda: self.plain.delete(place, revision), lambda: self.store.delete(*self.at(place), expected_revision=revision))

    @precondition(lambda self: self.plain.things)
    @rule(choose=st.data())
    def another_client_deletes(self, choose: st.DataObject) -> None:
        place = choose.draw(st.sampled_from(sorted(self.plain.things)))

        async def delete() -> None:
            bucket, name = self.at(place)
            await (await self.foreign.jetstream().object_store(bucket)).delete(name)

        self.both(place, lambda: self.plain.delete(place), delete)

    @rule(place=PLACES)
    def erase(self, place: Place) -> None:
        self.both(place, lambda: self.plain.erase(place), lambda: self.store.erase(*self.at(place)))

    @rule(place=PLACES, description=TEXTS, expected=EXPECTED)
    def update(self, place: Place, description: str, expected: str) -> None:
        revision = self.revision(place, expected)
        self.both(
            place,
            lambda: self.plain.update(place, description, revision),
            lambda: self.store.update_meta(*self.at(place), description=description, expected_revision=revision),
        )

    @rule(place=PLACES, new=PLACES, overwrite=st.booleans(), expected=EXPECTED)
    def rename(self, place: Place, new: Place, overwrite: bool, expected: str) -> None:
        revision, to = self.revision(place, expected), (place[0], new[1])
        self.both(
            to,
            lambda: self.plain.rename(place, to, overwrite, revision),
            lambda: self.store.rename(*self.at(place), to[1], overwrite=overwrite, expected_revision=revision),
        )
        self.runner.run(self._check(place))

    @rule(place=PLACES, to=PLACES, overwrite=st.booleans())
    def copy(self, place: Place, to: Place, overwrite: bool) -> None:
        self.both(
            to,
            lambda: self.plain.copy(place, to, overwrite),
            lambda: self.store.copy(*self.at(place), *self.at(to), overwrite=overwrite),
        )

    @rule(place=PLACES, to=PLACES, overwrite=st.booleans())
    def move(self, place: Place, to: Place, overwrite: bool) -> None:
        self.both(
            to,
            lambda: self.plain.move(place, to, overwrite),
            lambda: self.store.move(*self.at(place), *self.at(to), overwrite=overwrite),
        )
        self.runner.run(self._check(place))

    @rule(place=PLACES, to=PLACES, whole_bucket=st.booleans(), expected=EXPECTED)
    def add_link(self, place: Place, to: Place, whole_bucket: bool, expected: str) -> None:
        revision, link = self.revision(place, expected), Link(to[0], None if whole_bucket else to[1])
        self.both(
            place,
            lambda: self.plain.link(place, link, revision),
            lambda: self.store.add_link(*self.at(place), self.link(link), expected_revision=revision),
        )

    @precondition(lambda self: self.history and self.plain.past)
    @rule(choose=st.data())
    def restore(self, choose: st.DataObject) -> None:
        place = choose.draw(st.sampled_from(sorted(self.plain.past)))
        number = choose.draw(st.integers(0, len(self.plain.past[place]) - 1))

        async def restore() -> ObjectInfo:
            versions = await self.store.history.versions(*self.at(place))
            return await self.store.history.restore(*self.at(place), versions[-1 - number].id)

        self.both(place, lambda: self.plain.restore(place, number), restore)

    @precondition(lambda self: self.history)
    @rule(place=PLACES)
    def undelete(self, place: Place) -> None:
        self.both(place, lambda: self.plain.undelete(place), lambda: self.store.history.undelete(*self.at(place)))

    # Looking.

    async def _check(self, place: Place) -> None:
        """The place itself, and who is there."""
        bucket = self.real[place[0]]
        listed = await self.store.list(bucket, deleted=True)
        live = await self.store.live(bucket)
        assert await live.wait_revision(max((info.revision for info in listed), default=0), 10)
        names = self.plain.names(place[0])
        assert [info.name for info in listed if not info.deleted] == names
        assert len(live.index) == len(names) == await self.store.count_objects(bucket)
        await self._check_place(place)

    async def _check_place(self, place: Place) -> None:
        live = await self.store.live(self.real[place[0]])
        thing = self.plain.things.get(place)
        if thing is None:
            assert live.index.get(place[1]) is None
        else:
            info = await self.store.info(*self.at(place))
            assert (info.size, info.description, info.metadata) == (len(thing.data), thing.description, thing.metadata)
            assert (info.link, info.problem) == (self.link(thing.link) if thing.link else None, None)
            assert info.revision == thing.revision
            found = live.index.get(place[1])
            assert found is not None
            assert (found.revision, found.size, found.nuid, found.link) == (info.revision, info.size, info.nuid, info.link)
        await self._check_content(place)

    async def _check_content(self, place: Place) -> None:
        try:
            data = self.plain.read(place)
        except Fails as fails:
            with pytest.raises(fails.error):
                await self.store.get(*self.at(place))
        else:
            async with await self.store.get(*self.at(place)) as reader:
                assert b"".join([piece async for piece in reader]) == data

    async def _check_all(self) -> None:
        for bucket in self.real:
            for name in self.plain.names(bucket):
                await self._check_place((bucket, name))
            await self._check_for_orphans(bucket)
        if self.history:
            for place in self.plain.past:
                await self._check_past(place)

    async def _check_for_orphans(self, bucket: str) -> None:
        real = self.real[bucket]
        infos = await self.store.list(real)
        state = (await self.foreign.jetstream().stream_info(f"OBJ_{real}", subjects_filter=f"$O.{real}.C.>")).state
        assert (state.subjects or {}) == {chunk_subject(real, info.nuid): info.chunks for info in infos if info.chunks}

    async def _check_past(self, place: Place) -> None:
        versions = (await self.store.history.versions(*self.at(place)))[::-1]
        past = self.plain.past[place]
        assert [version.kind for version in versions] == [each.kind for each in past]
        for version, each in zip(versions, past, strict=True):
            if each.thing is not None:
                assert version.info.description == each.thing.description
                if each.thing.link is None:
                    async with await self.store.history.open(*self.at(place), version.id) as reader:
                        assert b"".join([piece async for piece in reader]) == each.thing.data
        assert [version.current for version in versions] == [False] * (len(past) - 1) + [place in self.plain.things]


async def _awaited(work: Awaitable[T]) -> T:
    return await work


@pytest.mark.parametrize("history", [False, True], ids=["without-history", "with-history"])
def test_whatever_is_done_comes_out_as_in_a_plain_model(nats_server: NatsServer, history: bool) -> None:
    machine: Any = type("OnThisServer", (Buckets,), {"server": nats_server, "history": history})
    run_state_machine_as_test(machine, settings=BOUNDED)
