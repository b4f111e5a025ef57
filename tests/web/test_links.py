"""The links of a bucket as pages: what they show to whom, making, changing, deleting, repairing, and what a deletion would break."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from buckets.models import Grant
from buckets.objectstore import BucketConfig, Link, ObjectNotFound, ObjectStore
from buckets.roles import Role
from buckets.services import linklist, linkrepair

from .browsers import browser_of, submit
from .conftest import CSRF, Cast
from .helpers import listed
from .test_pages import HOSTILE

JSON = {"Accept": "application/json"}


@pytest.fixture
def viewer(cast: Cast, visit: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    return browser_of(cast.colleague, visit)


@pytest.fixture
async def other(bucket: str, site: ObjectStore, cast: Cast) -> str:
    """Another bucket, with the object "target"; the owner is its viewer, the colleague nobody there."""
    name = f"{bucket}-other"
    await site.create_bucket(BucketConfig(name))
    await site.put(name, "target", b"elsewhere")
    await Grant.objects.acreate(bucket=name, user=cast.owner, role=Role.VIEWER)
    return name


def row(page: httpx.Response, name: str) -> str:
    """The line of the links page that is about ``name``."""
    lines = page.text.split("<tr id=")[1:]
    return next(line for line in lines if f">{name}</bdi>" in line.split("</td>")[0])


async def test_the_files_mark_what_leads_nowhere_and_tell_nothing_of_hidden_buckets(
    bucket: str, other: str, site: ObjectStore, browser: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    await site.put(other, "lost", b"x")
    for name, to in (("good", Link(other, "target")), ("bad", Link(other, "lost"))):
        await site.add_link(bucket, name, to)
    await site.delete(other, "lost")
    await listed(bucket, "good", "bad")
    await listed(other, "target")
    seen = (await browser.get(f"/buckets/{bucket}/")).text
    assert seen.count("Broken link") == 1
    assert f'href="/buckets/{other}/object?name=target"' in seen
    assert f'href="/buckets/{bucket}/object?name=bad"' in seen
    hidden = (await viewer.get(f"/buckets/{bucket}/")).text
    assert "Broken link" not in hidden
    assert hidden.count("Leads where you may not see") == 2
    assert f"/buckets/{other}/" not in hidden


async def test_all_links_are_shown_with_where_they_lead_and_whether_that_is_there(
    bucket: str, other: str, site: ObjectStore, browser: httpx.AsyncClient
) -> None:
    for name in ("x", "lost"):
        await site.put(bucket, name, b"x")
    for name, to in (("good", Link(other, "target")), ("bad", Link(bucket, "lost")), ("whole", Link(other, None))):
        await site.add_link(bucket, name, to)
    await site.delete(bucket, "lost")
    await listed(bucket, "good", "bad", "whole", gone=["lost"])
    await listed(other, "target")
    page = await browser.get(f"/buckets/{bucket}/links")
    assert ">works<" in row(page, "good").replace("</svg>", ">")
    assert f'href="/buckets/{other}/object?name=target"' in row(page, "good")
    assert "broken" in row(page, "bad")
    assert "whole bucket" in row(page, "whole")
    only = await browser.get(f"/buckets/{bucket}/links?show=broken")
    assert "bad" in only.text
    assert "good" not in only.text
    assert "bad" not in (await browser.get(f"/buckets/{bucket}/links?q=goo")).text.split("<tbody>")[1]


async def test_a_link_into_a_hidden_bucket_does_not_tell_whether_anything_is_there(
    bucket: str, other: str, site: ObjectStore, viewer: httpx.AsyncClient
) -> None:
    await site.put(other, "lost", b"x")
    await site.add_link(bucket, "l", Link(other, "target"))
    await site.add_link(bucket, "m", Link(other, "lost"))
    await site.delete(other, "lost")
    await listed(bucket, "l", "m")
    await listed(other, "target", gone=["lost"])
    page = await viewer.get(f"/buckets/{bucket}/links")
    one, two = (row(page, name).split("</td>")[2] for name in ("l", "m"))
    assert one == two
    assert "not for you" in one
    assert "<a" not in row(page, "l").split("</td>")[1]
    first, second = [(await viewer.get(f"/buckets/{bucket}/object?name={name}")).text.split('class="nothing"')[1] for name in ("l", "m")]
    assert first.replace("target", "lost").split("</section>")[0] == second.split("</section>")[0]
    assert (await viewer.get(f"/buckets/{other}/names?q=t", headers=JSON)).status_code == 404


async def test_links_from_other_buckets_are_shown_where_one_may_look(
    bucket: str, other: str, site: ObjectStore, browser: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    await site.put(bucket, "x", b"x")
    await site.add_link(other, "far", Link(bucket, "x"))
    await site.add_link(other, "farther", Link(bucket, None))
    await listed(other, "far", "farther")
    mine = await browser.get(f"/buckets/{bucket}/links?show=elsewhere")
    assert "far" in row(mine, "far")
    assert "whole bucket" in row(mine, "farther")
    assert "Nothing links here" in (await viewer.get(f"/buckets/{bucket}/links?show=elsewhere")).text
    assert "far" in (await browser.get(f"/buckets/{bucket}/object?name=x")).text.split("Links to this")[1]
    assert "far" not in (await viewer.get(f"/buckets/{bucket}/object?name=x")).text.split("Links to this")[1]


def form(**fields: str) -> list[tuple[str, str]]:
    return list(fields.items())


async def test_a_link_is_made_in_another_bucket(bucket: str, other: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    page = await browser.get(f"/buckets/{bucket}/links/new")
    assert f"<option>{other}</option>" in page.text
    fields = form(place=bucket, name="l", kind="file", to_bucket=other, to_name="target")
    made = await submit(browser, f"/buckets/{bucket}/links/new", fields)
    assert made.headers["Location"] == f"/buckets/{bucket}/object?name=l"
    assert (await site.info(bucket, "l")).link == Link(other, "target")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"to_name": "never"}, "There is no file “never”"),
        ({"to_name": "link"}, "“link” is a link itself"),
        ({"to_name": ""}, "Choose the file"),
        ({"name": ""}, "Give the link a name"),
        ({"name": "x"}, "“x” is in that bucket already"),
        ({"name": "link"}, "“link” is in that bucket already"),
        ({"to_bucket": "absent"}, "There is no bucket “absent” that you may see"),
        ({"place": "OTHER"}, "You may not make links in this bucket"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field(
    bucket: str, other: str, site: ObjectStore, browser: httpx.AsyncClient, fields: dict[str, str], words: str
) -> None:
    await site.put(bucket, "x", b"x")
    await site.add_link(bucket, "link", Link(bucket, "x"))
    given = {"place": bucket, "name": "new", "kind": "file", "to_bucket": bucket, "to_name": "x"} | fields
    given["place"] = given["place"].replace("OTHER", other)
    page = await submit(browser, f"/buckets/{bucket}/links/new", form(**given))
    assert page.status_code == 400
    assert words in page.text
    assert (await site.info(bucket, "link")).link == Link(bucket, "x")


async def test_viewers_make_change_and_delete_nothing(bucket: str, site: ObjectStore, viewer: httpx.AsyncClient) -> None:
    await site.put(bucket, "x", b"x")
    await site.add_link(bucket, "l", Link(bucket, "x"))
    assert "links/edit" not in (await viewer.get(f"/buckets/{bucket}/links")).text
    fields = form(place=bucket, name="m", kind="file", to_bucket=bucket, to_name="x")
    assert (await submit(viewer, f"/buckets/{bucket}/links/new", fields)).status_code == 400
    for address in ("links/edit?name=l", "links/delete?name=l", "links/again?name=m&to_bucket=b&to_name=x"):
        assert (await submit(viewer, f"/buckets/{bucket}/{address}", fields)).status_code == 403, address
    moved = form(was="x", now="y")
    assert (await submit(viewer, f"/buckets/{bucket}/links/follow", moved, **JSON)).json() == {"changed": 0, "failed": [], "left": 0}
    with pytest.raises(ObjectNotFound):
        await site.info(bucket, "m")


async def test_a_link_is_led_elsewhere_and_keeps_what_it_had(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    for name in ("x", "y"):
        await site.put(bucket, name, b"x")
    made = await site.add_link(bucket, "l", Link(bucket, "x"), description="said", headers={"H": ["h"]}, metadata={"k": "v"})
    fields = form(revision=str(made.revision), kind="file", to_bucket=bucket, to_name="y")
    assert (await submit(browser, f"/buckets/{bucket}/links/edit?name=l", fields)).status_code == 302
    info = await site.info(bucket, "l")
    assert (info.link, info.description, info.headers, info.metadata) == (Link(bucket, "y"), "said", {"H": ("h",)}, {"k": "v"})
    old = await submit(browser, f"/buckets/{bucket}/links/edit?name=l", fields)
    assert "Somebody changed this link meanwhile" in old.text


async def test_a_deleted_link_comes_back_and_its_target_is_left_alone(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await site.put(bucket, "x", b"x")
    await site.add_link(bucket, "l", Link(bucket, "x"))
    gone = await submit(browser, f"/buckets/{bucket}/links/delete?name=l", [])
    page = await browser.get(gone.headers["Location"])
    undo = page.text.split(f'action="/buckets/{bucket}/links/again')[1].split('"')[0].replace("&amp;", "&")
    assert (await submit(browser, f"/buckets/{bucket}/links/again{undo}", [])).status_code == 302
    assert (await site.info(bucket, "l")).link == Link(bucket, "x")
    refused = await submit(browser, f"/buckets/{bucket}/links/delete?name=x", [])
    assert refused.status_code == 422
    assert (await site.info(bucket, "x")).size == 1


async def test_a_broken_link_is_offered_where_its_target_has_gone(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await site.history.enable(bucket)
    for name, data in (("a/report.txt", b"the report"), ("copy", b"the report"), ("b/report.txt", b"another one")):
        await site.put(bucket, name, data)
    await site.add_link(bucket, "l", Link(bucket, "a/report.txt"))
    await site.rename(bucket, "a/report.txt", "moved.txt")
    await listed(bucket, "moved.txt")
    page = await browser.get(f"/buckets/{bucket}/links/edit?name=l")
    offered = page.text.split('class="where"')[1:]
    assert [("moved.txt" in offered[0], "very file" in offered[0]), "copy" in offered[1], "b/report.txt" in offered[2]] == [
        (True, True),
        True,
        True,
    ]
    revision = (await site.info(bucket, "l")).revision
    fields = form(revision=str(revision), to_bucket=bucket, to_name="moved.txt", to_name_exact="moved.txt")
    await submit(browser, f"/buckets/{bucket}/links/edit?name=l", fields)
    assert (await site.info(bucket, "l")).link == Link(bucket, "moved.txt")


async def test_it_tells_what_a_deletion_would_break(
    bucket: str, other: str, site: ObjectStore, browser: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    for name in ("x", "folder/y", "free"):
        await site.put(bucket, name, b"x")
    await site.add_link(bucket, "to-x", Link(bucket, "x"))
    await site.add_link(bucket, "folder/inside", Link(bucket, "folder/y"))
    await site.add_link(other, "far", Link(bucket, "folder/y"))
    await site.add_link(other, "whole", Link(bucket, None))

    async def broken(who: httpx.AsyncClient, *fields: tuple[str, str]) -> list[tuple[str, str]]:
        told = (await submit(who, f"/buckets/{bucket}/links/to", list(fields), **JSON)).json()
        assert told["complete"]
        assert told["total"] == len(told["links"])
        return [(each["bucket"], each["name"]) for each in told["links"]]

    assert await broken(browser, ("object", "x")) == [(bucket, "to-x")]
    assert await broken(browser, ("object", "folder%2Fy")) == [(bucket, "folder/inside"), (other, "far")]
    assert await broken(browser, ("folder", "folder%2F")) == [(other, "far")]
    assert await broken(viewer, ("folder", "folder%2F")) == []
    assert await broken(browser, ("object", "free")) == []
    page = await submit(browser, f"/buckets/{bucket}/delete", [("object", "x"), ("folder", "folder%2F")])
    warned = page.text.split('class="breaks"')[1]
    assert "2 links lead to this and will break" in warned
    assert "to-x" in warned
    assert "far" in warned


async def test_links_follow_a_rename_where_one_may_edit(bucket: str, other: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    await site.put(bucket, "old", b"x")
    await site.add_link(bucket, "l", Link(bucket, "old"))
    await site.add_link(other, "far", Link(bucket, "old"))
    revision = (await site.info(bucket, "old")).revision
    page = await browser.get(f"/buckets/{bucket}/object/details?name=old")
    assert "2 links lead to this" in page.text
    fields = form(name="new", description="", revision=str(revision), follow="yes")
    assert (await submit(browser, f"/buckets/{bucket}/object/details?name=old", fields)).status_code == 302
    assert (await site.info(bucket, "l")).link == Link(bucket, "new")
    assert (await site.info(other, "far")).link == Link(bucket, "old")


async def test_a_link_that_was_changed_meanwhile_does_not_follow(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("old", "new", "theirs"):
        await site.put(bucket, name, b"x")
    for name in ("changed", "same"):
        await site.add_link(bucket, name, Link(bucket, "old"))
        await listed(bucket, name)
    found = linklist.links_to

    async def links_to(*args: Any, **options: Any) -> Any:
        answer = await found(*args, **options)
        await site.add_link(bucket, "changed", Link(bucket, "theirs"))
        return answer

    monkeypatch.setattr(linkrepair, "links_to", links_to)
    document = {"items": [{"name": "old", "to": "new"}]}
    answer = await browser.post(f"/api/v1/buckets/{bucket}/links/follow", json=document, headers={"X-CSRFToken": CSRF})
    assert {each["name"]: (each["error"] or {}).get("code") for each in answer.json()["results"]} == {"changed": "conflict", "same": None}
    assert (await site.info(bucket, "changed")).link == Link(bucket, "theirs")
    assert (await site.info(bucket, "same")).link == Link(bucket, "new")


async def test_many_links_follow_some_at_a_time(
    bucket: str, site: ObjectStore, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linkrepair, "MAX_LINKS", 2)
    for name in ("old", "new"):
        await site.put(bucket, name, b"x")
    for name in ("c", "a", "b"):
        await site.add_link(bucket, name, Link(bucket, "old"))
    await listed(bucket, "a", "b", "c")
    moved = [("was", "old"), ("now", "new")]
    assert "1 more link still leads to the old place" in await told(browser, bucket, moved)
    assert [(await site.info(bucket, name)).link for name in "abc"] == [Link(bucket, "new"), Link(bucket, "new"), Link(bucket, "old")]
    rest = await submit(browser, f"/buckets/{bucket}/links/follow", moved, **JSON)
    assert rest.json() == {"changed": 1, "failed": [], "left": 0}


async def told(browser: httpx.AsyncClient, bucket: str, moved: list[tuple[str, str]]) -> str:
    """What the page says after the links followed."""
    answer = await submit(browser, f"/buckets/{bucket}/links/follow", moved)
    return (await browser.get(answer.headers["Location"])).text


async def test_a_picker_is_given_files_but_no_links(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    for number in range(25):
        await site.put(bucket, f"some-{number:02}", b"x")
    await site.put(bucket, "folder/Report", b"xyz")
    await site.add_link(bucket, "report-link", Link(bucket, "some-01"))
    found = (await browser.get(f"/buckets/{bucket}/names?q=report", headers=JSON)).json()
    assert found["names"] == [{"name": "folder/Report", "size": 3}]
    many = (await browser.get(f"/buckets/{bucket}/names?q=some", headers=JSON)).json()
    assert (len(many["names"]), many["more"]) == (20, True)
    latest = (await browser.get(f"/buckets/{bucket}/names", headers=JSON)).json()["names"]
    assert latest[0]["name"] == "folder/Report"


async def test_any_name_can_be_a_link_and_be_linked_to(bucket: str, site: ObjectStore, browser: httpx.AsyncClient) -> None:
    for name in HOSTILE:
        await site.put(bucket, name, b"x")
        link = f"link to {name}"[:200]
        page = await browser.get(f"/buckets/{bucket}/links/new?to={quote(name, safe='')}")
        assert page.status_code == 200
        shown = name.replace("\n", "").replace("\r", "")
        exact = {"to_name_exact": quote(name, safe=""), "name_exact": quote(link, safe="")}
        fields = form(place=bucket, name=link.replace("\n", "").replace("\r", ""), kind="file", to_bucket=bucket, to_name=shown, **exact)
        assert (await submit(browser, f"/buckets/{bucket}/links/new", fields)).status_code == 302, name
        assert (await site.info(bucket, link)).link == Link(bucket, name)
    page = await browser.get(f"/buckets/{bucket}/links")
    assert "<b>bold" not in page.text
    assert "\u202e" not in page.text
