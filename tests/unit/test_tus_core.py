"""The core protocol of tus 1.0.0, every MUST of its text as a test, in the order of the text."""

from dataclasses import replace
from datetime import datetime

import pytest

from buckets.tus import (
    Append,
    Code,
    Describe,
    Extension,
    Headers,
    Limits,
    Report,
    Request,
    Terminate,
    Upload,
    advance,
    appended,
    checksum_mismatch,
    created,
    decide_creation,
    decide_upload,
    locked,
    terminated,
)

from .tus_cases import CHUNK, LIMITS, NOW, UPLOAD, VERSION, append, create, head, on, options, patch, post, refused, without

NOT_A_NUMBER = ["", " ", "-1", "+5", "1.0", "1e3", "0x10", "5,5", "5 5", "²", "٣", "1" * 20, "9223372036854775808", "five", "70\x00", "7_0"]


# ---- Upload-Offset, Upload-Length


@pytest.mark.parametrize("value", NOT_A_NUMBER)
def test_an_offset_must_be_a_non_negative_integer(value: str) -> None:
    refused(patch({"Upload-Offset": value}), 400, Code.INVALID_OFFSET)


@pytest.mark.parametrize("value", NOT_A_NUMBER)
def test_a_length_must_be_a_non_negative_integer(value: str) -> None:
    refused(post({"Upload-Length": value}, Limits()), 400, Code.INVALID_LENGTH)
    refused(patch({"Upload-Offset": "70", "Upload-Length": value}), 400, Code.INVALID_LENGTH)


def test_the_longest_length_of_all_is_taken() -> None:
    assert create({"Upload-Length": "9223372036854775807"}, Limits()).length == 2**63 - 1


def test_white_space_around_a_number_is_not_part_of_it() -> None:
    assert append({"Upload-Offset": " 70\t"}).offset == 70


# ---- Tus-Version, Tus-Resumable


def test_the_versions_are_listed_most_preferred_first() -> None:
    assert options()["Tus-Version"] == "1.0.0"


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_request_to_an_upload_must_say_its_version(method: str) -> None:
    refused(decide_upload(Request(method, CHUNK | {"Upload-Offset": "70"}), UPLOAD, LIMITS, NOW), 412, Code.UNSUPPORTED_VERSION)


def test_a_creation_must_say_its_version() -> None:
    refused(decide_creation(Request("POST", {"Upload-Length": "5"}), LIMITS), 412, Code.UNSUPPORTED_VERSION)


@pytest.mark.parametrize("version", ["0.2.2", "1.0", "2.0.0", "1.0.0, 1.0.0", ""])
@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_an_unsupported_version_must_be_answered_with_412_and_the_supported_ones(method: str, version: str) -> None:
    request = Request(method, CHUNK | {"Upload-Offset": "70", "Tus-Resumable": version})
    assert refused(decide_upload(request, UPLOAD, LIMITS, NOW), 412, Code.UNSUPPORTED_VERSION).headers["Tus-Version"] == "1.0.0"


def test_a_request_of_an_unsupported_version_must_not_be_processed() -> None:
    broken = {"Tus-Resumable": "0.2.2", "Upload-Length": "x", "Upload-Metadata": ",,,"}
    refused(decide_creation(Request("POST", broken), LIMITS), 412, Code.UNSUPPORTED_VERSION)
    refused(decide_upload(Request("PATCH", broken), None, LIMITS, NOW), 412, Code.UNSUPPORTED_VERSION)


def test_a_head_without_a_version_is_answered() -> None:
    assert isinstance(decide_upload(Request("HEAD"), UPLOAD, LIMITS, NOW), Report)


def test_every_answer_must_have_the_version() -> None:
    answers = [created(UPLOAD, LIMITS, with_body=True), appended(UPLOAD, LIMITS), terminated()]
    assert {answer.headers["Tus-Resumable"] for answer in answers} == {"1.0.0"}
    assert checksum_mismatch().headers["Tus-Resumable"] == locked().headers["Tus-Resumable"] == "1.0.0"
    assert head()["Tus-Resumable"] == options()["Tus-Resumable"] == "1.0.0"


# ---- Tus-Extension, Tus-Max-Size


def test_the_extensions_must_be_a_comma_separated_list_of_what_is_supported() -> None:
    expected = "creation,creation-with-upload,creation-defer-length,expiration,termination,checksum,concatenation"
    assert options()["Tus-Extension"] == expected


@pytest.mark.parametrize("extension", list(Extension))
def test_an_extension_that_is_off_is_not_listed(extension: Extension) -> None:
    assert extension not in options(without(extension))["Tus-Extension"].split(",")


def test_without_extensions_the_header_must_be_omitted() -> None:
    assert "Tus-Extension" not in options(replace(LIMITS, extensions=frozenset()))


def test_the_largest_size_must_be_a_non_negative_integer_and_is_left_out_when_there_is_none() -> None:
    assert options()["Tus-Max-Size"] == "1000"
    assert "Tus-Max-Size" not in options(Limits())


# ---- X-HTTP-Method-Override


@pytest.mark.parametrize("actual", ["POST", "GET", "PUT", "HEAD", "DELETE", "OPTIONS", "BREW"])
def test_the_overriding_method_must_be_taken_and_the_actual_one_ignored(actual: str) -> None:
    action = on(actual, CHUNK | {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "70"})
    assert isinstance(action, Append)
    assert isinstance(on(actual, {"X-HTTP-Method-Override": "DELETE"}), Terminate)


def test_an_overriding_method_that_does_not_exist_is_not_allowed() -> None:
    refused(on("PATCH", CHUNK | {"X-HTTP-Method-Override": "BREW", "Upload-Offset": "70"}), 405, Code.METHOD_NOT_ALLOWED)


def test_an_overriding_method_cannot_get_around_the_version() -> None:
    request = Request("HEAD", {"X-HTTP-Method-Override": "DELETE"})
    refused(decide_upload(request, UPLOAD, LIMITS, NOW), 412, Code.UNSUPPORTED_VERSION)


# ---- HEAD


@pytest.mark.parametrize("offset", [0, 70, 100])
def test_a_head_must_always_tell_the_offset(offset: int) -> None:
    assert head(replace(UPLOAD, offset=offset))["Upload-Offset"] == str(offset)


def test_a_head_must_tell_the_length_when_it_is_known() -> None:
    assert head()["Upload-Length"] == "100"
    assert "Upload-Length" not in head(Upload("u", None, 5))


def test_a_head_must_not_be_cached() -> None:
    assert head()["Cache-Control"] == "no-store"


def test_a_head_of_what_is_not_there_is_404_without_an_offset() -> None:
    assert "Upload-Offset" not in refused(on("HEAD", {}, None), 404, Code.NOT_FOUND).headers


def test_a_head_of_what_has_gone_is_410_without_an_offset() -> None:
    assert "Upload-Offset" not in refused(on("HEAD", {}, replace(UPLOAD, gone=True)), 410, Code.GONE).headers


# ---- PATCH


def test_a_patch_at_the_offset_is_applied() -> None:
    action = append({"Upload-Offset": "70", "Content-Length": "30"})
    assert action == Append(70, 100, length_now_known=False, remaining=30, content_length=30)


@pytest.mark.parametrize("kind", ["application/octet-stream", "", "application/offset+octet-streams", "text/plain", "multipart/form-data"])
def test_a_patch_must_have_its_content_type(kind: str) -> None:
    refused(on("PATCH", {"Content-Type": kind, "Upload-Offset": "70"}), 415, Code.UNSUPPORTED_MEDIA_TYPE)


def test_a_patch_without_a_content_type_is_refused() -> None:
    refused(on("PATCH", {"Upload-Offset": "70"}), 415, Code.UNSUPPORTED_MEDIA_TYPE)


@pytest.mark.parametrize("kind", ["Application/Offset+Octet-Stream", "application/offset+octet-stream; charset=utf-8"])
def test_a_content_type_is_read_as_http_does(kind: str) -> None:
    assert isinstance(on("PATCH", {"Content-Type": kind, "Upload-Offset": "70"}), Append)


@pytest.mark.parametrize("offset", ["0", "69", "71", "100", "9223372036854775807"])
def test_another_offset_must_be_answered_with_409_and_change_nothing(offset: str) -> None:
    refused(patch({"Upload-Offset": offset}), 409, Code.OFFSET_CONFLICT)


def test_a_conflict_names_both_offsets() -> None:
    message = refused(patch({"Upload-Offset": "60"}), 409, Code.OFFSET_CONFLICT).message
    assert "70" in message
    assert "60" in message


def test_a_patch_without_an_offset_is_refused() -> None:
    refused(patch({}), 400, Code.INVALID_OFFSET)


def test_a_successful_patch_must_be_answered_with_204_and_the_new_offset() -> None:
    action = append({"Upload-Offset": "70", "Content-Length": "30"})
    answer = appended(advance(UPLOAD, action, 30, LIMITS, NOW), LIMITS)
    assert answer.status == 204
    assert answer.headers["Upload-Offset"] == "100"


@pytest.mark.parametrize("received", [0, 1, 29, 30])
def test_the_new_offset_must_be_the_old_one_and_the_bytes_received(received: int) -> None:
    assert advance(UPLOAD, append({"Upload-Offset": "70"}), received, LIMITS, NOW).offset == 70 + received


def test_a_patch_to_what_is_not_there_is_404() -> None:
    refused(patch({"Upload-Offset": "0"}, None), 404, Code.NOT_FOUND)


def test_what_arrived_before_a_break_is_kept() -> None:
    assert append({"Upload-Offset": "70"}).keeps_what_arrived


def test_an_empty_patch_to_a_complete_upload_changes_nothing() -> None:
    action = append({"Upload-Offset": "100", "Content-Length": "0"}, replace(UPLOAD, offset=100))
    assert (action.remaining, action.length_now_known) == (0, False)


@pytest.mark.parametrize(
    ("upload", "sent", "room"), [(UPLOAD, "31", 30), (replace(UPLOAD, offset=100), "1", 0), (Upload("u", None, 990), "11", 10)]
)
def test_a_body_beyond_the_end_is_413(upload: Upload, sent: str, room: int) -> None:
    refusal = refused(patch({"Upload-Offset": str(upload.offset), "Content-Length": sent}, upload), 413, Code.TOO_LARGE)
    assert f" {room} bytes left" in refusal.message


def test_a_body_of_unknown_length_is_bounded_by_what_is_left() -> None:
    assert append({"Upload-Offset": "70"}).remaining == 30
    assert append({"Upload-Offset": "5"}, Upload("u", None, 5)).remaining == 995
    assert append({"Upload-Offset": "5"}, Upload("u", None, 5), Limits()).remaining == 2**63 - 1 - 5


@pytest.mark.parametrize("value", ["x", "-1", "1,1", "1" * 20])
def test_a_content_length_that_is_no_number_is_refused(value: str) -> None:
    refused(patch({"Upload-Offset": "70", "Content-Length": value}), 400, Code.INVALID_REQUEST)


# ---- OPTIONS


@pytest.mark.parametrize("version", [{}, {"Tus-Resumable": "0.2.2"}, {"Tus-Resumable": "nonsense"}])
def test_an_options_must_be_answered_whatever_version_it_names(version: dict[str, str]) -> None:
    assert isinstance(decide_creation(Request("OPTIONS", version), LIMITS), Describe)
    assert isinstance(decide_upload(Request("OPTIONS", version), None, LIMITS, NOW), Describe)


def test_a_successful_options_must_have_the_versions() -> None:
    action = decide_upload(Request("OPTIONS"), UPLOAD, LIMITS, NOW)
    assert isinstance(action, Describe)
    assert action.status == 204
    assert action.headers["Tus-Version"] == "1.0.0"


# ---- Methods and values


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "TRACE", ""])
def test_another_method_on_an_upload_is_405_and_told_what_is_allowed(method: str) -> None:
    assert refused(on(method, {}), 405, Code.METHOD_NOT_ALLOWED).headers["Allow"] == "HEAD, PATCH, DELETE, OPTIONS"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PATCH", "DELETE"])
def test_another_method_where_uploads_are_created_is_405(method: str) -> None:
    action = decide_creation(Request(method, VERSION), LIMITS)
    assert refused(action, 405, Code.METHOD_NOT_ALLOWED).headers["Allow"] == "POST, OPTIONS"


def test_header_names_are_read_in_any_case() -> None:
    headers = {"CONTENT-TYPE": CHUNK["Content-Type"], "upload-OFFSET": "70", "tus-resumable": "1.0.0"}
    assert isinstance(decide_upload(Request("patch", headers), UPLOAD, LIMITS, NOW), Append)


def test_a_header_that_came_twice_is_one_list() -> None:
    headers = Headers([("Upload-Metadata", "a"), ("upload-metadata", "b")])
    assert headers["Upload-Metadata"] == "a,b"
    twice = Headers([*VERSION.items(), *CHUNK.items(), ("Upload-Offset", "70"), ("Upload-Offset", "70")])
    refused(decide_upload(Request("PATCH", twice), UPLOAD, LIMITS, NOW), 400, Code.INVALID_OFFSET)


def test_what_headers_hold_does_not_reach_a_log() -> None:
    assert "secret" not in repr(Request("POST", {"Authorization": "Bearer secret"}))


@pytest.mark.parametrize(("length", "offset"), [(5, 6), (None, -1), (-1, 0)])
def test_a_state_that_cannot_be_is_an_error(length: int | None, offset: int) -> None:
    with pytest.raises(ValueError, match="offset"):
        Upload("u", length, offset)


def test_a_moment_without_a_zone_is_an_error() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Upload("u", 5, expires=datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize("received", [-1, 31])
def test_more_than_the_action_allows_cannot_be_counted(received: int) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        advance(UPLOAD, append({"Upload-Offset": "70"}), received, LIMITS, NOW)


def test_an_action_cannot_be_applied_to_an_upload_that_went_on() -> None:
    action = append({"Upload-Offset": "70"})
    with pytest.raises(ValueError, match="do not fit"):
        advance(replace(UPLOAD, offset=80), action, 10, LIMITS, NOW)
