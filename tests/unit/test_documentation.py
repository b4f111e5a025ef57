"""Every address is documented, every page is in the index, and links lead somewhere. Settings, commands: test_docs; metrics: tests/web."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from django.urls import URLPattern

from buckets import routing, urls
from nats_files import urls as site_urls

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted(["README.md", "CONTRIBUTING.md", "CHANGELOG.md", *(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/*.md"))])
API = "/api/v1"


@cache
def text(name: str) -> str:
    return (ROOT / name).read_text()


def address(pattern: URLPattern) -> str:
    return "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))


def addresses() -> set[str]:
    others = [pattern for pattern in site_urls.urlpatterns if isinstance(pattern, URLPattern)]
    found = {address(pattern) for pattern in (*urls.urlpatterns, *others, *routing.websocket_urlpatterns)}
    return {re.sub(r"{language}\..*\.js", "{language}.{version}.js", each) for each in found} | {"/admin/"}


def test_every_address_is_documented_and_no_other() -> None:
    documented = re.findall(r"^\| `(/[^`]*)`", text("docs/addresses.md"), re.MULTILINE)
    assert len(documented) == len(set(documented))
    assert set(documented) == addresses()


def test_every_page_of_the_documentation_is_in_its_index() -> None:
    index = text("docs/README.md")
    assert [page for page in PAGES if page.startswith("docs/") and page != "docs/README.md" and f"({Path(page).name})" not in index] == []


def anchors(name: str) -> Mapping[str, int]:
    """Those of the headings, as GitHub makes them, and how often there is each."""
    found: dict[str, int] = {}
    for line in _outside_code(text(name)):
        if heading := re.match(r"#{1,6} (.+)", line):
            plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).replace("`", "").strip().lower()
            anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
            found[anchor] = found.get(anchor, 0) + 1
    return found


def links(name: str) -> Iterator[str]:
    for line in _outside_code(text(name)):
        yield from re.findall(r"\]\(([^)\s]+)\)", line)
        yield from re.findall(r'(?:src|srcset|href)="([^"\s]+)"', line)


def _outside_code(document: str) -> Iterator[str]:
    inside = False
    for line in document.splitlines():
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside:
            yield line


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_files_and_headings_that_are_there(name: str) -> None:
    broken = []
    for link in links(name):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        if not target.exists() or (anchor and anchors(str(target.resolve().relative_to(ROOT))).get(anchor) != 1):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("name", PAGES)
def test_pictures_are_small_and_say_what_they_show(name: str) -> None:
    for shown in re.findall(r'<img [^>]*src="([^"]+)"[^>]*>', text(name)):
        path = (ROOT / name).parent / shown
        assert path.stat().st_size < 250_000, shown
    assert [tag for tag in re.findall(r"<img [^>]*>", text(name)) if not re.search(r'alt="[^"]{10,}"', tag)] == []
    assert re.findall(r"!\[\s*\]", text(name)) == []


def test_every_picture_is_shown_somewhere() -> None:
    shown = {Path(each).name for page in PAGES for each in re.findall(r"images/[\w-]+\.webp", text(page))}
    assert {path.name for path in ROOT.glob("docs/images/*")} == shown


def test_the_readme_has_the_figures_that_were_measured() -> None:
    measured = text("bench/RESULTS.md")
    table = text("README.md").partition("| MB/s |")[2].partition("\n\n")[0]
    figures = [number.replace(",", "") for number in re.findall(r"(?<=\| )[\d,]+(?= \|)", table)]
    assert len(figures) == 12
    assert [number for number in figures if not re.search(rf"\| {number} \(", measured)] == []
