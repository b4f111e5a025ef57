"""``manage.py grant USER_OR_@GROUP BUCKET ROLE``: give a role in a bucket, or take it away."""

from typing import Any

from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from buckets.models import EVERY_BUCKET, Grant
from buckets.roles import Role

NO_ROLE = "none"


class Command(BaseCommand):
    help = "Give a user or a group a role in a bucket; a second grant replaces the first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("who", help="a user's name, or a group's with @ in front")
        parser.add_argument("bucket", help=f"a bucket's name, or {EVERY_BUCKET} for every bucket")
        parser.add_argument("role", choices=[*Role, NO_ROLE], help=f"{NO_ROLE} takes the grant away")

    def handle(self, *args: Any, **options: Any) -> None:
        who, bucket, role = options["who"], options["bucket"], options["role"]
        holder = _holder(who)
        if role == NO_ROLE:
            Grant.objects.filter(bucket=bucket, **holder).delete()
            self.stdout.write(f"{who} has no grant of its own in {bucket}.")
            return
        grant = Grant.objects.filter(bucket=bucket, **holder).first() or Grant(bucket=bucket, **holder)
        grant.role = role
        try:
            grant.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        grant.save()
        self.stdout.write(f"{who} is {role} of {bucket}.")


def _holder(who: str) -> dict[str, User | Group]:
    """The grant's field and value for ``who``."""
    if who.startswith("@"):
        group = Group.objects.filter(name=who[1:]).first()
        if group is None:
            raise CommandError(f"There is no group “{who[1:]}”.")
        return {"group": group}
    user = User.objects.filter(username=who).first()
    if user is None:
        raise CommandError(f"There is no user “{who}”. (A group has @ in front.)")
    return {"user": user}
