"""Any names as paths that can be unpacked anywhere: none leaves the folder, none hides another."""

import re
import unicodedata

MAX_SEGMENT_BYTES = 240  # file systems take 255; " (2)" and the like come on top
MAX_PATH_BYTES = 4000
SUBSTITUTE = "_"

# Backslashes and colons (drives, streams) mean something to Windows, the others are not possible there. Controls, halves of surrogate
# pairs, and what turns the direction of writing around: a name is to be seen as what it is.
UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\\:*?"<>|\ud800-\udfff\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]')
DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|\Z)", re.IGNORECASE)


def safe_path(name: str) -> str:
    """``name`` as a relative path of one segment or more, each of which is a file name everywhere.

    Empty segments go, but for the last: what is called like a folder becomes the file "_" in it.
    """
    *folders, last = name.split("/")
    segments = [safe_segment(folder) for folder in folders if folder]
    path = "/".join([*segments, safe_segment(last)])
    if len(path.encode()) > MAX_PATH_BYTES:  # the end tells more
        path = path.encode()[-MAX_PATH_BYTES:].decode(errors="ignore").partition("/")[2]
    return path


def safe_segment(text: str) -> str:
    """``text``, without "/", as the name of a file. Windows drops dots and spaces at the end, and keeps names of devices to itself."""
    plain = _cut(UNSAFE.sub(SUBSTITUTE, text))
    kept = plain.rstrip(". ")
    plain = kept + SUBSTITUTE * (len(plain) - len(kept))
    if DEVICE.match(plain):
        plain = SUBSTITUTE + plain
    return plain or SUBSTITUTE


def _cut(segment: str) -> str:
    """At most ``MAX_SEGMENT_BYTES``, with what looks like its extension."""
    if len(segment.encode()) <= MAX_SEGMENT_BYTES:
        return segment
    stem, extension = _split(segment)
    room = MAX_SEGMENT_BYTES - len(extension.encode())
    return stem.encode()[:room].decode(errors="ignore") + extension


def _split(segment: str) -> tuple[str, str]:
    """Stem and extension, which has 20 bytes at most. What begins with its only dot has none."""
    stem, dot, extension = segment.rpartition(".")
    return (stem, dot + extension) if stem and len(extension.encode()) < 20 else (segment, "")


class Names:
    """Gives every member of an archive a path of its own, also where upper and lower case, or two ways of writing an accent, are the same.

    No file gets the path of a folder. Memory: some 100 bytes a name.
    """

    def __init__(self) -> None:
        self._files: set[int] = set()
        self._folders: set[int] = set()
        self._renamed: dict[int, str] = {}
        self._numbers: dict[int, int] = {}

    def claim(self, name: str) -> str:
        """A safe path for ``name`` that nothing has had so far: "a.txt", then "a (2).txt"."""
        *folders, last = safe_path(name).split("/")
        path = ""
        for folder in folders:
            path = self._folder(path + folder) + "/"
        wanted = path + last
        found = wanted if self._is_free(wanted) else self._numbered(path, *_split(last))
        self._files.add(_key(found))
        return found

    def _folder(self, path: str) -> str:
        """The folder ``path``, or the one that takes its place: always the same."""
        key = _key(path)
        if key not in self._files:
            self._folders.add(key)
            return path
        if key not in self._renamed:
            self._renamed[key] = self._numbered("", path, "")
            self._folders.add(_key(self._renamed[key]))
        return self._renamed[key]

    def _numbered(self, path: str, stem: str, extension: str) -> str:
        """The first free one of "a (2)", "a (3)"… The numbers go on where they were, so that thousands of the same name take no time."""
        key = _key(f"{path}{stem}{extension}")
        number = self._numbers.get(key, 2)
        while not self._is_free(f"{path}{stem} ({number}){extension}"):
            number += 1
        self._numbers[key] = number + 1
        return f"{path}{stem} ({number}){extension}"

    def _is_free(self, path: str) -> bool:
        return _key(path) not in self._files and _key(path) not in self._folders


def _key(path: str) -> int:
    """Two that hash alike by chance only get another number."""
    return hash(unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold()))
