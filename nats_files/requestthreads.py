"""Threads for what Django does synchronously, such as asking the database.

Each request has one of its own while it lasts, as Django wants it. asgiref starts a new one for each request; here a thread is used again,
and with it the connection to the database, which is kept by thread: opening one takes longer than a small request.
"""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from asgiref.sync import SyncToAsync, ThreadSensitiveContext
from django.db import connections

MOST_SPARE = 16


class RequestThreads:
    def __init__(self) -> None:
        self._spare: list[ThreadPoolExecutor] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """The thread of what runs in this context. A task that outlives the context gets another one."""
        thread = self._spare.pop() if self._spare else ThreadPoolExecutor(1, "request")
        async with ThreadSensitiveContext() as context:
            SyncToAsync.context_to_thread_executor[context] = thread
            try:
                yield
            finally:
                del SyncToAsync.context_to_thread_executor[context]
                self._give_back(thread)

    def _give_back(self, thread: ThreadPoolExecutor) -> None:
        if len(self._spare) < MOST_SPARE:
            self._spare.append(thread)
        else:
            thread.submit(connections.close_all)
            thread.shutdown(wait=False)
