"""The language of the texts: the reader's choice (a cookie), else the browser's. Pages, WebSockets and scripts go by the same."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.cookie import parse_cookie
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.utils.translation.trans_real import get_supported_language_variant, parse_accept_lang_header
from django.views.i18n import JavaScriptCatalog

from .errorwords import by_code

YEAR = 365 * 24 * 3600


class _Catalogue(JavaScriptCatalog):
    """With what the errors of the API say, which speaks English, as "error:" and the code."""

    def get_catalog(self) -> dict[str, Any]:
        return super().get_catalog() | {f"error:{code}": words for code, words in by_code().items()}


_catalogue = _Catalogue.as_view(packages=["buckets"])


def of_socket(scope: Mapping[str, Any]) -> str:
    """What ``LocaleMiddleware`` finds for a request, for the handshake of a WebSocket. To be activated in a task of its own."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope.get("headers", [])}
    chosen = parse_cookie(headers.get(b"cookie", "")).get(settings.LANGUAGE_COOKIE_NAME, "")
    wanted = [chosen, *(code for code, _ in parse_accept_lang_header(headers.get(b"accept-language", "")))]
    return next((found for code in wanted if (found := _supported(code))), settings.LANGUAGE_CODE)


def texts(request: HttpRequest, language: str) -> HttpResponseBase:
    """The texts of the scripts in ``language``, as a script. Its address has the version of the texts, so browsers keep it for good."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    with translation.override(language):
        response = _catalogue(request)
    patch_cache_control(response, public=True, max_age=YEAR, immutable=True)
    return response


def _supported(code: str) -> str:
    try:
        return get_supported_language_variant(code) if code else ""
    except LookupError:
        return ""
