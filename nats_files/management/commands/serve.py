"""``manage.py serve``: everything there is to running the site."""

import socket
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from nats_files import database, firstadmin, serving
from nats_files.embedded import EmbeddedServer, EmbeddedServerError


class Command(BaseCommand):
    help = "Starts the embedded NATS server (unless NATS_URL is set), brings the database up to date and serves the site."

    def handle(self, *args: Any, **options: Any) -> None:
        stopper = serving.Stopper()
        serving.raise_open_files()
        with ExitStack() as running:
            listener = running.enter_context(closing(self._bind()))
            self._start_nats(running)
            password = self._prepare_database()
            site = serving.Site(lambda: self._announce(listener, password))
            stopper.site = site
            site.run(sockets=[listener])

    def _bind(self) -> socket.socket:
        try:
            return serving.bind(settings.HOST, settings.PORT)
        except OSError as error:
            where = f"{settings.HOST} port {settings.PORT}"
            raise CommandError(f"Cannot listen on {where}: {error.strerror}. HOST and PORT choose another address.") from None

    def _start_nats(self, running: ExitStack) -> None:
        if not settings.EMBEDDED_NATS:
            return
        try:
            own = running.enter_context(EmbeddedServer(settings.EMBEDDED_FOLDER))
        except EmbeddedServerError as error:
            raise CommandError(str(error)) from None
        settings.NATS = replace(settings.NATS, servers=(own.url,))

    def _prepare_database(self) -> str | None:
        try:
            with database.prepared_by_one():
                call_command("migrate", interactive=False, verbosity=0)
                return firstadmin.create(settings.ADMIN_PASSWORD)
        except DatabaseError as error:
            raise CommandError(f"The database cannot be used: {error}") from None

    def _announce(self, listener: socket.socket, password: str | None) -> None:
        facts = [("Address", serving.address(listener)), *self._login(password), ("NATS", self._nats())]
        if settings.HOST not in ("127.0.0.1", "localhost", "::1") and settings.ALLOWED_HOSTS == settings.LOOPBACK_HOSTS:
            facts.append(("Note", "Set ALLOWED_HOSTS to the names and addresses by which other machines reach this one."))
        lines = ["", "NATS Files is running. Ctrl-C stops it.", "", *(f"  {name:<10}{value}" for name, value in facts), ""]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()

    def _login(self, password: str | None) -> list[tuple[str, str]]:
        if password is None:
            return []
        shown = "as set in NATS_FILES_ADMIN_PASSWORD" if settings.ADMIN_PASSWORD else f"{password}   (shown only now)"
        return [("Name", firstadmin.NAME), ("Password", shown)]

    def _nats(self) -> str:
        if settings.EMBEDDED_NATS:
            return f"embedded server, with its files in {settings.EMBEDDED_FOLDER}"
        return ", ".join(urlsplit(server).netloc.rpartition("@")[2] for server in settings.NATS.servers)
