"""What the grid of the files page shows beside the list."""

from urllib.parse import quote

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from buckets.objectstore import ObjectInfo
from buckets.services.thumbnails import has_thumbnail

register = template.Library()


@register.simple_tag
def thumbnail(bucket: str, info: ObjectInfo | None) -> SafeString | str:
    """The image element of an object that may have one, else nothing. Its address changes with the content."""
    if info is None or not has_thumbnail(info):
        return ""
    content = info.digest or str(info.revision)
    address = f"{reverse('object_thumbnail', args=[bucket])}?name={quote(info.name, safe='')}&digest={quote(content, safe='')}"
    return format_html(
        '<img class="thumb" src="{0}" srcset="{0}&amp;scale=2 2x" width="256" height="256" alt="" loading="lazy" decoding="async">', address
    )
