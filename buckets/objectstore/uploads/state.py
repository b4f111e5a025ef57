"""What is known of an upload that is under way, as it is kept in NATS for every process."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from ..errors import ServerError
from ..model import ObjectInfo


@dataclass(frozen=True, slots=True)
class UploadState:
    """An upload of ``length`` bytes (None: not known yet) into ``bucket``, of which ``offset`` bytes are stored in ``chunks`` chunks, the
    last one at the sequence ``last``.

    ``owner`` and ``facts`` are the caller's own, kept as they are. ``expected_revision`` as for ``ObjectStore.put``. ``unique``: if its
    name is taken in the end, it gets the next one with a number. ``expires``: seconds since 1970. ``done``: it is an object now, and only
    the memory of it is left, for who has missed the answer. ``lock`` names who is writing, "" for nobody; it holds until
    ``locked_until``. ``revision`` is that of this state.
    """

    id: str
    bucket: str
    name: str
    nuid: str
    chunk_size: int
    expires: float
    owner: str = ""
    length: int | None = None
    offset: int = 0
    chunks: int = 0
    last: int = 0
    description: str = ""
    headers: Mapping[str, list[str]] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    expected_revision: int | None = None
    unique: bool = False
    writer: str = ""
    lock: str = ""
    locked_until: float = 0.0
    done: bool = False
    revision: int = 0

    @property
    def complete(self) -> bool:
        return self.length is not None and self.offset == self.length

    def dump(self) -> bytes:
        fields = asdict(self)
        del fields["revision"]
        return orjson.dumps(fields)

    @classmethod
    def parse(cls, raw: bytes, revision: int) -> "UploadState":
        """Raises ServerError for what is no state of an upload: somebody else has written it."""
        try:
            fields: dict[str, Any] = orjson.loads(raw)
            # What a newer process has written says more; its chunks are not to be taken for orphans.
            state = cls(**{name: value for name, value in fields.items() if name in cls.__slots__})
        except (orjson.JSONDecodeError, TypeError, AttributeError):
            raise ServerError("The state of this upload cannot be read.") from None
        return replace(state, revision=revision)

    def info(self) -> ObjectInfo:
        """The object that it is to become, as far as it is known."""
        return ObjectInfo(
            bucket=self.bucket,
            name=self.name,
            nuid=self.nuid,
            size=self.offset,
            chunks=self.chunks,
            modified=datetime.now(UTC),
            revision=0,
            description=self.description,
            headers={key: tuple(values) for key, values in self.headers.items()},
            metadata=dict(self.metadata),
            chunk_size=self.chunk_size,
        )
