"""Dependencies point one way. Every import is read from the source, and a wrong arrow fails."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("nats_files", "buckets")
WEB = ("django", "channels", "asgiref", "uvicorn", "starlette", "daphne", "httpx", "aiohttp", "http", "urllib.request", "wsgiref")
ENTRY_POINTS = ("buckets.views", "buckets.api", "buckets.consumers", "buckets.routing", "buckets.urls", "buckets.forms", "buckets.admin")


def modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(module: str, path: Path) -> Iterator[str]:
    """The absolute names that ``module`` imports, with what it takes from them: ``a.b`` and ``a.b.c`` for ``from a.b import c``."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*parents, *([node.module] if node.module else [])])
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def arrows(*sources: str) -> list[tuple[str, str]]:
    """Every (module, imported name) of the modules in ``sources``; there must be some."""
    found = [(module, name) for module, path in modules().items() if within(module, *sources) for name in imports(module, path)]
    assert found, f"{sources} import nothing: has the code moved?"
    return found


def wrong(*sources: str, to: tuple[str, ...], but: tuple[str, ...] = ()) -> list[str]:
    return [f"{module} imports {name}" for module, name in arrows(*sources) if within(name, *to) and not within(name, *but)]


def test_the_object_store_knows_neither_the_web_nor_the_rest_of_the_project() -> None:
    assert wrong("buckets.objectstore", to=WEB) == []
    assert wrong("buckets.objectstore", to=PACKAGES, but=("buckets.objectstore",)) == []


def test_previews_know_neither_the_web_nor_the_rest_of_the_project() -> None:
    assert wrong("buckets.previews", to=("nats", *WEB)) == []
    assert wrong("buckets.previews", to=PACKAGES, but=("buckets.previews",)) == []


def test_the_app_does_not_know_the_composition() -> None:
    assert wrong("buckets", to=("nats_files",)) == []


def test_services_do_not_know_who_calls_them() -> None:
    assert wrong("buckets.services", "buckets.access", "buckets.models", "buckets.roles", to=ENTRY_POINTS) == []


def test_models_and_roles_know_no_services() -> None:
    assert wrong("buckets.models", "buckets.roles", to=("buckets.services", "buckets.access")) == []


def test_entry_points_reach_the_store_through_services_only() -> None:
    parts = ("history", "index", "reading", "repair", "store", "stream", "transport", "watching", "writing")
    working = tuple(f"buckets.objectstore.{name}" for name in parts)
    assert [name for name in working if name not in modules()] == []
    assert wrong(*ENTRY_POINTS, to=("nats", "buckets.objectstore.ObjectStore", *working)) == []


def test_the_api_does_not_know_pages_and_consumers() -> None:
    assert wrong("buckets.api", to=("buckets.views", "buckets.consumers", "buckets.forms")) == []


def test_the_guard_is_standard_library_only() -> None:
    assert wrong("nats_files.guard", to=("django", "nats_files", "buckets", "psutil")) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import django.db", {"django.db"}),
        ("from . import sibling", {"buckets.objectstore", "buckets.objectstore.sibling"}),
        ("from .. import access", {"buckets", "buckets.access"}),
        ("from ..services import runtime", {"buckets.services", "buckets.services.runtime"}),
        ("def f():\n    from nats_files.settings import NATS", {"nats_files.settings", "nats_files.settings.NATS"}),
    ],
)
def test_every_kind_of_import_is_seen(source: str, expected: set[str], tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)
    assert set(imports("buckets.objectstore.module", path)) == expected
