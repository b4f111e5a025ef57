"""What a file is called."""

import pytest

from buckets.filetypes import Kind, describe


@pytest.mark.parametrize(
    ("name", "content_type", "kind", "label"),
    [
        ("harbour.jpg", "", Kind.IMAGE, "JPEG image"),
        ("UPPER.JPEG", "", Kind.IMAGE, "JPEG image"),
        ("orders.parquet", "application/octet-stream", Kind.DATA, "Parquet"),
        ("dump.tar.zst", "", Kind.ARCHIVE, "Zstandard"),
        ("no-ending", "application/pdf", Kind.PDF, "PDF"),
        ("no-ending", "text/plain; charset=utf-8", Kind.TEXT, "Text"),
        ("odd.xyz", "image/x-odd", Kind.IMAGE, "Image"),
        ("odd.xyz", "", Kind.FILE, "File"),
        ("jpg", "", Kind.FILE, "File"),
        ("", "", Kind.FILE, "File"),
    ],
)
def test_the_ending_says_what_it_is_and_else_the_type(name: str, content_type: str, kind: Kind, label: str) -> None:
    described = describe(name, content_type)
    assert (described.kind, described.label) == (kind, label)
