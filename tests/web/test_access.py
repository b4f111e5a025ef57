"""Roles from grants."""

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from buckets.access import NotAllowed, NotVisible, Role, RoleMap, require, require_create, roles
from buckets.models import Grant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def user() -> User:
    return await User.objects.acreate(username="ada")


async def test_it_orders_the_roles() -> None:
    assert Role.VIEWER < Role.EDITOR < Role.ADMIN
    assert Role.ADMIN >= Role.EDITOR >= Role.EDITOR > Role.VIEWER
    assert max(Role.ADMIN, Role.VIEWER, Role.EDITOR) is Role.ADMIN
    assert not Role.ADMIN <= Role.EDITOR


async def test_it_gives_nothing_without_a_grant(user: User) -> None:
    assert (await roles(user)).of("reports") is None
    with pytest.raises(NotVisible):
        await require(user, "reports", Role.VIEWER)


async def test_it_gives_anonymous_and_inactive_users_nothing(user: User) -> None:
    await Grant.objects.acreate(bucket="*", user=user, role=Role.ADMIN)
    user.is_active = False
    assert await roles(user) == RoleMap()
    assert await roles(AnonymousUser()) == RoleMap()
    inactive_superuser = User(username="root", is_superuser=True, is_active=False)
    with pytest.raises(NotVisible):
        await require(inactive_superuser, "reports", Role.VIEWER)


async def test_it_counts_the_highest_of_own_group_and_every_bucket(user: User) -> None:
    group = await Group.objects.acreate(name="team")
    await user.groups.aadd(group)
    await Grant.objects.acreate(bucket="*", user=user, role=Role.VIEWER)
    await Grant.objects.acreate(bucket="reports", group=group, role=Role.EDITOR)
    await Grant.objects.acreate(bucket="reports", user=user, role=Role.VIEWER)
    held = await roles(user)
    assert (held.of("reports"), held.of("other")) == (Role.EDITOR, Role.VIEWER)


async def test_it_ignores_grants_of_others_and_of_other_groups(user: User) -> None:
    other = await User.objects.acreate(username="other")
    await Grant.objects.acreate(bucket="reports", user=other, role=Role.ADMIN)
    await Grant.objects.acreate(bucket="reports", group=await Group.objects.acreate(name="others"), role=Role.ADMIN)
    assert (await roles(user)).of("reports") is None


async def test_it_says_which_role_is_needed(user: User) -> None:
    await Grant.objects.acreate(bucket="reports", user=user, role=Role.VIEWER)
    assert await require(user, "reports", Role.VIEWER) is Role.VIEWER
    with pytest.raises(NotAllowed) as caught:
        await require(user, "reports", Role.EDITOR)
    assert caught.value.needed is Role.EDITOR


async def test_it_lets_superusers_do_everything() -> None:
    admin = await User.objects.acreate(username="root", is_superuser=True)
    assert await require(admin, "anything", Role.ADMIN) is Role.ADMIN
    await require_create(admin)


@pytest.mark.parametrize(("bucket", "role", "may"), [("*", Role.ADMIN, True), ("*", Role.EDITOR, False), ("reports", Role.ADMIN, False)])
async def test_it_lets_admins_of_every_bucket_create_buckets(user: User, bucket: str, role: Role, may: bool) -> None:
    await Grant.objects.acreate(bucket=bucket, user=user, role=role)
    assert (await roles(user)).may_create is may


def test_it_asks_the_database_once(django_user_model: type[User]) -> None:
    from asgiref.sync import async_to_sync

    user = django_user_model.objects.create_user("ada")
    for number in range(5):
        Grant.objects.create(bucket=f"b{number}", user=user, role=Role.VIEWER)
    with CaptureQueriesContext(connection) as queries:
        held = async_to_sync(roles)(user)
    assert held.of("b4") is Role.VIEWER
    assert len(queries) == 1


@pytest.mark.parametrize("fields", [{}, {"user": True, "group": True}, {"user": True, "role": "owner"}])
async def test_it_refuses_grants_that_are_not_to_one_user_or_one_group(user: User, fields: dict[str, object]) -> None:
    group = await Group.objects.acreate(name="team")
    values = {"role": Role.VIEWER} | fields | ({"user": user} if "user" in fields else {}) | ({"group": group} if "group" in fields else {})
    with pytest.raises(IntegrityError):
        await Grant.objects.acreate(bucket="reports", **values)


async def test_it_refuses_a_second_grant_for_the_same(user: User) -> None:
    await Grant.objects.acreate(bucket="reports", user=user, role=Role.VIEWER)
    with pytest.raises(IntegrityError):
        await Grant.objects.acreate(bucket="reports", user=user, role=Role.ADMIN)


async def test_it_refuses_a_grant_for_what_cannot_be_a_bucket(user: User) -> None:
    from django.core.exceptions import ValidationError

    for bucket in ("a b", "a.b", "", "**", "a\n"):
        with pytest.raises(ValidationError):
            await sync_to_async(Grant(bucket=bucket, user=user, role=Role.VIEWER).full_clean)()
