"""The user's guide as a page of the site."""

import re

import httpx

from buckets.objectstore import ObjectStore
from buckets.views.guide import GUIDE

from .conftest import Visitors


async def test_the_page_has_all_headings_of_the_guide(browser: httpx.AsyncClient, site: ObjectStore) -> None:
    page = (await browser.get("/help")).text
    headings = re.findall(r"^## (.+)$", GUIDE.read_text(), re.MULTILINE)
    assert len(headings) > 5
    assert re.findall(r"<h3>(.+)</h3>", page) == headings


async def test_nothing_of_the_page_is_markup_that_shows(browser: httpx.AsyncClient, site: ObjectStore) -> None:
    page = (await browser.get("/help")).text
    text = page.partition('<div class="guide')[2]
    assert [each for each in ("&lt;", "](", "**", "| ---") if each in text.partition("</div></div>")[0]] == []


async def test_it_is_for_those_who_are_signed_in(visitors: Visitors, site: ObjectStore) -> None:
    assert (await visitors["anonymous"].get("/help")).headers["Location"] == "/login?next=%2Fhelp"
