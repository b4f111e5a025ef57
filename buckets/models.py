"""What the database keeps: who may do what, the tokens of scripts, failed log-ins, and long work under way. Objects and buckets live in
NATS."""

from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from .objectstore.names import BUCKET_NAME_RULE, MAX_BUCKET_NAME
from .roles import Role

EVERY_BUCKET = "*"
_ROLES = [(role.value, role.value.capitalize()) for role in Role]
_TO_ONE = "A grant is to either a user or a group."


class Grant(models.Model):
    """A role in one bucket, or in every bucket ("*"), for one user or for one group.

    It is by the bucket's name: the bucket need not exist yet, and whoever deletes the bucket here deletes its grants.
    """

    bucket = models.CharField(
        max_length=MAX_BUCKET_NAME,
        validators=[RegexValidator(r"^([a-zA-Z0-9_-]+|\*)\Z", BUCKET_NAME_RULE + " “*” means every bucket.")],
        help_text="A bucket's name, or * for every bucket.",
    )
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="grants")
    group = models.ForeignKey(Group, models.CASCADE, null=True, blank=True, related_name="grants")
    role = models.CharField(max_length=10, choices=_ROLES, default=Role.VIEWER.value)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("bucket", "id")
        constraints = (
            models.CheckConstraint(
                name="grant_to_user_or_group",
                condition=Q(user__isnull=False, group__isnull=True) | Q(user__isnull=True, group__isnull=False),
                violation_error_message=_TO_ONE,
            ),
            models.CheckConstraint(name="grant_role_is_known", condition=Q(role__in=[role.value for role in Role])),
            models.UniqueConstraint(name="grant_once_per_user", fields=["bucket", "user"], condition=Q(user__isnull=False)),
            models.UniqueConstraint(name="grant_once_per_group", fields=["bucket", "group"], condition=Q(group__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.user or self.group}: {self.role} of {self.bucket}"

    def clean(self) -> None:
        if (self.user is None) == (self.group is None):
            raise ValidationError(_TO_ONE)


class ApiToken(models.Model):
    """A script's way in, with the rights of its user. The token itself is shown once; only its SHA-256 is kept (hexadecimal)."""

    LAST_USED_EVERY = timedelta(minutes=1)

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    last_used = models.DateTimeField(null=True, editable=False)
    expires = models.DateTimeField(null=True, blank=True, help_text="Empty: it does not expire.")

    class Meta:
        ordering = ("-created",)
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name or 'token'} of {self.user}"

    @property
    def expired(self) -> bool:
        return self.expires is not None and self.expires <= timezone.now()


class LoginAttempt(models.Model):
    """An attempt to log in that has not succeeded, kept for some minutes: see ``services.logins``."""

    MAX_NAME = 150

    name = models.CharField(max_length=MAX_NAME, db_index=True)
    address = models.CharField(max_length=45, db_index=True)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.name} from {self.address}"


class Job(models.Model):
    """Long work on a bucket, the newest of its kind (``services.jobs``). Any process of the site reads it; the one that runs it writes."""

    bucket = models.CharField(max_length=MAX_BUCKET_NAME)
    kind = models.CharField(max_length=20)
    action = models.CharField(max_length=20)
    run = models.CharField(max_length=32)
    user = models.CharField(max_length=150)
    started = models.DateTimeField()
    updated = models.DateTimeField()
    ended = models.DateTimeField(null=True)
    cancel = models.BooleanField(default=False)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    total_size = models.BigIntegerField(default=0)
    outcome = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(name="job_once_per_kind", fields=["bucket", "kind"]),)

    def __str__(self) -> str:
        return f"{self.kind} of {self.bucket}"
