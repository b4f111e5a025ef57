"""The documentation says all there is, and nothing that is not."""

import os
import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from nats_files import settings

ROOT = Path(__file__).parent.parent.parent
OWN_APPS = ("nats_files", "buckets")


def text(name: str) -> str:
    return (ROOT / name).read_text()


def own_commands() -> list[str]:
    return sorted(name for name, app in get_commands().items() if app in OWN_APPS)


def make_targets() -> list[str]:
    phony = re.search(r"^\.PHONY: (.*)$", text("Makefile"), re.MULTILINE)
    assert phony
    return phony.group(1).split()


def documented_settings() -> list[str]:
    return re.findall(r"^\| `([A-Z_]+)`", text("docs/configuration.md"), re.MULTILINE)


def test_every_setting_is_documented_once_and_no_other() -> None:
    assert sorted(documented_settings()) == sorted(set(settings.env.names))


def test_every_command_is_documented_once_and_no_other() -> None:
    assert "serve" in own_commands()
    documented = re.findall(r"^\| `manage\.py (\w+)", text("docs/commands.md"), re.MULTILINE)
    assert sorted(documented) == own_commands()


def test_every_make_target_is_documented_once_and_no_other() -> None:
    assert "serve" in make_targets()
    documented = re.findall(r"^\| `make (\w+)", text("docs/commands.md"), re.MULTILINE)
    assert sorted(documented) == sorted(make_targets())


def test_every_make_target_exists() -> None:
    assert [name for name in make_targets() if not re.search(rf"^{name}:", text("Makefile"), re.MULTILINE)] == []


def test_the_changelog_has_a_place_for_what_comes() -> None:
    assert "## Unreleased" in text("CHANGELOG.md")


@pytest.mark.parametrize("name", [str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))])
def test_links_between_documents_lead_somewhere(name: str) -> None:
    folder = (ROOT / name).parent
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)]+)\)", text(name)) if "://" not in target]
    assert [target for target in targets if target and not (folder / target).exists()] == []


def test_pinned_versions_name_packages_and_nothing_else() -> None:
    lines = text("constraints.txt").splitlines()
    assert len(lines) > 20
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9.-]+==[a-z0-9.]+", line)] == []


@pytest.mark.parametrize("name", ["Makefile", "manage.py", ".ci/run", "scripts/venv", "scripts/test-tools", "scripts/install-package"])
def test_what_is_run_is_there(name: str) -> None:
    assert (ROOT / name).is_file()
    assert name == "Makefile" or os.access(ROOT / name, os.X_OK)
