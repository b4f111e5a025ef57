"""Whose pages may open a WebSocket."""

import pytest
from pytest_django import Settings

from nats_files.origins import is_allowed


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        ("http://files.example.org", "files.example.org", True),
        ("https://files.example.org", "files.example.org", True),
        ("https://Files.Example.org", "files.example.ORG", True),
        ("https://files.example.org", "files.example.org:443", True),
        ("http://files.example.org:8000", "files.example.org:8000", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("http://files.example.org:9000", "files.example.org:8000", False),
        ("http://files.example.org", "files.example.org:8000", False),
        ("http://files.example.org:8000", "files.example.org", False),
        ("http://files.example.org", "files.example.org:443", False),
        ("http://other.example.org", "files.example.org", False),
        ("http://rebound.example", "rebound.example", False),
        ("ftp://files.example.org", "files.example.org", False),
        ("null", "files.example.org", False),
        ("", "files.example.org", False),
        ("http://", "", False),
        ("http://files.example.org:x", "files.example.org:x", False),
        ("http://[", "[", False),
    ],
)
def test_a_page_of_the_same_host_and_port_may(origin: str, host: str, allowed: bool, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["files.example.org", "[::1]"]
    assert is_allowed(origin, host) is allowed


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://outside.example", True),
        ("http://outside.example", False),
        ("https://outside.example:8443", False),
        ("https://a.many.example", True),
        ("https://many.example.evil", False),
    ],
)
def test_a_page_of_a_trusted_origin_may(origin: str, allowed: bool, settings: Settings) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://outside.example", "https://*.many.example"]
    assert is_allowed(origin, "inside:8000") is allowed


def test_with_https_a_page_that_came_without_it_may_not(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["files.example.org"]
    settings.HTTPS = True
    assert is_allowed("https://files.example.org", "files.example.org")
    assert not is_allowed("http://files.example.org", "files.example.org")
