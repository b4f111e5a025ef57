"""Any request gets a decision, never an error; what is decided keeps to the limits; and whole uploads go right whatever happens to them."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from buckets.tus import (
    Append,
    Create,
    Describe,
    Extension,
    Limits,
    Refusal,
    Report,
    Request,
    Terminate,
    Upload,
    advance,
    appended,
    begin,
    created,
    decide_creation,
    decide_upload,
    http_date,
)

from .tus_cases import CHUNK, LIMITS, NOW, append, base64_of, create, head

STATUSES = {400, 403, 404, 405, 409, 410, 412, 413, 415, 423, 460}
NUMBERS = st.integers(-2, 2**64).map(str) | st.integers(0, 1001).map(str) | st.sampled_from(["", "1", "1.0", "0" * 19, "٣"])
BASE64 = st.binary(max_size=40).map(base64_of)
VALUES = {
    "Tus-Resumable": st.sampled_from(["1.0.0", "1.0.0", "1.0.0", "0.2.2", ""]),
    "Upload-Offset": NUMBERS,
    "Upload-Length": NUMBERS,
    "Upload-Defer-Length": st.sampled_from(["1", "0", ""]),
    "Content-Length": NUMBERS,
    "Content-Type": st.sampled_from([CHUNK["Content-Type"], "text/plain", ";", ""]),
    "Upload-Metadata": st.text(max_size=40) | BASE64.map("key {}".format) | BASE64.map("a,b {}".format),
    "Upload-Checksum": st.text(max_size=40) | BASE64.map("sha1 {}".format) | BASE64.map("sha256 {}".format),
    "Upload-Concat": st.text(max_size=40)
    | st.sampled_from(["partial", "final;", "final;/a /b"])
    | st.text(max_size=20).map("final;{}".format),
    "X-HTTP-Method-Override": st.sampled_from(["PATCH", "DELETE", "HEAD", "", "ß"]),
    "Transfer-Encoding": st.just("chunked"),
}
HEADERS = st.fixed_dictionaries({}, optional={name: values | st.text(max_size=20) for name, values in VALUES.items()})
METHODS = st.sampled_from(["POST", "HEAD", "PATCH", "DELETE", "OPTIONS"]) | st.text(max_size=8)
EXTENSIONS = st.frozensets(st.sampled_from(list(Extension)))
LIMITS_OF = st.builds(Limits, st.none() | st.integers(0, 2000), EXTENSIONS, st.sampled_from([(), ("sha1",), ("sha256", "sha1")]))


@st.composite
def uploads(draw: st.DrawFn) -> Upload:
    length = draw(st.none() | st.integers(0, 1000))
    offset = draw(st.integers(0, 1000 if length is None else length))
    expires = draw(st.none() | st.integers(-5, 5).map(lambda seconds: NOW + timedelta(seconds=seconds)))
    final_of = draw(st.sampled_from([(), ("a", "b")]))
    metadata = {"filename": draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=10))}
    return Upload("u", length, offset, metadata, expires, draw(st.booleans()), final_of, "", draw(st.booleans()))


def check_headers(action: Refusal | Report | Describe) -> None:
    assert action.headers["Tus-Resumable"] == "1.0.0"
    assert all(f"{name}{value}".isascii() and f"{name}{value}".isprintable() for name, value in action.headers.items())
    if isinstance(action, Refusal):
        assert action.status in STATUSES
        assert action.message


@given(METHODS, HEADERS, LIMITS_OF)
def test_any_creation_is_decided_within_the_limits(method: str, headers: dict[str, str], limits: Limits) -> None:
    action = decide_creation(Request(method, headers), limits)
    if not isinstance(action, Create):
        check_headers(action)
        return
    assert limits.offers(Extension.CREATION)
    assert 0 <= (action.length or 0) <= limits.largest
    assert action.remaining <= limits.largest
    assert not action.with_body or limits.offers(Extension.CREATION_WITH_UPLOAD)
    assert not (action.partial or action.final_of) or limits.offers(Extension.CONCATENATION)
    assert action.checksum is None or (action.with_body and limits.offers(Extension.CHECKSUM))
    assert action.length is not None or action.final_of or limits.offers(Extension.CREATION_DEFER_LENGTH)


@given(METHODS, HEADERS, st.none() | uploads(), LIMITS_OF)
def test_any_request_to_an_upload_is_decided_within_its_state(
    method: str, headers: dict[str, str], upload: Upload | None, limits: Limits
) -> None:
    action = decide_upload(Request(method, headers), upload, limits, NOW)
    if isinstance(action, Refusal | Report | Describe):
        check_headers(action)
        return
    assert upload is not None
    assert not upload.gone
    if isinstance(action, Terminate):
        assert limits.offers(Extension.TERMINATION)
        return
    assert action.offset == upload.offset
    assert not upload.final_of
    assert upload.length is None or action.length == upload.length
    assert action.remaining <= max(0, (limits.largest if action.length is None else action.length) - action.offset)
    assert action.content_length is None or action.content_length <= action.remaining


@given(st.integers(0, 300), st.booleans(), st.lists(st.integers(0, 120), max_size=12))
def test_an_upload_in_any_pieces_ends_at_its_length_and_never_beyond(size: int, deferred: bool, pieces: list[int]) -> None:
    upload = begin(create({"Upload-Defer-Length": "1"} if deferred else {"Upload-Length": str(size)}), "u", LIMITS, NOW)
    sent = 0
    for piece in pieces:
        arrived = min(piece, size - sent)
        upload = advance(upload, append({"Upload-Offset": str(sent)}, upload), arrived, LIMITS, NOW)
        sent += arrived
        assert head(upload)["Upload-Offset"] == str(sent) == appended(upload, LIMITS).headers["Upload-Offset"]
        assert upload.is_complete == (not deferred and sent == size)
    last: Append = append({"Upload-Offset": str(sent), "Upload-Length": str(size)}, upload)
    assert last.remaining == size - sent
    assert advance(upload, last, last.remaining, LIMITS, NOW).is_complete


@given(st.datetimes(timezones=st.timezones()))
def test_a_date_is_always_in_gmt_and_of_one_form(moment: datetime) -> None:
    upload = replace(Upload("u", 5), expires=moment)
    text = created(upload, LIMITS, with_body=False).headers["Upload-Expires"]
    assert text == http_date(moment)
    assert text.endswith(" GMT")
    assert len(text) == 29
