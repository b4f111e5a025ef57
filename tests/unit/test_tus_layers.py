"""The protocol is pure: it knows neither the web nor the rest of the project, and it neither stores, nor waits, nor looks at a clock."""

import re
from pathlib import Path

import pytest

import buckets.tus

from .test_layers import PACKAGES, WEB, wrong

MODULES = sorted(Path(buckets.tus.__file__).parent.glob("*.py"))


def test_the_protocol_knows_neither_the_web_nor_the_rest_of_the_project() -> None:
    assert wrong("buckets.tus", to=WEB) == []
    assert wrong("buckets.tus", to=PACKAGES, but=("buckets.tus",)) == []


def test_the_protocol_does_nothing_by_itself() -> None:
    assert (
        wrong("buckets.tus", to=("asyncio", "io", "logging", "nats", "os", "pathlib", "random", "socket", "threading", "time", "uuid"))
        == []
    )


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_the_moment_is_always_passed_in(module: Path) -> None:
    assert re.search(r"\bopen\(|\.now\(|\.utcnow\(|\.today\(|\basync\b|\bawait\b", module.read_text()) is None


def test_everything_public_is_named() -> None:
    assert sorted(buckets.tus.__all__) == sorted(set(buckets.tus.__all__))
    assert all(hasattr(buckets.tus, name) for name in buckets.tus.__all__)
