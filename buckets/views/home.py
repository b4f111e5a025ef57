"""The buckets: all that a person may see, and making a new one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from buckets import access
from buckets.access import AnyUser
from buckets.bucketform import BucketForm, HistoryForm
from buckets.objectstore import ObjectStoreError, Storage, Unavailable
from buckets.services import buckets as bucket_service
from buckets.services.history import HistoryWish

from .shell import load_shell, page, render_page


@page
async def home(request: HttpRequest, user: AnyUser) -> HttpResponse:
    shell = await load_shell(user)
    if shell.problem:
        raise Unavailable(shell.problem)
    return render_page(request, shell, "buckets.html", {})


@page
async def sidebar(request: HttpRequest, user: AnyUser) -> HttpResponse:
    """The list of buckets with their use, and the state of NATS: pages ask for it again while they are open."""
    shell = await load_shell(user, request.GET.get("active", ""))
    return render_page(request, shell, "side.html", {"section": request.GET.get("section", "")})


@page
async def bucket_new(request: HttpRequest, user: AnyUser) -> HttpResponse:
    await access.require_create(user)
    data = request.POST if request.method == "POST" else None
    form, history = BucketForm(data), HistoryForm(data)
    if data is not None and form.is_valid() and history.is_valid():
        try:
            made = await bucket_service.create_bucket(user, form.config(), history=_wish(form, history))
        except Unavailable:
            raise
        except ObjectStoreError as error:
            form.refuse(error)
        else:
            return redirect("files", made.status.name)
    wrong = bool(form.errors or (data is not None and history.errors))
    context = {"form": form, "history_form": history, "open": form.wrong_below or (data is not None and bool(history.errors))}
    return render_page(request, await load_shell(user), "bucket_new.html", context, 400 if wrong else 200)


def _wish(form: BucketForm, history: HistoryForm) -> HistoryWish | None:
    """None: it is to have no history."""
    if not form.cleaned_data["history"]:
        return None
    storage = history.cleaned_data.get("history_storage")
    return HistoryWish(True, Storage(storage) if storage else None, history.settings())
