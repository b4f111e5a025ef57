"""The site under uvicorn, in this process."""

import asyncio
import contextlib
import logging
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import uvicorn
from django.conf import settings
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from buckets.services import draining
from buckets.services.slots import slots

from .protocol import BoundedProtocol

log = logging.getLogger("nats_files.serving")

KEEP_ALIVE_SECONDS = 65
# Of other requests than transfers, and of transfers that have had their time.
GRACE_SECONDS = 5
GRACE_AFTER_ALL_SECONDS = 1
DRAIN_LOOK_SECONDS = 0.1
WEBSOCKET_MESSAGE_BYTES = 64 * 1024
OPEN_FILES_WITHOUT_LIMIT = 10240  # of macOS, which names none and takes no more


class Site(uvicorn.Server):
    """``on_ready`` is called when the site answers.

    Told to stop, it lets transfers come to their end first, for ``SHUTDOWN_SECONDS`` at most. Meanwhile it answers (``/readyz`` with 503),
    but begins no transfer, and pages' WebSockets are closed with 1012, on which they connect again, to whoever is there by then.
    """

    def __init__(self, on_ready: Callable[[], None]) -> None:
        super().__init__(_config())
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        in_time = await self._let_transfers_end()
        if not in_time:
            self.config.timeout_graceful_shutdown = GRACE_AFTER_ALL_SECONDS
        await super().shutdown(sockets)

    async def _let_transfers_end(self) -> bool:
        """Whether they have."""
        draining.begin()
        turns = slots()
        turns.turn_away()
        if turns.running:
            log.info("stopping: %d transfers may go on for %g s at most", turns.running, settings.SHUTDOWN_SECONDS)
        deadline = time.monotonic() + settings.SHUTDOWN_SECONDS
        while turns.running and not self.force_exit:
            self._close_pages()
            if time.monotonic() > deadline:
                log.warning("stopping: %d transfers have not come to their end and are cut off", turns.running)
                return False
            await asyncio.sleep(DRAIN_LOOK_SECONDS)
        return True

    def _close_pages(self) -> None:
        """Also those that have been opened meanwhile."""
        for connection in list(self.server_state.connections):
            if isinstance(connection, WebSocketsSansIOProtocol):
                connection.shutdown()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Left to ``Stopper``, which also has the time before and after."""
        yield


class Stopper:
    """Ends the process on SIGINT, SIGTERM and SIGHUP as fits: serving, it stops gracefully; before that, it unwinds at once.

    The second SIGINT does not wait for transfers.
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
        access_log=False,  # ours says more (observed)
        server_header=False,
        limit_concurrency=settings.MAX_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws_max_size=WEBSOCKET_MESSAGE_BYTES,
        **options,
    )
