"""Previews from bytes alone: every kind, bounded, and with nothing of the file's own markup."""

import bz2
import gzip
import io
import json
import lzma
import re
import tarfile
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buckets.previews import Archive, Asked, Failed, Hex, Kind, Need, asking, plan
from buckets.previews.archives import render_archive
from buckets.previews.model import Answer, Code, Prose, Table, Tree, from_json, to_json
from buckets.previews.render import render
from buckets.previews.text import MAX_LINE, MAX_LINES

BINARY = "application/octet-stream"


def shown(kind: Kind, data: bytes, name: str = "file", size: int | None = None) -> Answer:
    return render(Asked(kind, name, len(data) if size is None else size, [(0, len(data))]), data)


@pytest.mark.parametrize(
    ("name", "stated", "known", "kind", "media_type"),
    [
        ("a.png", "", "image/png", Kind.IMAGE, "image/png"),
        ("a.png", "text/html", "image/png", Kind.IMAGE, "image/png"),
        ("a", "image/PNG; x=y", BINARY, Kind.IMAGE, "image/png"),
        ("a.svg", "", "image/svg+xml", Kind.IMAGE, "image/svg+xml"),
        ("a.pdf", BINARY, "application/pdf", Kind.PDF, "application/pdf"),
        ("a.mp3", "", "audio/mpeg", Kind.AUDIO, "audio/mpeg"),
        ("a.mp4", "", "video/mp4", Kind.VIDEO, "video/mp4"),
        ("a.html", "image/png", "text/html", Kind.CODE, ""),
        ("a", "text/html", BINARY, Kind.CODE, ""),
        ("a", "application/xhtml+xml", BINARY, Kind.CODE, ""),
        ("a.heic", "image/png", "image/heic", Kind.HEX, ""),
        ("a.md", "", "text/markdown", Kind.MARKDOWN, ""),
        ("a.tsv", "", "text/tab-separated-values", Kind.TABLE, ""),
        ("a.json", "", "application/json", Kind.JSON, ""),
        ("a.tar.gz", "", "application/gzip", Kind.ARCHIVE, ""),
        ("a.gz", "", "application/gzip", Kind.CODE, ""),
    ],
)
def test_the_name_decides_and_only_what_cannot_run_is_handed_out(name: str, stated: str, known: str, kind: Kind, media_type: str) -> None:
    found = plan(name, stated, known)
    assert (found.kind, found.media_type) == (kind, media_type)


def test_code_is_highlighted_line_by_line_and_escaped() -> None:
    code = shown(Kind.CODE, b'def f():\n    """<b>\n    </b>"""\n', "x.py")
    assert isinstance(code, Code)
    assert code.language == "Python"
    assert code.lines[0].startswith('<span class="k">def</span>')
    assert len(code.lines) == 3
    assert all(line.count("<span") == line.count("</span>") for line in code.lines)
    assert not any("<b>" in line for line in code.lines)


def test_text_is_bounded_in_lines_and_in_their_length() -> None:
    many, wide = shown(Kind.CODE, b"x\n" * (MAX_LINES + 5)), shown(Kind.CODE, b"<" * 10_000)
    assert isinstance(many, Code)
    assert isinstance(wide, Code)
    assert (len(many.lines), many.cut) == (MAX_LINES, True)
    assert (len(wide.lines[0]), wide.cut) == (MAX_LINE * len("&lt;") + 1, True)


@pytest.mark.parametrize("data", [bytes(range(256)), b"a\0b", b"\xfd\x80\x81" * 9])
def test_what_is_no_text_is_shown_as_bytes(data: bytes) -> None:
    found = shown(Kind.CODE, data)
    assert isinstance(found, Hex)
    assert bytes.fromhex("".join(row[1] for row in found.rows)) == data


@pytest.mark.parametrize(
    "data", ["viele grüße".encode("utf-16"), "viele grüße".encode("utf-8-sig"), "viele grüße".encode("latin-1"), "viele grüße".encode()]
)
def test_text_is_read_in_the_encodings_there_are(data: bytes) -> None:
    found = shown(Kind.CODE, data)
    assert isinstance(found, Code)
    assert found.lines == ["viele grüße"]


def test_a_character_cut_in_half_at_the_end_is_left_out() -> None:
    data = "aé".encode()[:-1]
    found = shown(Kind.CODE, data, size=1000)
    assert isinstance(found, Code)
    assert (found.lines, found.cut) == (["a"], True)


def test_markdown_has_its_headings_below_the_pages_and_nothing_of_the_files_own_markup() -> None:
    text = (
        "### Deep <script>alert(1)</script>\n\n# Top\n\n<img src=x onerror=alert(1)> ![pic](https://evil.example/x.png)\n\n"
        "[bad](javascript:alert(1)) [worse](data:text/html,x) [here](../../admin/) [good](https://example.org)\n\n"
        '```python "><script>\nprint(1)\n```\n\n|a|b|\n|-|-|\n|1|2|\n'
    )
    found = shown(Kind.MARKDOWN, text.encode(), "x.md")
    assert isinstance(found, Prose)
    assert found.html.startswith("<h3>Deep &lt;script&gt;")
    assert "<h3>Top</h3>" in found.html
    assert not [word for word in ("<script", "<img", 'href="javascript', 'href="data', 'href="..') if word in found.html]
    assert 'href="https://example.org" rel="noopener noreferrer nofollow"' in found.html
    assert "[pic]" in found.html
    assert "<table>" in found.html
    assert '<span class="nb">print</span>' in found.html


def test_markdown_shows_the_images_beside_it_and_no_others() -> None:
    text = "![a](pics/a.png) ![b](../b%20c.JPG) ![out](../../out.png) ![root](/x.png) ![host](//e.example/x.png)"
    text += " ![query](x.png?y) ![text](x.txt)"
    found = shown(Kind.MARKDOWN, text.encode(), "one/two.md")
    assert isinstance(found, Prose)
    assert re.findall(r'src="([^"]*)"', found.html) == ["object/raw?name=one%2Fpics%2Fa.png", "object/raw?name=b%20c.JPG"]


def test_a_table_is_bounded_and_all_rows_are_as_wide() -> None:
    found = shown(Kind.TABLE, b"a,b,c\n1\n" + b"1,2,3,4\n" * 600, "x.csv")
    assert isinstance(found, Table)
    assert (found.head, found.rows[0]) == (["a", "b", "c", ""], ["1", "", "", ""])
    assert (len(found.rows), found.cut) == (500, True)


@pytest.mark.parametrize(("data", "name"), [(b"a;b\n1;2\n", "x.csv"), (b"a\tb,c\n", "x.tsv")])
def test_the_delimiter_is_found(data: bytes, name: str) -> None:
    found = shown(Kind.TABLE, data, name)
    assert isinstance(found, Table)
    assert len(found.head) == 2


def test_a_table_that_is_none_is_shown_as_text() -> None:
    found = shown(Kind.TABLE, b'"' + b"x" * 200_000, "x.csv")
    assert isinstance(found, Code)
    assert "cannot be read as a table" in found.note


def test_json_is_a_tree_that_keeps_numbers_as_they_are_written_and_all_members() -> None:
    found = shown(Kind.JSON, b'{"a": 1.10, "a": 123456789012345678901, "<b>": ["<i>", null, true, {}]}')
    assert isinstance(found, Tree)
    for part in ("1.10", "123456789012345678901", "&lt;b&gt;", "&lt;i&gt;", ">null<", ">true<", "{3}"):
        assert part in found.html
    assert "<b>" not in found.html


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"a":', b"[" * 400 + b"]" * 400, b"[" + b"1," * 50_000 + b"1]", b"9" * 100_000])
def test_json_that_is_hostile_gives_a_small_answer(data: bytes) -> None:
    found = shown(Kind.JSON, data)
    assert isinstance(found, Tree | Code)
    assert len(json.dumps(to_json(found))) < 1_000_000


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in names:
            made.writestr(name, b"12345")
    return file.getvalue()


def tarred(*names: str) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as made:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 5
            made.addfile(member, io.BytesIO(b"12345"))
    return file.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_tar_is_listed_packed_or_not(pack: Callable[[bytes], bytes]) -> None:
    found = shown(Kind.ARCHIVE, pack(tarred("a/b.txt", "c")))
    assert isinstance(found, Archive)
    assert [entry[:2] for entry in found.entries] == [("a/b.txt", 5), ("c", 5)]
    assert found.total == 2


def test_a_large_archive_asks_for_where_its_directory_is() -> None:
    data = zipped(*(f"folder/{number:05}" for number in range(3000)))
    spans = [(0, data[:1000]), (len(data) - 1000, data[-1000:])]
    need = render_archive("x.zip", len(data), spans)
    assert isinstance(need, Need)
    spans.append((need.start, data[need.start : need.start + need.length]))
    found = render_archive("x.zip", len(data), spans)
    assert isinstance(found, Archive)
    assert (len(found.entries), found.total) == (500, 3000)


def test_a_bomb_is_not_unpacked() -> None:
    found = shown(Kind.ARCHIVE, gzip.compress(tarred("a") + bytes(64 * 1024 * 1024)))
    assert isinstance(found, Archive)
    assert found.total is None or found.total == 1


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([Kind.CODE, Kind.MARKDOWN, Kind.TABLE, Kind.JSON, Kind.ARCHIVE, Kind.HEX]), st.binary(max_size=600), st.integers(0, 3)
)
def test_any_bytes_give_an_answer_that_survives_its_way(kind: Kind, data: bytes, magic: int) -> None:
    data = (b"", b"PK\x03\x04", zipped("a"), tarred("a"))[magic] + data
    found = shown(kind, data)
    assert from_json(json.loads(json.dumps(to_json(found)))).__class__ is found.__class__


async def test_a_worker_answers_and_is_used_again() -> None:
    for _ in range(2):
        found = await asking.ask(Asked(Kind.CODE, "x.py", 5, []), b"x = 1")
        assert isinstance(found, Code)
    assert len(asking._idle) >= 1


async def test_a_worker_that_takes_too_long_is_ended_and_the_next_one_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "SECONDS", 0.0)
    assert await asking.ask(Asked(Kind.CODE, "x.py", 5, []), b"x = 1\n" * 10_000) == asking.SLOW
    monkeypatch.undo()
    assert isinstance(await asking.ask(Asked(Kind.CODE, "x.py", 5, []), b"x = 1"), Code)


async def test_a_worker_that_died_is_replaced() -> None:
    await asking.ask(Asked(Kind.CODE, "x.py", 5, []), b"x = 1")
    for worker in asking._idle:
        worker._process.kill()
        worker._process.wait()
    assert isinstance(await asking.ask(Asked(Kind.CODE, "x.py", 5, []), b"x = 1"), Code)


async def test_a_worker_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "very secret")
    monkeypatch.setattr(asking, "_idle", type(asking._idle)())
    worker = asking._Worker()
    with open(f"/proc/{worker._process.pid}/environ", "rb") as environment:
        assert b"very secret" not in environment.read()
    worker.kill()


async def test_a_worker_that_cannot_read_something_says_so_and_goes_on() -> None:
    assert isinstance(await asking.ask(Asked(Kind.ARCHIVE, "x.zip", 4, [(0, 4)]), b"PK\x03\x04"), Failed)
