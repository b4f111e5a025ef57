"""What a live bucket remembers of its changes: what each of them was, and how many there were."""

import base64
import time

import pytest

from buckets.objectstore import KINDS, Activity, Change, ChangeKind
from buckets.objectstore.entry import Entry
from buckets.objectstore.watching import activity as module

NS = 1_000_000_000


def entry(name: str, revision: int, nuid: str = "", size: int = 1, *, deleted: bool = False, more: str = "") -> Entry:
    mark = ',"deleted":true' if deleted else ""
    raw = f'{{"name":"{name}","nuid":"{nuid}","size":{size}{more}{mark}}}'
    return Entry.read(encoded(name), raw.encode(), revision, revision * NS)


def headers(**values: str) -> bytes:
    return (
        "NATS/1.0\r\n" + "".join(f"Nats-Files-{name.replace('_', '-')}: {value}\r\n" for name, value in values.items()) + "\r\n"
    ).encode()


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def told(activity: Activity) -> list[Change]:
    """The oldest first."""
    return list(activity.between(-1, module.newest_number()))[::-1]


A, A2 = entry("a", 1, "n1", 10), entry("a", 2, "n2", 30)
LINK = ',"options":{"link":{"bucket":"b","name":"x"}}'


@pytest.mark.parametrize(
    ("new", "old", "kind", "sizes"),
    [
        (A, None, ChangeKind.UPLOADED, (10, None)),
        (A2, A, ChangeKind.REPLACED, (30, 10)),
        (entry("a", 2, "n1", 10), A, ChangeKind.DETAILS, (10, 10)),
        (entry("a", 2, "n3", deleted=True), A, ChangeKind.DELETED, (0, 10)),
        (Entry.read(A.token, b"", 2, NS), A, ChangeKind.EXPIRED, (0, 10)),
        (entry("a", 2, "n4", 0, more=LINK), A, ChangeKind.LINKED, (0, 10)),
        (entry("a", 3, "n5", 0, more=LINK), entry("a", 2, "n4", 0, more=LINK), ChangeKind.DETAILS, (0, 0)),
        (entry("a", 2, "not a nuid"), entry("a", 1, "not a nuid"), ChangeKind.REPLACED, (1, 1)),
    ],
)
def test_a_change_is_what_the_metadata_before_and_after_say(
    new: Entry, old: Entry | None, kind: ChangeKind, sizes: tuple[int, int | None]
) -> None:
    activity = Activity()
    activity.took(new, old, b"", now=True)
    (change,) = told(activity)
    assert (change.kind, change.size, change.before, change.writer) == (kind, *sizes, "")


def test_a_rename_is_one_change_with_both_names_and_its_writer() -> None:
    activity = Activity()
    activity.took(entry("new", 2, "n1"), None, headers(Renamed_From=encoded("a"), Writer="maya %C3%A4"), now=True)
    activity.took(entry("a", 3, "n9", deleted=True), A, headers(Renamed_To=encoded("new"), Writer="maya"), now=True)
    (change,) = told(activity)
    assert (change.kind, change.name, change.was, change.writer) == (ChangeKind.RENAMED, "new", "a", "maya ä")


def test_a_rename_that_another_client_made_corrects_the_upload_that_it_looked_like() -> None:
    activity = Activity()
    activity.took(entry("new", 2, "n1"), None, b"", now=True)
    activity.vanished(A, expired=False, time_ns=NS)
    activity.vanished(entry("other", 1, "n7", 5), expired=False, time_ns=NS)
    first, second, third = told(activity)
    assert (first.kind, second.kind, second.was) == (ChangeKind.UPLOADED, ChangeKind.RENAMED, "a")
    assert (first.name, first.revision) == (second.name, second.revision)
    assert (third.kind, third.name, third.before) == (ChangeKind.DELETED, "other", 5)


def test_seconds_count_what_comes_and_not_what_is_only_heard_of_late(monkeypatch: pytest.MonkeyPatch) -> None:
    activity, now = Activity(), 1_000.5
    monkeypatch.setattr(time, "time", lambda: now)
    activity.took(A, None, b"", now=False)
    activity.took(A2, A, b"", now=True)
    now = 1_001.2
    activity.took(entry("a", 3, "n3", 5), A2, b"", now=True)
    activity.took(entry("a", 4, "n3", deleted=True), A2, b"", now=True)
    assert len(told(activity)) == 4
    seconds = {second.at: (second.bytes, dict(zip(KINDS, second.counts, strict=True))) for second in activity.seconds(0)}
    assert seconds.keys() == {1000, 1001}
    assert seconds[1000] == (30, dict.fromkeys(KINDS, 0) | {ChangeKind.REPLACED: 1})
    assert seconds[1001] == (5, dict.fromkeys(KINDS, 0) | {ChangeKind.REPLACED: 1, ChangeKind.DELETED: 1})
    assert [second.at for second in activity.seconds(1001)] == [1001]


def test_what_is_kept_is_bounded_and_numbers_tell_what_is_new() -> None:
    activity = Activity()
    for revision in range(1, module.KEPT + 100):
        activity.took(entry(f"x{revision}", revision), None, b"", now=True)
    changes = told(activity)
    assert len(changes) == module.KEPT
    assert changes[-1].name == f"x{module.KEPT + 99}"
    assert list(activity.between(changes[-2].number, changes[-1].number)) == changes[-1:]
    assert list(activity.between(-1, changes[0].number)) == changes[:1]


@pytest.mark.parametrize("hostile", [b"", b"\xff\xfe", b"NATS/1.0\r\nNats-Files-Renamed-From: %%%\r\nNats-Files-Writer:\r\n\r\n"])
def test_odd_headers_are_no_error(hostile: bytes) -> None:
    activity = Activity()
    activity.took(A, None, hostile, now=True)
    assert [(change.kind, change.writer) for change in told(activity)] == [(ChangeKind.UPLOADED, "")]
