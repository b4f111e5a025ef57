"""Small pictures of images, for the grid of the files page."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from buckets.access import AnyUser
from buckets.api.conditions import parse_tags
from buckets.api.errors import answer
from buckets.services import thumbnails

from .objects import object_name
from .shell import to_login

# For good where the address says which content is meant; where there is no picture, one may be possible some day.
FOR_GOOD = "private, max-age=31536000, immutable"
FOR_NOW = "private, no-cache"
POLICY = "sandbox; default-src 'none'"


async def thumbnail(request: HttpRequest, bucket: str) -> HttpResponseBase:
    """WebP; 204 for what has no picture: an image element that gets nothing says nothing in the console, unlike with 404."""
    user = await request.auser()
    if not user.is_authenticated:
        return to_login(request)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    try:
        return await _thumbnail(request, user, bucket)
    except Exception as error:
        return answer(error)


async def _thumbnail(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponse:
    scale = 2 if request.GET.get("scale") == "2" else 1
    reader = await thumbnails.open_image(user, bucket, object_name(request))
    info = reader.info
    tag = f'"{info.nuid}-{scale}"'
    caching = FOR_GOOD if info.digest and request.GET.get("digest") == info.digest else FOR_NOW
    headers = {"ETag": tag, "Cache-Control": caching, "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
    known = parse_tags(request.headers.get("If-None-Match", ""))
    if known is not None and (known.any or tag in known.strong | known.weak):
        return HttpResponse(status=304, headers=headers)
    picture = await thumbnails.thumbnail(user, reader, scale)
    if picture is None:
        return HttpResponse(status=204, headers=headers | {"Cache-Control": FOR_NOW})
    return HttpResponse(picture, content_type="image/webp", headers=headers)
