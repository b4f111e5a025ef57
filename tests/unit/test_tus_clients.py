"""What real tus clients send, odd cases included: tus-js-client (and Uppy with it), tuspy."""

import pytest

from buckets.tus import Append, Code, Create, Report, Terminate, Upload, advance, appended, begin, concatenate, created

from .tus_cases import CHUNK, LIMITS, NOW, UPLOAD, append, base64_of, create, head, on, post, refused

TUSPY = {"upload-offset": "0", "Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0"}


# ---- tus-js-client


def test_tus_js_client_uploads_in_slices() -> None:
    upload = begin(create({"Upload-Length": "10", "Upload-Metadata": f"filename {base64_of('a.bin')},filetype "}), "u", LIMITS, NOW)
    for offset in ("0", "4", "8"):
        size = min(4, 10 - int(offset))
        action = append({"Upload-Offset": offset, "Content-Length": str(size)}, upload)
        upload = advance(upload, action, size, LIMITS, NOW)
    assert upload.is_complete
    assert appended(upload, LIMITS).headers["Upload-Offset"] == "10"


def test_tus_js_client_with_a_deferred_length_tells_it_with_its_first_patch_when_all_fits() -> None:
    upload = begin(create({"Upload-Defer-Length": "1"}), "u", LIMITS, NOW)
    action = append({"Upload-Offset": "0", "Upload-Length": "9", "Content-Length": "9"}, upload)
    assert (action.length, action.length_now_known) == (9, True)
    assert advance(upload, action, 9, LIMITS, NOW).is_complete


def test_tus_js_client_ends_a_stream_of_whole_slices_with_an_empty_patch_that_tells_the_length() -> None:
    upload = Upload("u", None, 8)
    action = append({"Upload-Offset": "8", "Upload-Length": "8", "Content-Length": "0"}, upload)
    assert action.remaining == 0
    assert advance(upload, action, 0, LIMITS, NOW).is_complete


def test_tus_js_client_can_override_the_patch_method() -> None:
    assert isinstance(on("POST", CHUNK | {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "70"}), Append)


def test_tus_js_client_uploads_during_creation() -> None:
    action = create(CHUNK | {"Upload-Length": "10", "Content-Length": "4"})
    upload = advance(begin(action, "u", LIMITS, NOW), action, 4, LIMITS, NOW)
    answer = created(upload, LIMITS, with_body=action.with_body)
    assert answer.headers["Upload-Offset"] == "4"
    assert append({"Upload-Offset": "4", "Content-Length": "6"}, upload).remaining == 6


def test_tus_js_client_uploads_an_empty_file_during_creation() -> None:
    action = create(CHUNK | {"Upload-Length": "0", "Content-Length": "0"})
    assert begin(action, "u", LIMITS, NOW).is_complete


def test_tus_js_client_can_resume_from_the_headers_of_a_head() -> None:
    assert {"Upload-Offset", "Upload-Length"} <= head().keys()
    assert {"Upload-Offset", "Upload-Defer-Length"} <= head(Upload("u", None, 5)).keys()


def test_tus_js_client_writes_an_empty_value_with_its_space() -> None:
    action = create({"Upload-Length": "5", "Upload-Metadata": f"name {base64_of('a')},type ,size {base64_of('5')}"})
    assert action.metadata == {"name": "a", "type": "", "size": "5"}


def test_tus_js_client_uploads_in_parallel() -> None:
    parts = []
    for upload_id, size in (("p1", 3), ("p2", 4)):
        action = create({"Upload-Length": str(size), "Upload-Concat": "partial"})
        upload = begin(action, upload_id, LIMITS, NOW)
        parts.append(advance(upload, append({"Upload-Offset": "0"}, upload), size, LIMITS, NOW))
    final = create({"Upload-Concat": "final;http://127.0.0.1:8000/api/v1/uploads/p1 http://127.0.0.1:8000/api/v1/uploads/p2"})
    assert final.final_of == ("p1", "p2")
    assert concatenate(parts, LIMITS, NOW) == 7


def test_tus_js_client_terminates() -> None:
    assert on("DELETE", {}) == Terminate()


def test_tus_js_client_with_the_draft_protocol_is_told_which_version_is_spoken() -> None:
    headers = CHUNK | {"Upload-Draft-Interop-Version": "6", "Upload-Offset": "70", "Tus-Resumable": ""}
    refused(on("PATCH", headers), 412, Code.UNSUPPORTED_VERSION)


# ---- Uppy


def test_uppy_sends_a_path_and_what_is_undefined_as_a_word() -> None:
    text = ",".join(
        f"{key} {base64_of(value)}" for key, value in {"relativePath": "dir/ü.txt", "name": "ü.txt", "caption": "undefined"}.items()
    )
    assert create({"Upload-Length": "5", "Upload-Metadata": text}).metadata["relativePath"] == "dir/ü.txt"


def test_uppy_of_a_remote_source_sends_null_as_a_path() -> None:
    assert create({"Upload-Length": "5", "Upload-Metadata": f"relativePath {base64_of('null')}"}).metadata == {"relativePath": "null"}


# ---- tuspy


def test_tuspy_sends_an_empty_metadata_header() -> None:
    assert create({"upload-length": "5", "upload-metadata": "", "Content-Length": "0"}) == Create(5)


def test_tuspy_sends_lower_case_headers_and_sha1() -> None:
    action = on("PATCH", TUSPY | {"upload-checksum": f"sha1 {base64_of(bytes(20))}", "Content-Length": "5"}, Upload("u", 5))
    assert isinstance(action, Append)
    assert action.checksum is not None
    assert action.checksum.algorithm == "sha1"


def test_tuspy_tells_a_deferred_length_again_when_the_answer_was_lost() -> None:
    action = on("PATCH", TUSPY | {"upload-offset": "5", "upload-length": "5", "Content-Length": "0"}, Upload("u", 5, 5))
    assert isinstance(action, Append)
    assert (action.remaining, action.length_now_known) == (0, False)


def test_tuspy_with_another_encoding_is_told_that_metadata_must_be_utf8() -> None:
    text = f"filename {base64_of('ä'.encode('utf-16'))}"
    assert "UTF-8" in refused(post({"upload-length": "5", "upload-metadata": text}), 400, Code.INVALID_METADATA).message


# ---- curl and other plain tools


@pytest.mark.parametrize("method", ["HEAD", "head"])
def test_a_head_of_a_plain_tool_is_answered(method: str) -> None:
    assert isinstance(on(method, {}, UPLOAD), Report)


def test_a_get_of_a_browser_is_told_what_the_address_takes() -> None:
    refused(on("GET", {}, UPLOAD), 405, Code.METHOD_NOT_ALLOWED)
