"""``manage.py check``: what may be a mistake in the configuration. What cannot be right ends the start before this (``settings``)."""

import ipaddress
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004

FEW_BYTES = 1024 * 1024
CheckFunction = Callable[[], Iterator[tuple[str, str, str]]]


def _is_public(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def network() -> Iterator[tuple[str, str, str]]:
    public = _is_public(settings.HOST)
    if settings.DEBUG and public:
        yield "W001", "DEBUG shows settings and code to everybody who can reach the site.", "Unset DEBUG, or set HOST=127.0.0.1."
    if public and settings.ALLOWED_HOSTS == settings.LOOPBACK_HOSTS:
        yield (
            "W002",
            "Other machines can reach the site, but it answers only to localhost.",
            "Set ALLOWED_HOSTS to the names and addresses by which they do.",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield "W003", "ALLOWED_HOSTS=* answers to any name, also to one that somebody else makes lead here.", "Name the names."


def https() -> Iterator[tuple[str, str, str]]:
    if settings.HTTPS and not settings.BEHIND_PROXY and not settings.CSRF_TRUSTED_ORIGINS:
        yield (
            "W010",
            "With HTTPS=1 alone the site does not know that a request came by HTTPS, and refuses forms.",
            "Set BEHIND_PROXY=1 where a proxy sets X-Forwarded-Proto, or name the site's address in CSRF_TRUSTED_ORIGINS.",
        )
    if not settings.BEHIND_PROXY and settings.FORWARDED_ALLOW_IPS != "127.0.0.1":
        yield "W012", "FORWARDED_ALLOW_IPS does nothing without BEHIND_PROXY=1.", "Set BEHIND_PROXY=1, or unset it."
    plain = [origin for origin in settings.CSRF_TRUSTED_ORIGINS if origin.startswith("http://")]
    if settings.HTTPS and plain:
        yield "W013", f"CSRF_TRUSTED_ORIGINS trusts pages that came without HTTPS: {', '.join(plain)}.", "Write https:// there."


def replicas() -> Iterator[tuple[str, str, str]]:
    if not _is_shared(settings.DATABASES["default"]["ENGINE"]):
        return
    if not settings.SECRET_KEY_SET:
        yield (
            "W020",
            "Servers of the site that share this database would not know each other's sessions: this one made its SECRET_KEY for itself.",
            "Set the same SECRET_KEY for all of them.",
        )
    if settings.EMBEDDED_NATS:
        yield (
            "W021",
            "The database is shared, but the NATS server is this machine's own: each server of the site has other buckets.",
            "Set NATS_URL.",
        )


def _is_shared(engine: str) -> bool:
    return engine.endswith("postgresql")


def limits() -> Iterator[tuple[str, str, str]]:
    if settings.MAX_TRANSFERS_PER_USER > settings.MAX_TRANSFERS:
        yield (
            "W030",
            "MAX_TRANSFERS_PER_USER is more than MAX_TRANSFERS: one user can take all places.",
            "Make it smaller.",
        )
    if settings.MAX_TRANSFERS + settings.MAX_WAITING_TRANSFERS >= settings.MAX_CONNECTIONS:
        yield (
            "W031",
            "MAX_TRANSFERS and MAX_WAITING_TRANSFERS together take all MAX_CONNECTIONS: nobody could open a page then.",
            "Raise MAX_CONNECTIONS, or lower the others.",
        )
    if 0 < settings.MAX_UPLOAD_BYTES < FEW_BYTES:
        yield (
            "W032",
            f"MAX_UPLOAD_BYTES={settings.MAX_UPLOAD_BYTES} refuses nearly every file: it counts bytes.",
            "Write 1073741824 for 1 GiB, or 0 for no limit.",
        )
    if settings.NATS.uploads_replicas == 1 and len(settings.NATS.servers) > 1:
        yield (
            "W033",
            "NATS_URL names several servers, but what is known of uploads in pieces is kept on one: without it they cannot go on.",
            "Set NATS_UPLOADS_REPLICAS=3 before the first upload.",
        )


def secrets() -> Iterator[tuple[str, str, str]]:
    """Who else on this machine may read them."""
    paths = {"NATS_FILES_DATA": str(settings.DATA_FOLDER), "NATS_CREDS": settings.NATS.credentials, "NATS_TLS_KEY": settings.NATS.tls_key}
    seed = settings.NATS.nkey_seed
    if seed and not seed.startswith("SU") and not settings.EMBEDDED_NATS:
        paths["NATS_NKEY_SEED"] = seed
    for number, (name, path) in enumerate(paths.items()):
        if path and _others_may_read(Path(path)):
            yield f"W04{number}", f"{name}: other users of this machine can read {path}.", f"chmod go-rwx {path}"


def _others_may_read(path: Path) -> bool:
    try:
        mode = path.stat()
    except OSError:
        return False
    return bool(mode.st_mode & stat.S_IRWXO) and mode.st_uid == os.getuid()


def exposed() -> Iterator[tuple[str, str, str]]:
    """For sites that others can reach."""
    if not settings.HTTPS:
        yield (
            "W050",
            "Without HTTPS passwords and files travel readable for others.",
            "Let a proxy end HTTPS, and set HTTPS=1 and BEHIND_PROXY=1.",
        )
    elif not settings.SECURE_HSTS_SECONDS:
        yield "W051", "Browsers may be led to the site without HTTPS.", "Set HSTS_SECONDS, to 31536000 once all works."
    if settings.BEHIND_PROXY and settings.FORWARDED_ALLOW_IPS == "*" and _is_public(settings.HOST):
        yield (
            "W011",
            "With FORWARDED_ALLOW_IPS=* whoever reaches the site directly may pretend to be any address.",
            "Name the proxy's address or network.",
        )
    if settings.DEBUG and not _is_public(settings.HOST):
        yield "W052", "DEBUG shows settings and code to everybody.", "Unset DEBUG."
    way = settings.NATS.password or settings.NATS.token
    plain = [server for server in settings.NATS.servers if _is_plain(server)]
    if way and plain and not settings.NATS.tls_ca:
        yield (
            "W053",
            "The password or token for NATS travels unencrypted to another machine.",
            "Write tls:// in NATS_URL, or use NATS_CREDS or NATS_NKEY_SEED, which prove without telling.",
        )


def _is_plain(server: str) -> bool:
    parts = urlsplit(server)
    return parts.scheme in ("nats", "ws") and _is_public(parts.hostname or "")


def _messages(*checks: CheckFunction) -> list[CheckMessage]:
    return [Warning(what, hint=hint, id=f"nats_files.{number}") for check in checks for number, what, hint in check()]


@register(Tags.security)
def always(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    return _messages(network, https, replicas, limits, secrets)


@register(Tags.security, deploy=True)
def deployed(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    return _messages(exposed)
