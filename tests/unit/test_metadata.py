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
from buckets.objectstore.metadata import change_info, dump_info, is_document, parse_info, parse_reference, parse_summary

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
    size=st.integers(1, 2**26),
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
        ({"nuid": "n", "chunks": 2}, "chunks"),
        ({"nuid": "n", "size": 0, "chunks": 2}, "chunks"),
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


@given(st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=8), st.sampled_from([b"", b"{}", b"[]", b"{", b"x"]))
def test_a_reference_is_what_the_whole_info_says(document: dict[str, Any], other: bytes) -> None:
    try:
        raw = orjson.dumps(document)
    except orjson.JSONEncodeError:
        raw = other
    info = parse(raw)
    nuid, doubtful = parse_reference(token("x"), raw)
    assert nuid == ("" if info.deleted else info.nuid)
    assert doubtful == ("x" if not (info.deleted or info.nuid or info.link) else None)


@pytest.mark.parametrize("name", ["x", "שלום"])
def test_a_message_without_a_body_is_a_deletion(name: str) -> None:
    info = parse(b"", name)
    assert (info.name, info.deleted, info.problem) == (name, True, None)
    assert parse_summary(token(name), b"").deleted


def test_a_deletion_without_a_body_under_a_latin_1_subject_is_of_that_name() -> None:
    latin1 = base64.urlsafe_b64encode("é.txt".encode("latin-1")).decode()
    assert parse_info("b", latin1, b"", 7, NOW).name == parse_summary(latin1, b"").name == "é.txt"


def test_only_the_fields_that_change_are_written_anew() -> None:
    raw = b'{"name":"x","nuid":"n","headers":{"A":["1"],"B":2},"metadata":{"n":1},"future":{"deep":[12345678901234567890123,1.50]}}'
    changed = change_info(raw, replace(parse(raw), name="y", description="new"), {"name", "description"})
    assert changed == raw.replace(b'"x"', b'"y"', 1).removesuffix(b"}") + b',"description":"new"}'
    assert change_info(raw, replace(parse(raw), headers={}), {"headers"}) == raw.replace(b'"headers":{"A":["1"],"B":2},', b"")


@given(st.dictionaries(st.sampled_from(FIELDS) | text, json_values, max_size=8), infos)
def test_whatever_is_not_changed_stays(document: dict[str, Any], info: ObjectInfo) -> None:
    raw = json.dumps(document).encode()
    if not is_document(raw):  # lone surrogates, infinity
        assert change_info(raw, info, {"name"}) == raw
        return
    changed = json.loads(change_info(raw, info, {"name"}))
    assert changed == document | {"name": info.name}


def test_what_is_nested_too_deeply_cannot_be_changed() -> None:
    raw = b'{"a":' * 1000 + b"1" + b"}" * 1000
    with pytest.raises(InvalidMetadata, match="deep"):
        change_info(raw, parse(raw), {"name"})
