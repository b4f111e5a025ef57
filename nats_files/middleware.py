"""Django's middleware in the event loop.

Django runs each of their steps in a thread, which makes some fifteen changes of thread for a request: more than half of what a small one
takes. Their steps wait for nothing; the few that may (they read a form, or save a session or its messages) have a thread here, too.
"""

from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.deprecation import MiddlewareMixin

from buckets import requestid

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}


class InLoop(MiddlewareMixin):
    """Stands before a middleware whose ``process_request`` never waits, and whose ``process_response`` does so if ``may_wait`` says it."""

    def may_wait(self, request: HttpRequest) -> bool:
        return False

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        before, after = getattr(self, "process_request", None), getattr(self, "process_response", None)
        response: HttpResponseBase | None = before(request) if before is not None else None
        if response is None:
            response = await self.get_response(request)  # type: ignore[misc]
        if after is not None:
            response = await sync_to_async(after)(request, response) if self.may_wait(request) else after(request, response)
        assert response is not None
        return response


class Observe(InLoop):
    """Tells for the access log and the metrics which view it is, and who asks, if that becomes known: nobody is looked up for it."""

    async def process_view(
        self, request: HttpRequest, view: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> None:
        if request.resolver_match is not None:
            requestid.note(route=request.resolver_match.view_name)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        known = getattr(request, "_acached_user", None) or getattr(request, "_cached_user", None)
        if known is not None:
            requestid.note(user=known.get_username())
        return response


class Security(InLoop, SecurityMiddleware):
    pass


class ContentSecurityPolicy(InLoop, CSPMiddleware):
    pass


class Session(InLoop, SessionMiddleware):
    def may_wait(self, request: HttpRequest) -> bool:
        return request.session.modified or settings.SESSION_SAVE_EVERY_REQUEST


class Language(InLoop, LocaleMiddleware):
    """The reader's choice (a cookie), else the browser's."""


class Common(InLoop, CommonMiddleware):
    pass


class Csrf(InLoop, CsrfViewMiddleware):
    async def process_view(  # type: ignore[override]
        self, request: HttpRequest, view: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> HttpResponseBase | None:
        check = super().process_view
        if request.method in SAFE_METHODS or getattr(view, "csrf_exempt", False):
            return check(request, view, arguments, options)
        return await sync_to_async(check)(request, view, arguments, options)


class Authentication(InLoop, AuthenticationMiddleware):
    pass


class Messages(InLoop, MessageMiddleware):
    def may_wait(self, request: HttpRequest) -> bool:
        messages = getattr(request, "_messages", None)
        return messages is not None and (messages.used or messages.added_new)


class Frames(InLoop, XFrameOptionsMiddleware):
    pass
