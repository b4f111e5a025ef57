"""Names of an archive's members: whatever objects are called, nothing leaves the folder and nothing hides another."""

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from buckets.services.safenames import MAX_PATH_BYTES, MAX_SEGMENT_BYTES, Names, safe_path

odd = st.sampled_from(
    ["..", ".", "", "/", "//", "\\", "C:", "\0", "a", "A", "b.txt", "con", "NUL.txt", " ", "é", "e\u0301", "\u202e", "ß", "SS"]
)
names = st.one_of(st.text(), st.lists(odd, max_size=8).map("/".join), st.lists(odd, max_size=8).map("".join))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("plain.txt", "plain.txt"),
        ("a/b/c.txt", "a/b/c.txt"),
        ("ünïcode/日本.txt", "ünïcode/日本.txt"),
        ("../../etc/passwd", "__/__/etc/passwd"),
        ("a/./b", "a/_/b"),
        ("/etc/passwd", "etc/passwd"),
        ("a//b", "a/b"),
        ("folder/", "folder/_"),
        ("", "_"),
        ("/", "_"),
        ("C:\\Windows\\x.dll", "C__Windows_x.dll"),
        ("a\0b\nc\x1b[31m", "a_b_c_[31m"),
        ("photo\u202egpj.exe", "photo_gpj.exe"),
        ("what?.txt", "what_.txt"),
        ("trailing. ", "trailing__"),
        ("con", "_con"),
        ("AUX.txt", "_AUX.txt"),
        ("console.txt", "console.txt"),
        ("x" * 300 + ".tar", "x" * (MAX_SEGMENT_BYTES - 4) + ".tar"),
        (".profile", ".profile"),
    ],
)
def test_it_makes_a_name_a_path_that_is_safe_everywhere(name: str, path: str) -> None:
    assert safe_path(name) == path


@given(names)
@example("\ud800")
@example("/".join("ab" * 5000))
@example("\U0001f600" * 1000)
def test_a_path_stays_below_its_folder_on_every_system(name: str) -> None:
    path = safe_path(name)
    windows = PureWindowsPath(path)
    assert not PurePosixPath(path).is_absolute()
    assert windows.drive == windows.root == ""
    assert not windows.is_reserved()
    assert len(path.encode()) <= MAX_PATH_BYTES
    for segment in path.split("/"):
        assert segment not in ("", ".", "..")
        assert segment == segment.rstrip(". ")
        assert len(segment.encode()) <= MAX_SEGMENT_BYTES + 1
        assert not any(unicodedata.category(character) == "Cc" or character in '\\:*?"<>|' for character in segment)


@given(names)
def test_a_safe_name_stays_as_it_is(name: str) -> None:
    assert safe_path(safe_path(name)) == safe_path(name)


@given(st.lists(names, max_size=30))
def test_no_two_members_are_one_file_and_no_file_is_a_folder(chosen: list[str]) -> None:
    claimed = [unicodedata.normalize("NFC", path.casefold()) for path in map(Names().claim, chosen)]
    folders = {"/".join(path.split("/")[:count]) for path in claimed for count in range(1, path.count("/") + 1)}
    assert len(set(claimed)) == len(claimed)
    assert not folders & set(claimed)


def claimed(*chosen: str) -> list[str]:
    return list(map(Names().claim, chosen))


def test_names_that_are_the_same_get_numbers_before_their_extensions() -> None:
    assert claimed("a.txt", "/a.txt", "A.TXT", "a (2).txt") == ["a.txt", "a (2).txt", "A (3).TXT", "a (2) (2).txt"]


def test_names_that_differ_only_in_how_an_accent_is_written_get_numbers() -> None:
    assert claimed("é", "e\u0301") == ["é", "e\u0301 (2)"]


def test_a_file_and_a_folder_of_one_name_are_told_apart() -> None:
    assert claimed("a", "a/b", "a/c", "A/b") == ["a", "a (2)/b", "a (2)/c", "a (2)/b (2)"]
    assert claimed("a/b", "a") == ["a/b", "a (2)"]


def test_the_members_of_a_folder_stay_together() -> None:
    assert claimed("docs/", "docs/x", "docs/y") == ["docs/_", "docs/x", "docs/y"]


def test_thousands_of_the_same_name_take_no_time() -> None:
    numbered = Names()
    assert [numbered.claim("?" if even else "*") for even in (True, False) for _ in range(10_000)][-1] == "_ (20000)"
