"""How the past looks on a page: exact times, and addresses of versions."""

from datetime import UTC, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from buckets.objectstore import Link, Version
from buckets.views.history.fields import versions_address
from buckets.words import duration, exact_time

from .files_ui import download_url, object_url, visible

register = template.Library()


@register.simple_tag
def exact(moment: datetime) -> SafeString:
    """The time to the second, in UTC; the page's script says it in the reader's zone."""
    utc = moment.astimezone(UTC)
    return format_html('<time datetime="{}" data-exact>{} UTC</time>', utc.isoformat(), exact_time(utc))


@register.simple_tag
def version_url(bucket: str, name: str, version: object) -> str:
    """Where a version is downloaded."""
    return f"{download_url(bucket, name)}&version={version}"


@register.simple_tag
def versions_url(bucket: str, name: str) -> str:
    return versions_address(bucket, name)


@register.simple_tag
def versions_link(bucket: str, name: str) -> SafeString:
    """A name that leads to its versions."""
    return format_html('<a href="{}">{}</a>', versions_address(bucket, name), visible(name))


@register.simple_tag
def version_place(bucket: str, place: Link) -> SafeString:
    """A file, here or in another bucket, that leads to itself; it may be gone by now."""
    name = place.name or ""
    label = visible(name) if place.bucket == bucket else format_html("{} / {}", place.bucket, visible(name))
    return format_html('<a href="{}">{}</a>', object_url(place.bucket, name), label)


@register.simple_tag
def version_when(version: Version) -> SafeString:
    """When another step of the same timeline was written, leading there."""
    return format_html('<a href="#v{}">{}</a>', version.id, exact(version.info.modified))


@register.filter
def digest_short(digest: str | None) -> str:
    """Enough of it to tell two apart by eye."""
    text = (digest or "").partition("=")[2]
    return f"{text[:6]}…{text[-5:].rstrip('=')}" if len(text) > 14 else text


@register.filter
def days(count: float) -> str:
    return duration(count * 86400)


@register.filter
def shown(text: str) -> SafeString | str:
    """A line of a text, escaped, with control characters shown but for tabs."""
    return visible(text.replace("\t", "    ")) if text else ""
