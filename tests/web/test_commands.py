"""create_token and grant."""

import io
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.utils import timezone

from buckets.models import ApiToken, Grant
from buckets.services import tokens

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada")


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


def test_create_token_prints_a_token_that_works(ada: User) -> None:
    token = run("create_token", "ada", "--name", "backup")
    assert async_to_sync(tokens.find_user)(token) == ada
    stored = ApiToken.objects.get()
    assert (stored.name, stored.expires) == ("backup", None)
    assert token not in repr(vars(stored))


def test_create_token_prints_another_one_each_time(ada: User) -> None:
    assert run("create_token", "ada") != run("create_token", "ada")


def test_create_token_sets_when_it_expires(ada: User) -> None:
    run("create_token", "ada", "--days", "30")
    expires = ApiToken.objects.get().expires
    assert expires is not None
    assert abs(expires - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)


@pytest.mark.parametrize("arguments", [["nobody"], ["ada", "--days", "0"], ["ada", "--days", "99999999"], ["ada", "--name", "x" * 101]])
def test_create_token_says_what_is_wrong(ada: User, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run("create_token", *arguments)
    assert not ApiToken.objects.exists()


def test_create_token_refuses_an_inactive_user(ada: User) -> None:
    ada.is_active = False
    ada.save()
    with pytest.raises(CommandError, match="not active"):
        run("create_token", "ada")


def test_grant_gives_replaces_and_takes_a_role(ada: User) -> None:
    run("grant", "ada", "reports", "viewer")
    run("grant", "ada", "reports", "editor")
    assert [(grant.bucket, grant.user, grant.role) for grant in Grant.objects.all()] == [("reports", ada, "editor")]
    run("grant", "ada", "reports", "none")
    assert not Grant.objects.exists()


def test_grant_gives_a_group_a_role_in_every_bucket() -> None:
    team = Group.objects.create(name="team")
    run("grant", "@team", "*", "admin")
    assert [(grant.bucket, grant.user, grant.group, grant.role) for grant in Grant.objects.all()] == [("*", None, team, "admin")]


@pytest.mark.parametrize(
    "arguments", [["nobody", "reports", "viewer"], ["@nobody", "reports", "viewer"], ["ada", "a b", "viewer"], ["ada", "reports", "owner"]]
)
def test_grant_says_what_is_wrong(ada: User, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run("grant", *arguments)
    assert not Grant.objects.exists()
