"""Upload-Metadata of tus 1.0.0 ("Creation"): its syntax, its bounds, and that it survives."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from buckets.tus import Code, Limits, Refused, encode_metadata, parse_metadata

from .tus_cases import base64_of, refused

LIMITS = Limits()
# Visible ASCII without the comma.
KEY = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=","), min_size=1, max_size=128)
VALUE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)
METADATA = st.dictionaries(KEY, VALUE, max_size=32).filter(lambda pairs: len(encode_metadata(pairs)) <= LIMITS.max_header)


def is_refused(text: str, limits: Limits = LIMITS) -> str:
    with pytest.raises(Refused) as caught:
        parse_metadata(text, limits)
    return refused(caught.value.refusal, 400, Code.INVALID_METADATA).message


@given(METADATA)
@example({"filename": "wörld\n.pdf", "empty": ""})
def test_metadata_survives_its_header(metadata: dict[str, str]) -> None:
    read = parse_metadata(encode_metadata(metadata), LIMITS)
    assert list(read.items()) == list(metadata.items())


@given(METADATA)
def test_the_header_of_metadata_is_ascii_without_control_characters(metadata: dict[str, str]) -> None:
    header = encode_metadata(metadata)
    assert header.isascii()
    assert header == "" or header.isprintable()


@given(
    st.text(max_size=80) | st.from_regex(r"[a-z]{0,3}( [A-Za-z0-9+/]{0,8}={0,3})?(,[a-z]{0,2}( [A-Za-z0-9+/]{4})?){0,3}", fullmatch=True)
)
def test_any_text_is_read_or_refused_and_what_is_read_survives(text: str) -> None:
    try:
        metadata = parse_metadata(text, LIMITS)
    except Refused as error:
        refused(error.refusal, 400, Code.INVALID_METADATA)
    else:
        assert parse_metadata(encode_metadata(metadata), LIMITS) == metadata


def test_the_example_of_the_text_is_read() -> None:
    text = "filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential"
    assert parse_metadata(text, LIMITS) == {"filename": "world_domination_plan.pdf", "is_confidential": ""}


@pytest.mark.parametrize("text", ["key ", "key", " key\t", "key ,other", "other,key "])
def test_an_empty_value_may_leave_its_space_out(text: str) -> None:
    assert parse_metadata(text, LIMITS)["key"] == ""


@pytest.mark.parametrize("text", ["", " ", "\t"])
def test_an_empty_header_is_no_metadata(text: str) -> None:
    assert parse_metadata(text, LIMITS) == {}


@pytest.mark.parametrize("text", [",", "a,", ",a", "a,,b", "kéy dg==", "k\x00y dg==", "k\ty dg==", "k\x7f dg==", "k\r\nX: y"])
def test_a_key_must_be_visible_ascii_and_not_empty(text: str) -> None:
    assert "key" in is_refused(text)


@pytest.mark.parametrize("text", ["a dg==,a dg==", "a,a", "a,b,a dg=="])
def test_all_keys_must_be_unique(text: str) -> None:
    assert "twice" in is_refused(text)


def test_keys_that_differ_in_case_are_different() -> None:
    assert parse_metadata("a dg==,A dw==", LIMITS) == {"a": "v", "A": "w"}


@pytest.mark.parametrize(
    "value", ["dg", "dg=", "dg===", "dh==", "d g==", "dg==dg==", "=", "====", "d-_=", "dg==\n", "é", "dg== x", "  dg=="]
)
def test_a_value_must_be_base64_with_its_padding_and_no_loose_ends(value: str) -> None:
    assert "Base64" in is_refused(f"key {value}")


@pytest.mark.parametrize("value", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"a\xe4b"])
def test_a_value_that_is_not_utf8_is_refused(value: bytes) -> None:
    assert "UTF-8" in is_refused(f"filename {base64_of(value)}")


@pytest.mark.parametrize("value", ["text/plain\r\nX-Evil: 1", "\x00", "\x1b[2J", "\x7f", "\x85"])
def test_control_characters_are_refused_where_they_are_no_part_of_a_name(value: str) -> None:
    assert "control" in is_refused(f"filetype {base64_of(value)}")


@pytest.mark.parametrize("key", ["filename", "name", "relativePath"])
def test_a_name_may_have_any_character(key: str) -> None:
    name = "a\nb"
    assert parse_metadata(f"{key} {base64_of(name)}", LIMITS) == {key: name}


def test_the_header_is_bounded() -> None:
    assert parse_metadata("a" + " " * 8191, LIMITS) == {"a": ""}
    assert "8,192" in is_refused("a" + " " * 8192)


def test_the_number_of_pairs_is_bounded() -> None:
    assert len(parse_metadata(",".join(f"k{i}" for i in range(32)), LIMITS)) == 32
    assert "32" in is_refused(",".join(f"k{i}" for i in range(33)))


def test_the_length_of_a_key_is_bounded() -> None:
    assert parse_metadata("k" * 128, LIMITS) == {"k" * 128: ""}
    assert "128" in is_refused("k" * 129)


def test_the_size_of_a_value_is_bounded() -> None:
    assert parse_metadata(f"k {base64_of('v' * 4096)}", LIMITS) == {"k": "v" * 4096}
    assert "4,096 bytes" in is_refused(f"k {base64_of('v' * 4097)}")
    limits = replace(LIMITS, max_value=10)
    assert parse_metadata(f"k {base64_of('v' * 10)}", limits) == {"k": "v" * 10}
    assert "10 bytes" in is_refused(f"k {base64_of('v' * 11)}", limits)


@pytest.mark.parametrize("key", ["", "a b", "a,b", "é", "a\n"])
def test_a_key_that_the_header_cannot_carry_is_an_error(key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        encode_metadata({key: "v"})
