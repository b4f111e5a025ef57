"""What is vendored is listed, and is byte for byte what the list says."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LISTS = [ROOT / "static/vendor/VENDORED.md", ROOT / "tests/browser/vendor/VENDORED.md"]
ROW = re.compile(r"^\| [^|]+ \| [^|]+ \| [^|]+ \| `([^`]+)` \| `([0-9a-f]{64})` \|$", re.MULTILINE)


@pytest.mark.parametrize("listing", LISTS, ids=lambda path: path.parent.parent.name)
def test_every_vendored_file_has_the_listed_hash(listing: Path) -> None:
    listed = dict(ROW.findall(listing.read_text()))
    there = {
        str(path.relative_to(listing.parent)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in listing.parent.rglob("*")
        if path.is_file() and path != listing
    }
    assert there == listed
    assert there
