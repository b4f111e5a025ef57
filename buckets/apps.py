"""The one Django app."""

from django.apps import AppConfig


class BucketsConfig(AppConfig):
    name = "buckets"
    verbose_name = "NATS Files"
    default_auto_field = "django.db.models.BigAutoField"
