"""The site under uvicorn, in this process."""

import contextlib
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import uvicorn
from django.conf import settings

from .protocol import BoundedProtocol

KEEP_ALIVE_SECONDS = 65
GRACE_SECONDS = 5
WEBSOCKET_MESSAGE_BYTES = 64 * 1024
OPEN_FILES_WITHOUT_LIMIT = 10240  # of macOS, which names none and takes no more


class Site(uvicorn.Server):
    """``on_ready`` is called when the site answers."""

    def __init__(self, on_ready: Callable[[], None]) -> None:
        super().__init__(_config())
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Left to ``Stopper``, which also has the time before and after."""
        yield


class Stopper:
    """Ends the process on SIGINT, SIGTERM and SIGHUP as fits: serving, it stops gracefully; before that, it unwinds at once.

    The second SIGINT does not wait for open downloads.
    """

    def __init__(self) -> None:
        self.site: Site | None = None
        self._stopping = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        again, self._stopping = self._stopping, True
        if self.site is not None:
            self.site.should_exit = True
            self.site.force_exit = again and number == signal.SIGINT
        elif not again:
            raise SystemExit(0)


def raise_open_files() -> None:
    """As many open files as this process may have: each connection is one, and the usual limit is far below ``MAX_CONNECTIONS``."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_WITHOUT_LIMIT if hard == resource.RLIM_INFINITY else hard
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def bind(host: str, port: int) -> socket.socket:
    """A bound socket, which does not listen yet. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def address(listener: socket.socket) -> str:
    """What to type into a browser on this machine."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "localhost"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def _config() -> uvicorn.Config:
    from .asgi import application

    options: dict[str, Any] = {"proxy_headers": False}
    if settings.BEHIND_PROXY:
        options = {"proxy_headers": True, "forwarded_allow_ips": settings.FORWARDED_ALLOW_IPS}
    return uvicorn.Config(
        application,
        loop="uvloop",
        http=BoundedProtocol,
        ws="websockets-sansio",
        lifespan="on",
        log_config=None,
        access_log=settings.ACCESS_LOG,
        server_header=False,
        limit_concurrency=settings.MAX_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws_max_size=WEBSOCKET_MESSAGE_BYTES,
        **options,
    )
