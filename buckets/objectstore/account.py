"""What the NATS account of the site may use of JetStream, and how much of that it does (``$JS.API.INFO``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .transport.jetstream import JetStream


@dataclass(frozen=True, slots=True)
class Tier:
    """Use and limits of one tier; ``name``: of what is kept in so many replicas ("R1", "R3"), "" for an account without tiers.

    Sizes in bytes. A limit of None is none, and one of 0 allows nothing.
    """

    name: str
    memory: int
    storage: int
    streams: int
    consumers: int
    max_memory: int | None
    max_storage: int | None
    max_streams: int | None
    max_consumers: int | None


@dataclass(frozen=True, slots=True)
class Account:
    """``level``: of the JetStream API. ``requests`` and ``errors``: of that API, counted by the server since it started."""

    tiers: tuple[Tier, ...]
    domain: str
    level: int
    requests: int
    errors: int


async def ask(js: JetStream) -> Account:
    """Raises Unavailable, PermissionDenied and ServerError."""
    return read(await js.api("INFO", again=False))


def read(answer: Mapping[str, Any]) -> Account:
    tiers = _map(answer, "tiers")
    api = _map(answer, "api")
    return Account(
        tiers=tuple(_tier(name, _map(tiers, name)) for name in sorted(tiers)) or (_tier("", answer),),
        domain=str(answer.get("domain") or ""),
        level=_number(api, "level"),
        requests=_number(api, "total"),
        errors=_number(api, "errors"),
    )


def _tier(name: str, fields: Mapping[str, Any]) -> Tier:
    limits = _map(fields, "limits")
    return Tier(
        name=name,
        memory=_number(fields, "memory"),
        storage=_number(fields, "storage"),
        streams=_number(fields, "streams"),
        consumers=_number(fields, "consumers"),
        max_memory=_limit(limits, "max_memory"),
        max_storage=_limit(limits, "max_storage"),
        max_streams=_limit(limits, "max_streams"),
        max_consumers=_limit(limits, "max_consumers"),
    )


def _limit(limits: Mapping[str, Any], key: str) -> int | None:
    value = limits.get(key)
    return value if isinstance(value, int) and value >= 0 else None


def _map(fields: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = fields.get(key)
    return value if isinstance(value, dict) else {}


def _number(fields: Mapping[str, Any], key: str) -> int:
    value = fields.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
