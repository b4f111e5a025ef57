"""Made pictures on disk: what is believed, what goes, and that nothing breaks anything."""

import os
import time
from pathlib import Path

import pytest

from buckets.services import picturefiles
from buckets.services.picturefiles import MAX_PICTURE, PictureFiles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pictures"


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*/*") if path.is_file()]


def test_a_picture_is_found_again_by_its_key_only(folder: Path) -> None:
    files = PictureFiles(folder, 10_000, 10)
    for key in ("a", "../../b", "\udc80", "x" * 5000):
        assert files.get(key) is None
        files.put(key, key[:9].encode("utf-8", "replace"))
        assert PictureFiles(folder, 10_000, 10).get(key) == key[:9].encode("utf-8", "replace")
    assert len(stored(folder)) == 4
    assert all(folder in path.parents for path in stored(folder))


@pytest.mark.parametrize("damage", ["", "cut", "changed", "longer", "another's", "huge"])
def test_what_is_damaged_or_anothers_is_not_believed_and_goes(folder: Path, damage: str) -> None:
    files = PictureFiles(folder, 10_000, 10)
    files.put("b", b"other")
    (other,) = stored(folder)
    files.put("a", b"picture")
    (path,) = [path for path in stored(folder) if path != other]
    whole = path.read_bytes()
    path.write_bytes(
        {
            "": b"",
            "cut": whole[:-1],
            "changed": whole[:-1] + b"X",
            "longer": whole + b"X",
            "another's": other.read_bytes(),
            "huge": whole + bytes(MAX_PICTURE),
        }[damage]
    )
    assert files.get("a") is None
    assert stored(folder) == [other]


def test_a_link_or_a_pipe_in_its_place_is_not_followed(folder: Path, tmp_path: Path) -> None:
    files = PictureFiles(folder, 10_000, 10)
    for make in (lambda path: path.symlink_to(tmp_path / "elsewhere"), os.mkfifo, os.mkdir):
        files.put("a", b"picture")
        (path,) = stored(folder)
        (tmp_path / "elsewhere").write_bytes(path.read_bytes())
        path.unlink()
        make(path)
        assert files.get("a") is None
        if path.is_dir() and not path.is_symlink():
            path.rmdir()


def test_the_last_used_ones_stay_within_the_room(folder: Path) -> None:
    files = PictureFiles(folder, 20_000, 1000)
    for number in range(8):
        files.put(str(number), bytes(1000))
    for path in stored(folder):
        os.utime(path, (time.time() - 7200,) * 2)
    assert files.get("0") is not None, "and it counts as new from now on"
    for number in range(8, 22):
        files.put(str(number), bytes(1000))
        assert sum(path.stat().st_size for path in stored(folder)) <= 20_000 + 20_000 / picturefiles.SHARE + 1100
    assert files.get("0") is not None
    assert None in [files.get(str(number)) for number in range(1, 8)]
    assert None not in [files.get(str(number)) for number in range(8, 22)]
    few = PictureFiles(folder, 20_000, 5)
    few.put("new", b"")
    assert len(stored(folder)) <= 5
    assert few.get("new") == b""


def test_what_an_interrupted_write_left_goes_when_it_is_old(folder: Path) -> None:
    files = PictureFiles(folder, 10_000, 10)
    files.put("a", b"picture")
    place = stored(folder)[0].parent
    old, new = (place / f"{name}{picturefiles.PARTIAL}" for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"part")
    os.utime(old, (0, 0))
    files.tidy()
    assert (old.exists(), new.exists(), files.get("a")) == (False, True, b"picture")


def test_without_room_or_beyond_the_size_nothing_is_kept(folder: Path) -> None:
    PictureFiles(folder, 0, 10).put("a", b"picture")
    PictureFiles(folder, 10**9, 10).put("a", bytes(MAX_PICTURE + 1))
    assert not folder.exists()
