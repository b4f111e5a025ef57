"""``manage.py serve``, run for real."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from tests.natsserver import NatsServer, free_port
from tests.serve.process import ROOT, Serve, until


def test_it_prints_address_and_password_and_one_can_log_in(tmp_path: Path) -> None:
    with Serve(tmp_path) as serve:
        serve.ready()
        assert serve.fact("Name") == "admin"
        password = serve.fact("Password").split()[0]
        with httpx.Client(base_url=serve.address, follow_redirects=True, timeout=30) as browser:
            browser.get("/login")
            form = {"username": "admin", "password": password, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
            answer = browser.post("/login", data=form, headers={"Referer": serve.address})
        assert (answer.status_code, answer.url.path) == (200, "/")


def test_the_site_is_ready_when_its_nats_server_is(tmp_path: Path) -> None:
    with Serve(tmp_path) as serve:
        serve.ready()
        until(lambda: serve.get("/readyz") == 200, serve)


def test_the_password_is_printed_at_the_first_start_only(tmp_path: Path) -> None:
    with Serve(tmp_path) as serve:
        assert serve.ready().fact("Password")
        serve.process.terminate()
        serve.wait()
    with Serve(tmp_path) as serve:
        assert serve.ready().fact("Password") == ""


def test_a_given_password_is_used_and_not_printed(tmp_path: Path) -> None:
    with Serve(tmp_path, NATS_FILES_ADMIN_PASSWORD="a very secret one") as serve:
        assert serve.ready().fact("Password") == "as set in NATS_FILES_ADMIN_PASSWORD"
        assert "a very secret one" not in serve.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_and_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    with Serve(tmp_path) as serve:
        nats_server = serve.ready().nats_server()
        serve.process.send_signal(number)
        assert serve.wait() == 0
        assert not nats_server.is_running()
        assert "Traceback" not in serve.output


def test_a_signal_during_the_start_leaves_no_process(tmp_path: Path) -> None:
    with Serve(tmp_path) as serve:
        nats_server = serve.nats_server()
        serve.process.terminate()
        assert serve.wait() == 0
        assert not nats_server.is_running()


def test_an_open_request_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    """Its own time is 5 seconds; the test allows for a slow machine."""
    with Serve(tmp_path) as serve:
        serve.ready()
        host, port = serve.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"PUT /api/v1/buckets/b/objects/o HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nxx")
            serve.process.terminate()
            assert serve.process.wait(20) == 0


def test_a_killed_nats_server_starts_again(tmp_path: Path) -> None:
    with Serve(tmp_path) as serve:
        first = serve.ready().nats_server()
        until(lambda: serve.get("/readyz") == 200, serve)
        port = serve.nats_port()
        first.kill()
        until(lambda: not first.is_running(), serve)
        assert serve.nats_server().pid != first.pid
        until(lambda: serve.get("/readyz") == 200, serve)
        assert serve.nats_port() == port


def test_a_killed_site_takes_its_nats_server_along_and_starts_again_on_its_data(tmp_path: Path) -> None:
    with Serve(tmp_path) as serve:
        nats_server = serve.ready().nats_server()
        serve.process.kill()
        until(lambda: not alive(nats_server), serve)
    with Serve(tmp_path) as serve:
        serve.ready()
        until(lambda: serve.get("/readyz") == 200, serve)


def test_without_nats_the_site_starts_and_says_so(tmp_path: Path) -> None:
    with Serve(tmp_path, NATS_URL=f"nats://127.0.0.1:{free_port()}") as serve:
        serve.ready()
        assert serve.get("/readyz") == 503
        assert serve.children() == []


def test_it_recovers_when_nats_comes(tmp_path: Path, fresh_nats_server: NatsServer) -> None:
    fresh_nats_server.stop()
    with Serve(tmp_path, NATS_URL=fresh_nats_server.url, NATS_RECONNECT_WAIT="0.1") as serve:
        serve.ready()
        assert serve.get("/readyz") == 503
        fresh_nats_server.start()
        until(lambda: serve.get("/readyz") == 200, serve)


def test_the_address_of_a_nats_server_is_printed_without_its_password(tmp_path: Path) -> None:
    with Serve(tmp_path, NATS_URL="nats://me:secret@127.0.0.1:4999") as serve:
        assert serve.ready().fact("NATS") == "127.0.0.1:4999"
        assert "secret@" not in serve.output


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with Serve(tmp_path, PORT=port) as serve:
            assert serve.wait() == 1
            assert serve.output.count("\n") == 1
            assert f"127.0.0.1 port {port}" in serve.output


def test_a_second_site_on_the_same_data_folder_is_refused(tmp_path: Path) -> None:
    with Serve(tmp_path) as first:
        first.ready()
        environment = {"PATH": os.environ["PATH"], "NATS_FILES_DATA": str(tmp_path / "data"), "PORT": "0"}
        command = [sys.executable, "manage.py", "serve"]
        second = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
        assert second.returncode == 1
        assert "Another NATS Files is running" in second.stderr
        assert first.get("/healthz") == 200


def test_the_database_can_be_written_while_it_is_read(tmp_path: Path) -> None:
    with Serve(tmp_path) as serve:
        serve.ready()
        with sqlite3.connect(tmp_path / "data" / "site.sqlite3") as database:
            assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        database.close()


def test_runserver_serves_with_daphne_and_has_a_nats_server_too(tmp_path: Path) -> None:
    port = free_port()
    with Serve(tmp_path, "migrate") as migrate:
        assert migrate.wait() == 0
    with Serve(tmp_path, "runserver", f"127.0.0.1:{port}", "--noreload") as serve:
        until(lambda: answers(port), serve)
        nats_server = serve.nats_server()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as browser:
            until(lambda: browser.get("/readyz").status_code == 200, serve)
            page = browser.get("/login")
            style = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
            assert browser.get(style).headers["content-type"].startswith("text/css")
        serve.process.send_signal(signal.SIGINT)
        serve.wait()
        until(lambda: not alive(nats_server), serve)


def test_static_files_are_kept_by_browsers_and_have_an_etag(tmp_path: Path) -> None:
    with Serve(tmp_path) as serve:
        serve.ready()
        with httpx.Client(base_url=serve.address) as browser:
            style = browser.get("/login").text.partition('rel="stylesheet" href="')[2].partition('"')[0]
            first = browser.get(style)
            again = browser.get(style, headers={"If-None-Match": first.headers["etag"]})
        assert (first.status_code, again.status_code) == (200, 304)
        assert "max-age=31536000" in first.headers["cache-control"]
        assert first.headers["x-content-type-options"] == "nosniff"


def alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    except httpx.TransportError:
        return False
