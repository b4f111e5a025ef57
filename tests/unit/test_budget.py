"""The bound on what readers ask for."""

import asyncio

import pytest

from buckets.objectstore.reading.budget import ReadBudget


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_readers_wait_in_turn() -> None:
    budget = ReadBudget(10)
    await budget.acquire(8)
    order: list[str] = []

    async def reader(name: str, amount: int) -> None:
        await budget.acquire(amount)
        order.append(name)

    waiting = [asyncio.create_task(reader("large", 9)), asyncio.create_task(reader("small", 1))]
    await settle()
    assert order == []
    assert not budget.try_acquire(1)
    budget.release(8)
    await asyncio.gather(*waiting)
    assert order == ["large", "small"]


async def test_more_than_all_is_let_through_alone() -> None:
    budget = ReadBudget(10)
    await budget.acquire(50)
    assert not budget.try_acquire(1)
    budget.release(50)
    assert budget.try_acquire(10)


async def test_a_cancelled_reader_leaves_the_queue() -> None:
    budget = ReadBudget(10)
    await budget.acquire(10)
    cancelled = asyncio.create_task(budget.acquire(10))
    next_one = asyncio.create_task(budget.acquire(10))
    await settle()
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    budget.release(10)
    await asyncio.wait_for(next_one, 1)


async def test_a_turn_that_comes_with_the_cancellation_is_given_back() -> None:
    budget = ReadBudget(10)
    await budget.acquire(10)
    waiting = asyncio.create_task(budget.acquire(10))
    await settle()
    budget.release(10)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert budget.try_acquire(10)


async def test_the_share_shrinks_with_the_readers() -> None:
    budget = ReadBudget(1600)
    shares = []
    for _ in range(4):
        budget.enter()
        shares.append(budget.share)
    assert shares == [800, 800, 533, 400]
    budget.leave()
    assert budget.share == 533
