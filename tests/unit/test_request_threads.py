"""What Django does synchronously has a thread for each request, which other requests use again."""

import asyncio
import threading

from asgiref.sync import sync_to_async

from nats_files.requestthreads import MOST_SPARE, RequestThreads

current = sync_to_async(threading.get_ident)


async def test_a_request_has_one_thread_and_the_next_one_uses_it_again() -> None:
    threads = RequestThreads()
    found = []
    for _ in range(3):
        async with threads.one():
            found += [await current(), await current()]
    assert len(set(found)) == 1
    assert found[0] != threading.get_ident()


async def test_requests_at_once_have_different_threads() -> None:
    threads, together = RequestThreads(), asyncio.Barrier(3)

    async def request() -> int:
        async with threads.one():
            await together.wait()
            return await current()

    assert len(set(await asyncio.gather(*(request() for _ in range(3))))) == 3


async def test_a_task_that_outlives_its_request_has_another_thread_than_the_next_request() -> None:
    threads, over = RequestThreads(), asyncio.Event()

    async def later() -> int:
        await over.wait()
        return await current()

    async with threads.one():
        task, first = asyncio.create_task(later()), await current()
    async with threads.one():
        assert await current() == first
        over.set()
        assert await task != first


async def test_of_the_threads_of_many_requests_at_once_only_some_are_kept() -> None:
    threads, many = RequestThreads(), MOST_SPARE + 4
    together = asyncio.Barrier(many)

    async def request() -> threading.Thread:
        async with threads.one():
            found = await sync_to_async(threading.current_thread)()
            await together.wait()
            return found

    used = await asyncio.gather(*(request() for _ in range(many)))
    async with asyncio.timeout(10):
        while sum(thread.is_alive() for thread in used) > MOST_SPARE:
            await asyncio.sleep(0.01)
    assert sum(thread.is_alive() for thread in used) == MOST_SPARE
