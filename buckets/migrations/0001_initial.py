"""Grants and API tokens."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(blank=True, max_length=100)),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("last_used", models.DateTimeField(editable=False, null=True)),
                ("expires", models.DateTimeField(blank=True, help_text="Empty: it does not expire.", null=True)),
                (
                    "user",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="api_tokens", to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "verbose_name": "API token",
                "ordering": ("-created",),
            },
        ),
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "bucket",
                    models.CharField(
                        help_text="A bucket's name, or * for every bucket.",
                        max_length=128,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^([a-zA-Z0-9_-]+|\\*)\\Z",
                                "A bucket name has letters, digits, '-' and '_' only, and 1 to 128 of them. “*” means every bucket.",
                            )
                        ],
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("viewer", "Viewer"), ("editor", "Editor"), ("admin", "Admin")], default="viewer", max_length=10
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "group",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="grants", to="auth.group"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="grants",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("bucket", "id"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("group__isnull", True), ("user__isnull", False)),
                            models.Q(("group__isnull", False), ("user__isnull", True)),
                            _connector="OR",
                        ),
                        name="grant_to_user_or_group",
                        violation_error_message="A grant is to either a user or a group.",
                    ),
                    models.CheckConstraint(condition=models.Q(("role__in", ["viewer", "editor", "admin"])), name="grant_role_is_known"),
                    models.UniqueConstraint(
                        condition=models.Q(("user__isnull", False)), fields=("bucket", "user"), name="grant_once_per_user"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("group__isnull", False)), fields=("bucket", "group"), name="grant_once_per_group"
                    ),
                ],
            },
        ),
    ]
