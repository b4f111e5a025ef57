"""How transfers are counted, and that what is told of a label is bounded."""

import asyncio

import pytest

from buckets.metrics import instruments
from buckets.metrics.instruments import REGISTRY, Direction, method_label, moving, status_class
from buckets.version import VERSION


def ended(outcome: str) -> float:
    return REGISTRY.get_sample_value("nats_files_transfers_total", {"direction": "archive", "outcome": outcome}) or 0


def running() -> float | None:
    return REGISTRY.get_sample_value("nats_files_transfers_running", {"direction": "archive"})


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(ValueError, "failed"), (ConnectionResetError, "broken"), (asyncio.CancelledError, "broken"), (GeneratorExit, "broken")],
)
def test_a_transfer_that_fails_is_told_by_how_it_ended(error: type[BaseException], outcome: str) -> None:
    before = ended(outcome)
    seen = []

    def transfer() -> None:
        with moving(Direction.ARCHIVE):
            seen.append(running())
            raise error

    with pytest.raises(error):
        transfer()
    assert (seen, running(), ended(outcome)) == ([1], 0, before + 1)


def test_a_transfer_that_ends_is_done() -> None:
    before = ended("done")
    with moving(Direction.ARCHIVE):
        pass
    assert ended("done") == before + 1


def test_labels_have_few_values() -> None:
    assert [method_label(method) for method in ("GET", "get", "PROPFIND", "x" * 99)] == ["GET", "other", "other", "other"]
    assert [status_class(status) for status in (200, 204, 404, 599, 0, 999)] == ["2xx", "2xx", "4xx", "5xx", "none", "none"]


def test_nothing_is_told_to_the_librarys_own_registry() -> None:
    from prometheus_client import REGISTRY as GLOBAL

    assert instruments.REGISTRY is not GLOBAL
    assert [metric.name for metric in GLOBAL.collect() if metric.name.startswith("nats_files_")] == []


def test_the_version_is_that_of_the_project() -> None:
    import tomllib
    from pathlib import Path

    project = tomllib.loads((Path(__file__).parent.parent.parent / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
