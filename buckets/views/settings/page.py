"""The settings of a bucket: the page, and changing it in two steps: what the change would do, and then doing it."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from buckets import access
from buckets.access import AnyUser, Role
from buckets.bucketform import HistoryForm, SettingsForm
from buckets.errorwords import told
from buckets.objectstore import BucketNotFound, Conflict, HistoryStatus, ObjectStoreError, Unavailable
from buckets.services import buckets as bucket_service
from buckets.services import effects as effect_service
from buckets.services import history as history_service
from buckets.services.buckets import BucketView
from buckets.services.history import HistoryWish

from ..shell import Shell, load_shell, page, patience, render_page
from . import repairs
from .wording import Line, history_lines, settings_lines

CONFIRM, BACK = "confirm", "back"
SWITCHES = {"on": True, "off": False}


@page
async def settings(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """ADMIN. POST: what the change would do; with ``confirm``, it is done."""
    found, shell = await begin(user, bucket)
    if request.method != "POST":
        return await render_settings(request, shell, found)
    form = SettingsForm.of(found.status, request.POST)
    if not form.is_valid() or BACK in request.POST:
        return await render_settings(request, shell, found, form=form)
    if request.POST.get("seen") not in (None, seen(found)):
        form.refuse(Conflict(bucket_service.CHANGED_MEANWHILE))
        return await render_settings(request, shell, found, form=form)
    change = form.change(found.status)
    if not change.names():
        messages.info(request, _("Nothing was changed: it is all as it was."))
        return redirect(_address(bucket))
    effects = await effect_service.of_settings(user, bucket, change)
    if effects.refusal is not None:
        form.refuse(effects.refusal)
        return await render_settings(request, shell, found, form=form)
    if CONFIRM not in request.POST:
        return render_question(request, shell, found, settings_lines(effects, change), "bucket_settings", seen(found))
    try:
        await bucket_service.update_bucket(user, bucket, change, seen=found.status.config)
    except (Unavailable, BucketNotFound):
        raise
    except ObjectStoreError as error:
        form.refuse(error)
        return await render_settings(request, shell, found, form=form)
    messages.success(request, _("The settings are changed."))
    return redirect(_address(bucket))


@page
async def history(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    """ADMIN, POST. The same of the bucket's history; ``switch``: on, off, or neither."""
    found, shell = await begin(user, bucket)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    form = HistoryForm(request.POST, config=found.history.config if found.history else None)
    wish = _wish(request.POST, form, found.history)
    if wish is None or BACK in request.POST:
        return await render_settings(request, shell, found, history_form=form)
    if request.POST.get("seen") not in (None, history_seen(found)):
        form.add_error(None, told(bucket_service.CHANGED_MEANWHILE))
        return await render_settings(request, shell, found, history_form=form)
    if wish == HistoryWish():
        messages.info(request, _("Nothing was changed: it is all as it was."))
        return redirect(_address(bucket, "history"))
    effects = await effect_service.of_history(user, bucket, wish)
    if effects.refusal is not None:
        form.add_error(None, told(effects.refusal))
        return await render_settings(request, shell, found, history_form=form)
    if CONFIRM not in request.POST:
        lines = history_lines(effects, wish.change, enabled=wish.enabled)
        return render_question(request, shell, found, lines, "bucket_history", history_seen(found))
    try:
        await history_service.set_history(user, bucket, wish)
    except (Unavailable, BucketNotFound):
        raise
    except ObjectStoreError as error:
        form.add_error(None, told(error))
        return await render_settings(request, shell, found, history_form=form)
    messages.success(request, _HISTORY_DONE[wish.enabled]())
    return redirect(_address(bucket, "history"))


_HISTORY_DONE: Mapping[bool | None, Callable[[], str]] = {
    True: lambda: _("History is on. Every change from now on is kept."),
    False: lambda: _("History is off. What was kept stays."),
    None: lambda: _("The settings of the history are changed."),
}


def _wish(data: QueryDict, form: HistoryForm, known: HistoryStatus | None) -> HistoryWish | None:
    """None: the form is not valid. Switching off changes nothing else."""
    if not form.is_valid():
        return None
    on = known is not None and known.enabled
    wanted = SWITCHES.get(data.get("switch", ""))
    if wanted is False:
        return HistoryWish(enabled=False) if on else HistoryWish()
    change = form.change(known.config) if known is not None else form.settings()
    return HistoryWish(enabled=True if wanted and not on else None, change=change)


async def begin(user: AnyUser, bucket: str) -> tuple[BucketView, Shell]:
    """ADMIN."""
    await access.require(user, bucket, Role.ADMIN)
    async with patience():
        return await bucket_service.get_bucket(user, bucket), await load_shell(user, bucket)


def seen(found: BucketView) -> str:
    """What is different whenever the settings are."""
    status = found.status
    return _mark(status.config, status.fast_ingest, status.atomic, status.direct)


def history_seen(found: BucketView) -> str:
    """The same of the settings of the history."""
    return _mark(*((found.history.config, found.history.enabled) if found.history is not None else ()))


def _mark(*values: object) -> str:
    return hashlib.blake2b(repr(values).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


async def render_settings(
    request: HttpRequest, shell: Shell, found: BucketView, *, form: SettingsForm | None = None, history_form: HistoryForm | None = None
) -> HttpResponse:
    wrong = (form is not None or history_form is not None) and BACK not in request.POST
    context: dict[str, Any] = {
        "form": form or SettingsForm.of(found.status),
        "history_form": history_form or HistoryForm(config=found.history.config if found.history else None),
        "seen": seen(found),
        "history_seen": history_seen(found),
        "sealed": found.status.sealed,
        "open": form is not None and form.wrong_below,
        **await repairs.context_of(shell.user, found.status.name),
    }
    return render(request, shell, found, "settings.html", context, 400 if wrong else 200)


def render_question(request: HttpRequest, shell: Shell, found: BucketView, lines: list[Line], to: str, mark: str) -> HttpResponse:
    fields = [
        (name, value) for name, values in request.POST.lists() for value in values if name not in ("csrfmiddlewaretoken", CONFIRM, BACK)
    ]
    fields += [("seen", mark)] if "seen" not in request.POST else []
    danger = any(line.tone == "danger" for line in lines)
    context = {"lines": lines, "fields": fields, "to": reverse(to, args=[found.status.name]), "danger": danger}
    return render(request, shell, found, "settings_confirm.html", context)


def render(
    request: HttpRequest, shell: Shell, found: BucketView, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    return render_page(request, shell, template, {"section": "settings", "bucket": found.status.name, "found": found, **context}, status)


def _address(bucket: str, part: str = "") -> str:
    return reverse("bucket_settings", args=[bucket]) + (f"#{part}" if part else "")
