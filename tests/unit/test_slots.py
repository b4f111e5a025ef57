"""Turns for transfers: limits, fairness between users, bounded waiting."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buckets.services.errors import Busy, Stopping
from buckets.services.slots import Limits, Slots

LIMITS = Limits(total=3, per_user=2, waiting=10, seconds=20)


class Work:
    """Transfers that run until they are told to end; ``order`` is in which they began."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.slots = Slots()
        self.limits = limits
        self.order: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def begin(self, *names: str) -> None:
        """Each is called after its user and a number, such as "a1"."""
        for name in names:
            self.tasks[name] = asyncio.create_task(self._run(name))
            await settled()

    async def end(self, *names: str) -> None:
        for name in names:
            self.ends[name].set()
            await settled()

    async def _run(self, name: str) -> None:
        async with self.slots.hold(name[0], self.limits):
            self.order.append(name)
            end = self.ends[name] = asyncio.Event()
            await end.wait()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@asynccontextmanager
async def working(limits: Limits = LIMITS) -> AsyncIterator[Work]:
    """Nobody holds or waits for a slot at the end."""
    work = Work(limits)
    yield work
    for task in work.tasks.values():
        task.cancel()
    await asyncio.gather(*work.tasks.values(), return_exceptions=True)
    assert (work.slots.running, work.slots.waiting) == (0, 0)


async def test_so_many_run_at_once_and_the_rest_wait() -> None:
    async with working() as work:
        await work.begin("a1", "b1", "c1", "d1")
        assert (work.order, work.slots.running, work.slots.waiting) == (["a1", "b1", "c1"], 3, 1)
        await work.end("b1")
        assert work.order == ["a1", "b1", "c1", "d1"]


async def test_one_user_leaves_room_for_others() -> None:
    async with working() as work:
        await work.begin("a1", "a2", "a3", "b1")
        assert work.order == ["a1", "a2", "b1"]


async def test_who_waits_for_a_slot_of_his_own_does_not_hold_up_others() -> None:
    async with working() as work:
        await work.begin("a1", "a2", "a3", "a4", "b1", "b2")
        await work.end("b1")
        assert work.order == ["a1", "a2", "b1", "b2"]


async def test_users_take_turns_whatever_they_wait_with() -> None:
    async with working(replace(LIMITS, total=1)) as work:
        await work.begin("a1", "a2", "a3", "a4", "b1", "c1", "b2")
        await work.end("a1", "a2", "b1", "c1", "a3", "b2")
        assert work.order == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]


async def test_one_user_s_transfers_begin_in_the_order_in_which_they_came() -> None:
    async with working(replace(LIMITS, total=1)) as work:
        await work.begin("a1", "a2", "a3")
        await work.end("a1", "a2")
        assert work.order == ["a1", "a2", "a3"]


async def test_nobody_overtakes_the_user_s_own_queue() -> None:
    async with working(replace(LIMITS, per_user=1)) as work:
        await work.begin("a1", "a2")
        work.ends["a1"].set()
        await work.begin("a3")
        assert work.order == ["a1", "a2"]


async def test_who_waits_too_long_is_told_to_come_again() -> None:
    async with working(replace(LIMITS, total=1, seconds=0.02)) as work:
        await work.begin("a1", "b1")
        with pytest.raises(Busy):
            await work.tasks["b1"]
        assert work.slots.waiting == 0


async def test_who_comes_when_too_many_wait_is_told_at_once() -> None:
    async with working(replace(LIMITS, total=1, waiting=1)) as work:
        await work.begin("a1", "b1", "c1")
        assert work.tasks["c1"].done()
        with pytest.raises(Busy):
            await work.tasks["c1"]


async def test_a_cancelled_one_leaves_its_place() -> None:
    async with working(replace(LIMITS, total=1)) as work:
        await work.begin("a1", "b1", "c1")
        work.tasks["b1"].cancel()
        await settled()
        await work.end("a1")
        assert work.order == ["a1", "c1"]


async def test_one_that_is_cancelled_as_its_turn_comes_hands_it_on() -> None:
    async with working(replace(LIMITS, total=1)) as work:
        await work.begin("a1", "b1", "c1")
        work.ends["a1"].set()
        await asyncio.sleep(0)  # a1 has handed its slot to b1, who does not know it yet
        assert work.order == ["a1"]
        work.tasks["b1"].cancel()
        await settled()
        assert work.order == ["a1", "c1"]


async def test_a_failed_transfer_gives_its_slot_back() -> None:
    slots = Slots()
    with pytest.raises(ZeroDivisionError):
        async with slots.hold("a", LIMITS):
            raise ZeroDivisionError
    assert slots.running == 0


@given(
    st.lists(st.tuples(st.sampled_from(["begin", "end", "cancel"]), st.sampled_from("abc")), max_size=40),
    st.integers(1, 4),
    st.integers(1, 3),
)
def test_no_limit_is_passed_and_no_slot_is_idle_while_somebody_may_have_it(steps: list[tuple[str, str]], total: int, per_user: int) -> None:
    async def run() -> None:
        async with working(Limits(total, per_user, 1000, 60)) as work:
            for number, (step, user) in enumerate(steps):
                await act(work, step, user, number)
                check(work)

    def check(work: Work) -> None:
        running = Counter(name[0] for name in work.ends if not work.tasks[name].done())
        waiting = {name[0] for name, task in work.tasks.items() if name not in work.ends and not task.done()}
        assert running.total() == work.slots.running <= total
        assert all(count <= per_user for count in running.values())
        assert running.total() == total or all(running[user] == per_user for user in waiting)

    asyncio.run(run())


async def act(work: Work, step: str, user: str, number: int) -> None:
    """Begin a transfer of ``user``, or end or cancel the first that is not over."""
    name = next((name for name, task in work.tasks.items() if name[0] == user and not task.done()), None)
    if step == "begin":
        await work.begin(f"{user}{number}")
    elif name is not None and step == "end" and name in work.ends:
        await work.end(name)
    elif name is not None and step == "cancel":
        work.tasks[name].cancel()
        await settled()


async def test_whoever_waits_is_turned_away_when_the_site_stops_and_the_others_go_on() -> None:
    work = Work()
    await work.begin("a1", "a2", "b1", "a3", "b2")
    assert (work.slots.running, work.slots.waiting) == (3, 2)
    work.slots.turn_away()
    await settled()
    for name in ("a3", "b2"):
        with pytest.raises(Stopping):
            await work.tasks[name]
    assert (work.slots.running, work.slots.waiting) == (3, 0)
    await work.end("a1", "a2", "b1")
    assert work.slots.running == 0
