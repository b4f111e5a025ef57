"""Names and subjects."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buckets.objectstore import InvalidBucketName, InvalidObjectName
from buckets.objectstore.names import check_bucket_name, decode_name, metadata_subject

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=600)


@given(names)
def test_a_name_survives_its_subject(name: str) -> None:
    subject = metadata_subject("bucket", name)
    token = subject.rpartition(".")[2]
    assert subject == f"$O.bucket.M.{token}"
    assert decode_name(token) == name


@given(st.text(max_size=100))
def test_any_token_is_decoded_or_given_up_without_an_error(token: str) -> None:
    decoded = decode_name(token)
    assert decoded is None or isinstance(decoded, str)


def test_unpadded_tokens_are_decoded() -> None:
    assert decode_name("YQ") == decode_name("YQ==") == "a"


@pytest.mark.parametrize("token", ["%%%", "A", "gICA", "YQ==x"])
def test_what_is_no_name_is_none(token: str) -> None:
    assert decode_name(token) is None


@pytest.mark.parametrize("name", ["", "\udfff", "x" * 2900])
def test_names_without_a_subject_are_refused(name: str) -> None:
    with pytest.raises(InvalidObjectName):
        metadata_subject("b", name)


@given(st.from_regex(r"[a-zA-Z0-9_-]{1,128}", fullmatch=True))
def test_bucket_names_of_the_rule_pass(name: str) -> None:
    assert check_bucket_name(name) == name


@given(st.text(max_size=20).filter(lambda text: not re.fullmatch(r"[a-zA-Z0-9_-]+", text)))
def test_other_bucket_names_do_not(name: str) -> None:
    with pytest.raises(InvalidBucketName):
        check_bucket_name(name)
