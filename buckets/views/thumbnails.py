"""Small pictures of images, for the grid of the files page."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from buckets.access import AnyUser
from buckets.api.conditions import parse_tags
from buckets.services import thumbnails

from .objects import object_name
from .shell import content

# For good where the address says which content is meant; where there is no picture, one may be possible some day.
FOR_GOOD = "private, max-age=31536000, immutable"
FOR_NOW = "private, no-cache"
POLICY = "sandbox; default-src 'none'"


@content
async def thumbnail(request: HttpRequest, user: AnyUser, bucket: str) -> HttpResponseBase:
    """WebP; 204 for what has no picture: an image element that gets nothing says nothing in the console, unlike with 404."""
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
