"""Many objects quickly: their metadata, published directly, without any content."""

import asyncio
import base64

import nats
from nats.aio.msg import Msg

WINDOW = 2_000
INFO = (
    '{"name":"%s","headers":{"Content-Type":["%s"],"Uploaded-By":["bench"]},"options":{"max_chunk_size":131072},"bucket":"%s",'
    '"nuid":"%022d","size":%d,"mtime":"2025-01-01T00:00:00Z","chunks":%d,"digest":"SHA-256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU="}'
)
KINDS = (("pdf", "application/pdf"), ("jpg", "image/jpeg"), ("csv", "text/csv"), ("txt", "text/plain"))


async def create_objects(url: str, bucket: str, count: int) -> None:
    """``count`` objects at the top of the bucket. At most ``WINDOW`` publishes are unacknowledged. Raises RuntimeError for a refusal."""
    client = await nats.connect(url)
    room, refused, inbox = asyncio.Semaphore(WINDOW), list[bytes](), client.new_inbox()

    async def acknowledged(answer: Msg) -> None:
        if b'"error"' in answer.data:
            refused.append(answer.data)
        room.release()

    await client.subscribe(inbox, cb=acknowledged)
    for number in range(count):
        await room.acquire()
        subject, raw = _message(bucket, number)
        await client.publish(subject, raw, reply=inbox)
    for _ in range(WINDOW):
        await room.acquire()
    await client.close()
    if refused:
        raise RuntimeError(f"{len(refused):,} of {count:,} were refused: {refused[0]!r}")


def _message(bucket: str, number: int) -> tuple[str, bytes]:
    extension, kind = KINDS[number % len(KINDS)]
    scattered = number * 7_919 % 1_000_003
    name = f"Report {scattered:07d} of the year {number % 30 + 1995}.{extension}"
    raw = INFO % (name, kind, bucket, number, scattered * 1_000, scattered // 132 + 1)
    return f"$O.{bucket}.M.{base64.urlsafe_b64encode(name.encode()).decode()}", raw.encode()
