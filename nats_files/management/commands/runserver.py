"""``manage.py runserver``: Daphne's development server, beside an embedded NATS server if it needs one."""

import os
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from daphne.management.commands.runserver import Command as DaphneRunserver
from django.conf import settings
from django.core.management.base import CommandError
from django.utils.autoreload import DJANGO_AUTORELOAD_ENV

from nats_files.embedded import AlreadyRunning, EmbeddedServer, EmbeddedServerError


class Command(DaphneRunserver):  # type: ignore[misc]
    def handle(self, *args: Any, **options: Any) -> None:
        with ExitStack() as running:
            if settings.EMBEDDED_NATS and DJANGO_AUTORELOAD_ENV not in os.environ:
                self._start_nats(running)
            super().handle(*args, **options)

    def _start_nats(self, running: ExitStack) -> None:
        try:
            own = running.enter_context(EmbeddedServer(settings.EMBEDDED_FOLDER))
        except AlreadyRunning:
            self.stdout.write("The embedded NATS server that is already running is used.")
        except EmbeddedServerError as error:
            raise CommandError(str(error)) from None
        else:
            settings.NATS = replace(settings.NATS, servers=(own.url,))
