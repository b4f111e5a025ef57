"""In which language the site speaks: the reader's choice, else the browser's, else English."""

from collections.abc import Callable

import httpx
import pytest

from buckets.api.errors import STATUS
from buckets.language import of_socket

Visit = Callable[..., httpx.AsyncClient]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], "en"),
        ([(b"accept-language", b"de-AT,de;q=0.9,en;q=0.8")], "de"),
        ([(b"accept-language", b"fr, de;q=0.5")], "de"),
        ([(b"accept-language", b"fr")], "en"),
        ([(b"accept-language", b"de"), (b"cookie", b"a=b; django_language=en")], "en"),
        ([(b"cookie", b"django_language=xx")], "en"),
        ([(b"accept-language", b"\xff\xfe;q=x"), (b"cookie", b"\xff")], "en"),
    ],
)
def test_a_socket_speaks_as_its_page_does(headers: list[tuple[bytes, bytes]], expected: str) -> None:
    assert of_socket({"headers": headers}) == expected


@pytest.mark.django_db(transaction=True)
async def test_pages_say_which_language_they_are_in(visit: Visit) -> None:
    async with visit(headers={"Accept-Language": "de"}) as client:
        answer = await client.get("/login")
    assert '<html lang="de"' in answer.text
    assert answer.headers["Content-Language"] == "de"
    assert "Accept-Language" in answer.headers["Vary"]
    async with visit(headers={"Accept-Language": "fr"}) as client:
        assert '<html lang="en"' in (await client.get("/login")).text


@pytest.mark.django_db(transaction=True)
async def test_only_languages_that_there_are_have_texts(visit: Visit) -> None:
    from django.urls import reverse

    async with visit() as client:
        answer = await client.get(reverse("texts", args=["de"]))
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert "immutable" in answer.headers["Cache-Control"]
        for code in STATUS:  # the API speaks English, and a page's scripts its language
            assert f'"error:{code}": ' in answer.text, code
        assert '"error:bucket_full": "Der Bucket ist voll.' in answer.text
        assert (await client.get(reverse("texts", args=["xx"]))).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("back", ["https://other.example/", "//other.example", "javascript:alert(1)", ""])
async def test_the_theme_and_the_language_send_nobody_elsewhere(visit: Visit, back: str) -> None:
    token = "c" * 32
    async with visit(cookies={"csrftoken": token}) as client:
        for path, field in (("/theme", "theme"), ("/language", "language")):
            answer = await client.post(path, data={field: "de", "next": back}, headers={"X-CSRFToken": token})
            assert answer.status_code == 302
            assert answer.headers["Location"] == "/"
        assert (await client.post("/theme", data={"theme": "dark"})).status_code == 403
        assert (await client.get("/theme")).status_code == 405
