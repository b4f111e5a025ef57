"""The parts of the files page that can change while it is open, each rendered from the template that the page itself includes."""

from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from .access import AnyUser, Role
from .listing import FilesPage, View, Window, crumbs, files_page, files_window
from .objectstore import ConnectionState, LiveBucket, SortKey
from .services.buckets import BucketView

COLUMNS = (
    (SortKey.NAME, _("Name"), ""),
    (SortKey.SIZE, _("Size"), "size num"),
    (SortKey.TYPE, _("Type"), "type"),
    (SortKey.MODIFIED, _("Changed"), "time"),
)


def files_context(live: LiveBucket, found: BucketView, view: View, window: Window | None = None) -> dict[str, Any]:
    """What the templates of the files page know, of these rows or else of the view's page.

    ``view`` is the one shown, which may be an earlier page than the one asked for.
    """
    files = files_page(live.index, view) if window is None else files_window(live.index, view, window)
    return {
        "bucket": live.bucket,
        "found": found,
        "live": live,
        "files": files,
        "view": files.view,
        "can_edit": found.role >= Role.EDITOR and not found.status.sealed,
        "crumbs": crumbs(files.view.prefix),
        "columns": _columns(files.view),
        "previous": files.view.address(page=files.view.page - 1) if files.view.page > 1 else None,
        "next": files.view.address(page=files.view.page + 1) if files.view.page < files.pages else None,
        "here": files.view.address(everywhere=False),
        "everywhere": files.view.address(everywhere=True),
        "loading": not live.ready,
    }


def _columns(view: View) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "class": css,
            "address": view.sorted_by(key),
            "order": ("descending" if view.sort.descending else "ascending") if view.sort.key is key else "",
        }
        for key, label, css in COLUMNS
    ]


def part_html(context: dict[str, Any]) -> dict[str, str]:
    """The parts beside the rows, by the id of their element; the bucket's size in the side bar too."""
    live: LiveBucket = context["live"]
    used: dict[str, Any] = {"open": True, "status": context["found"].status, "files_bytes": live.index.size if live.ready else None}
    parts: dict[str, str] = {name: render_to_string(f"_{name}.html", context) for name in ("facts", "empty")}
    return parts | {"used": render_to_string("_used.html", used)}


def nats_html(nats: ConnectionState, user: AnyUser) -> dict[str, str]:
    """What every page says about the connection to NATS, by the id of its element; the error as it is to superusers only."""
    context = {"nats": nats, "user": user}
    return {"nats-status": render_to_string("_nats_status.html", context), "banner": render_to_string("_banner.html", context)}


def gone_html(bucket: str) -> dict[str, str]:
    return {"listing": render_to_string("_gone.html", {"bucket": bucket})}


__all__ = ["FilesPage", "files_context", "gone_html", "nats_html", "part_html"]
