"""Digest fields, as RFC 9530 has them."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buckets.api.digests import SIZES, MalformedDigest, digest_field, parse_digests
from buckets.objectstore.metadata import digest_text

DATA = b'{"hello": "world"}'
SHA256, SHA512 = hashlib.sha256(DATA).digest(), hashlib.sha512(DATA).digest()


def member(algorithm: str, digest: bytes) -> str:
    return f"{algorithm}=:{base64.b64encode(digest).decode()}:"


ONE, OTHER = member("sha-256", SHA256), member("sha-512", SHA512)


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("", {}),
        (ONE, {"sha-256": SHA256}),
        (f"  {ONE}  ", {"sha-256": SHA256}),
        (f"{ONE},{OTHER}", {"sha-256": SHA256, "sha-512": SHA512}),
        (f"{OTHER}\t , {ONE}", {"sha-256": SHA256, "sha-512": SHA512}),
        ("md5=:XrY7u+Ae7tCTyyK7j1rNww==:", {}),
        (f"unixsum=:AAA=:, {ONE}", {"sha-256": SHA256}),
        (f'{ONE};a;b=1 ; c="x, y";d=?1;e=:AAA=:', {"sha-256": SHA256}),
        (f"{member('sha-256', bytes(32))}, {ONE}", {"sha-256": SHA256}),
        (ONE.replace("=:", "=:", 1).rstrip("=:") + ":", {"sha-256": SHA256}),
    ],
)
def test_it_reads_these_so(field: str, found: dict[str, bytes]) -> None:
    assert parse_digests(field) == found


@pytest.mark.parametrize(
    "field",
    [
        "sha-256",
        "sha-256=",
        "sha-256=abc",
        "sha-256=:abc",
        "sha-256=::",
        "sha-256=:!!!:",
        "sha-256=:AAAA:",
        "sha-256=:A:",
        member("sha-256", SHA512),
        member("sha-512", SHA256),
        f"{ONE},",
        f",{ONE}",
        f"{ONE} {OTHER}",
        f"{ONE};",
        f"{ONE};;",
        f"SHA-256={ONE[8:]}",
        ONE.replace("+", "-").replace("/", "_") + "-",
        "1=:AAAA:",
        f"{ONE}, md5=5",
        ", ".join([ONE] * 50),
    ],
)
def test_it_refuses_what_cannot_be_read(field: str) -> None:
    with pytest.raises(MalformedDigest):
        parse_digests(field)


@given(st.text() | st.text("sha-256=:;, AZaz09+/") | st.text().map(f"{ONE}".__add__))
def test_it_reads_or_refuses_anything(field: str) -> None:
    try:
        found = parse_digests(field)
    except MalformedDigest:
        return
    assert all(len(digest) == SIZES[algorithm] for algorithm, digest in found.items())


@given(st.binary())
def test_an_object_s_digest_is_told_as_a_field(data: bytes) -> None:
    digest = hashlib.sha256(data).digest()
    assert parse_digests(digest_field(digest_text(digest))) == {"sha-256": digest}
    assert digest_field(digest_text(digest).rstrip("=")) == digest_field(digest_text(digest))


@pytest.mark.parametrize("stated", [None, "", "SHA-256=", "SHA-256=abc", "MD5=abc", "SHA-256=" + "ü" * 43])
def test_what_is_no_digest_is_not_told(stated: str | None) -> None:
    assert digest_field(stated) == ""
