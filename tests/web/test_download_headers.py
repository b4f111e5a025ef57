"""The headers of a download, for any name and any metadata."""

import re
from datetime import UTC, datetime
from email.message import Message
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from buckets.api.headers import attachment, content_type, download_headers, etag, file_name
from buckets.objectstore import ObjectInfo

NAMES = st.text(min_size=1).filter(lambda name: name.encode(errors="ignore").decode() == name)
EXTENDED = re.compile(r"filename\*=UTF-8''([A-Za-z0-9!#$&+.^_`|~%-]+)\Z")


def info(**fields: object) -> ObjectInfo:
    values: dict[str, object] = {"bucket": "b", "name": "n", "nuid": "N1", "size": 0, "chunks": 0, "revision": 7}
    return ObjectInfo(modified=datetime(2026, 1, 2, tzinfo=UTC), **{**values, **fields})  # type: ignore[arg-type]


def saved_as(header: str) -> str:
    """The name that a client takes from ``header``, by RFC 6266: the extended form first."""
    extended = EXTENDED.search(header)
    if extended:
        return unquote(extended[1])
    message = Message()
    message["Content-Disposition"] = header
    return message.get_filename() or ""


@given(NAMES)
def test_it_writes_a_header_that_is_one_line_of_ascii(name: str) -> None:
    assert re.fullmatch(r'attachment; filename="[ !#$&-.0-\[\]-~]+"(; filename\*=[ -~]+)?', attachment(name))


@given(NAMES)
@example("ends in a space ")
def test_it_gives_the_file_its_own_name_back(name: str) -> None:
    assert saved_as(attachment(name)) == file_name(name)


@given(NAMES)
def test_it_never_saves_under_a_name_that_is_empty_or_a_path(name: str) -> None:
    assert file_name(name)
    assert "/" not in file_name(name)
    assert file_name(name) not in (".", "..")


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("report.pdf", 'attachment; filename="report.pdf"'),
        ("a/b/report 1.pdf", 'attachment; filename="report 1.pdf"'),
        ("folder/", 'attachment; filename="folder"'),
        ("///", 'attachment; filename="download"'),
        ("..", 'attachment; filename="download"'),
        ('a"b', "attachment; filename=\"a_b\"; filename*=UTF-8''a%22b"),
        ("a\\b", "attachment; filename=\"a_b\"; filename*=UTF-8''a%5Cb"),
        ("a\nb", "attachment; filename=\"a_b\"; filename*=UTF-8''a%0Ab"),
        ("50%41", "attachment; filename=\"50_41\"; filename*=UTF-8''50%2541"),
        ("naïve €.txt", "attachment; filename=\"na_ve _.txt\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt"),
        ("🚢", "attachment; filename=\"_\"; filename*=UTF-8''%F0%9F%9A%A2"),
        ("a;b'c", 'attachment; filename="a;b\'c"'),
    ],
)
def test_it_writes_these_names_so(name: str, header: str) -> None:
    assert attachment(name) == header


def test_it_tags_by_digest_then_nuid_then_revision() -> None:
    digest = "SHA-256=" + "aB-_" * 10 + "abc="
    assert etag(info(digest=digest)) == f'"{digest[8:]}"'
    assert etag(info()) == '"N1"'
    assert etag(info(nuid='odd"nuid')) == '"r7"'


@given(digest=st.none() | st.text().map("SHA-256=".__add__) | st.text(), nuid=st.text())
def test_it_tags_anything_with_a_valid_strong_tag(digest: str | None, nuid: str) -> None:
    assert re.fullmatch(r'"[A-Za-z0-9_=-]+"', etag(info(digest=digest, nuid=nuid)))


@given(st.text())
def test_it_sends_only_a_type_that_is_one(stated: str) -> None:
    sent = content_type(info(headers={"content-type": (stated,)}))
    assert sent in (stated, "application/octet-stream")
    assert re.fullmatch(r"[\t\x20-\x7e]+", sent)


@given(name=NAMES, stated=st.text(), nuid=st.text(), digest=st.none() | st.text(), size=st.integers(0, 2**63 - 1))
def test_it_makes_headers_that_can_be_sent_whatever_the_metadata(name: str, stated: str, nuid: str, digest: str | None, size: int) -> None:
    headers = download_headers(name, info(headers={"Content-Type": (stated,)}, nuid=nuid, digest=digest, size=size))
    for key, value in headers.items():
        assert re.fullmatch(r"[\t\x20-\x7e]+", value), (key, value)
