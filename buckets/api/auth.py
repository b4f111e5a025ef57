"""Who asks: an API token, else the browser's session with Django's CSRF check."""

from typing import NoReturn

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware

from .. import requestid
from ..services import tokens
from .errors import CsrfFailed, NotAuthenticated

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="NATS Files"'}


async def authenticate(request: HttpRequest) -> User:
    """The active user who makes the request.

    With an ``Authorization`` header only that counts, and it needs no CSRF token: a browser does not add it by itself. Else the
    session counts, and unsafe methods need the CSRF token (header ``X-CSRFToken``).
    Raises ``NotAuthenticated`` and ``CsrfFailed``.
    """
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        return await _by_token(authorization)
    user = await request.auser()
    if not isinstance(user, User) or not user.is_active:
        raise NotAuthenticated("Log in, or send “Authorization: Bearer TOKEN”.", CHALLENGE)
    _CsrfCheck.enforce(request)
    return user


async def _by_token(authorization: str) -> User:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise NotAuthenticated("The only scheme here is “Authorization: Bearer TOKEN”.", CHALLENGE)
    user = await tokens.find_user(token.strip())
    if user is None:
        raise NotAuthenticated("The token is unknown, revoked or expired.", CHALLENGE)
    requestid.note(user=user.get_username())
    return user


class _CsrfCheck(CsrfViewMiddleware):
    """Django's own check, as a call that raises."""

    @classmethod
    def enforce(cls, request: HttpRequest) -> None:
        check = cls(_no_response)
        check.process_request(request)
        check.process_view(request, _no_response, (), {})

    def _reject(self, request: HttpRequest, reason: str) -> NoReturn:
        raise CsrfFailed(f"{reason} Send the token in the header X-CSRFToken, or use an API token.")


def _no_response(request: HttpRequest) -> HttpResponseBase:
    raise NotImplementedError("only the check is used")
