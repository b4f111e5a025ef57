"""Uploads in pieces: begun, gone on with by any process, finished as an object, or taken back."""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..chunking import Digest
from ..errors import (
    BucketFull,
    Conflict,
    DigestMismatch,
    ObjectStoreError,
    ServerError,
    Unavailable,
    UploadLocked,
    UploadNotFound,
    UploadOffsetMismatch,
)
from ..history.streams import HistoryStreams
from ..metadata import digest_text
from ..model import ObjectInfo
from ..names import chunk_subject, stream_name
from ..reading.fetch import Fetch
from ..reading.reader import ReadContext
from ..writing.chunkwriter import Written
from ..writing.commit import Commits, check_expected, conflict, is_of
from ..writing.put import Putter
from .kv import KEY, KeyValues
from .naming import candidates
from .piece import Checksum, Piece
from .state import UploadState

LOCK_SECONDS = 10.0
RENEW_SECONDS = 3.0
REMEMBERED_DIGESTS = 1000
REMEMBERED_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Appended:
    """``info``: the object, when this was the last piece. ``broken``: what ended the source before its end; what came before is stored."""

    state: UploadState
    info: ObjectInfo | None = None
    broken: Exception | None = None


class Uploads:
    """``store.uploads``. An upload's state is one key of a key-value bucket and changes by compare-and-set, so that any process can go on
    with it. All may raise Unavailable; those that take an id raise UploadNotFound."""

    def __init__(self, kv: KeyValues, commits: Commits, putter: Putter, context: ReadContext, histories: HistoryStreams) -> None:
        self._kv = kv
        self._commits = commits
        self._putter = putter
        self._context = context
        self._histories = histories
        self._digests: OrderedDict[str, tuple[int, Digest]] = OrderedDict()

    async def create(
        self,
        bucket: str,
        name: str,
        *,
        expires: float,
        length: int | None = None,
        owner: str = "",
        description: str = "",
        headers: Mapping[str, Sequence[str]] | None = None,
        metadata: Mapping[str, str] | None = None,
        facts: Mapping[str, str] | None = None,
        expected_revision: int | None = None,
        unique: bool = False,
        chunk_size: int | None = None,
        writer: str = "",
    ) -> UploadState:
        """Begin. Nothing is in the bucket yet. expires: seconds since 1970, after which ``expire`` takes it back.

        unique: only under a name that is free, which is ``name``, else that with a number; ``Appended.info`` has it in the end.
        Raises what ``ObjectStore.put`` would refuse before it begins: BucketNotFound, InvalidObjectName, InvalidMetadata, Conflict.
        """
        if unique:
            name, expected_revision = await self._free(bucket, name), 0
        info = await self._putter.new_info(bucket, name, description=description, headers=headers, metadata=metadata, chunk_size=chunk_size)
        check_expected(await self._commits.messages.last(bucket, name), expected_revision, name)
        state = UploadState(
            id=self._commits.new_nuid(),
            bucket=bucket,
            name=name,
            nuid=info.nuid,
            chunk_size=info.chunk_size or 0,
            expires=expires,
            owner=owner,
            length=length,
            description=description,
            headers={key: list(values) for key, values in (headers or {}).items()},
            metadata=dict(metadata or {}),
            facts=dict(facts or {}),
            expected_revision=expected_revision,
            unique=unique,
            writer=writer,
        )
        return replace(state, revision=await self._kv.put(state.id, state.dump(), 0))

    async def _free(self, bucket: str, name: str) -> str:
        for candidate in candidates(name):
            with contextlib.suppress(Conflict):
                check_expected(await self._commits.messages.last(bucket, candidate), 0, candidate)
                return candidate
        raise conflict(name)

    async def get(self, upload: str) -> UploadState:
        """As it stands: also after the process that wrote it has died."""
        state = await self._read(upload)
        return state if state.done or _is_locked(state) else await self._reconciled(state)

    async def append(
        self,
        upload: str,
        offset: int,
        source: AsyncIterable[bytes],
        *,
        length: int | None = None,
        checksum: Checksum | None = None,
        expires: float | None = None,
    ) -> Appended:
        """Store what ``source`` yields behind ``offset``, which must be where the upload stands; the object is there when all has come.

        What has come before ``source`` raised is kept, also when the caller is cancelled. length: of the whole upload, if that was not
        known before. checksum: of what ``source`` yields, an algorithm of hashlib's and a digest: nothing of it is kept if that is another
        one (DigestMismatch), or if it breaks off. expires: anew. An upload that is an object already takes nothing and changes nothing.
        Raises UploadLocked while another one writes, UploadOffsetMismatch, and what ends an ``ObjectStore.put``; Conflict and the like at
        the end take the upload back.
        """
        piece = Piece(source, checksum)
        try:
            return await self._commits.cleanups.shielded(self._append(upload, offset, piece, length, expires))
        except asyncio.CancelledError:
            piece.stop()
            raise

    async def terminate(self, upload: str) -> None:
        """Take it back: nothing of it is left. Raises UploadLocked while somebody writes."""
        state = await self._read(upload)
        await self._commits.cleanups.shielded(self._take_back(state))

    async def _take_back(self, state: UploadState) -> None:
        if not state.done:
            try:
                state = await self._lock(state)
            except BucketFull:  # no room for a lock: whoever removes the state as it was read has it
                await self._kv.delete(state.id, upto=state.revision)
                if await self._kv.get(state.id) is not None:
                    raise UploadLocked("Another request was faster to go on with this upload. Try again in a moment.") from None
        await self._terminate(state)

    async def expire(self) -> int:
        """Take back all that have expired; how many. Any number of processes may do it at once."""
        expired = 0
        for upload in await self._kv.keys():
            with contextlib.suppress(UploadNotFound, UploadLocked, Conflict, ServerError):
                state = await self._read(upload)
                if state.expires < time.time():
                    await self.terminate(upload)
                    expired += 1
        return expired

    async def in_use(self, bucket: str) -> set[str]:
        """The nuids of all uploads into ``bucket`` that are under way: their chunks belong to no object yet."""
        return {state.nuid for state in await self.under_way() if state.bucket == bucket}

    async def under_way(self) -> list[UploadState]:
        """All uploads that are not done, of whoever; what is read while one ends may be in it or not."""
        found: list[UploadState] = []
        for upload in await self._kv.keys():
            with contextlib.suppress(UploadNotFound, ServerError):
                state = await self._read(upload)
                if not state.done:
                    found.append(state)
        return found

    async def _read(self, upload: str) -> UploadState:
        found = await self._kv.get(upload) if KEY.match(upload) else None
        if found is None:
            raise UploadNotFound("There is no such upload: it was finished, taken back, or has expired.")
        return UploadState.parse(found.value, found.revision)

    async def _save(self, state: UploadState) -> UploadState:
        return replace(state, revision=await self._kv.put(state.id, state.dump(), state.revision))

    async def _lock(self, state: UploadState) -> UploadState:
        if _is_locked(state):
            raise UploadLocked("This upload is being written to by another request. Try again in a moment.")
        locked = replace(state, lock=self._commits.new_nuid(), locked_until=time.time() + LOCK_SECONDS)
        try:
            return await self._save(locked)
        except Conflict:
            raise UploadLocked("Another request was faster to go on with this upload. Try again in a moment.") from None

    async def _reconciled(self, state: UploadState) -> UploadState:
        """With what a process stored that could not say so any more: chunks of one request, all of them full but perhaps the last."""
        subject = chunk_subject(state.bucket, state.nuid)
        count = await self._commits.streams.messages(state.bucket, subject)
        if count == state.chunks:
            return state
        if count < state.chunks:
            raise UploadNotFound("A part of this upload is gone from the bucket: begin it anew.")
        last = await self._commits.messages.stored(stream_name(state.bucket), last_by_subj=subject)
        if last is None:
            raise UploadNotFound("This upload is gone from the bucket: begin it anew.")
        size = (count - state.chunks - 1) * state.chunk_size + len(last.data)
        return replace(state, offset=state.offset + size, chunks=count, last=last.sequence)

    async def _append(self, upload: str, offset: int, piece: Piece, length: int | None, expires: float | None) -> Appended:
        state = await self.get(upload)
        if state.offset != offset:
            raise UploadOffsetMismatch(f"The upload stands at {state.offset:,} bytes, not at {offset:,}.")
        if state.done:
            return Appended(state)
        state = replace(state, length=state.length if length is None else length, expires=expires or state.expires)
        locked = _Lock(self, await self._lock(state))
        async with locked:
            broken = await self._write(locked, piece)
            if not locked.state.complete or broken is not None:
                return Appended(locked.state if locked.ended else await locked.release(), broken=broken)
            info = await self._finish(locked)
            return Appended(locked.state, info=info)

    async def _write(self, locked: "_Lock", piece: Piece) -> Exception | None:
        state = locked.state
        known = self._digests.pop(state.id, None)
        digest = known[1] if known is not None and known[0] == state.chunks else None
        writer = self._putter.chunk_writer(state.info(), Written(state.chunks, state.offset, state.last, digest or Digest()))
        try:
            written = await writer.append(piece.read())
        except BaseException as error:
            await self._commits.cleanups.run(writer.stop())
            with contextlib.suppress(ObjectStoreError):
                if isinstance(error, BucketFull) and self._commits.server_version >= (2, 11):
                    await self._drop_since(state)  # or there would not even be room to give the lock back
                locked.state = await self._reconciled(state)
                await locked.release()
            raise
        if not piece.right:
            await self._refuse(locked, state)
            if piece.broken is None:
                raise DigestMismatch("The data that came does not have the checksum that was announced. Nothing of it was kept.")
            return piece.broken
        if digest is not None or not state.chunks:
            self._remember(state.id, written)
        locked.state = replace(locked.state, offset=written.size, chunks=written.chunks, last=written.last)
        return piece.broken

    def _remember(self, upload: str, written: Written) -> None:
        self._digests[upload] = (written.chunks, written.digest)
        while len(self._digests) > REMEMBERED_DIGESTS:
            self._digests.popitem(last=False)

    async def _refuse(self, locked: "_Lock", before: UploadState) -> None:
        """Go back to ``before``. nats-server 2.10 passes over what comes to a subject whose last message was removed: there all goes."""
        if self._commits.server_version < (2, 11):
            await self._terminate(locked.state)
            locked.forget()
        else:
            await self._drop_since(before)
            await locked.release()

    async def _drop_since(self, state: UploadState) -> None:
        """Remove what was stored after ``state``, from the history too."""
        stream, subject = stream_name(state.bucket), chunk_subject(state.bucket, state.nuid)
        await self._histories.drop_since(state.bucket, subject, state.last)
        after = state.last
        while (message := await self._commits.messages.stored(stream, seq=after + 1, next_by_subj=subject)) is not None:
            after = message.sequence
            await self._commits.messages.remove(stream, after)

    async def _finish(self, locked: "_Lock") -> ObjectInfo:
        state = locked.state
        try:
            stored = await self._commit(state, digest_text(await self._digest(state)))
        except Unavailable:
            await locked.release()
            raise
        except ObjectStoreError:
            await self._terminate(locked.state)
            raise
        with contextlib.suppress(ObjectStoreError):  # the object is there, whatever becomes of this
            locked.state = replace(locked.state, name=stored.name)
            await locked.release(done=True, expires=time.time() + REMEMBERED_SECONDS)
        return stored

    async def _commit(self, state: UploadState, digest: str) -> ObjectInfo:
        """Under its name, or the first that is free by now. Where it is already, its answer had been lost: nothing is written twice."""
        for name in candidates(state.name) if state.unique else (state.name,):
            info = replace(state.info(), name=name, digest=digest)
            current = await self._commits.messages.last(state.bucket, name)
            if current is not None and is_of(current, info):
                return current.info(state.bucket)
            try:
                check_expected(current, state.expected_revision, name)
                return await self._putter.commit(info, current, state.expected_revision, state.writer)
            except Conflict:
                if not state.unique:
                    raise
        raise conflict(state.name)

    async def _digest(self, state: UploadState) -> bytes:
        """Of all that is stored, which must be what we know of. Read again where this process has not seen all of it."""
        subject = chunk_subject(state.bucket, state.nuid)
        if await self._commits.streams.messages(state.bucket, subject) != state.chunks:
            raise ServerError("The chunks of this upload are not those that were sent: somebody else wrote to it. Begin it anew.")
        known = self._digests.pop(state.id, None)
        if known is not None and known[0] == state.chunks:
            return await known[1].finish()
        digest, size, context = Digest(), 0, self._context
        async with Fetch(context.js, context.budget, stream_name(state.bucket), subject, state.chunk_size, context.timeout) as chunks:
            async for chunk in chunks:
                await digest.add(chunk.data)
                size += len(chunk.data)
        if size != state.offset:
            raise ServerError(f"The bucket has {size:,} bytes of this upload instead of {state.offset:,}. Begin it anew.")
        return await digest.finish()

    async def _terminate(self, state: UploadState) -> None:
        self._digests.pop(state.id, None)
        if not (state.done or (state.complete and await self._commits.is_referred_to(state.info()))):
            await self._commits.cleanups.purge(state.bucket, chunk_subject(state.bucket, state.nuid))
        await self._kv.delete(state.id)


class _Lock:
    """Holds an upload while it is written to: the lock is renewed until it is given back. A process that dies loses it in ten seconds."""

    def __init__(self, uploads: Uploads, state: UploadState) -> None:
        self._uploads = uploads
        self._saving = asyncio.Lock()
        self._holder: asyncio.Task[None] | None = None
        self._owner: asyncio.Task[object] | None = None
        self.ended = False
        self.state = state

    async def __aenter__(self) -> "_Lock":
        self._owner = asyncio.current_task()
        self._holder = asyncio.create_task(self._hold(), name=f"nats-upload-{self.state.id}")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._holder is not None:
            self._holder.cancel()
            await asyncio.gather(self._holder, return_exceptions=True)
        if not self.ended:
            with contextlib.suppress(ObjectStoreError):
                await self.release()

    def forget(self) -> None:
        self.ended = True

    async def release(self, *, done: bool = False, expires: float | None = None) -> UploadState:
        self.ended = True
        async with self._saving:
            free = replace(self.state, lock="", locked_until=0.0, done=done, expires=expires or self.state.expires)
            self.state = await self._uploads._save(free)
        return self.state

    async def _hold(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                async with self._saving:
                    renewed = replace(self.state, locked_until=time.time() + LOCK_SECONDS)
                    self.state = replace(self.state, revision=(await self._uploads._save(renewed)).revision)
            except Conflict:  # it was taken for dead, and another one writes now
                if self._owner is not None:
                    self._owner.cancel()
                return
            except ObjectStoreError:
                continue


def _is_locked(state: UploadState) -> bool:
    return bool(state.lock) and state.locked_until > time.time()
