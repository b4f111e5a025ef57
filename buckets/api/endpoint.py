"""A resource of the API: which function answers which method. Authentication and errors are handled here, once."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from .auth import authenticate
from .errors import MethodNotAllowed, NotFound, answer

Handler: TypeAlias = Callable[..., Coroutine[Any, Any, HttpResponseBase]]
View: TypeAlias = Callable[..., Coroutine[Any, Any, HttpResponseBase]]
METHODS = "methods"


def endpoint(**handlers: Handler) -> View:
    """The view of a resource. Each handler is called with the request, the user and the path's parts.

    Whatever a handler raises is answered as JSON (see ``errors``). CSRF is checked in ``authenticate``, for sessions only.
    The view's ``methods`` tells which methods there are, and who answers them. The API speaks English; what the site's own scripts ask,
    the reader's language.
    """
    allowed = ", ".join(handlers)

    async def view(request: HttpRequest, **parts: Any) -> HttpResponseBase:
        try:
            handler = handlers.get(request.method or "")
            if handler is None:
                raise MethodNotAllowed(f"{request.method} is not possible here; {allowed} is.", {"Allow": allowed})
            user = await authenticate(request)
            return await handler(request, user, **parts)
        except Exception as error:
            return answer(error, translated=not request.path.startswith("/api/"))

    exempt = csrf_exempt(view)
    setattr(exempt, METHODS, handlers)
    return exempt


async def _nothing_here(request: HttpRequest, **parts: Any) -> HttpResponseBase:
    return answer(NotFound("There is nothing at this address."))


nothing_here: View = csrf_exempt(_nothing_here)
