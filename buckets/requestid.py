"""The request that is being handled: its identifier stands on each line that is logged for it, in its answer, and in errors.

What a request leaves behind (a watch that goes on, say) inherits its context: its lines have no identifier once the request is over.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

GIVEN = re.compile(r"[A-Za-z0-9._:/+=-]{1,64}\Z")


@dataclass(slots=True)
class Handled:
    """``route``: the name of the view; ``user``: who asks, as far as that is known."""

    id: str
    route: str = ""
    user: str = ""
    over: bool = False


_handled: ContextVar[Handled | None] = ContextVar("handled", default=None)


def chosen(given: str) -> str:
    """What the client (or the proxy) calls the request, if that is 1 to 64 letters, digits and ``._:/+=-``; else a new one."""
    return given if GIVEN.match(given) else secrets.token_hex(8)


@contextmanager
def handling(request: Handled) -> Iterator[None]:
    token = _handled.set(request)
    try:
        yield
    finally:
        request.over = True
        _handled.reset(token)


def current() -> str:
    """The identifier of the request that is being handled, "" outside of one."""
    request = _handled.get()
    return request.id if request is not None and not request.over else ""


def note(*, route: str = "", user: str = "") -> None:
    """What becomes known of the request on its way."""
    request = _handled.get()
    if request is not None:
        request.route, request.user = route or request.route, user or request.user
