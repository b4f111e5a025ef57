"""What ``/metrics`` says: what was counted, and the state of things, which is asked of NATS at most every ten seconds."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder

from ..metrics.gauges import families
from ..metrics.instruments import REGISTRY
from . import counters
from .health import glance

FRESH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Both:
    """Where the library looks for metrics."""

    state: list[Metric]

    def collect(self) -> Iterator[Metric]:
        yield from REGISTRY.collect()
        yield from self.state


async def exposition(accept: str) -> tuple[bytes, str]:
    """The text in the format that the client accepts, and its media type."""
    health = await glance(FRESH_SECONDS)
    encode, media_type = choose_encoder(accept)
    gauges = list(families(health, counters.counts(), settings.METRICS_BUCKETS))
    return await asyncio.to_thread(encode, _Both(gauges)), media_type
