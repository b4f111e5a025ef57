"""Does JetStream answer? Asked once for all who want to know within a few seconds, and never for long."""

import asyncio
import time
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from ..objectstore import Account, ObjectStore, ObjectStoreError, PermissionDenied, Unavailable
from .runtime import store

FRESH_SECONDS = 3.0
ANSWER_SECONDS = 2.0


@dataclass(slots=True)
class _Kept:
    lock: asyncio.Lock
    at: float = -FRESH_SECONDS
    account: Account | None = None
    error: ObjectStoreError | None = None


_kept: WeakKeyDictionary[ObjectStore, _Kept] = WeakKeyDictionary()


async def account() -> Account:
    """What the site's NATS account may use, and does; a few seconds old at most. Raises ``Unavailable``, ``PermissionDenied`` and
    ``ServerError``."""
    files = await store()
    kept = _kept.setdefault(files, _Kept(asyncio.Lock()))
    async with kept.lock:
        if time.monotonic() - kept.at >= FRESH_SECONDS:
            await _ask(files, kept)
    if kept.error is not None:
        raise kept.error.with_traceback(None)
    assert kept.account is not None
    return kept.account


async def answers() -> bool:
    """Whether it is there for us. A user that may not ask for its account's limits gets an answer, too."""
    try:
        await account()
    except PermissionDenied:
        return True
    except ObjectStoreError:
        return False
    return True


async def _ask(files: ObjectStore, kept: _Kept) -> None:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            kept.account, kept.error = await files.account(), None
    except TimeoutError:
        kept.error = Unavailable(f"JetStream did not answer in {ANSWER_SECONDS:g} s.")
    except ObjectStoreError as error:
        kept.error = error
    kept.at = time.monotonic()
