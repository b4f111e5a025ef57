"""Made pictures on disk, for the next start and for the site's other processes; readable by its own user only.

A file says by a checksum that it is whole, and is believed only then. What cannot be read or written is logged, and otherwise no error:
pictures can always be made again.
"""

import hashlib
import logging
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

logger = logging.getLogger(__name__)

MAGIC = b"nats-files picture 1\n"
SUM = 16
MAX_PICTURE = 2 * 1024 * 1024
PARTIAL = ".partial"
PARTIAL_SECONDS = 3600
# A picture that is read again counts as new, but is marked so once in a while only.
USED_SECONDS = 3600
# After so many files, or this part of the room, it is looked whether all together are too much; then the oldest go, down to this part.
WRITES = 256
SHARE = 16
KEPT_SHARE = 0.9


class _File(NamedTuple):
    used: float
    size: int
    path: str


class PictureFiles:
    """Up to ``most_bytes`` and ``most_files`` in ``folder`` (made when first needed), the last used ones; a sixteenth more at times.
    All methods block."""

    def __init__(self, folder: Path, most_bytes: int, most_files: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._most_files = most_files
        self._written = WRITES  # so that the first one looks at what is there
        self._written_bytes = 0

    def get(self, key: str) -> bytes | None:
        """What was put; None: not known, or damaged."""
        path = self._path(key)
        try:
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                state = os.fstat(file.fileno())
                content = file.read(len(MAGIC) + SUM + MAX_PICTURE + 1) if stat.S_ISREG(state.st_mode) else b""
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.warning("a kept picture cannot be read: %s", error)
            return None
        data = _checked(key, content)
        if data is None:
            with suppress(OSError):
                path.unlink()
        elif time.time() - state.st_mtime > USED_SECONDS:
            with suppress(OSError):
                os.utime(path)
        return data

    def put(self, key: str, data: bytes) -> None:
        if len(data) > MAX_PICTURE or not self._most_bytes:
            return
        path = self._path(key)
        content = MAGIC + _sum(key, data) + data
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _write(path, content)
            self._written, self._written_bytes = self._written + 1, self._written_bytes + len(content)
            if self._written >= min(WRITES, max(1, self._most_files // SHARE)) or self._written_bytes > self._most_bytes // SHARE:
                self.tidy()
        except OSError as error:
            logger.warning("a picture cannot be kept: %s", error)

    def tidy(self) -> None:
        """Remove those that were used the longest ago while there are too many, and what interrupted writes have left."""
        files = sorted(self._files(), reverse=True)
        total, much = sum(file.size for file in files), len(files)
        if total > self._most_bytes or much > self._most_files:
            while files and (total > KEPT_SHARE * self._most_bytes or much > KEPT_SHARE * self._most_files):
                oldest = files.pop()
                total, much = total - oldest.size, much - 1
                with suppress(OSError):
                    os.unlink(oldest.path)
        self._written = self._written_bytes = 0

    def _files(self) -> Iterator[_File]:
        with os.scandir(self._folder) as folders:
            names = [entry.path for entry in folders if entry.is_dir(follow_symlinks=False)]
        for name in names:
            with suppress(FileNotFoundError), os.scandir(name) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):
                        state = entry.stat(follow_symlinks=False)
                        if not entry.name.endswith(PARTIAL):
                            yield _File(state.st_mtime, state.st_size, entry.path)
                        elif time.time() - state.st_mtime > PARTIAL_SECONDS:
                            os.unlink(entry.path)

    def _path(self, key: str) -> Path:
        name = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
        return self._folder / name[:2] / name[2:]


def _write(path: Path, content: bytes) -> None:
    """At once or not at all."""
    handle, partial = tempfile.mkstemp(suffix=PARTIAL, dir=path.parent)  # with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(partial, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(partial)
        raise


def _sum(key: str, data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=SUM, key=hashlib.blake2b(key.encode("utf-8", "surrogatepass")).digest()).digest()


def _checked(key: str, content: bytes) -> bytes | None:
    head = len(MAGIC) + SUM
    data = content[head:]
    if not content.startswith(MAGIC) or len(data) > MAX_PICTURE or content[len(MAGIC) : head] != _sum(key, data):
        return None
    return data
