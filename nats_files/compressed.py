"""Scripts and styles come compressed, the scripts without comments, the styles as one: made once, when the process starts."""

import gzip
import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import rjsmin  # type: ignore[import-untyped]
from django.conf import settings
from servestatic.middleware import ServeStaticMiddleware  # type: ignore[import-untyped]
from servestatic.responders import StaticFile  # type: ignore[import-untyped]

SUFFIXES = (".js", ".css", ".svg")
_IMPORT = re.compile(r'^@import url\("([^":]+\.css)"\)(?: layer\(([a-z]+)\))?;$', re.MULTILINE)
_URL = re.compile(r'url\("(?!data:|#)([^":]+)"\)')


class CompressedStatic(ServeStaticMiddleware):  # type: ignore[misc]
    """Serves the static files from where they are, and what is text of them compressed to who takes that.

    What is made of them lies in the data folder, named after its content. While developing they are served as they are.
    """

    def get_static_file(self, path: str, url: str, stat_cache: dict[str, os.stat_result] | None = None) -> StaticFile:
        plain = super().get_static_file(path, url, stat_cache)
        if self.autorefresh or not path.endswith(SUFFIXES):
            return plain
        content = _content(Path(path))
        digest = hashlib.sha256(content).hexdigest()
        headers = [(name, value or "") for name, value in plain.alternatives[-1][2] if name not in ("Content-Length", "Vary", "ETag")]
        headers.append(("ETag", f'"{digest[:16]}"'))
        made = _kept(digest, lambda: content)
        small = _kept(f"{digest}.gz", lambda: gzip.compress(content, 9, mtime=0))
        return StaticFile(str(made), headers, encodings={"gzip": str(small)})


def _kept(name: str, make: Callable[[], bytes]) -> Path:
    """The file of this name; several processes may make it at the same time."""
    folder: Path = settings.STATIC_FOLDER
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(make())
        os.replace(file.name, path)
    return path


def _content(path: Path) -> bytes:
    if path.suffix == ".css":
        return joined(path)
    if path.suffix == ".js" and not path.name.endswith(".min.js"):
        return str(rjsmin.jsmin(path.read_text())).encode()
    return path.read_bytes()


def joined(path: Path) -> bytes:
    """A style sheet with those it imports in their places, each in its layer."""

    def imported(found: re.Match[str]) -> str:
        other = path.parent / found[1]
        folder = found[1].rpartition("/")[0]
        text = _URL.sub(lambda url: f'url("{os.path.normpath(os.path.join(folder, url[1]))}")', other.read_text())
        return f"@layer {found[2]} {{\n{text}}}" if found[2] else text

    return _IMPORT.sub(imported, path.read_text()).encode()
