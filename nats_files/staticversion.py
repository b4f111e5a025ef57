"""A name for the state of the static files."""

import hashlib
from pathlib import Path

import django


def of(folder: Path) -> str:
    """Twelve hex digits that change with every change of a file in ``folder``, and with Django, whose admin has files too."""
    digest = hashlib.sha256(django.__version__.encode())
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"\0{path.relative_to(folder)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]
