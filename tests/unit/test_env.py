"""The typed readers, and what the settings make of the environment."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nkeys
import pytest
import trustme
from django.core.exceptions import ImproperlyConfigured

from buckets.objectstore import ConnectOptions
from nats_files import database, natsoptions
from nats_files.env import Env

ROOT = Path(__file__).parent.parent.parent


def env(**values: str) -> Env:
    return Env(values)


@pytest.mark.parametrize(
    ("read", "default", "value", "expected"),
    [
        (lambda e: e.text("X", "a"), "a", " b ", "b"),
        (lambda e: e.optional("X"), None, "b", "b"),
        (lambda e: e.choice("X", ("a", "b"), "a"), "a", "b", "b"),
        (lambda e: e.flag("X"), False, "Yes", True),
        (lambda e: e.flag("X", True), True, "0", False),
        (lambda e: e.whole("X", 5, 0, 10), 5, "10", 10),
        (lambda e: e.seconds("X", 2.0), 2.0, "0.5", 0.5),
        (lambda e: e.words("X", ("a",)), ("a",), " b, c,,", ("b", "c")),
        (lambda e: e.origins("X"), (), "https://a.example:8443", ("https://a.example:8443",)),
        (lambda e: e.servers("X"), (), "a.example, tls://b:4443", ("nats://a.example", "tls://b:4443")),
        (lambda e: e.file("X"), None, __file__, __file__),
    ],
)
def test_a_reader_gives_the_value_or_the_default(read: Callable[[Env], Any], default: Any, value: str, expected: Any) -> None:
    assert read(env()) == default
    assert read(env(X="")) == default
    assert read(env(X=value)) == expected


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda e: e.choice("X", ("a", "b"), "a"), "c"),
        (lambda e: e.flag("X"), "maybe"),
        (lambda e: e.whole("X", 5, 0, 10), "11"),
        (lambda e: e.whole("X", 5, 0, 10), "-1"),
        (lambda e: e.whole("X", 5), "1e3"),
        (lambda e: e.whole("X", 5), "²"),
        (lambda e: e.seconds("X", 2.0), "0"),
        (lambda e: e.seconds("X", 2.0), "nan"),
        (lambda e: e.seconds("X", 2.0), "soon"),
        (lambda e: e.folder("X", Path()), __file__),
        (lambda e: e.file("X"), "/nowhere/at/all"),
        (lambda e: e.origins("X"), "a.example"),
        (lambda e: e.origins("X"), "https://a.example/path"),
        (lambda e: e.servers("X"), "http://a.example"),
        (lambda e: e.servers("X"), "nats://"),
        (lambda e: e.servers("X"), "nats://a:port"),
    ],
)
def test_a_bad_value_names_the_variable(read: Callable[[Env], Any], value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^X "):
        read(env(X=value))


def test_every_way_to_authenticate_reaches_the_store(tmp_path: Path) -> None:
    files = {name: str(tmp_path / name) for name in ("creds", "ca", "cert", "key")}
    authority = trustme.CA()
    own = authority.issue_cert("client.example")
    authority.cert_pem.write_to_path(files["ca"])
    own.cert_chain_pems[0].write_to_path(files["cert"])
    own.private_key_pem.write_to_path(files["key"])
    Path(files["creds"]).write_text("-----BEGIN NATS USER JWT-----\n…\n-----BEGIN USER NKEY SEED-----\n…\n")
    seed = bytes(nkeys.encode_seed(bytes(32), nkeys.PREFIX_BYTE_USER)).decode()
    variables = {
        "NATS_URL": "nats://a,nats://b", "NATS_CREDS": files["creds"], "NATS_NKEY_SEED": seed, "NATS_USER": "u", "NATS_PASSWORD": "p",
        "NATS_TOKEN": "t", "NATS_TLS_CA": files["ca"], "NATS_TLS_CERT": files["cert"], "NATS_TLS_KEY": files["key"],
        "NATS_JS_DOMAIN": "d", "NATS_RECONNECT_WAIT": "0.5", "NATS_REQUEST_TIMEOUT": "7", "NATS_INBOX_PREFIX": "_IN",
    }  # fmt: skip
    assert natsoptions.read(Env(variables), tmp_path) == ConnectOptions(
        servers=("nats://a", "nats://b"), credentials=files["creds"], nkey_seed=seed, user="u", password="p", token="t",
        tls_ca=files["ca"], tls_cert=files["cert"], tls_key=files["key"], domain="d", reconnect_wait=0.5, request_timeout=7.0,
        inbox_prefix="_IN",
    )  # fmt: skip


def test_without_a_server_the_embedded_one_is_used_with_a_seed_that_stays(tmp_path: Path) -> None:
    first, second = natsoptions.read(env(), tmp_path), natsoptions.read(env(), tmp_path)
    assert first == second
    assert first.servers[0].startswith("nats://127.0.0.1:")
    seed = Path(first.nkey_seed or "")
    assert seed.read_text().startswith("SU")
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("account.json", seed.name)] == [0o600, 0o600]
    assert first.password is None


@pytest.mark.parametrize(
    "variables",
    [
        {"NATS_TOKEN": "t"},
        {"NATS_URL": "nats://a", "NATS_USER": "u"},
        {"NATS_URL": "nats://a", "NATS_PASSWORD": "p"},
        {"NATS_URL": "nats://a", "NATS_TLS_CERT": __file__},
        {"NATS_URL": "nats://a", "NATS_NKEY_SEED": "/nowhere"},
    ],
)
def test_half_an_authentication_is_refused(variables: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured):
        natsoptions.read(Env(variables), tmp_path)


def test_sqlite_waits_for_its_lock_and_is_private(tmp_path: Path) -> None:
    read = database.read(env(), tmp_path / "site.sqlite3")
    assert read["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert (tmp_path / "site.sqlite3").stat().st_mode & 0o777 == 0o600


def test_a_database_address_is_read(tmp_path: Path) -> None:
    read = database.read(env(DATABASE_URL="postgres://u:p@db.example:5433/files"), tmp_path / "unused")
    assert (read["ENGINE"], read["HOST"], read["PORT"], read["NAME"]) == ("django.db.backends.postgresql", "db.example", 5433, "files")
    assert read["OPTIONS"] == {"pool": True}


def test_a_bad_database_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        database.read(env(DATABASE_URL="oracle9://x"), tmp_path / "unused")


def run_settings(folder: Path, code: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "NATS_FILES_DATA": str(folder), **variables}
    command = [sys.executable, "-c", f"from nats_files import settings; {code}"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


def test_the_secret_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first, second = (run_settings(tmp_path / "data", "print(settings.SECRET_KEY)").stdout for _ in range(2))
    assert first == second
    assert len(first) > 50
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_cookies_are_secure_with_https(tmp_path: Path) -> None:
    shown = "print(settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE)"
    assert run_settings(tmp_path, shown, HTTPS="1").stdout == "True True\n"
    assert run_settings(tmp_path, shown).stdout == "False False\n"


def test_a_proxy_is_believed_only_when_there_is_one(tmp_path: Path) -> None:
    shown = "print(settings.SECURE_PROXY_SSL_HEADER)"
    assert run_settings(tmp_path, shown, BEHIND_PROXY="1").stdout == "('HTTP_X_FORWARDED_PROTO', 'https')\n"
    assert run_settings(tmp_path, shown).stdout == "None\n"


def test_only_a_proxy_on_this_machine_is_believed_unless_others_are_named(tmp_path: Path) -> None:
    shown = "print(settings.FORWARDED_ALLOW_IPS)"
    assert run_settings(tmp_path, shown, BEHIND_PROXY="1").stdout == "127.0.0.1\n"
    assert run_settings(tmp_path, shown, BEHIND_PROXY="1", FORWARDED_ALLOW_IPS="10.0.0.0/8").stdout == "10.0.0.0/8\n"


def test_a_bad_value_ends_the_start_with_one_line(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "NATS_FILES_DATA": str(tmp_path), "PORT": "http"}
    done = subprocess.run([sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "NATS Files cannot start. PORT is a whole number from 0 to 65535, not 'http'.\n"
