"""The buckets: all that a person may see, and making a new one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from buckets import access
from buckets.access import AnyUser
from buckets.forms import BucketForm
from buckets.objectstore import ObjectStoreError, Unavailable
from buckets.services import buckets as bucket_service

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
    form = BucketForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = await bucket_service.create_bucket(user, form.config())
        except Unavailable:
            raise
        except ObjectStoreError as error:
            form.refuse(error)
        else:
            return redirect("files", made.status.name)
    status = 400 if form.errors else 200
    return render_page(request, await load_shell(user), "bucket_new.html", {"form": form}, status)
