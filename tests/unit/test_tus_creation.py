"""Creation, Creation With Upload and Upload-Defer-Length of tus 1.0.0, every MUST as a test."""

from dataclasses import replace

import pytest

from buckets.tus import Checksum, Code, Create, Extension, Limits, Request, Upload, advance, begin, created, decide_creation

from .tus_cases import CHUNK, LIMITS, NOW, UPLOAD, VERSION, append, base64_of, create, head, options, patch, post, refused, without

DEFERRED = {"Upload-Defer-Length": "1"}


# ---- Creation


def test_a_post_with_a_length_creates_an_upload() -> None:
    assert create({"Upload-Length": "100", "Content-Length": "0"}) == Create(100)


def test_without_creation_nothing_is_created_and_nothing_that_builds_on_it_offered() -> None:
    limits = without(Extension.CREATION)
    assert options(limits)["Tus-Extension"] == "expiration,termination,checksum"
    refused(post({"Upload-Length": "5"}, limits), 405, Code.METHOD_NOT_ALLOWED)


def test_a_creation_must_say_a_length_or_that_it_comes_later() -> None:
    refused(post({}), 400, Code.INVALID_LENGTH)


def test_a_creation_cannot_say_both() -> None:
    refused(post({"Upload-Length": "5"} | DEFERRED), 400, Code.INVALID_LENGTH)


@pytest.mark.parametrize("value", ["", "0", "2", "01", "true", "1,1"])
def test_a_deferred_length_must_be_1(value: str) -> None:
    refused(post({"Upload-Defer-Length": value}), 400, Code.INVALID_LENGTH)


def test_a_length_of_0_is_complete_at_once() -> None:
    action = create({"Upload-Length": "0"})
    assert begin(action, "u", LIMITS, NOW).is_complete


def test_a_new_upload_has_the_offset_0() -> None:
    upload = begin(create({"Upload-Length": "5", "Upload-Metadata": f"filename {base64_of('a.txt')}"}), "u", LIMITS, NOW)
    assert (upload.id, upload.length, upload.offset, upload.metadata) == ("u", 5, 0, {"filename": "a.txt"})


def test_a_length_above_the_largest_must_be_413() -> None:
    assert "1,000 bytes" in refused(post({"Upload-Length": "1001"}), 413, Code.TOO_LARGE).message
    assert create({"Upload-Length": "1000"}).length == 1000


def test_a_creation_must_be_answered_with_201() -> None:
    answer = created(UPLOAD, LIMITS, with_body=False)
    assert answer.status == 201
    assert "Upload-Offset" not in answer.headers


def test_a_head_must_give_the_metadata_as_the_client_wrote_it() -> None:
    text = f"filename {base64_of('wörld.pdf')},is_confidential,note {base64_of('a')}"
    assert head(begin(create({"Upload-Length": "5", "Upload-Metadata": text}), "u", LIMITS, NOW))["Upload-Metadata"] == text


def test_a_head_of_an_upload_without_metadata_has_no_such_header() -> None:
    assert "Upload-Metadata" not in head()


# ---- Upload-Defer-Length


def test_a_deferred_length_is_unknown_at_first() -> None:
    assert create(DEFERRED).length is None


def test_a_head_must_say_that_the_length_is_deferred_as_long_as_it_is() -> None:
    assert head(Upload("u", None, 5))["Upload-Defer-Length"] == "1"


def test_a_head_must_not_say_so_when_the_length_is_known() -> None:
    assert "Upload-Defer-Length" not in head()


def test_the_length_comes_with_a_patch() -> None:
    action = append({"Upload-Offset": "5", "Upload-Length": "12", "Content-Length": "7"}, Upload("u", None, 5))
    assert (action.length, action.length_now_known, action.remaining) == (12, True, 7)
    assert advance(Upload("u", None, 5), action, 7, LIMITS, NOW).is_complete


def test_a_length_that_came_is_kept_when_the_body_breaks_off() -> None:
    upload = Upload("u", None, 5)
    assert advance(upload, append({"Upload-Offset": "5", "Upload-Length": "12"}, upload), 2, LIMITS, NOW).length == 12


def test_a_patch_without_a_length_leaves_it_open() -> None:
    upload = Upload("u", None, 5)
    action = append({"Upload-Offset": "5"}, upload)
    assert (action.length, action.length_now_known) == (None, False)
    assert advance(upload, action, 900, LIMITS, NOW).length is None


@pytest.mark.parametrize("length", ["99", "101"])
def test_a_length_once_set_must_not_be_changed(length: str) -> None:
    refused(patch({"Upload-Offset": "70", "Upload-Length": length}), 400, Code.LENGTH_FIXED)


def test_the_same_length_again_is_no_change() -> None:
    action = append({"Upload-Offset": "70", "Upload-Length": "100"})
    assert (action.length, action.length_now_known) == (100, False)


def test_a_length_below_what_is_here_is_refused() -> None:
    refused(patch({"Upload-Offset": "5", "Upload-Length": "4"}, Upload("u", None, 5)), 400, Code.INVALID_LENGTH)


def test_a_deferred_length_above_the_largest_is_413() -> None:
    refused(patch({"Upload-Offset": "5", "Upload-Length": "1001"}, Upload("u", None, 5)), 413, Code.TOO_LARGE)


def test_a_deferred_length_may_be_the_largest() -> None:
    assert append({"Upload-Offset": "5", "Upload-Length": "1000"}, Upload("u", None, 5)).length == 1000


def test_a_body_beyond_the_length_that_comes_with_it_is_413() -> None:
    refused(patch({"Upload-Offset": "5", "Upload-Length": "6", "Content-Length": "2"}, Upload("u", None, 5)), 413, Code.TOO_LARGE)


def test_deferring_that_is_off_is_refused() -> None:
    limits = without(Extension.CREATION_DEFER_LENGTH)
    refused(post(DEFERRED, limits), 400, Code.EXTENSION_OFF)
    refused(post(DEFERRED | {"Upload-Length": "5"}, limits), 400, Code.EXTENSION_OFF)
    assert create({"Upload-Length": "5"}, limits).length == 5


def test_an_upload_that_was_deferred_before_it_was_switched_off_can_be_finished() -> None:
    limits = without(Extension.CREATION_DEFER_LENGTH)
    assert append({"Upload-Offset": "5", "Upload-Length": "5"}, Upload("u", None, 5), limits).length == 5


# ---- Creation With Upload


def test_a_creation_with_the_whole_upload() -> None:
    action = create(CHUNK | {"Upload-Length": "5", "Content-Length": "5"})
    assert action == Create(5, with_body=True, remaining=5, content_length=5)
    upload = advance(begin(action, "u", LIMITS, NOW), action, 5, LIMITS, NOW)
    assert upload.is_complete
    assert created(upload, LIMITS, with_body=True).headers["Upload-Offset"] == "5"


def test_the_answer_must_have_the_offset_after_the_bytes_that_were_accepted() -> None:
    action = create(CHUNK | {"Upload-Length": "100"})
    upload = advance(begin(action, "u", LIMITS, NOW), action, 40, LIMITS, NOW)
    assert created(upload, LIMITS, with_body=True).headers["Upload-Offset"] == "40"


def test_the_answer_has_an_offset_even_if_the_body_was_empty() -> None:
    action = create(CHUNK | {"Upload-Length": "100", "Content-Length": "0"})
    assert action.with_body
    assert created(begin(action, "u", LIMITS, NOW), LIMITS, with_body=True).headers["Upload-Offset"] == "0"


def test_a_body_of_a_deferred_creation_may_be_as_long_as_any_upload() -> None:
    assert create(CHUNK | DEFERRED).remaining == 1000


def test_a_body_longer_than_the_upload_is_413() -> None:
    refused(post(CHUNK | {"Upload-Length": "5", "Content-Length": "6"}), 413, Code.TOO_LARGE)


def test_a_body_of_another_type_is_not_lost_in_silence() -> None:
    refused(post({"Upload-Length": "5", "Content-Length": "5", "Content-Type": "text/plain"}), 415, Code.UNSUPPORTED_MEDIA_TYPE)


def test_a_type_that_an_http_library_adds_to_no_body_is_not_minded() -> None:
    assert not create({"Upload-Length": "5", "Content-Length": "0", "Content-Type": "application/x-www-form-urlencoded"}).with_body


@pytest.mark.parametrize("body", [{"Content-Length": "5"}, {"Transfer-Encoding": "chunked"}])
def test_a_body_is_refused_when_creation_with_upload_is_off(body: dict[str, str]) -> None:
    refused(post(CHUNK | {"Upload-Length": "5"} | body, without(Extension.CREATION_WITH_UPLOAD)), 400, Code.EXTENSION_OFF)


def test_a_creation_without_a_body_is_fine_when_creation_with_upload_is_off() -> None:
    action = create(CHUNK | {"Upload-Length": "5", "Content-Length": "0"}, without(Extension.CREATION_WITH_UPLOAD))
    assert (action.with_body, action.remaining) == (False, 0)


def test_creation_with_upload_must_not_be_offered_without_creation() -> None:
    assert Limits(extensions=frozenset({Extension.CREATION_WITH_UPLOAD})).offered == ()


def test_a_checksum_of_a_body_at_creation_is_read() -> None:
    digest = bytes(32)
    action = create(CHUNK | {"Upload-Length": "5", "Upload-Checksum": f"sha256 {base64_of(digest)}"})
    assert action.checksum == Checksum("sha256", digest)


def test_a_checksum_at_a_creation_without_a_body_has_nothing_to_check() -> None:
    assert create({"Upload-Length": "5", "Upload-Checksum": f"sha256 {base64_of(bytes(32))}"}).checksum is None


# ---- Limits


@pytest.mark.parametrize("size", [-1, 2**63])
def test_a_largest_size_that_cannot_be_is_an_error(size: int) -> None:
    with pytest.raises(ValueError, match="max_size"):
        Limits(max_size=size)


def test_a_largest_size_of_0_takes_empty_files_only() -> None:
    limits = replace(LIMITS, max_size=0)
    assert create({"Upload-Length": "0"}, limits).length == 0
    refused(post({"Upload-Length": "1"}, limits), 413, Code.TOO_LARGE)


def test_an_override_makes_a_creation_too() -> None:
    request = Request("PUT", VERSION | {"X-HTTP-Method-Override": "POST", "Upload-Length": "5"})
    assert isinstance(decide_creation(request, LIMITS), Create)
