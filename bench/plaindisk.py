"""copyparty: a file server in Python that keeps files as files."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .process import WebProcess


class Copyparty(WebProcess):
    """``python -m copyparty`` on a folder that everybody may read and write: no passwords, no index of what is there."""

    label = "copyparty over HTTP, on a plain disk"
    ready_path = "/?ls"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.files = folder / "copyparty"
        self._own = folder / "copyparty-own"
        self.files.mkdir()
        self._own.mkdir()

    def command(self) -> Sequence[str]:
        options = ["-i", "127.0.0.1", "-p", str(self.port), "--http-only", "-q", "-v", f"{self.files}::rwmd"]
        return [sys.executable, "-m", "copyparty", *options]

    def environment(self) -> Mapping[str, str]:
        return {**os.environ, "HOME": str(self._own), "XDG_CONFIG_HOME": str(self._own), "PRTY_NO_TLS": "1"}

    def create(self, bucket: str) -> None:
        (self.files / bucket).mkdir()

    def remove(self, bucket: str) -> None:
        shutil.rmtree(self.files / bucket)

    def path(self, bucket: str, name: str) -> str:
        return f"/{bucket}/{name}"
