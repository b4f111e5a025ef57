"""What went wrong, in the reader's language.

The object store and the services speak English: their words go to the JSON API and to logs as they are. For pages, those that are known
here are translated with the names and numbers that are in them; of the others another language gets a general sentence by their code.
"""

import re
from collections.abc import Mapping
from functools import cache

from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from .objectstore import ErrorCode
from .words import grouped

ENGLISH = "en"

# By their codes, for what has words that are not known below.
GENERAL: Mapping[str, str] = {
    ErrorCode.INVALID_BUCKET_NAME: gettext_noop("That cannot be the name of a bucket."),
    ErrorCode.INVALID_BUCKET_CONFIG: gettext_noop("The bucket cannot have these settings."),
    ErrorCode.INVALID_OBJECT_NAME: gettext_noop("That cannot be the name of a file."),
    ErrorCode.INVALID_METADATA: gettext_noop("The description, headers or metadata cannot be stored like this."),
    ErrorCode.BUCKET_NOT_FOUND: gettext_noop("There is no such bucket."),
    ErrorCode.BUCKET_EXISTS: gettext_noop("There is a bucket of this name already."),
    ErrorCode.BUCKET_FULL: gettext_noop("The bucket is full. Delete something, or raise its size limit."),
    ErrorCode.BUCKET_SEALED: gettext_noop("The bucket is sealed: it can be read, but never changed again."),
    ErrorCode.BUCKET_RESTRICTED: gettext_noop("The bucket was set by another client not to allow this."),
    ErrorCode.OBJECT_NOT_FOUND: gettext_noop("There is no such file."),
    ErrorCode.OBJECT_UNREADABLE: gettext_noop("This file cannot be read: its metadata does not say how."),
    ErrorCode.OBJECT_CHANGED: gettext_noop("The file was replaced or deleted while it was being read."),
    ErrorCode.CONFLICT: gettext_noop("Somebody else changed this meanwhile. Reload the page and try again."),
    ErrorCode.DIGEST_MISMATCH: gettext_noop("The data is damaged: it is not what its digest says."),
    ErrorCode.OBJECT_EXISTS: gettext_noop("There is a file of this name already."),
    ErrorCode.INVALID_LINK: gettext_noop("A link cannot lead there."),
    ErrorCode.HISTORY_OFF: gettext_noop("This bucket keeps no history."),
    ErrorCode.HISTORY_UNSUPPORTED: gettext_noop("This NATS server is too old to keep a history."),
    ErrorCode.HISTORY_BEHIND: gettext_noop("The history is not up to date yet. Try again in a moment."),
    ErrorCode.VERSION_NOT_FOUND: gettext_noop("There is no such version (any more)."),
    ErrorCode.UPLOAD_NOT_FOUND: gettext_noop("There is no such upload: it was finished, taken back, or has expired."),
    ErrorCode.UPLOAD_LOCKED: gettext_noop("Another request is writing to this upload. Try again in a moment."),
    ErrorCode.UPLOAD_OFFSET_MISMATCH: gettext_noop("The upload does not stand where it was to go on."),
    ErrorCode.PERMISSION_DENIED: gettext_noop("NATS does not allow this to the site."),
    ErrorCode.UNAVAILABLE: gettext_noop("NATS cannot be reached at the moment. The site tries all the time; please try again."),
    ErrorCode.SERVER_ERROR: gettext_noop("NATS answered with an error."),
    "bad_request": gettext_noop("The site does not understand this request."),
    "forbidden": gettext_noop("You may not do this."),
    "too_large": gettext_noop("That is too large."),
    "length_mismatch": gettext_noop("Not all of it came, or more than was announced. Nothing was stored."),
    "client_disconnected": gettext_noop("Not all of it came, or more than was announced. Nothing was stored."),
    "upload_digest_mismatch": gettext_noop("What came is not what its checksum says. Nothing was stored."),
    "not_confirmed": gettext_noop("This has to be confirmed with the name of the bucket."),
    "not_authenticated": gettext_noop("You are not signed in any more."),
    "csrf_failed": gettext_noop("This page is too old. Reload it and try again."),
    "not_found": gettext_noop("There is nothing at this address."),
    "archive_not_found": gettext_noop("There is no such archive."),
    "restore_running": gettext_noop("The bucket is being taken back to a moment already. Wait until that is done."),
    "job_running": gettext_noop("This is being done already. Wait until it has ended, or cancel it."),
    "method_not_allowed": gettext_noop("The site does not understand this request."),
    "precondition_failed": gettext_noop("There is one already, or it was changed meanwhile. It was left as it is."),
    "range_not_satisfiable": gettext_noop("The file does not have that part."),
    "too_many_attempts": gettext_noop("That were too many attempts. Try again later."),
    "internal_error": gettext_noop("Something went wrong on our side. It has been logged."),
    "busy": gettext_noop("Too many uploads and downloads are running at the moment. Try again in a moment."),
    "stopping": gettext_noop("This server is being stopped and begins nothing new. Try again in a moment."),
    "database_unavailable": gettext_noop("The database cannot be reached. Try again in a moment."),
    "listing_loading": gettext_noop("The list of this bucket is still being read. Try again in a moment."),
}

# Those that are known. Each %(name)s stands for anything.
SENTENCES = (
    # of the object store
    gettext_noop("%(name)s is not a bucket name. A bucket name has letters, digits, '-' and '_' only, and 1 to 128 of them."),
    gettext_noop("A bucket name has letters, digits, '-' and '_' only, and 1 to 128 of them."),
    gettext_noop("An object needs a name: it is empty."),
    gettext_noop("The name is too long: it has %(count)s bytes, and NATS subjects have room for about 2,800."),
    gettext_noop("Description, headers and metadata take %(count)s bytes together; %(limit)s is the limit."),
    gettext_noop("There is no bucket %(bucket)s."),
    gettext_noop("A bucket %(bucket)s exists already."),
    gettext_noop("There is no such object."),
    gettext_noop("There is no object %(name)s in the bucket %(bucket)s."),
    gettext_noop("There is an object %(name)s already in the bucket %(bucket)s."),
    gettext_noop("There is an object %(name)s in the bucket %(bucket)s: it is not deleted."),
    gettext_noop("There is an object %(name)s in the bucket %(bucket)s: a link may replace a link, but never an object."),
    gettext_noop("%(name)s cannot be copied onto itself."),
    gettext_noop("The object was changed by someone else in the meantime."),
    gettext_noop("%(name)s is not at the expected revision: someone else wrote it in the meantime."),
    gettext_noop("%(name)s was changed while it was being moved: what it was before is at its new place now."),
    gettext_noop("%(name)s was changed while it was being moved, and stayed where it is. Please try again."),
    gettext_noop("The bucket is sealed: it can be read, but never changed again."),
    gettext_noop("The bucket's stream refuses purges for ever (deny_purge): nothing can be removed from it."),
    gettext_noop("The bucket %(bucket)s is sealed: nothing can be moved out of it, but copied."),
    gettext_noop("The bucket is full: %(words)s. Delete something, or raise its size limit."),
    gettext_noop("NATS has no room left for that: %(words)s. The limit is the account's or the servers', not the bucket's."),
    gettext_noop(
        "The NATS account has as many streams as it may have. Each bucket is one, and so is each history: "
        "delete one that nobody needs, or have the account's limit raised."
    ),
    gettext_noop("NATS cannot move a bucket and change its number of replicas at once: make one change after the other."),
    gettext_noop("A placement needs NATS servers in a cluster; this one stands alone."),
    gettext_noop("This server stands alone: a history has one replica here."),
    gettext_noop(
        "The size limit of %(limit)s bytes is below the %(size)s bytes that the bucket holds. "
        "Delete something first, or choose a higher limit."
    ),
    gettext_noop("Objects can be kept for %(seconds)s seconds at least, or for ever (0)."),
    gettext_noop("More than one replica needs more than one NATS server, in a cluster; this one stands alone."),
    gettext_noop("%(count)s replicas need %(same)s NATS servers in a cluster; this one stands alone."),
    gettext_noop("The cluster has not enough NATS servers for that, by number, placement or room: %(words)s."),
    gettext_noop("NATS does not accept these settings: %(words)s."),
    gettext_noop("The description is too long: %(limit)s bytes is the limit."),
    gettext_noop("%(name)s cannot be read: %(problem)s."),
    gettext_noop("%(name)s has more data than the %(size)s bytes that its metadata states."),
    gettext_noop("%(name)s is damaged: its SHA-256 is not the one that its metadata states."),
    gettext_noop("%(name)s is incomplete: %(received)s of %(size)s bytes could be read."),
    gettext_noop("This version of %(name)s is incomplete: %(received)s of %(size)s bytes could be read."),
    gettext_noop("%(name)s was replaced or deleted while it was being read. Please read it again."),
    gettext_noop("its metadata does not say where its data is"),
    gettext_noop("its data is damaged: it is not what its metadata states"),
    gettext_noop("There is no object %(name)s in the bucket %(bucket)s to link to."),
    gettext_noop("%(name)s is a link itself: link to what it leads to."),
    gettext_noop("%(name)s is a link to the whole bucket %(bucket)s and has no content of its own."),
    gettext_noop("There is a folder of this name already."),
    gettext_noop("There is a folder of this name already. Move what is in this one there instead."),
    gettext_noop("A folder cannot be put into itself."),
    gettext_noop("%(name)s is not the name of a folder: those end with “/”."),
    # of histories
    gettext_noop("The bucket %(bucket)s has no history. It can be switched on in the bucket's settings."),
    gettext_noop("A history needs nats-server 2.14 or later; this one is %(version)s. Everything else works without it."),
    gettext_noop("There is no version %(version)s of %(name)s in the history: it may have been removed already."),
    gettext_noop("There is no version %(version)s of %(name)s in the history: it may have been pruned or removed."),
    gettext_noop("This is the current version of %(name)s: delete the object instead."),
    gettext_noop("This version of %(name)s is its deletion, and has no content."),
    gettext_noop("This version of %(name)s is a link, and has no content of its own."),
    gettext_noop("The history has nothing of %(name)s that could be brought back."),
    gettext_noop("The history does not answer now. Please try again."),
    # of access and services
    gettext_noop("There is no bucket “%(bucket)s” that you may see."),
    gettext_noop("This needs the role “%(role)s” in %(where)s."),
    gettext_noop("the bucket “%(bucket)s”"),
    gettext_noop("every bucket"),
    gettext_noop("viewer"),
    gettext_noop("editor"),
    gettext_noop("admin"),
    gettext_noop("An upload may have %(limit)s bytes at most on this site."),
    gettext_noop("The upload was announced with %(size)s bytes, but %(received)s came. Nothing was stored."),
    gettext_noop("“%(name)s” is already in the bucket “%(bucket)s”. It was left as it is."),
    gettext_noop("Name %(limit)s objects at most at a time."),
    gettext_noop("Too many uploads and downloads are running at the moment. Try again in a moment."),
    gettext_noop("This server is being stopped and begins nothing new. Try again in a moment."),
    gettext_noop("Confirm this with the name of the bucket, “%(bucket)s”: it cannot be undone. Nothing was changed."),
    gettext_noop("There is no archive of a bucket “%(bucket)s”."),
    gettext_noop("The bucket “%(bucket)s” is being taken back to a moment already. Wait until that is done."),
    gettext_noop("This is being done in the bucket “%(bucket)s” already. Wait until it has ended, or cancel it."),
    gettext_noop("Somebody else has changed these settings meanwhile. Nothing was changed."),
    gettext_noop("The listing of “%(bucket)s” is still loading: %(loaded)s of %(expected)s objects. Try again in a moment."),
    gettext_noop("“%(name)s” is a link to an object that is not there or that you may not see."),
    gettext_noop("“%(name)s” would lead to itself."),
    gettext_noop("What “%(name)s” was before is not in the history."),
    gettext_noop("A link has no text of its own."),
    gettext_noop("“%(name)s” cannot be read: %(problem)s."),
    gettext_noop("Only texts of %(limit)s KiB at most can be edited here."),
    gettext_noop("This is not a text in UTF-8, so it cannot be edited here."),
    gettext_noop("This is not a text: it has control characters, which an editor would lose."),
    gettext_noop("Its lines end in different ways, which an editor in a page cannot keep."),
    gettext_noop("Every byte is what its SHA-256 says."),
    gettext_noop("Its size is right. No digest is stated, so there is no more to compare."),
    gettext_noop("NATS could not be reached to the end. Try again in a moment."),
    gettext_noop("The site was stopped before the moment was restored."),
    # of previews
    gettext_noop("This file is empty."),
    gettext_noop("Reading this file takes too long at the moment."),
    gettext_noop("This file is too large to be shown here. Download it to see it."),
    gettext_noop("This file cannot be shown."),
    gettext_noop("Its list of contents is too large, or too far apart, to be shown here."),
    gettext_noop("Its list of contents cannot be read: it is damaged, incomplete, or of another format."),
    gettext_noop("Making a preview of this file takes too long."),
    gettext_noop("Many previews are being made at the moment. Reload the page in a moment."),
    gettext_noop("No preview could be made of this file."),
    gettext_noop("It could not be read (%(kind)s)."),
    gettext_noop("Shown as plain text: a richer preview could not be made."),
    gettext_noop("Files of this kind can be downloaded, but not be shown as they are."),
    # of pages
    gettext_noop("This object has too many headers or metadata for a form: more than %(count)s."),
    gettext_noop("“%(name)s” is already there."),
    gettext_noop("“%(name)s” is no link any more. Reload the page."),
    gettext_noop("That is %(count)s files; %(limit)s at most can be chosen at a time. Open the folder and choose a part."),
    # of requests
    gettext_noop("Something went wrong on our side. It has been logged."),
    gettext_noop("The request is malformed."),
    gettext_noop("The request's body is too large."),
    gettext_noop("The database cannot be reached. Try again in a moment."),
    gettext_noop("This request took too long to come in."),
    gettext_noop("This form has too many fields."),
    gettext_noop("This request has more than %(limit)s bytes, which is the limit for forms. Larger files go through the page or the API."),
)
_NUMBER = re.compile(r"\d{1,3}(,\d{3})+|\d+")


def told(error: Exception | str | None, code: str = "") -> str:
    """An error's words; in another language than English those that are known, or what its code (its own, else ``code``) says."""
    text = str(error)
    if get_language() == ENGLISH:
        return text
    known = _translated(text)
    if known is not None:
        return known
    general = GENERAL.get(getattr(error, "code", code))
    return _(general) if general else text


def by_code() -> dict[str, str]:
    """What each code of the API's errors says in general, for the site's own scripts."""
    return {str(code): _(words) for code, words in GENERAL.items()}


def _translated(text: str) -> str | None:
    """None: it is not known."""
    whole = _(text) if text else text
    if whole != text:
        return whole
    for pattern, source in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            return _(source) % {name: _value(value) for name, value in found.groupdict().items()}
    return None


def _value(text: str) -> str:
    """What stands in a sentence: a number, a name in Python's quotes, or a part that is known by itself."""
    if _NUMBER.fullmatch(text):
        return grouped(int(text.replace(",", "")))
    if len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]:
        return _("“%(name)s”") % {"name": text[1:-1]}
    return _translated(text) or text


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Those that say more come first."""
    ordered = sorted((source for source in SENTENCES if "%(" in source), key=lambda source: (source.count("%("), -len(source)))
    return [(re.compile(_pattern(source), re.DOTALL), source) for source in ordered]


def _pattern(source: str) -> str:
    pieces, at = [], 0
    for blank in re.finditer(r"%\((\w+)\)s", source):
        pieces += [re.escape(source[at : blank.start()]), f"(?P<{blank[1]}>.+?)"]
        at = blank.end()
    return "".join(pieces) + re.escape(source[at:])
