"""The first administrator, without whom nobody could log in."""

import secrets

from django.contrib.auth import get_user_model

NAME = "admin"


def create(password: str | None) -> str | None:
    """Create the administrator ``admin`` unless there is a superuser or a user of that name; its password, None if it was not created.

    Without ``password`` a random one is made.
    """
    users = get_user_model()._default_manager
    if users.filter(is_superuser=True).exists() or users.filter(username=NAME).exists():
        return None
    password = password or secrets.token_urlsafe(12)
    get_user_model().objects.create_superuser(username=NAME, password=password)
    return password
