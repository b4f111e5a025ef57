"""The versions of an object as steps in words: what happened, and what was different afterwards."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from buckets.objectstore import ObjectInfo, Origin, Version, VersionKind
from buckets.words import grouped, short_size

SHOWN_KEYS = 4
SHOWN_KEY = 40
# What the site itself writes with every upload: that it differs says nothing.
OWN_HEADERS = {"original-name", "uploaded-by", "upload-timestamp"}

# What is told of a key: that it was removed, added, or changed.
Words = tuple[Promise, Promise, Promise]
HEADER: Words = (gettext_lazy("header %(name)s removed"), gettext_lazy("header %(name)s added"), gettext_lazy("header %(name)s"))
METADATA: Words = (gettext_lazy("metadata %(name)s removed"), gettext_lazy("metadata %(name)s added"), gettext_lazy("metadata %(name)s"))


@dataclass(frozen=True, slots=True)
class Step:
    """``previous``: the version before it that has content, "" for none that is known. ``changes``: sentences' parts, unescaped.
    ``restored``: which version it is again, where that is shown too."""

    version: Version
    title: str
    changes: tuple[str, ...]
    previous: str
    preview: str = ""
    restored: Version | None = None

    @property
    def info(self) -> ObjectInfo:
        return self.version.info

    @property
    def has_content(self) -> bool:
        """Whether it can be downloaded and compared."""
        return has_content(self.version)

    @property
    def can_be_restored(self) -> bool:
        version = self.version
        return not version.current and (self.has_content or version.kind is VersionKind.LINK)


def has_content(version: Version) -> bool:
    info = version.info
    return version.complete and info.readable and not info.deleted and info.link is None


def steps(versions: Sequence[Version], shown: int) -> list[Step]:
    """The first ``shown`` of ``versions``, newest first; those after them only tell what was different before."""
    return [_step(version, versions[at + 1 :]) for at, version in enumerate(versions[:shown])]


def _step(version: Version, older: Sequence[Version]) -> Step:
    """Only what went by the same name, or became it by a rename, was there before."""
    restored = next((one for one in older if one.id == version.restored), None) if version.restored else None
    name = version.renamed_from or version.info.name
    older = [one for one in older if one.info.name == name] if older and older[0].info.name != name else older
    before = older[0] if older else None
    previous = next((one.id for one in older if has_content(one)), "") if has_content(version) else ""
    return Step(version, _title(version, before), tuple(_changes(version, before, older)), previous, restored=restored)


ENDS = {Origin.MOVED: gettext_lazy("Moved away"), Origin.EXPIRED: gettext_lazy("Expired")}
ORIGIN_TITLES = {
    Origin.RESTORED: gettext_lazy("Restored"),
    Origin.COPIED: gettext_lazy("Copied here"),
    Origin.MOVED: gettext_lazy("Moved here"),
    Origin.EDITED: gettext_lazy("Text edited"),
}


def _title(version: Version, before: Version | None) -> str:
    match version.kind:
        case VersionKind.DELETE:
            return str(ENDS.get(version.origin, _("Deleted")) if version.origin is not None else _("Deleted"))
        case VersionKind.RENAME:
            return _rename_title(version)
    if version.origin in ORIGIN_TITLES:
        return str(ORIGIN_TITLES[version.origin])
    match version.kind:
        case VersionKind.METADATA:
            return _("Details changed")
        case VersionKind.LINK:
            return _("Link changed") if before is not None and before.info.link is not None else _("Link made")
    return _("Uploaded") if before is None or before.info.deleted else _("Replaced")


def _rename_title(version: Version) -> str:
    """A file that keeps its last name has been moved to another folder."""
    other = version.renamed_to or version.renamed_from
    if other.rpartition("/")[2] != version.info.name.rpartition("/")[2]:
        return _("Renamed")
    return _("Moved away") if version.renamed_to else _("Moved here")


def _changes(version: Version, before: Version | None, older: Sequence[Version]) -> Iterator[str]:
    if version.before:
        yield _("was here when history was switched on")
    if before is None or version.info.deleted or before.info.deleted:
        return
    if version.kind is VersionKind.PUT:
        yield from _content_changes(version, before, older)
    elif version.kind in (VersionKind.METADATA, VersionKind.RENAME):
        yield from _detail_changes(version.info, before.info)


def _content_changes(version: Version, before: Version, older: Sequence[Version]) -> Iterator[str]:
    info, old = version.info, before.info
    grown = info.size - old.size
    if grown:
        yield (_("%(size)s larger") if grown > 0 else _("%(size)s smaller")) % {"size": short_size(abs(grown))}
    if info.digest and info.digest == old.digest:
        yield _("the same content")
    elif info.digest and any(one.info.digest == info.digest for one in older[1:]):
        yield _("the content of an earlier version")
    if info.content_type != old.content_type:
        now, then = (_short(type_) or _("none") for type_ in (info.content_type, old.content_type))
        yield _("type %(now)s, was %(then)s") % {"now": now, "then": then}


def _detail_changes(info: ObjectInfo, old: ObjectInfo) -> Iterator[str]:
    if info.description != old.description:
        yield _("description") if info.description else _("description removed")
    yield from _keys(HEADER, info.headers, old.headers)
    yield from _keys(METADATA, info.metadata, old.metadata)


def _keys(words: Words, new: Mapping[str, object], old: Mapping[str, object]) -> Iterator[str]:
    different = sorted(key for key in {*new, *old} if new.get(key) != old.get(key) and key.lower() not in OWN_HEADERS)
    for key in different[:SHOWN_KEYS]:
        yield str(words[0] if key not in new else words[1] if key not in old else words[2]) % {"name": _short(key)}
    if len(different) > SHOWN_KEYS:
        yield _("%(number)s more") % {"number": grouped(len(different) - SHOWN_KEYS)}


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_KEY else text[: SHOWN_KEY - 1] + "…"
