"""What every page has around it: the list of buckets, the state of NATS, and the ways a page can fail."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from buckets import access
from buckets.access import AnyUser, Role
from buckets.api.errors import Problem, answer, describe
from buckets.errorwords import told
from buckets.objectstore import ConnectionState, ObjectStoreError, Unavailable
from buckets.services import buckets as bucket_service
from buckets.services.buckets import BucketView
from buckets.services.errors import ServiceError
from buckets.services.runtime import store

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, AnyUser, P], Awaitable[HttpResponseBase]]
PATIENCE = 1.5
EXPECTED = (access.NotVisible, access.NotAllowed, ObjectStoreError, ServiceError)


@dataclass(frozen=True)
class Shell:
    """``active``: the bucket that the page is about, or ""; ``problem``: why the buckets cannot be listed, or ""."""

    user: AnyUser
    nats: ConnectionState
    buckets: list[BucketView] = field(default_factory=list)
    may_create: bool = False
    active: str = ""
    problem: str = ""

    @property
    def administers(self) -> bool:
        """Whether the page is about a bucket that is there, and that the visitor is an admin of."""
        found = self.find(self.active)
        return found is not None and found.role is Role.ADMIN

    def find(self, bucket: str) -> BucketView | None:
        return next((each for each in self.buckets if each.status.name == bucket), None)


@asynccontextmanager
async def patience() -> AsyncIterator[None]:
    """A page that needs NATS while it is away fails soon, with ``Unavailable``, and recovers by itself in the browser."""
    connected = (await store()).state.connected
    try:
        async with asyncio.timeout(None if connected else PATIENCE):
            yield
    except TimeoutError:
        raise Unavailable("It is tried again all the time.") from None


async def load_shell(user: AnyUser, active: str = "") -> Shell:
    """The surroundings of a page for ``user``. Does not fail when NATS does: then there is a ``problem``."""
    try:
        async with patience():
            listed = await bucket_service.glance(user)
    except ObjectStoreError as error:
        return await bare_shell(user, active, str(error))
    may_create = (await access.roles(user)).may_create
    return Shell(user, (await store()).state, listed, may_create, active)


async def bare_shell(user: AnyUser, active: str = "", problem: str = "") -> Shell:
    """The surroundings without asking NATS for anything."""
    may_create = (await access.roles(user)).may_create
    return Shell(user, (await store()).state, [], may_create, active, problem)


def next_address(request: HttpRequest, otherwise: str) -> str:
    """Where the form wants to go back to, if that is on this site."""
    back = request.POST.get("next", "")
    return back if url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()) else otherwise


def is_partial(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def render_page(request: HttpRequest, shell: Shell, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The whole page, or for htmx the part that changes; both from the same template."""
    layout = "_swap.html" if is_partial(request) else "base.html"
    response = render(request, template, {"layout": layout, "shell": shell, "user": shell.user, **context}, status=status)
    response.headers["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return response


def page(view: Page[P]) -> Callable[..., Coroutine[Any, Any, HttpResponseBase]]:
    """A view for signed-in people that gets the user, and whose refusals and failures become pages in words."""

    @wraps(view)
    async def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        user = await request.auser()
        if not user.is_authenticated:
            return to_login(request)
        try:
            return await view(request, user, *args, **kwargs)
        except EXPECTED as error:
            return await error_page(request, user, describe(error))

    return wrapped


def content(view: Page[P]) -> Callable[..., Coroutine[Any, Any, HttpResponseBase]]:
    """A view of GET and HEAD for what stands in a page, such as an image: its refusals and failures are answers as the API's."""

    @wraps(view)
    async def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        user = await request.auser()
        if not user.is_authenticated:
            return to_login(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        try:
            return await view(request, user, *args, **kwargs)
        except Exception as error:
            return answer(error)

    return wrapped


def to_login(request: HttpRequest) -> HttpResponse:
    """To the login page and back here afterwards; htmx is told to go there as a whole page."""
    back = request.get_full_path() if request.method == "GET" else resolve_url("home")
    address = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back})}"
    if not is_partial(request):
        return redirect(address)
    return HttpResponse(status=204, headers={"HX-Redirect": address})


HEADINGS = {
    400: gettext_lazy("That cannot be done"),
    403: gettext_lazy("You may not do this"),
    404: gettext_lazy("Not found"),
    409: gettext_lazy("That does not fit what is there"),
    412: gettext_lazy("Already there"),
    413: gettext_lazy("Too large"),
    503: gettext_lazy("NATS cannot be reached"),
    507: gettext_lazy("The bucket is full"),
}


async def error_page(request: HttpRequest, user: AnyUser, problem: Problem) -> HttpResponse:
    """What went wrong, in words. A page that waits for NATS asks for itself again until NATS is back."""
    recovers = problem.status == 503
    shell = await (bare_shell(user, problem=problem.message) if recovers else load_shell(user))
    heading = HEADINGS.get(problem.status, _("Something went wrong"))
    message = told(problem.message, problem.code)
    context = {"status": problem.status, "heading": heading, "message": message, "recovers": recovers and request.method == "GET"}
    response = render_page(request, shell, "error.html", context, problem.status)
    for name, value in problem.headers.items():
        response.headers[name] = value
    return response
