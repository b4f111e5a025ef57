"""The data folder: what the site keeps on this machine, readable by its own user only."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


def make_folder(path: Path) -> Path:
    """``path``, made for our user only if it was not there."""
    path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    return path


def made(name: str, path: Path) -> Path:
    """The folder of the variable ``name``. Raises ``ImproperlyConfigured`` when it cannot be made, or not written to."""
    try:
        make_folder(path)
    except OSError as error:
        raise ImproperlyConfigured(f"{name} is a folder, and {str(path)!r} cannot be made: {error.strerror}.") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"{name} is a folder that the site can write to, and {str(path)!r} is not one.")
    return path


def keep(path: Path, make: Callable[[], str]) -> str:
    """The text in ``path``; the first time, ``make``'s, written with mode 600.

    Two processes that start at once get the same text.
    """
    if not path.exists():
        staged = _stage(path, make())
        try:
            os.link(staged, path)
        except FileExistsError:
            pass
        finally:
            staged.unlink()
    return path.read_text()


def replace(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` with mode 600, at once or not at all."""
    _stage(path, text).replace(path)


def private_file(path: Path) -> Path:
    """``path``, made empty with mode 600 if it was not there."""
    os.close(os.open(path, os.O_CREAT | os.O_RDONLY, PRIVATE_FILE))
    return path


def _stage(path: Path, text: str) -> Path:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=make_folder(path.parent))
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return Path(name)
