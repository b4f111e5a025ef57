"""Bodies that have to match a digest."""

import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Mapping

from .errors import UploadDigestMismatch

ALGORITHMS = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}


async def verified(body: AsyncIterable[bytes], digests: Mapping[str, bytes]) -> AsyncIterator[bytes]:
    """``body`` as it comes, until it ends and is not what ``digests`` say. Raises ``UploadDigestMismatch``."""
    hashes = {algorithm: ALGORITHMS[algorithm]() for algorithm in digests}
    async for part in body:
        for found in hashes.values():
            found.update(part)
        yield part
    for algorithm, found in hashes.items():
        if found.digest() != digests[algorithm]:
            raise UploadDigestMismatch(algorithm)
