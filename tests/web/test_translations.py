"""The texts of the pages: each can be translated, and each is, into German. (Those of the scripts: ``test_script_texts``.)"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from django.utils.translation import override

from buckets.api.errors import describe
from buckets.errorwords import GENERAL, SENTENCES, told
from buckets.objectstore import BucketNotFound, Conflict, ErrorCode, InvalidLink, ServerError
from buckets.services.errors import NotConfirmed, StillLoading, TooManyAttempts
from buckets.templatetags.files_ui import in_words, size
from buckets.words import bytes_count, duration, exact_time, files_count, grouped, relative_time, short_size

from .conftest import CSRF
from .test_script_texts import texts

Visit = Callable[..., httpx.AsyncClient]
ROOT = Path(__file__).parents[2]
GERMAN = Path("locale/de/LC_MESSAGES/django.po")
TEMPLATES = sorted((ROOT / "templates").glob("*.html"))
# What the command that collects them needs of the site.
NEEDED = ("manage.py", "nats_files", "buckets", "templates", "locale")
COLLECT = ["makemessages", "-l", "de", "--no-location", "--no-wrap", "--no-obsolete", "--keep-pot"]
PLACE = re.compile(r"%\(\w+\)[sd]|(?<!%)\{\w+\}|<[^>]+>")
NOW = datetime(2026, 3, 9, 14, 5, 9, tzinfo=UTC)

TRANSLATED = re.compile(r"\{%\s*blocktranslate.*?endblocktranslate\s*%\}", re.DOTALL)
COMMENT = re.compile(r"\{#.*?#\}")
TAG = re.compile(r"\{[%{].*?[%}]\}", re.DOTALL)
ATTRIBUTE = re.compile(r'\s(?:aria-label|title|placeholder|alt|data-failed)="([^"]*)"')
MARKUP = re.compile(r"<(?:[^<>\"]|\"[^\"]*\")*>")
# What is the same in every language.
SAME = re.compile(r"\b(?:NATS Files|SHA-256|UTC|R)\b")
WORD = re.compile(r"[A-Za-z]{2,}|\b[A-Z]\b")


def untranslated(template: str) -> list[str]:
    """What looks like a text for people that cannot be translated."""
    shown = TAG.sub("\x00", COMMENT.sub("", TRANSLATED.sub("\x00", template)))
    spoken = ATTRIBUTE.findall(shown)
    keys = re.sub(r"<kbd>.*?</kbd>|<svg.*?</svg>", "", shown, flags=re.DOTALL)
    return [text for text in (*spoken, *MARKUP.split(keys)) if WORD.search(SAME.sub("", text.replace("\x00", " ")))]


@pytest.mark.parametrize(
    "template",
    [
        "<p>Deleted</p>",
        '<b title="Go on"></b>',
        '<b aria-label="Delete {{ name }}"></b>',
        "{% if a %}file{% else %}files{% endif %}",
        "<p>of {{ a }}</p>",
    ],
)
def test_a_text_that_cannot_be_translated_is_found(template: str) -> None:
    assert untranslated(template)


def test_every_text_of_the_templates_can_be_translated() -> None:
    block = re.compile(r"\{% block width %\}.*?\{% endblock %\}")
    assert {path.name: found for path in TEMPLATES if (found := untranslated(block.sub("", path.read_text())))} == {}


def test_german_has_every_text_and_no_other(tmp_path: Path) -> None:
    for name in NEEDED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    environment = {**os.environ, "NATS_FILES_DATA": str(tmp_path / "data")}
    subprocess.run([sys.executable, "manage.py", *COLLECT], cwd=tmp_path, env=environment, check=True, capture_output=True)
    collected = tmp_path / "locale/django.pot"
    compared = subprocess.run(["msgcmp", ROOT / GERMAN, collected], capture_output=True, text=True)
    assert (compared.returncode, compared.stderr) == (0, "")
    # Both ways: a text that is not in the code any more is none to keep.
    compared = subprocess.run(["msgcmp", "--use-untranslated", collected, ROOT / GERMAN], capture_output=True, text=True)
    assert (compared.returncode, compared.stderr) == (0, "")


def test_the_compiled_texts_are_the_written_ones(tmp_path: Path) -> None:
    made = tmp_path / "made.mo"
    subprocess.run(["msgfmt", "--check", "-o", made, ROOT / GERMAN], check=True, capture_output=True)
    assert texts(ROOT / GERMAN.with_suffix(".mo")) == texts(made)


def test_translations_have_the_same_places_for_values_and_no_markup_of_their_own() -> None:
    for key, text in texts(ROOT / GERMAN.with_suffix(".mo")).items():
        source = str(key[0] if isinstance(key, tuple) else key)
        places = sorted(PLACE.findall(text))
        assert places == sorted(PLACE.findall(source)) or (isinstance(key, tuple) and source.startswith("1 ")), source
        assert ('"' in text) <= ('"' in source), source  # it may stand in an attribute


def test_numbers_and_times_are_written_as_in_german() -> None:
    with override("de"):
        assert (grouped(1234567), short_size(1536), short_size(512)) == ("1.234.567", "1,5 KiB", "512 B")
        assert (files_count(1), files_count(2000), bytes_count(1)) == ("1 Datei", "2.000 Dateien", "1 Byte")
        assert (duration(86400 * 30), duration(0.5), duration(1)) == ("30 Tage", "0,5 Sekunden", "1 Sekunde")
        assert [relative_time(NOW - timedelta(minutes=minutes), NOW) for minutes in (0, 5, 125, 1500)] == [
            "gerade eben",
            "vor 5 min",
            "vor 2 h",
            "gestern",
        ]
        assert (relative_time(NOW - timedelta(days=9), NOW), exact_time(NOW)) == ("28. Feb 2026", "9. Mär 2026, 14:05:09")
        assert size(1536) == '<data value="1536" title="1.536 Bytes">1,5 KiB</data>'
    with override("en"):
        assert (grouped(1234567), exact_time(NOW)) == ("1,234,567", "9 Mar 2026, 14:05:09")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BucketNotFound("There is no bucket 'a'."), "Es gibt keinen Bucket „a“."),
        (
            Conflict("'100%(x)s <b>' is not at the expected revision: someone else wrote it in the meantime."),
            "„100%(x)s <b>“ ist nicht mehr",
        ),
        (StillLoading("logs", 1000, 25_000), "Die Liste von „logs“ wird noch gelesen: 1.000 von 25.000 Objekten."),
        (NotConfirmed("logs"), "Bitte mit dem Namen des Buckets, „logs“, bestätigen"),
        (ServerError("NATS answered 500: something new."), "NATS hat mit einem Fehler geantwortet."),
        (InvalidLink("of a kind nobody knows"), "Dorthin kann keine Verknüpfung führen."),
        (
            "'a' cannot be read: its metadata does not say where its data is.",
            "„a“ ist nicht lesbar: die Metadaten sagen nicht, wo die Daten liegen.",
        ),
        ("a problem that nobody knows", "a problem that nobody knows"),
        ("", ""),
    ],
)
def test_what_went_wrong_is_said_in_german(error: Exception | str, said: str) -> None:
    with override("de"):
        assert told(error).startswith(said)
        assert in_words(error).startswith(said)
    with override("en"):
        assert told(error) == str(error)


def test_every_failure_of_the_store_has_general_words() -> None:
    assert set(GENERAL) >= set(ErrorCode)


def test_every_sentence_that_is_known_is_translated_with_its_values() -> None:
    with override("de"):
        for source in SENTENCES:
            names = re.findall(r"%\((\w+)\)s", source)
            said = told(source % {name: f"<{name}>" for name in names})
            assert all(f"<{name}>" in said for name in names), source
            assert said != source or source == "“%(name)s”", source


def test_the_api_speaks_english_to_everybody() -> None:
    with override("de"):
        assert describe(TooManyAttempts(90)).message == "Too many failed attempts to sign in. Try again in 2 minutes."
        assert describe(StillLoading("logs", 1000, 25_000)).message.startswith("The listing of “logs” is still loading: 1,000 of 25,000")


@pytest.mark.django_db(transaction=True)
async def test_a_german_page_says_in_german_what_went_wrong_and_the_api_in_english(browser: httpx.AsyncClient, bucket: str) -> None:
    browser.headers["Accept-Language"] = "de"
    page = await browser.get("/buckets/nowhere/")
    assert (page.status_code, page.headers["Content-Language"]) == (404, "de")
    assert "Nicht gefunden" in page.text
    assert "Es gibt keinen Bucket „nowhere“" in page.text
    answer = await browser.get("/api/v1/buckets/nowhere")
    assert "There is no bucket" in answer.json()["error"]["message"]
    own = await browser.post("/buckets/nowhere/act", json={"act": "delete", "items": ["x"]}, headers={"X-CSRFToken": CSRF})
    assert "Es gibt keinen Bucket „nowhere“" in own.json()["error"]["message"]


@pytest.mark.django_db(transaction=True)
async def test_the_language_is_chosen_on_the_page_and_kept(visit: Visit) -> None:
    async with visit(headers={"Accept-Language": "de"}) as client:
        page = await client.get("/login?next=/x")
        assert "Anmelden" in page.text
        assert '<button class="btn ghost small" name="language" value="en" lang="en">English</button>' in page.text
        assert 'name="next" value="/login?next=/x"' in page.text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token
        fields = {"language": "en", "next": "/login?next=/x", "csrfmiddlewaretoken": token[1]}
        answer = await client.post("/language", data=fields, headers={"Referer": "https://testserver/login"})
        assert (answer.status_code, answer.headers["Location"]) == (302, "/login?next=/x")
        again = await client.get("/login")
        assert "Sign in" in again.text
        assert '<html lang="en"' in again.text
        assert ">Deutsch</button>" in again.text
