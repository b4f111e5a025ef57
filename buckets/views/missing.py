"""The page of a file that is not there (any more): what may have become of it, and the links that still lead to it."""

from django.http import HttpRequest, HttpResponse

from buckets import access
from buckets.access import AnyUser, Role
from buckets.listing import crumbs
from buckets.objectstore import ObjectStoreError
from buckets.services import buckets as bucket_service
from buckets.services import linklist
from buckets.services.errors import ServiceError
from buckets.services.linklist import FoundLink, LinkState

from .shell import load_shell, render_page

MAX_LINKS = 50


async def missing_page(request: HttpRequest, user: AnyUser, bucket: str, name: str) -> HttpResponse:
    """VIEWER. Answers 404, with buttons instead of a dead end."""
    found = await bucket_service.get_bucket(user, bucket)
    folder, slash, label = name.rpartition("/")
    held = await access.roles(user)
    links = [(link, (held.of(link.bucket) or Role.VIEWER) >= Role.EDITOR) for link in await _broken(user, bucket, name)]
    context = {
        "bucket": bucket,
        "name": name,
        "label": label,
        "folder": folder + slash,
        "crumbs": crumbs(folder + slash),
        "can_edit": found.role >= Role.EDITOR and not found.status.sealed,
        "history": found.history is not None,
        "links": links[:MAX_LINKS],
        "more_links": max(0, len(links) - MAX_LINKS),
    }
    return render_page(request, await load_shell(user, bucket), "object_missing.html", context, 404)


async def _broken(user: AnyUser, bucket: str, name: str) -> list[FoundLink]:
    try:
        found = (await linklist.links_to(user, bucket, [name])).links
    except (ObjectStoreError, ServiceError):
        return []
    return [link for link in found if link.state is LinkState.DANGLING]
