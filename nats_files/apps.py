"""The project as an app: its commands, and its checks of the configuration."""

from django.apps import AppConfig


class NatsFilesConfig(AppConfig):
    name = "nats_files"

    def ready(self) -> None:
        from . import checks  # noqa: F401 - they register themselves
