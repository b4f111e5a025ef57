"""compose.yaml's NATS server: its configuration, read from the file and run."""

import re
import socket
import textwrap
from pathlib import Path

import nats

from tests.natsserver import NatsServer
from tests.serve.process import ROOT

COMPOSE = (ROOT / "compose.yaml").read_text()


def configuration(password: str, store: Path) -> str:
    found = re.search(r"content: \|\n((?: {6}.*\n)+)", COMPOSE)
    assert found
    return re.sub(r"\$\{NATS_PASSWORD:\?[^}]*\}", password, textwrap.dedent(found[1])).replace("/data", str(store))


def test_a_password_has_to_be_chosen() -> None:
    uses = re.findall(r"\$\{NATS_PASSWORD(.*?)\}", COMPOSE)
    assert len(uses) == 2
    assert all(use.startswith(":?") for use in uses)


def test_the_password_is_on_no_command_line() -> None:
    assert [line for line in COMPOSE.splitlines() if "command:" in line and "PASSWORD" in line] == []


async def test_the_server_has_jetstream_and_lets_only_the_site_in(tmp_path: Path) -> None:
    server = NatsServer()
    server._config.write_text(f"listen: 127.0.0.1:{server.port}\n{configuration('chosen', tmp_path)}")
    server.start()
    try:
        client = await nats.connect(server.url, user="files", password="chosen")
        await client.jetstream().account_info()
        await client.close()
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as stranger:
            stranger.sendall(b'CONNECT {"user": "files", "pass": "guessed"}\r\nPING\r\n')
            with stranger.makefile("rb") as said:
                assert b"-ERR 'Authorization Violation'\r\n" in list(said)
    finally:
        server.remove()
