"""Media types from names, and whether a text is one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buckets.services.media_types import guess_media_type, is_media_type


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.parquet", "application/vnd.apache.parquet"),
        ("logs/2026.jsonl", "application/jsonl"),
        ("x.tar.gz", "application/gzip"),
        ("x.zst", "application/zstd"),
        ("PHOTO.JPG", "image/jpeg"),
        ("p.webp", "image/webp"),
        ("c.yaml", "application/yaml"),
        ("c.toml", "application/toml"),
        ("m.onnx", "application/onnx"),
        ("README.md", "text/markdown"),
        ("README", "application/octet-stream"),
        (".txt", "application/octet-stream"),
        ("dir.txt/file", "application/octet-stream"),
        ("folder.zip/", "application/zip"),
        ("a.unknown", "application/octet-stream"),
        ("a.", "application/octet-stream"),
        ("http://x/a.png", "image/png"),
        ("data:image/gif", "application/octet-stream"),
    ],
)
def test_it_goes_by_the_extension_alone(name: str, media_type: str) -> None:
    assert guess_media_type(name) == media_type


@given(st.text())
def test_it_gives_a_valid_type_for_any_name(name: str) -> None:
    assert is_media_type(guess_media_type(name))


@pytest.mark.parametrize("text", ["text/plain", "text/plain; charset=utf-8", 'a/b;c="d e";f=g', "application/vnd.a+b.c-d", 'a/b; c="\\""'])
def test_it_takes_media_types(text: str) -> None:
    assert is_media_type(text)


BAD = ["", "text", "text/", "/plain", "text/plain;", "text/plain; charset", "te xt/plain", "text/plain\n", 'a/b; c="', "a/b, c/d", "ä/b"]


@pytest.mark.parametrize("text", [*BAD, "a/" + "b" * 254])
def test_it_refuses_what_is_none(text: str) -> None:
    assert not is_media_type(text)


@given(st.text())
def test_it_never_takes_what_could_not_be_a_header(text: str) -> None:
    if is_media_type(text):
        assert re.fullmatch(r"[\t\x20-\x7e]+", text)
