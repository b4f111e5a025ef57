"""What stands in the Dockerfile and in the compose files fits together, and with the site's settings."""

import asyncio
import fnmatch
import socket
from pathlib import Path

import nats
import pytest

from nats_files import settings
from scripts import dockerfile
from tests.natsserver import NatsServer

from . import compose
from .compose import ROOT, Service, VariableMissing

STAGES = dockerfile.read((ROOT / "Dockerfile").read_text())
FILES = ("compose.yaml", "compose.small.yaml")
SECRETS = {"compose.yaml": {"NATS_PASSWORD", "POSTGRES_PASSWORD", "SECRET_KEY"}, "compose.small.yaml": {"NATS_PASSWORD"}}
each_file = pytest.mark.parametrize("file", FILES)


def services(file: str) -> dict[str, Service]:
    return compose.read(file, {name: f"chosen{name.replace('_', '')}" for name in SECRETS[file]})


def sites(file: str) -> list[Service]:
    return [service for service in services(file).values() if service.name.startswith("site")]


def let_in(path: str) -> bool:
    """Whether .dockerignore gives the file or folder to the build: the last line that fits decides."""
    found = True
    for line in (ROOT / ".dockerignore").read_text().split():
        if fnmatch.fnmatch(path, line.removeprefix("!").removeprefix("**/")):
            found = line.startswith("!")
    return found


def test_all_that_the_dockerfile_copies_is_there_and_let_in() -> None:
    assert len(dockerfile.sources(STAGES)) > 5
    assert [source for source in dockerfile.sources(STAGES) if not (ROOT / source).exists() or not let_in(source)] == []


def test_the_image_brings_all_of_the_sites_folders() -> None:
    folders = {settings.STATICFILES_DIRS[0], *settings.LOCALE_PATHS, *settings.TEMPLATES[0]["DIRS"], ROOT / "buckets", ROOT / "nats_files"}  # type: ignore[misc]
    assert {folder.name for folder in folders} <= {Path(source).name for source in dockerfile.sources(STAGES)}


def test_the_last_stage_runs_as_a_plain_user_and_installs_nothing() -> None:
    last = STAGES[-1]
    assert last.last("USER").text not in ("root", "0")
    assert last.last("CMD").command() == ["python", "manage.py", "serve"]
    assert "/healthz" in last.last("HEALTHCHECK").command()[-1]
    assert [step.text for step in last.steps if step.keyword == "RUN" and "install" in step.text.replace("uninstall", "")] == []


def test_the_image_sets_what_the_site_knows() -> None:
    names = {name for step in STAGES[-1].steps if step.keyword == "ENV" for name in step.variables({})}
    assert names - {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"} <= set(settings.env.names)


def test_an_instruction_that_is_not_understood_is_told() -> None:
    with pytest.raises(dockerfile.DockerfileError, match="ADD"):
        dockerfile.read("FROM x\nADD a b\n")


@each_file
def test_every_variable_of_a_site_is_a_setting(file: str) -> None:
    assert sites(file)
    assert {name for site in sites(file) for name in site.environment} - set(settings.env.names) == set()


@each_file
def test_secrets_have_to_be_chosen(file: str) -> None:
    for name in SECRETS[file]:
        with pytest.raises(VariableMissing, match=f"{name}: choose"):
            compose.read(file, {other: "chosen" for other in SECRETS[file] if other != name})


@each_file
def test_secrets_are_on_no_command_line(file: str) -> None:
    for service in services(file).values():
        words = [str(service.fields.get(name, "")) for name in ("command", "entrypoint", "healthcheck")]
        assert "chosen" not in "".join(words), service.name


@each_file
def test_a_site_can_write_nothing_but_its_data_and_temporary_files(file: str) -> None:
    for site in sites(file):
        assert (site.fields["read_only"], site.fields["tmpfs"], site.fields["cap_drop"]) == (True, ["/tmp"], ["ALL"])
        assert [volume.partition(":")[2] for volume in site.fields["volumes"]] == ["/data"]


@each_file
def test_ports_are_published_on_this_machine_only_unless_one_says_otherwise(file: str) -> None:
    ports = [port for service in services(file).values() for port in service.fields.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


@each_file
def test_what_can_be_set_is_documented(file: str) -> None:
    text = (ROOT / "docs" / "deployment.md").read_text()
    assert [name for name in compose.variables(file) if f"`{name}`" not in text] == []


def test_the_small_ones_server_has_jetstream_and_lets_only_the_site_in(tmp_path: Path) -> None:
    server = NatsServer()
    text = services("compose.small.yaml")["nats"].configs["/etc/nats/files.conf"]
    server._config.write_text(f"listen: 127.0.0.1:{server.port}\n{text.replace('/data', str(tmp_path))}")
    server.start()
    try:
        asyncio.run(has_jetstream(server.url, "files", "chosenNATSPASSWORD"))
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as stranger:
            stranger.sendall(b'CONNECT {"user": "files", "pass": "guessed"}\r\nPING\r\n')
            with stranger.makefile("rb") as said:
                assert b"-ERR 'Authorization Violation'\r\n" in list(said)
    finally:
        server.remove()


async def has_jetstream(url: str, user: str, password: str) -> None:
    client = await nats.connect(url, user=user, password=password)
    await client.jetstream().account_info()
    await client.close()
