"""One connection to NATS that never gives up, and requests over it that fail in words.

nats-py reconnects by itself while its client lives, but closes the client for good on some errors (a refused login, a slow consumer).
So a task here owns the client and makes a new one whenever that happens.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from nats import errors as nats_errors

from ..errors import PermissionDenied, Unavailable
from ..options import ConnectionFacts, ConnectionState, ConnectOptions
from .memory import keep_freed
from .wire import RawClient, RawHandler, RawMessage, RawSubscription

logger = logging.getLogger(__name__)

NO_RESPONDERS = 503
# All that is published and not yet written to the socket; our own windows keep far below it, so that publishing never waits for a flush.
PENDING_BYTES = 256 * 1024 * 1024
CLOSE_SECONDS = 3.0
ROUND_TRIP_SECONDS = 1
_DENIED = re.compile(r"permissions violation for (publish|subscription) to \"([^\"]+)\"")
_NATS_ERRORS = (nats_errors.Error, OSError)


@dataclass(slots=True)
class _Pending:
    subject: str
    answer: asyncio.Future[RawMessage]


class Connection:
    """Bound to the running event loop. ``start`` returns at once; ``client`` waits (a bounded time) until it is connected."""

    def __init__(self, options: ConnectOptions, purpose: str) -> None:
        self._options = options
        self._purpose = purpose
        self._client: RawClient | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._connected = asyncio.Event()
        self._closed = asyncio.Event()
        self._error = "not connected yet"
        self._connects = 0
        self._pending: dict[str, _Pending] = {}
        self._inbox: str = ""
        self._deaf: PermissionDenied | None = None
        self._next_token = 0
        self._posts: set[asyncio.Task[None]] = set()
        self._loss_callbacks: set[Callable[[], None]] = set()
        self._denial_callbacks: dict[str, set[tuple[str, Callable[[PermissionDenied], None]]]] = {}

    async def start(self) -> None:
        if self._keeper is None:
            keep_freed()
            self._keeper = asyncio.create_task(self._keep_connected(), name=f"nats-{self._purpose}")

    async def close(self) -> None:
        keeper, self._keeper = self._keeper, None
        while keeper is not None and not keeper.done():
            keeper.cancel()  # again, should nats-py swallow it
            await asyncio.wait([keeper], timeout=1)
        if self._client is not None:
            await _close_quietly(self._client)
        self._lost("the connection was closed")

    @property
    def state(self) -> ConnectionState:
        client = self._client
        if client is None or not self._connected.is_set():
            return ConnectionState(connected=False, error=self._error)
        version = str(client._server_info.get("version", ""))
        return ConnectionState(connected=True, server_version=version, servers=max(1, len(client.servers)))

    async def facts(self) -> ConnectionFacts:
        """How it stands, with the time that a ping takes now (a second at most is waited for its answer)."""
        client, state = self._client, self.state
        reconnects = max(0, self._connects - 1)
        if client is None or not state.connected:
            return ConnectionFacts(self._purpose, connected=False, reconnects=reconnects, error=state.error)
        info, url = client._server_info, client.connected_url
        return ConnectionFacts(
            self._purpose,
            connected=True,
            reconnects=reconnects,
            address=url.netloc.rpartition("@")[2] if url is not None else "",
            server=str(info.get("server_name", "")),
            version=state.server_version,
            cluster=str(info.get("cluster", "")),
            known=state.servers,
            max_payload=int(info.get("max_payload", 0)),
            secure=url is not None and (url.scheme in ("tls", "wss") or info.get("tls_required") is True),
            round_trip=await _round_trip(client),
        )

    async def client(self) -> RawClient:
        """The connected client; raises ``Unavailable`` when there is none within ``connect_wait``."""
        try:
            async with asyncio.timeout(self._options.connect_wait):
                await self._connected.wait()
        except TimeoutError:
            raise Unavailable(f"NATS cannot be reached ({self._error}). It is tried again all the time; please try later.") from None
        assert self._client is not None
        return self._client

    async def subscribe(self, subject: str, handler: RawHandler) -> RawSubscription:
        client = await self.client()
        with _in_words():
            subscription = await client.subscribe_raw(subject, handler)
        _raise_swallowed_cancellation()
        return subscription

    def new_inbox(self) -> str:
        """A subject of one's own for answers, unique in the cluster."""
        return f"{self._options.inbox_prefix}.{self.new_token()}"

    def new_token(self) -> str:
        """A nuid: 22 letters and digits, unique in the cluster."""
        return (self._client or RawClient())._nuid.next().decode()

    async def publish(self, subject: str, payload: bytes, *, reply: str = "", headers: Mapping[str, str] | None = None) -> None:
        """Hand a message to the connection. Raises ``Unavailable`` when it is down: nothing is kept to be sent later."""
        client = await self.client()
        with _in_words():
            if headers:
                await client.publish(subject, payload, reply=reply, headers=dict(headers))
            else:
                await client.publish_raw(subject, reply, payload)
        _raise_swallowed_cancellation()

    def post(self, subject: str) -> None:
        """Send an empty message from within a handler, some time soon; lost without a word if the connection is."""
        task = asyncio.create_task(self._post(subject))
        self._posts.add(task)
        task.add_done_callback(self._posts.discard)

    async def _post(self, subject: str) -> None:
        with contextlib.suppress(Unavailable):
            await self.publish(subject, b"")

    async def request(
        self, subject: str, payload: bytes = b"", *, headers: Mapping[str, str] | None = None, timeout: float | None = None
    ) -> RawMessage:
        """One request, one answer. Raises ``Unavailable`` (time-out, connection lost, no responders) or ``PermissionDenied``."""
        await self.client()
        if self._deaf is not None:
            raise self._deaf
        token = str(self._next_token)
        self._next_token += 1
        answer: asyncio.Future[RawMessage] = asyncio.get_running_loop().create_future()
        self._pending[token] = _Pending(subject, answer)
        try:
            await self.publish(subject, payload, reply=f"{self._inbox}.{token}", headers=headers)
            async with asyncio.timeout(timeout or self._options.request_timeout):
                message = await answer
        except TimeoutError:
            raise Unavailable(f"NATS did not answer in {timeout or self._options.request_timeout:g} s. Please try again.") from None
        finally:
            del self._pending[token]
        if message.status == NO_RESPONDERS:
            raise Unavailable("Nothing in NATS answers this request: JetStream is off, starting, or without a leader. Please try again.")
        return message

    @contextlib.contextmanager
    def on_loss(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call ``callback`` each time the connection is lost, while the context lasts."""
        self._loss_callbacks.add(callback)
        try:
            yield
        finally:
            self._loss_callbacks.discard(callback)

    @contextlib.contextmanager
    def on_denial(self, subject: str, callback: Callable[[PermissionDenied], None]) -> Iterator[None]:
        """Call ``callback`` each time the server refuses a message on ``subject``, while the context lasts."""
        callbacks = self._denial_callbacks.setdefault(subject.lower(), set())
        callbacks.add((subject, callback))
        try:
            yield
        finally:
            callbacks.discard((subject, callback))
            if not callbacks:
                self._denial_callbacks.pop(subject.lower(), None)

    async def _keep_connected(self) -> None:
        while True:
            try:
                await self._connect()
                await self._closed.wait()
            except (*_NATS_ERRORS, TimeoutError, ValueError) as error:
                self._note(error)
            self._lost(self._error)
            await asyncio.sleep(self._options.reconnect_wait)

    async def _connect(self) -> None:
        self._closed.clear()
        client = RawClient()
        try:
            await client.connect(
                name=f"{self._options.name}-{self._purpose}",
                error_cb=self._on_error,
                disconnected_cb=self._on_disconnected,
                reconnected_cb=self._on_connected,
                closed_cb=self._on_closed,
                max_reconnect_attempts=-1,
                reconnect_time_wait=self._options.reconnect_wait,  # type: ignore[arg-type]
                ping_interval=20,
                pending_size=PENDING_BYTES,
                skip_subject_validation=True,
                **self._options.client_arguments(),
            )
            _raise_swallowed_cancellation()
        except BaseException:
            await _close_quietly(client)
            raise
        self._client = client
        self._inbox = self.new_inbox()
        self._deaf = None
        await client.subscribe_raw(f"{self._inbox}.*", self._on_answer)
        await self._on_connected()

    async def _on_connected(self) -> None:
        self._error = ""
        self._connects += 1
        self._connected.set()
        logger.info("connected to NATS", extra={"purpose": self._purpose})

    async def _on_disconnected(self) -> None:
        self._deaf = None  # which is told anew when it subscribes again
        self._lost(self._error or "the connection was lost")
        if self._client is not None:
            self._client.forget_unsent()  # nats-py would send it when it is connected again, after we have cleaned up

    async def _on_closed(self) -> None:
        self._closed.set()

    async def _on_error(self, error: Exception) -> None:
        if not self._deny(str(error)):
            self._note(error)

    def _note(self, error: BaseException) -> None:
        words = str(error).removeprefix("nats: ").strip("'") or type(error).__name__
        if words != self._error:
            logger.warning("NATS connection: %s", words, extra={"purpose": self._purpose})
        self._error = words

    def _deny(self, words: str) -> bool:
        """Fail the requests that a permissions violation is about: the server answers those by no other message. nats-py tells it in lower
        case."""
        denied = _DENIED.search(words.lower())
        if denied is None:
            return False
        logger.warning("NATS refused: %s", words)
        if denied[2] == f"{self._inbox}.*".lower():
            self._deaf = PermissionDenied(f"The site's NATS user may not subscribe to {self._options.inbox_prefix}.>, where answers come.")
        for pending in self._pending.values():
            if (self._deaf or pending.subject.lower() == denied[2]) and not pending.answer.done():
                pending.answer.set_exception(self._deaf or _denied(pending.subject))
        for subject, callback in tuple(self._denial_callbacks.get(denied[2], ())):
            callback(_denied(subject))
        return True

    def _lost(self, why: str) -> None:
        self._connected.clear()
        self._error = self._error or why
        for pending in self._pending.values():
            if not pending.answer.done():
                pending.answer.set_exception(Unavailable(f"The connection to NATS was lost ({why}). Please try again."))
        for callback in tuple(self._loss_callbacks):
            callback()

    def _on_answer(self, message: RawMessage) -> None:
        pending = self._pending.get(message.subject.rpartition(".")[2])
        if pending is not None and not pending.answer.done():
            pending.answer.set_result(message)


async def _round_trip(client: RawClient) -> float | None:
    """Seconds; None when there is no answer in time."""
    try:
        return await client.rtt(timeout=ROUND_TRIP_SECONDS)
    except (*_NATS_ERRORS, TimeoutError):
        return None


def _denied(subject: str) -> PermissionDenied:
    return PermissionDenied(f"The site's NATS user may not use the subject {subject}.")


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    """nats-py's errors as ours."""
    try:
        yield
    except _NATS_ERRORS as error:
        raise Unavailable(f"NATS cannot be reached ({error}). Please try again.") from error


def _raise_swallowed_cancellation() -> None:
    """nats-py's flush swallows a cancellation that reaches it; ours must go on."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _close_quietly(client: RawClient) -> None:
    """nats-py, closed while it reconnects, may raise the cancellation of its own task: that is not ours. It would wait without end for a
    server that takes nothing."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await client.close()
    except TimeoutError:
        client.break_off()
    except Exception:
        logger.debug("while closing", exc_info=True)
    except asyncio.CancelledError:
        _raise_swallowed_cancellation()
