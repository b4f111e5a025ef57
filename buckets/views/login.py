"""Logging in, which has a limit."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from buckets.services import logins
from buckets.services.errors import TooManyAttempts
from buckets.words import duration

View: TypeAlias = Callable[..., HttpResponseBase]


def limited(view: View) -> View:
    """A view that logs in who sends ``username`` and ``password``, and redirects if they are right; now with a limit to the others."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        name, address = request.POST.get("username", ""), request.META.get("REMOTE_ADDR") or ""
        try:
            attempt = logins.begin(name, address)
        except TooManyAttempts as error:
            return _later(request, name, error)
        response = view(request, *args, **kwargs)
        logins.end(attempt, address, signed_in=response.status_code == 302)
        return response

    return guarded


def _later(request: HttpRequest, name: str, error: TooManyAttempts) -> HttpResponse:
    """The log-in page with the reason; its form is what the page shows of one."""
    reason = _("Too many failed attempts to sign in. Try again in %(time)s.") % {"time": duration(error.minutes * 60)}
    form = {"non_field_errors": [reason], "username": {"value": name}}
    context = {"form": form, "next": request.POST.get("next") or request.GET.get("next", "")}
    response = render(request, "login.html", context, status=429)
    response.headers["Retry-After"] = str(error.seconds)
    response.headers["Cache-Control"] = "no-store"
    return response


login = limited(LoginView.as_view(template_name="login.html", redirect_authenticated_user=True))
