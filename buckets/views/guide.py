"""Help: the user's guide, docs/user-guide.md, as a page."""

import re
from functools import cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString, mark_safe

from buckets.access import AnyUser

from .shell import load_shell, page, render_page

LINK = re.compile(r"\[([^\]]+)\]\([^):]+\)")
GUIDE = settings.BASE_DIR / "docs" / "user-guide.md"


@page
async def guide(request: HttpRequest, user: AnyUser) -> HttpResponse:
    return render_page(request, await load_shell(user), "guide.html", {"guide": _guide(), "section": "help"})


@cache
def _guide() -> SafeString:
    """Without its title, which the page has, and its pictures. Links to other documents become their words."""
    from buckets.previews.markdown import render_markdown  # which takes a while to import

    if not GUIDE.exists():
        raise Http404("This installation has no documentation.")
    lines = [line for line in GUIDE.read_text().splitlines() if not line.startswith(("# ", "<picture"))]
    text = LINK.sub(r"\1", "\n".join(line.removeprefix("#") for line in lines))
    return mark_safe(render_markdown(text, cut=False).html)  # noqa: S308 - our own text, and cleaned
