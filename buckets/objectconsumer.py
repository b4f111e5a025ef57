"""Live pages about one object, or about what a bucket is as a whole: they are told that something changed, and ask for it by themselves."""

import contextlib
from dataclasses import dataclass

from .consumers import BAD_MESSAGE, LiveFilesConsumer, _json
from .objectstore import LiveBucket, ObjectStoreError
from .relay import MAX_NUMBER
from .services.buckets import BucketView
from .services.linklist import LinkState
from .services.linkmarks import LinkTargets

MAX_NAME = 4000


@dataclass(frozen=True, slots=True)
class Subject:
    """What a page is about: an object (``name`` None: all of the bucket) as it was at ``revision``; 0: it is not there."""

    name: str | None
    revision: int

    @classmethod
    def parse(cls, message: object) -> "Subject | None":
        """``{"name": text or null, "revision": number}``; None if that is nonsense."""
        if not isinstance(message, dict):
            return None
        name, revision = message.get("name"), message.get("revision")
        if name is not None and not (isinstance(name, str) and 0 < len(name) <= MAX_NAME):
            return None
        if not isinstance(revision, int) or isinstance(revision, bool) or not 0 <= revision <= MAX_NUMBER:
            return None
        return cls(name, revision)

    def now(self, live: LiveBucket) -> int:
        """The revision that it has by now."""
        if self.name is None:
            return live.revision
        entry = live.index.entry(self.name)
        return entry.revision if entry is not None else 0


class LivePageConsumer(LiveFilesConsumer):
    """The browser says what its page is about (``Subject``), and gets ``{"revision": number}`` whenever that has another one, or what a
    link leads to has gone or come: at most ten times a second, from the bucket's one watch. Who may listen, and the close codes, are those
    of the files page."""

    subject: Subject | None = None
    leads: LinkState | None = None

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        subject = Subject.parse(_json(text_data))
        if subject is None:
            await self._end(BAD_MESSAGE)
            return
        self.subject = subject
        self.wake.set()

    async def _tell_files(self, live: LiveBucket, found: BucketView, targets: LinkTargets) -> None:
        subject = self.subject
        if subject is None or not live.ready:
            return
        revision, leads = subject.now(live), await self._leads(live, subject, targets)
        if revision != subject.revision or self.leads not in (None, leads):
            self.subject = Subject(subject.name, revision)
            await self._send({"revision": revision})
        self.leads = leads

    async def _leads(self, live: LiveBucket, subject: Subject, targets: LinkTargets) -> LinkState | None:
        """Whether what a link leads to is there; None for what is no link."""
        to = live.index.link(subject.name) if subject.name is not None else None
        if to is None:
            return None
        with contextlib.suppress(ObjectStoreError):
            await targets.look([to])
        return targets.state(to)
