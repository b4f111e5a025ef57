"""What a change of a bucket's settings does, in words: one line for each setting, with what it was and what it is to be."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from buckets.bucketform import copies_words
from buckets.objectstore import BucketChange, HistoryChange, Placement
from buckets.quantities import DAY, size_text, span_text
from buckets.services.effects import Effects
from buckets.words import grouped, short_size


@dataclass(frozen=True, slots=True)
class Line:
    """``tone``: "" for what can be taken back, "warn" for what should be known, "danger" for what is lost."""

    label: str
    before: str
    after: str
    effect: str = ""
    tone: str = ""


def settings_lines(effects: Effects, change: BucketChange) -> list[Line]:
    return [_settings_line(name, effects, change) for name in change.names()]


def _settings_line(name: str, effects: Effects, change: BucketChange) -> Line:
    label, words, effect = _SETTINGS[name]
    status, new = effects.status, getattr(change, name)
    old = getattr(status, name) if hasattr(status, name) else getattr(status.config, name)
    said, tone = effect(effects, old, new)
    return Line(label(), words(old), words(new), said, tone)


def _plain(text: str) -> str:
    return text or _("none")


def _span(seconds: float) -> str:
    return span_text(seconds) if seconds else _("for ever")


def _limit(count: int) -> str:
    return size_text(count) if count else _("none")


def _flag(on: bool) -> str:
    return _("on") if on else _("off")


def _pairs(pairs: Any) -> str:
    return ", ".join(f"{name} = {value}" for name, value in pairs.items()) or _("none")


def _place(placement: Placement) -> str:
    named = [_("cluster %(name)s") % {"name": placement.cluster}] if placement.cluster else []
    tags = [_("tags %(names)s") % {"names": ", ".join(placement.tags)}] if placement.tags else []
    return "; ".join([*named, *tags]) or _("anywhere")


Effect = tuple[str, str]


def _nothing(effects: Effects, old: Any, new: Any) -> Effect:
    return "", ""


def _ttl(effects: Effects, old: float, new: float) -> Effect:
    if not new:
        return _("Files stay until somebody deletes them."), ""
    if old and new > old:
        return _("Files stay longer. What has expired already does not come back."), ""
    metadata = _("Of a file whose name or details were changed after its upload, the content goes at the content's age.")
    if effects.uncounted:
        return _("Whatever is older goes at once. There is too much to count it first.") + " " + metadata, "danger"
    if effects.expiring is None or not effects.expiring.objects:
        return _("By its last change no file is that old yet.") + " " + metadata, "warn" if effects.kept else "danger"
    count, size = effects.expiring.objects, short_size(effects.expiring.size)
    going = ngettext(
        "%(number)s file of %(size)s is older than that and goes at once.",
        "%(number)s files of %(size)s are older than that and go at once.",
        count,
    ) % {"number": grouped(count), "size": size}
    kept = _("The history keeps them: they can be brought back from the trash.") if effects.kept else _("Nothing brings them back.")
    return f"{going} {kept} {metadata}", "warn" if effects.kept else "danger"


def _max_bytes(effects: Effects, old: int, new: int) -> Effect:
    used = effects.status.size_bytes
    if not new:
        return _("The bucket may grow until its servers are full."), ""
    if new < used:
        return "", ""  # refused, which says it all
    room = _("Nothing goes. %(used)s are used, so there is room for %(room)s more; after that uploads are refused.") % {
        "used": short_size(used),
        "room": short_size(new - used),
    }
    tight = new < used * 1.1
    return room, "warn" if tight else ""


def _replicas(effects: Effects, old: int, new: int) -> Effect:
    used = effects.status.size_bytes
    if new < old:
        freed = _("Frees about %(size)s on the servers.") % {"size": short_size(used * (old - new))}
        return f"{freed} {_survives(new)}", "warn"
    cost = _("Takes about %(size)s more on the servers, and uploads wait for more of them.") % {"size": short_size(used * (new - old))}
    return f"{cost} {_survives(new)}", ""


def _survives(copies: int) -> str:
    lost = (copies - 1) // 2
    if not lost:
        return _("When its server fails, the bucket is away until that is back; when the server is lost, so is the bucket.")
    return ngettext(
        "The bucket goes on working when %(count)d server fails.", "The bucket goes on working when %(count)d servers fail.", lost
    ) % {"count": lost}


def _compression(effects: Effects, old: bool, new: bool) -> Effect:
    return _("Applies to what is written from now on; what is stored already changes bit by bit, as the server tidies up."), ""


def _placement(effects: Effects, old: Placement, new: Placement) -> Effect:
    if new == Placement():
        return _("It stays where it is, and may be moved anywhere."), ""
    return _("All of its data moves to servers that match, which takes a while. It can be used meanwhile."), "warn"


def _unique(effects: Effects, old: bool, new: bool) -> Effect:
    if new:
        return _("Uploads from now on get the time before their name, and replace nothing."), ""
    return _("Uploads from now on keep their names, and may replace what is there."), ""


def _fast(effects: Effects, old: bool, new: bool) -> Effect:
    return (_("Uploads become faster (fast ingest, nats-server 2.14).") if new else _("Uploads become slower.")), ""


def _atomic(effects: Effects, old: bool, new: bool) -> Effect:
    if new:
        return _("Renaming moves no data any more (atomic batches, nats-server 2.12)."), ""
    return _("Renaming copies the data."), "warn"


def _direct(effects: Effects, old: bool, new: bool) -> Effect:
    return (
        _("Reading becomes faster (direct get).") if new else _("Reading becomes slower; other clients may need it.")
    ), "" if new else "warn"


_SETTINGS: dict[str, tuple[Callable[[], str], Callable[[Any], str], Callable[[Effects, Any, Any], Effect]]] = {
    "description": (lambda: _("Description"), _plain, _nothing),
    "ttl": (lambda: _("Keep files for"), _span, _ttl),
    "max_bytes": (lambda: _("Size limit"), _limit, _max_bytes),
    "replicas": (lambda: _("Copies"), copies_words, _replicas),
    "compression": (lambda: _("Compress what is stored"), _flag, _compression),
    "metadata": (lambda: _("Metadata"), _pairs, _nothing),
    "placement": (lambda: _("Placement"), _place, _placement),
    "unique_names": (lambda: _("Give every upload a name of its own"), _flag, _unique),
    "fast_ingest": (lambda: _("Fast uploads"), _flag, _fast),
    "atomic": (lambda: _("Renaming in one step"), _flag, _atomic),
    "direct": (lambda: _("Fast reading"), _flag, _direct),
}


def history_lines(effects: Effects, change: HistoryChange, *, enabled: bool | None) -> list[Line]:
    return [*_switch(effects, enabled), *_rules(effects, change), *_sizes(effects, change)]


def _switch(effects: Effects, enabled: bool | None) -> Iterator[Line]:
    if enabled is None:
        return
    label, on, off = _("History"), _("on"), _("off")
    if enabled:
        used = short_size(effects.status.size_bytes)
        said = _(
            "The history gets a copy of what is here now (%(size)s), and grows by everything that is uploaded, overwritten or deleted. "
            "The server writes everything twice, so uploads take longer."
        ) % {"size": used}
        yield Line(label, off, on, said)
    else:
        said = _("What is overwritten, renamed or deleted from now on cannot be brought back. The versions that were kept stay.")
        yield Line(label, on, off, said, "warn")


def _rules(effects: Effects, change: HistoryChange) -> Iterator[Line]:
    config = effects.history.config if effects.history is not None else None
    wanted = []
    if change.keep_days is not None:
        wanted.append((_("Keep old versions for"), _span((config.keep_days if config else 0) * DAY), _span(change.keep_days * DAY)))
    if change.keep_versions is not None:
        wanted.append((_("Always keep the newest"), _newest(config.keep_versions if config else 0), _newest(change.keep_versions)))
    said, tone = _pruned(effects)
    for number, (label, before, after) in enumerate(wanted, 1):
        yield Line(label, before, after, *((said, tone) if number == len(wanted) else ("", "")))


def _newest(count: int) -> str:
    return grouped(count) if count else _("all")


def _pruned(effects: Effects) -> Effect:
    if effects.uncounted:
        return _("Old versions that no rule keeps go, soon and for good. There are too many to count them first."), "danger"
    if effects.pruned is None:
        return "", ""
    if not effects.pruned:
        return _("No version goes now."), ""
    words = ngettext("%(number)s old version goes, soon and for good.", "%(number)s old versions go, soon and for good.", effects.pruned)
    return words % {"number": grouped(effects.pruned)}, "danger"


def _sizes(effects: Effects, change: HistoryChange) -> Iterator[Line]:
    config = effects.history.config if effects.history is not None else None
    if change.max_bytes is not None:
        said, tone = _discarded(effects)
        yield Line(_("Size limit of the history"), _limit(config.max_bytes if config else 0), _limit(change.max_bytes), said, tone)
    if change.replicas is not None:
        before = copies_words(config.replicas) if config and config.replicas else _("as many as the bucket")
        yield Line(_("Copies of the history"), before, copies_words(change.replicas))
    if change.compression is not None:
        yield Line(_("Compress the history"), _flag(bool(config and config.compression)), _flag(change.compression))


def _discarded(effects: Effects) -> Effect:
    if not effects.discarded:
        return (_("Nothing goes now. When it is full, the oldest goes."), "")
    return _("The oldest %(size)s go at once and for good.") % {"size": short_size(effects.discarded)}, "danger"
