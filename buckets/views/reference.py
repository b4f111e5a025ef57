"""The API's reference: the same description as ``/api/v1/openapi.json``, for people."""

from django.http import HttpRequest, HttpResponse

from buckets.access import AnyUser
from buckets.api.description import description
from buckets.apireference import sections, shapes

from .shell import load_shell, page, render_page


@page
async def reference(request: HttpRequest, user: AnyUser) -> HttpResponse:
    """``?q=``: only what has these words in its heading; scripts filter the page as it is."""
    query = request.GET.get("q", "").strip()[:200]
    found = sections(description(), request.build_absolute_uri("/").rstrip("/"), query)
    context = {"sections": found, "shapes": shapes(description()), "query": query, "section": "api"}
    return render_page(request, await load_shell(user), "api.html", context)
