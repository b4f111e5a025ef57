"""``manage.py create_token USER [--name NAME] [--days N]``: an API token, printed once."""

from datetime import datetime, timedelta
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from buckets.services import tokens

MAX_DAYS = 36_500


class Command(BaseCommand):
    help = "Print a new API token of a user. It is shown this once: only its SHA-256 is stored."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="", help="what it is for")
        parser.add_argument("--days", type=int, help="expires after so many days; without it, never")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user “{options['username']}”.")
        if not user.is_active:
            raise CommandError(f"The user “{options['username']}” is not active: a token would not work.")
        token = async_to_sync(tokens.issue)(user, name=_name(options["name"]), expires=_expiry(options["days"]))
        self.stdout.write(token)


def _name(name: str) -> str:
    if len(name) > 100:
        raise CommandError("A token's name has 100 characters at most.")
    return name


def _expiry(days: int | None) -> datetime | None:
    if days is None:
        return None
    if not 1 <= days <= MAX_DAYS:
        raise CommandError(f"--days is a number from 1 to {MAX_DAYS:,}.")
    return timezone.now() + timedelta(days=days)
