"""Values at given ranks."""

import random

import pytest

from buckets.objectstore.index import ranks

VALUES = {
    "random": [random.Random(1).randrange(10**6) for _ in range(50_000)],
    "equal": [7] * 50_000,
    "in order": list(range(50_000)),
    "few": [number % 3 for number in range(50_000)],
    "in blocks": [number // 10_000 for number in range(50_000)],
    "texts": [str(number * 7919 % 50_000) for number in range(50_000)],
}


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES.keys())
@pytest.mark.parametrize(("start", "stop"), [(0, 1), (0, 100), (20_000, 20_100), (49_900, 50_000), (0, 50_000), (100, 49_000)])
def test_they_are_those_of_the_sorted_values(values: list[object], start: int, stop: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "SAMPLE", 1000)
    parts = [values[at : at + 1024] for at in range(0, len(values), 1024)]
    ordered = sorted(values)  # type: ignore[type-var]
    low = ordered[start]
    assert ranks.at_ranks(parts, len(values), start, stop) == (low, ordered[stop - 1], ordered.index(low))


def test_a_sample_that_misleads_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "SAMPLE", 100)
    step = 1000 // 100 | 1
    values = [0 if number % step == 0 else number for number in range(1000)]
    assert ranks.at_ranks([values], 1000, 500, 600) == (sorted(values)[500], sorted(values)[599], 500)
