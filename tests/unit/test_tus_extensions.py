"""Expiration, Checksum, Termination and Concatenation of tus 1.0.0, every MUST as a test."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from buckets.tus import (
    DIGEST_SIZES,
    REASONS,
    Append,
    Checksum,
    Code,
    Create,
    Extension,
    Limits,
    Refusal,
    Report,
    Terminate,
    Upload,
    advance,
    appended,
    begin,
    checksum_mismatch,
    concatenate,
    created,
    http_date,
    locked,
    terminated,
)

from .tus_cases import CHUNK, LIMITS, NOW, UPLOAD, append, base64_of, create, expiring, head, on, options, patch, post, refused, without

PART = Upload("a", 5, 5, partial=True, concat="partial")
FINAL = Upload("f", 11, 11, final_of=("a", "b"), concat="final;/api/v1/uploads/a /api/v1/uploads/b")


# ---- Expiration


def test_an_answer_to_a_patch_must_say_when_the_upload_expires() -> None:
    upload = advance(UPLOAD, append({"Upload-Offset": "70"}), 10, LIMITS, NOW)
    assert appended(upload, LIMITS).headers["Upload-Expires"] == "Tue, 24 Nov 2026 14:05:09 GMT"


def test_an_answer_to_a_creation_must_say_when_the_upload_expires() -> None:
    upload = begin(create({"Upload-Length": "5"}), "u", LIMITS, NOW)
    assert created(upload, LIMITS, with_body=False).headers["Upload-Expires"] == "Tue, 24 Nov 2026 14:05:09 GMT"


def test_a_head_says_when_the_upload_expires() -> None:
    assert head(replace(UPLOAD, expires=NOW + timedelta(hours=1)))["Upload-Expires"] == "Mon, 23 Nov 2026 15:05:09 GMT"


def test_every_append_gives_the_upload_more_time() -> None:
    upload = advance(replace(UPLOAD, expires=NOW + timedelta(hours=1)), append({"Upload-Offset": "70"}), 0, LIMITS, NOW)
    assert upload.expires == NOW + timedelta(hours=24)


def test_a_finished_upload_does_not_expire() -> None:
    upload = expiring(offset=100)
    assert "Upload-Expires" not in head(upload)
    assert "Upload-Expires" not in appended(upload, LIMITS).headers


def test_a_finished_partial_upload_expires_as_its_file_is_not_finished() -> None:
    part = replace(PART, expires=NOW)
    refused(on("HEAD", {}, part), 410, Code.GONE)
    assert "Upload-Expires" in head(part, now=NOW - timedelta(seconds=1))


@pytest.mark.parametrize("method", ["HEAD", "PATCH"])
def test_an_expired_upload_is_410(method: str) -> None:
    assert "expired" in refused(on(method, CHUNK | {"Upload-Offset": "70"}, expiring()), 410, Code.GONE).message


def test_an_upload_expires_at_its_moment_and_not_before() -> None:
    upload = replace(UPLOAD, expires=NOW)
    refused(on("HEAD", {}, upload), 410, Code.GONE)
    assert isinstance(on("HEAD", {}, upload, now=NOW - timedelta(microseconds=1)), Report)


def test_the_expiry_must_be_a_date_of_rfc_9110() -> None:
    assert http_date(datetime(2014, 6, 25, 18, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))) == "Wed, 25 Jun 2014 16:00:00 GMT"


def test_without_expiration_nothing_expires() -> None:
    limits = without(Extension.EXPIRATION)
    assert "Upload-Expires" not in head(expiring(), limits)
    assert begin(create({"Upload-Length": "5"}), "u", limits, NOW).expires is None
    assert begin(create({"Upload-Length": "5"}), "u", replace(LIMITS, lifetime=None), NOW).expires is None


def test_without_expiration_a_part_can_be_concatenated_at_any_time() -> None:
    assert concatenate([replace(PART, expires=NOW)], without(Extension.EXPIRATION), NOW) == 5


def test_a_lifetime_must_be_longer_than_nothing() -> None:
    with pytest.raises(ValueError, match="lifetime"):
        Limits(lifetime=timedelta())


# ---- Checksum


def test_the_algorithms_must_be_told_and_sha1_be_among_them() -> None:
    assert options()["Tus-Checksum-Algorithm"] == "sha256,sha1"


@pytest.mark.parametrize("algorithm", DIGEST_SIZES)
def test_the_names_of_algorithms_must_be_ascii_without_upper_case(algorithm: str) -> None:
    assert algorithm.isascii()
    assert algorithm == algorithm.lower()


@pytest.mark.parametrize(("algorithm", "size"), [("sha1", 20), ("sha256", 32)])
def test_a_checksum_must_be_a_name_and_a_digest_in_base64(algorithm: str, size: int) -> None:
    action = append({"Upload-Offset": "70", "Upload-Checksum": f"{algorithm} {base64_of(bytes(range(size)))}"})
    assert action.checksum == Checksum(algorithm, bytes(range(size)))


def test_the_checksum_of_the_text_is_read() -> None:
    action = append({"Upload-Offset": "70", "Upload-Checksum": "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="})
    assert action.checksum == Checksum("sha1", bytes.fromhex("2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"))


@pytest.mark.parametrize("algorithm", ["md5", "crc32", "SHA256", "sha-256", "", "shake_128"])
def test_an_algorithm_that_is_not_supported_is_400(algorithm: str) -> None:
    refused(patch({"Upload-Offset": "70", "Upload-Checksum": f"{algorithm} {base64_of(bytes(32))}"}), 400, Code.INVALID_CHECKSUM)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "sha1",
        "sha1 ",
        "sha1 !!",
        "sha1 AAAA",
        f"sha1  {base64_of(bytes(20))}",
        f"sha1 {base64_of(bytes(32))}",
        f"sha1 {base64_of(bytes(20))} x",
    ],
)
def test_a_broken_checksum_is_400_and_not_passed_over(value: str) -> None:
    refused(patch({"Upload-Offset": "70", "Upload-Checksum": value}), 400, Code.INVALID_CHECKSUM)


def test_a_mismatch_is_460_with_its_own_phrase() -> None:
    refused(checksum_mismatch(), 460, Code.CHECKSUM_MISMATCH)
    assert REASONS[460] == "Checksum Mismatch"


def test_with_a_checksum_nothing_of_a_body_that_broke_off_may_stay() -> None:
    assert not append({"Upload-Offset": "70", "Upload-Checksum": f"sha1 {base64_of(bytes(20))}"}).keeps_what_arrived


def test_without_checksum_none_is_offered_and_none_passed_over() -> None:
    limits = without(Extension.CHECKSUM)
    assert "Tus-Checksum-Algorithm" not in options(limits)
    header = {"Upload-Checksum": f"sha1 {base64_of(bytes(20))}"}
    refused(patch({"Upload-Offset": "70"} | header, limits=limits), 400, Code.EXTENSION_OFF)
    refused(post(CHUNK | {"Upload-Length": "5"} | header, limits), 400, Code.EXTENSION_OFF)
    assert append({"Upload-Offset": "70"}, limits=limits).checksum is None


def test_checksum_is_not_offered_without_an_algorithm() -> None:
    assert Extension.CHECKSUM not in Limits(algorithms=()).offered


def test_an_algorithm_that_is_not_known_cannot_be_offered() -> None:
    with pytest.raises(ValueError, match="md5"):
        Limits(algorithms=("md5",))


# ---- Termination


@pytest.mark.parametrize("upload", [UPLOAD, replace(UPLOAD, offset=100), Upload("u", None), PART, FINAL, expiring()])
def test_any_upload_that_is_there_can_be_terminated(upload: Upload) -> None:
    assert on("DELETE", {}, upload) == Terminate()


def test_a_termination_must_be_answered_with_204() -> None:
    assert terminated().status == 204


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_after_a_termination_every_request_is_404_or_410(method: str) -> None:
    headers = CHUNK | {"Upload-Offset": "70"}
    refused(on(method, headers, None), 404, Code.NOT_FOUND)
    assert "ended" in refused(on(method, headers, replace(UPLOAD, gone=True)), 410, Code.GONE).message


def test_without_termination_a_delete_is_not_allowed() -> None:
    refusal = refused(on("DELETE", {}, limits=without(Extension.TERMINATION)), 405, Code.METHOD_NOT_ALLOWED)
    assert refusal.headers["Allow"] == "HEAD, PATCH, OPTIONS"


# ---- Concatenation


def test_a_partial_upload_is_created_as_such() -> None:
    assert create({"Upload-Length": "5", "Upload-Concat": "partial"}) == Create(5, partial=True, concat="partial")


def test_a_final_upload_must_keep_the_order_and_may_repeat_a_part() -> None:
    action = create({"Upload-Concat": "final;/api/v1/uploads/b https://files.example/api/v1/uploads/a /api/v1/uploads/b"})
    assert (action.final_of, action.length, action.partial) == (("b", "a", "b"), None, False)


def test_the_length_of_a_final_upload_must_be_the_sum_of_its_parts() -> None:
    other = Upload("b", 6, 6, partial=True)
    assert concatenate([PART, other, PART], LIMITS, NOW) == 16


def test_a_final_upload_is_there_whole_at_once() -> None:
    action = create({"Upload-Concat": "final;/api/v1/uploads/a /api/v1/uploads/b"})
    upload = begin(action, "f", LIMITS, NOW, joined=11)
    assert (upload.length, upload.offset, upload.final_of) == (11, 11, ("a", "b"))


def test_a_final_upload_needs_its_length_and_another_must_not_have_one() -> None:
    with pytest.raises(ValueError, match="joined"):
        begin(create({"Upload-Concat": "final;/api/v1/uploads/a"}), "f", LIMITS, NOW)
    with pytest.raises(ValueError, match="joined"):
        begin(create({"Upload-Length": "5"}), "f", LIMITS, NOW, joined=5)


def test_metadata_must_not_come_from_the_parts() -> None:
    assert create({"Upload-Concat": "final;/api/v1/uploads/a"}).metadata == {}
    assert create({"Upload-Concat": "final;/api/v1/uploads/a", "Upload-Metadata": "key dg=="}).metadata == {"key": "v"}


@pytest.mark.parametrize("length", [{"Upload-Length": "11"}, {"Upload-Defer-Length": "1"}])
def test_a_final_creation_must_not_say_a_length(length: dict[str, str]) -> None:
    refused(post({"Upload-Concat": "final;/api/v1/uploads/a"} | length), 400, Code.INVALID_LENGTH)


@pytest.mark.parametrize("body", [CHUNK, {"Content-Length": "5"}])
def test_a_final_creation_takes_no_data(body: dict[str, str]) -> None:
    refused(post({"Upload-Concat": "final;/api/v1/uploads/a"} | body), 403, Code.FINAL_UPLOAD)


def test_a_patch_to_a_final_upload_must_be_403_and_modify_nothing() -> None:
    refused(patch({"Upload-Offset": "11"}, FINAL), 403, Code.FINAL_UPLOAD)
    refused(on("PATCH", {}, FINAL), 403, Code.FINAL_UPLOAD)
    with pytest.raises(ValueError, match="do not fit"):
        advance(FINAL, Append(11, 11, length_now_known=False, remaining=0), 0, LIMITS, NOW)


def test_a_head_of_a_final_upload_must_tell_offset_and_length_alike() -> None:
    headers = head(FINAL)
    assert headers["Upload-Offset"] == headers["Upload-Length"] == "11"


def test_a_head_of_a_final_upload_that_is_not_put_together_has_no_offset() -> None:
    headers = head(replace(FINAL, offset=0))
    assert "Upload-Offset" not in headers
    assert headers["Upload-Length"] == "11"


def test_a_head_of_a_partial_upload_must_have_its_offset() -> None:
    assert head(PART)["Upload-Offset"] == "5"


@pytest.mark.parametrize("upload", [PART, FINAL])
def test_a_head_must_give_the_concatenation_as_it_came(upload: Upload) -> None:
    assert head(upload)["Upload-Concat"] == upload.concat


def test_a_partial_upload_is_told_as_one_even_if_its_header_was_not_kept() -> None:
    assert head(replace(PART, concat=""))["Upload-Concat"] == "partial"


def test_without_a_collection_a_part_may_be_anywhere() -> None:
    assert create({"Upload-Concat": "final;/elsewhere/a"}, replace(LIMITS, collection="")).final_of == ("a",)
    assert create({"Upload-Concat": "final;/elsewhere/a"}, replace(LIMITS, collection="/elsewhere/")).final_of == ("a",)


def test_a_concatenation_may_be_as_long_as_the_limit() -> None:
    assert create({"Upload-Concat": "final;" + "a".rjust(8186)}).final_of == ("a",)
    refused(post({"Upload-Concat": "final;" + "a".rjust(8187)}), 400, Code.INVALID_CONCAT)


def test_a_head_of_another_upload_has_no_concatenation() -> None:
    assert "Upload-Concat" not in head()


def test_a_part_that_is_not_complete_cannot_be_concatenated() -> None:
    refused(concatenate([PART, replace(PART, offset=4)], LIMITS, NOW), 400, Code.PART_UNFINISHED)


@pytest.mark.parametrize("part", [None, replace(PART, gone=True), replace(PART, expires=NOW)])
def test_a_part_that_is_not_there_cannot_be_concatenated(part: Upload | None) -> None:
    refused(concatenate([PART, part], LIMITS, NOW), 404, Code.NOT_FOUND)


def test_an_upload_that_is_not_partial_cannot_be_concatenated() -> None:
    refused(concatenate([PART, replace(PART, partial=False, concat="")], LIMITS, NOW), 400, Code.INVALID_CONCAT)


def test_a_sum_above_the_largest_is_413() -> None:
    assert concatenate([PART] * 200, LIMITS, NOW) == 1000
    refused(concatenate([PART] * 201, LIMITS, NOW), 413, Code.TOO_LARGE)


@pytest.mark.parametrize("value", ["partial", "final;/api/v1/uploads/a"])
def test_without_concatenation_it_is_refused(value: str) -> None:
    refused(post({"Upload-Length": "5", "Upload-Concat": value}, without(Extension.CONCATENATION)), 400, Code.EXTENSION_OFF)


@pytest.mark.parametrize(
    "value",
    [
        "final",
        "final;",
        "final; ",
        "Partial",
        "partial;",
        "partial;/api/v1/uploads/a",
        "other;/api/v1/uploads/a",
        "final;/api/v1/uploads/",
        "final;/api/v1/uploads/a?x=1",
        "final;/api/v1/uploads/a#b",
        "final;/api/v1/uploads/../a",
        "final;/elsewhere/a",
        "final;//elsewhere/a",
        "final;https://files.example",
        "final;ftp://files.example/api/v1/uploads/a",
        "final;https:///api/v1/uploads/a",
        "final;/api/v1/uploads/a\x0b/api/v1/uploads/b",
        "final;/api/v1/uploads/a\r\nX: y",
        "final;/api/v1/uploads/" + "a" * 65,
        "final;/api/v1/uploads/é",
        "final;" + " ".join(["a"] * 257),
        "final;a" + " " * 8192 + "a",
    ],
)
def test_a_concatenation_of_anything_else_is_refused(value: str) -> None:
    refused(post({"Upload-Concat": value}), 400, Code.INVALID_CONCAT)


@pytest.mark.parametrize(
    "address",
    [
        "a",
        "./a",
        "uploads/a",
        "/api/v1/uploads/a",
        "/api/v1/uploads/a/",
        "http://[::1]:8000/api/v1/uploads/a",
        "HTTPS://h/api/v1/uploads/a",
    ],
)
def test_a_part_is_found_by_any_address_it_has(address: str) -> None:
    assert create({"Upload-Concat": f"final;{address}"}).final_of == ("a",)


def test_a_final_upload_may_have_as_many_parts_as_the_limit() -> None:
    assert len(create({"Upload-Concat": "final;" + " ".join(["a"] * 256)}).final_of) == 256


def test_a_creation_that_is_no_concatenation_does_not_mind_that_it_is_off() -> None:
    assert create({"Upload-Length": "5"}, without(Extension.CONCATENATION)) == Create(5)


def test_an_unfinished_concatenation_is_not_offered() -> None:
    assert "concatenation-unfinished" not in options()["Tus-Extension"]


# ---- Around the act


def test_a_second_writer_is_told_to_try_again() -> None:
    refusal = locked()
    assert isinstance(refusal, Refusal)
    assert refused(refusal, 423, Code.LOCKED).headers["Retry-After"] == "1"
