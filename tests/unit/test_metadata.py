"""The info JSON, both ways."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from buckets.objectstore import InvalidMetadata, Link, ObjectInfo
from buckets.objectstore.metadata import dump_info, parse_info, parse_summary

NOW = datetime(2026, 11, 23, tzinfo=UTC)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
some_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(text, children, max_size=4),
    max_leaves=10,
)
FIELDS = ["name", "nuid", "size", "chunks", "digest", "deleted", "headers", "metadata", "options", "description", "mtime", "bucket"]
infos = st.builds(
    ObjectInfo,
    bucket=st.just("b"),
    name=some_text,
    nuid=st.from_regex(r"[A-Za-z0-9]{1,40}", fullmatch=True),
    size=st.integers(0, 2**26),
    chunks=st.integers(0, 2**31),
    modified=st.just(NOW),
    revision=st.integers(1, 2**53),
    digest=st.just("SHA-256=" + "A" * 43 + "="),
    description=text,
    headers=st.dictionaries(some_text, st.lists(text, max_size=3).map(tuple), max_size=3),
    metadata=st.dictionaries(text, text, max_size=3),
    chunk_size=st.none() | st.integers(1, 2**24),
    deleted=st.booleans(),
    link=st.none() | st.builds(Link, st.just("other"), st.none() | some_text),
)


def token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def parse(raw: bytes, name: str = "x") -> ObjectInfo:
    return parse_info("b", token(name), raw, 7, NOW)


@given(infos)
def test_what_is_written_is_read_back(info: ObjectInfo) -> None:
    assert parse_info("b", token(info.name), dump_info(info), info.revision, NOW) == info


@given(st.binary(max_size=200))
def test_any_bytes_give_an_info(raw: bytes) -> None:
    assert parse(raw).name == "x"


@given(st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=8))
def test_any_document_gives_an_info_that_can_be_written_again(document: dict[str, Any]) -> None:
    try:
        raw = orjson.dumps(document)
    except orjson.JSONEncodeError:  # integers beyond 64 bits
        raw = b"{}"
    dump_info(parse(raw))


@given(st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=8), st.sampled_from([token("x"), "YQ", "%%", "a.b", "\udcff"]))
def test_a_summary_says_what_the_whole_info_says(document: dict[str, Any], at: str) -> None:
    try:
        raw = orjson.dumps(document)
    except orjson.JSONEncodeError:
        raw = b"[]"
    info = parse_info("b", at, raw, 7, NOW)
    assert parse_summary(at, raw) == (info.name, info.size, info.content_type, info.deleted, info.link)


@given(st.dictionaries(st.sampled_from(["Content-Type", "content-type", "X"]), json_values, max_size=3))
def test_a_summary_has_the_same_content_type(headers: dict[str, Any]) -> None:
    raw = json.dumps({"nuid": "n", "headers": headers}).encode()
    assert parse_summary(token("x"), raw).content_type == parse(raw).content_type


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"nuid": "n", "size": -1}, "size"),
        ({"nuid": "n", "size": True}, "size"),
        ({"nuid": "n", "size": 1.5}, "size"),
        ({"size": 1}, "nuid"),
        ({"nuid": ""}, "nuid"),
        ({"nuid": ">"}, "nuid"),
        ({"nuid": "n", "size": 2**40, "chunks": 2}, "size"),
        ({"nuid": "n", "digest": "MD5=abc"}, "digest"),
        ({"nuid": "n", "headers": []}, "headers"),
        ({"nuid": "n", "headers": {"A": [1]}}, "header"),
        ({"nuid": "n", "metadata": {"a": 1}}, "metadata"),
        ({"nuid": "n", "options": 1}, "options"),
        ({"nuid": "n", "options": {"link": {}}}, "link"),
        ({"nuid": "n", "options": {"link": {"bucket": "a/b"}}}, "link"),
        ({"nuid": "n", "name": "other"}, "name"),
    ],
)
def test_what_is_wrong_is_said(document: dict[str, Any], problem: str) -> None:
    assert problem in (parse(orjson.dumps(document)).problem or "")


def test_what_the_reference_clients_write_has_no_problem() -> None:
    raw = (
        b'{"name":"x","description":"d","headers":{"A":["1","2"]},"metadata":{"k":"v"},"options":{"max_chunk_size":131072},"bucket":"b",'
        b'"nuid":"N","size":3,"mtime":"0001-01-01T00:00:00Z","chunks":1,"digest":"sha-256=abc"}'
    )
    info = parse(raw)
    assert info.problem is None
    assert (info.digest, info.chunk_size, info.headers["A"]) == ("SHA-256=abc", 131072, ("1", "2"))


def test_a_tombstone_needs_no_nuid() -> None:
    assert parse(b'{"name":"x","deleted":true}').problem is None


def test_a_lone_surrogate_in_foreign_metadata_is_a_problem_and_not_an_error() -> None:
    assert parse(b'{"name":"\\ud800","nuid":"n"}').problem


def test_the_content_type_is_found_in_any_case() -> None:
    info = replace(parse(b'{"nuid":"n"}'), headers={"content-TYPE": ("text/plain",)})
    assert info.content_type == "text/plain"


def test_metadata_has_a_limit() -> None:
    with pytest.raises(InvalidMetadata, match="limit"):
        dump_info(replace(parse(b'{"nuid":"n"}'), description="x" * 600_000))
