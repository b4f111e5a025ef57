"""The texts of the scripts: each can be translated, and each is, into German."""

import gettext
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "static/js"
GERMAN = Path("locale/de/LC_MESSAGES/djangojs.po")
# What the command that collects them needs of the site.
NEEDED = ("manage.py", "nats_files", "buckets", "static/js", "locale")
COLLECT = ["makemessages", "-l", "de", "--no-location", "--no-wrap", "--no-obsolete", "--keep-pot", "-d", "djangojs"]

COMMENT = re.compile(r"^\s*//.*$|\s//\s.*$", re.MULTILINE)
TEXT = r'"((?:[^"\\]|\\.)*)"'
MARKED = re.compile(rf"(?<![\w.$#])t\(\s*{TEXT}|(?<![\w.$#])tn\(\s*{TEXT},\s*{TEXT}")
NOT_STATIC = re.compile(r'(?<![\w.$#])(?<!function )tn?\((?!\s*")')
FILLED = re.compile(r"\$\{(?:[^{}]|\{[^{}]*\})*\}")
SHOWN = re.compile(
    r"""(?:\.(?:textContent|innerText|title|placeholder|alt|ariaLabel)\s*=\s*|(?:textContent|title|placeholder|alt|ariaLabel):\s*"""
    r"""|\b(?:toast|announce|confirm|alert|say|refuse|note)\(\s*|"aria-label",\s*|\bbutton\((?=.[A-Z]))(["'`])(?:(?!\1).)*?[A-Za-z]"""
)
SENTENCE = re.compile(r"""(["'`])[A-Z][a-z’]+(?:[,:]? [a-z“{$]|…)(?:(?!\1).)*\1""")
PLACE = re.compile(r"\{\w+\}")


def unmarked(script: str) -> list[str]:
    """What looks like a text for people that cannot be translated."""
    code = COMMENT.sub("", script)
    dynamic = [found[0] for found in NOT_STATIC.finditer(code)]
    code = MARKED.sub("t(", code)
    while FILLED.search(code):
        code = FILLED.sub("", code)
    return dynamic + [found[0] for pattern in (SHOWN, SENTENCE) for found in pattern.finditer(code)]


def marked(script: str) -> set[str]:
    return {one or first for one, first, _ in MARKED.findall(COMMENT.sub("", script))}


def scripts() -> list[Path]:
    return sorted(path for path in SCRIPTS.rglob("*.js") if path.name != "words.js")


def texts(compiled: Path) -> dict[object, str]:
    with compiled.open("rb") as file:
        catalogue: dict[object, str] = vars(gettext.GNUTranslations(file))["_catalog"]
    return {key: text for key, text in catalogue.items() if key}


@pytest.mark.parametrize(
    "script",
    [
        'toast("Gone");',
        "title.textContent = `Gone: ${name}`;",
        'element("p", { textContent: "gone" })',
        'throw new Error("The site cannot be reached.");',
        'button.setAttribute("aria-label", "Close");',
        "toast(t(`Gone: ${name}`));",
        'const words = on ? "Restored, but not all" : t("Restored");',
    ],
)
def test_a_text_that_cannot_be_translated_is_found(script: str) -> None:
    assert unmarked(script)


@pytest.mark.parametrize(
    "script", ['toast(t("Gone: {name}", { name }));', "put(element, `${said} ${zone(moment)}`);", 'tn("{count} file", "{count} files", 2)']
)
def test_a_text_that_can_be_translated_is_not(script: str) -> None:
    assert not unmarked(script)


def test_every_text_of_the_scripts_can_be_translated() -> None:
    assert {str(path): found for path in scripts() if (found := unmarked(path.read_text()))} == {}


def test_german_has_every_text_and_no_other(tmp_path: Path) -> None:
    for name in NEEDED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, tmp_path / name)
    known = (tmp_path / GERMAN).read_text()
    environment = {**os.environ, "NATS_FILES_DATA": str(tmp_path / "data")}
    subprocess.run([sys.executable, "manage.py", *COLLECT], cwd=tmp_path, env=environment, check=True, capture_output=True)
    compared = subprocess.run(["msgcmp", ROOT / GERMAN, tmp_path / "locale/djangojs.pot"], capture_output=True, text=True)
    assert (compared.returncode, compared.stderr) == (0, "")
    assert "fuzzy" not in known


def test_the_collected_texts_are_those_of_the_scripts() -> None:
    found = {text for path in scripts() for text in marked(path.read_text())}
    known = {key[0] if isinstance(key, tuple) else key for key in texts(ROOT / GERMAN.with_suffix(".mo"))}
    assert found == known


def test_the_compiled_texts_are_the_written_ones(tmp_path: Path) -> None:
    made = tmp_path / "made.mo"
    subprocess.run(["msgfmt", "--check-format", "-o", made, ROOT / GERMAN], check=True, capture_output=True)
    assert texts(ROOT / GERMAN.with_suffix(".mo")) == texts(made)


def test_translations_have_the_same_places_for_values() -> None:
    for key, text in texts(ROOT / GERMAN.with_suffix(".mo")).items():
        assert set(PLACE.findall(str(key[0] if isinstance(key, tuple) else key))) == set(PLACE.findall(text)), key
