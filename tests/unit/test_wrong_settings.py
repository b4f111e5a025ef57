"""Every setting with a value that cannot be right: the start ends with one line that names it. What may be a mistake, ``check`` tells."""

import importlib.util
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from buckets.objectstore import ConnectOptions
from nats_files import checks
from nats_files import settings as settings_file

DOCUMENTED = re.findall(r"^\| `([A-Z_]+)`", (Path(__file__).parent.parent.parent / "docs" / "configuration.md").read_text(), re.MULTILINE)
NUMBER = ["-1", "many", "1.5"]
FLAG = ["2", "maybe"]
SECONDS = ["0", "soon", "nan"]
FILE = ["/nowhere/at/all", "/"]
SERVER = {"NATS_URL": "nats://a"}
# Values that cannot be right, and with what else they are set. "{tmp}" is a folder, "{text}" a file with some words in it.
WRONG: dict[str, tuple[list[str], dict[str, str]]] = {
    "HOST": (["http://0.0.0.0", "127.0.0.1:8000", "a b", "127.0.0.1.1"], {}),
    "PORT": ([*NUMBER, "65536"], {}),
    "ALLOWED_HOSTS": (["https://files.example.org", "a.example:8000", "a.example/x", "a.example,b c"], {}),
    "MAX_CONNECTIONS": ([*NUMBER, "1"], {}),
    "NATS_FILES_DATA": (["{text}", "{text}/below", "/proc/nowhere"], {}),
    "NATS_FILES_STATIC": (["{text}"], {}),
    "NATS_FILES_ADMIN_PASSWORD": (["short"], {}),
    "SECRET_KEY": (["guess me"], {}),
    "DATABASE_URL": (["oracle9://x", "files"], {}),
    "NATS_URL": (["http://a", "nats://", "nats://a:port", "nats://a:0", "nats://a,wss://b"], {}),
    "NATS_USER": (["u"], SERVER),
    "NATS_PASSWORD": (["p"], SERVER),
    "NATS_TOKEN": (["t"], {}),
    "NATS_CREDS": ([*FILE, "{text}"], SERVER),
    "NATS_NKEY_SEED": ([*FILE, "{text}", "SUnoseed", "SAAGW"], SERVER),
    "NATS_TLS_CA": ([*FILE, "{text}"], SERVER),
    "NATS_TLS_CERT": ([*FILE, "{text}"], {**SERVER, "NATS_TLS_KEY": "{text}"}),
    "NATS_TLS_KEY": ([*FILE, "{text}"], {**SERVER, "NATS_TLS_CERT": "{text}"}),
    "NATS_JS_DOMAIN": (["a.b", "a b", "*"], SERVER),
    "NATS_INBOX_PREFIX": (["a b", "a.>", ".a"], {}),
    "NATS_RECONNECT_WAIT": (SECONDS, {}),
    "NATS_REQUEST_TIMEOUT": (SECONDS, {}),
    "NATS_UPLOADS_REPLICAS": ([*NUMBER, "0", "6"], {}),
    "UPKEEP_MINUTES": (NUMBER, {}),
    "MAX_UPLOAD_BYTES": ([*NUMBER, "1 GB"], {}),
    "MAX_FORM_BYTES": ([*NUMBER, "0"], {}),
    "MAX_TRANSFERS": ([*NUMBER, "0"], {}),
    "MAX_TRANSFERS_PER_USER": ([*NUMBER, "0"], {}),
    "MAX_WAITING_TRANSFERS": (NUMBER, {}),
    "TRANSFER_WAIT_SECONDS": (SECONDS, {}),
    "TRANSFER_STALL_SECONDS": (SECONDS, {}),
    "SHUTDOWN_SECONDS": (SECONDS, {}),
    "DASHBOARD_BUCKETS": ([*NUMBER, "0"], {}),
    "UPLOAD_HOURS": ([*NUMBER, "0"], {}),
    "THUMBNAIL_BYTES": (NUMBER, {}),
    "SESSION_SECONDS": ([*NUMBER, "1"], {}),
    "HTTPS": (FLAG, {}),
    "BEHIND_PROXY": (FLAG, {}),
    "FORWARDED_ALLOW_IPS": (["proxy", "10.0.0.0/64", "10.0.0.0.0"], {}),
    "CSRF_TRUSTED_ORIGINS": (["files.example.org", "https://a.example/path"], {}),
    "HSTS_SECONDS": ([*NUMBER, "60"], {}),
    "LOG_LEVEL": (["LOUD"], {}),
    "LOG_FORMAT": (["xml"], {}),
    "ACCESS_LOG": (FLAG, {}),
    "METRICS": (["public", "1"], {}),
    "METRICS_TOKEN": (["guess me"], {}),
    "METRICS_BUCKETS": (NUMBER, {}),
    "DEBUG": (FLAG, {}),
}


def test_every_setting_is_tried() -> None:
    assert sorted(WRONG) == sorted(DOCUMENTED)


def cases() -> Iterator[tuple[str, str]]:
    return ((name, value) for name, (values, _) in WRONG.items() for value in values)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("settings")
    (folder / "text").write_text("These are just words.\n")
    return folder


@pytest.fixture
def start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reads the settings anew from an environment of its own."""

    def read(**variables: str) -> dict[str, Any]:
        for name in os.environ.keys() & set(WRONG):
            monkeypatch.delenv(name)
        monkeypatch.setenv("NATS_FILES_DATA", str(folder / "data"))
        for name, value in variables.items():
            monkeypatch.setenv(name, value.format(text=folder / "text", tmp=folder))
        monkeypatch.setattr("nats_files.staticversion.of", lambda path: "0" * 12)
        spec = importlib.util.spec_from_file_location("nats_files.settings_anew", settings_file.__file__)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return vars(module)

    return read


@pytest.mark.parametrize(("name", "value"), list(cases()))
def test_a_value_that_cannot_be_right_ends_the_start(start: Any, name: str, value: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        start(**(WRONG[name][1] | {name: value}))
    words = str(refused.value)
    assert "\n" not in words
    assert name in words or (name == "NATS_TOKEN" and "NATS_URL" in words)
    if name in ("SECRET_KEY", "METRICS_TOKEN", "NATS_FILES_ADMIN_PASSWORD", "NATS_PASSWORD", "NATS_TOKEN", "NATS_NKEY_SEED"):
        assert value not in words.split()


def test_what_is_right_is_taken(start: Any) -> None:
    read = start(HOST="::", ALLOWED_HOSTS="files.example.org,.example.org,10.0.0.1,[fe80::1]", FORWARDED_ALLOW_IPS="10.0.0.0/8, ::1")
    assert (read["HOST"], read["FORWARDED_ALLOW_IPS"]) == ("::", "10.0.0.0/8,::1")
    assert read["ALLOWED_HOSTS"][:4] == ["files.example.org", ".example.org", "10.0.0.1", "[fe80::1]"]
    assert start(NATS_URL="tls://a,nats://b:4222", NATS_INBOX_PREFIX="_INBOX.site", NATS_JS_DOMAIN="hub")["NATS"].domain == "hub"


@pytest.mark.parametrize(
    ("number", "variables"),
    [
        ("W001", {"DEBUG": True, "HOST": "0.0.0.0"}),
        ("W002", {"HOST": "::", "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"]}),
        ("W003", {"ALLOWED_HOSTS": ["*"]}),
        ("W010", {"BEHIND_PROXY": False}),
        ("W012", {"BEHIND_PROXY": False, "FORWARDED_ALLOW_IPS": "10.0.0.0/8"}),
        ("W013", {"HTTPS": True, "CSRF_TRUSTED_ORIGINS": ["http://a.example"]}),
        ("W020", {"SECRET_KEY_SET": False}),
        ("W021", {"EMBEDDED_NATS": True}),
        ("W030", {"MAX_TRANSFERS": 4, "MAX_TRANSFERS_PER_USER": 5}),
        ("W031", {"MAX_CONNECTIONS": 500}),
        ("W032", {"MAX_UPLOAD_BYTES": 100}),
        ("W033", {"NATS": ConnectOptions(servers=("nats://a", "nats://b"))}),
        ("W011", {"BEHIND_PROXY": True, "FORWARDED_ALLOW_IPS": "*", "HOST": "0.0.0.0"}),
        ("W050", {"HTTPS": False}),
        ("W051", {"SECURE_HSTS_SECONDS": 0}),
        ("W052", {"DEBUG": True}),
        ("W053", {"NATS": ConnectOptions(servers=("nats://a.example",), user="u", password="p")}),
    ],
)
def test_what_may_be_a_mistake_is_told(settings: Settings, number: str, variables: dict[str, Any]) -> None:
    assert number not in told()
    for name, value in variables.items():
        assert hasattr(site, name)
        setattr(settings, name, value)
    assert number in told()


@pytest.fixture(autouse=True)
def sane(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that others reach as they should, whatever the tests run with."""
    settings.DEBUG, settings.HTTPS, settings.BEHIND_PROXY, settings.SECURE_HSTS_SECONDS = False, True, True, 60
    settings.HOST, settings.ALLOWED_HOSTS, settings.FORWARDED_ALLOW_IPS = "127.0.0.1", ["files.example.org"], "127.0.0.1"
    monkeypatch.setattr(checks, "_is_shared", lambda engine: True)  # the tests' own database cannot be another one
    settings.NATS, settings.EMBEDDED_NATS, settings.SECRET_KEY_SET = ConnectOptions(), False, True


def told() -> set[str]:
    return {str(each.id).removeprefix("nats_files.") for each in (*checks.always(None), *checks.deployed(None))}


def test_what_others_on_the_machine_can_read_is_told(settings: Settings, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch(0o600)
    settings.DATA_FOLDER, settings.NATS = tmp_path, ConnectOptions(tls_key=str(key))
    tmp_path.chmod(0o700)
    assert [each for each in told() if each.startswith("W04")] == []
    key.chmod(0o644)
    assert [each for each in told() if each.startswith("W04")] == ["W042"]
    tmp_path.chmod(0o755)
    assert {each for each in told() if each.startswith("W04")} == {"W040", "W042"}
