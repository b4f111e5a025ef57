"""A real PostgreSQL of Debian's package, on a free loopback port."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.natsserver import free_port

SECONDS = 60
# Nothing of it outlives a test: no need to wait for the disk.
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "16MB"}


def binary(name: str) -> str:
    """Of the newest version that is installed; Debian has them in a folder for each."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    path = str(found[-1]) if found else shutil.which(name)
    if path is None:
        raise RuntimeError("PostgreSQL is missing: install your system's package of it (Debian, Ubuntu: postgresql)")
    return path


class Postgres:
    """With one database, which belongs to its one user. It refuses to run as root, and so runs as the user ``postgres`` then."""

    def __init__(self, *, user: str, password: str, database: str) -> None:
        self.port = free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="nats-files-postgres-"))
        self._user, self._password, self._database = user, password, database
        self._as: dict[str, str] = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text()

    def start(self) -> None:
        secret = self.directory / "password"
        secret.write_text(self._password)
        (self.directory / "log").touch()
        if self._as:
            for path in (self.directory, secret):
                shutil.chown(path, **self._as)
        self._run("initdb", "-D", self._data, "-U", self._user, "-A", "scram-sha-256", "--pwfile", str(secret), "--no-sync", "-E", "UTF8")
        options = [word for name, value in QUICK.items() for word in ("-c", f"{name}={value}")]
        listen = ["-h", "127.0.0.1", "-p", str(self.port), "-k", str(self.directory)]
        with (self.directory / "log").open("ab") as log:
            command = [binary("postgres"), "-D", self._data, *listen, *options]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **self._as)  # type: ignore[call-overload]
        self._wait_until_it_is_ready()
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", self._user, self._database)

    def remove(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # at once, and its shared memory is given back
            self._process.wait(SECONDS)
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def _data(self) -> str:
        return str(self.directory / "data")

    def _run(self, name: str, *arguments: str) -> None:
        environment = {"PATH": os.environ["PATH"], "PGPASSWORD": self._password, "LC_ALL": "C"}
        done = subprocess.run(
            [binary(name), *arguments], env=environment, cwd="/", capture_output=True, text=True, timeout=SECONDS, check=False, **self._as
        )  # type: ignore[call-overload]
        assert done.returncode == 0, done.stderr

    def _wait_until_it_is_ready(self) -> None:
        """Its own word for it; there is no event to await."""
        deadline = time.monotonic() + SECONDS
        while "database system is ready to accept connections" not in self.log:
            assert self._process is not None
            assert self._process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.02)
