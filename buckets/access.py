"""Who may do what: the one helper that every entry point asks first.

Superusers are admins of every bucket. Everyone else has what grants give, to them or to one of their groups, for the bucket or for
every bucket ("*"); the highest one counts. Anonymous and inactive users have nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q

from .models import EVERY_BUCKET, Grant
from .roles import Role

__all__ = ["AnyUser", "NotAllowed", "NotVisible", "Role", "RoleMap", "require", "require_create", "require_everywhere", "roles"]

AnyUser: TypeAlias = User | AnonymousUser


class NotVisible(Exception):
    """The user has no role in the bucket. To be answered as if the bucket did not exist (404)."""

    def __init__(self, bucket: str) -> None:
        super().__init__(f"There is no bucket “{bucket}” that you may see.")
        self.bucket = bucket


class NotAllowed(Exception):
    """The user may see it, but not do this (403). ``needed`` is the role it takes."""

    def __init__(self, needed: Role, where: str) -> None:
        super().__init__(f"This needs the role “{needed}” in {where}.")
        self.needed = needed


@dataclass(frozen=True, slots=True)
class RoleMap:
    """One user's roles. ``everywhere`` holds in every bucket, ``by_bucket`` in addition."""

    everywhere: Role | None = None
    by_bucket: Mapping[str, Role] = field(default_factory=dict)

    def of(self, bucket: str) -> Role | None:
        return _higher(self.everywhere, self.by_bucket.get(bucket))

    @property
    def none(self) -> bool:
        return self.everywhere is None and not self.by_bucket

    @property
    def may_create(self) -> bool:
        """Buckets are created by those who are admins everywhere."""
        return self.everywhere is Role.ADMIN


async def roles(user: AnyUser) -> RoleMap:
    """All of the user's roles, with one query at most."""
    if not (user.is_authenticated and user.is_active):
        return RoleMap()
    if user.is_superuser:
        return RoleMap(everywhere=Role.ADMIN)
    found: dict[str, Role] = {}
    grants = Grant.objects.filter(Q(user_id=user.pk) | Q(group__user=user.pk)).order_by()
    async for bucket, role in grants.values_list("bucket", "role"):
        found[bucket] = max(found.get(bucket, Role.VIEWER), Role(role))
    return RoleMap(found.pop(EVERY_BUCKET, None), found)


async def require(user: AnyUser, bucket: str, role: Role) -> Role:
    """The user's role in ``bucket``, which is ``role`` or more.

    Raises ``NotVisible`` when the user has none (whether the bucket exists or not) and ``NotAllowed`` when it is too low.
    """
    held = (await roles(user)).of(bucket)
    if held is None:
        raise NotVisible(bucket)
    if held < role:
        raise NotAllowed(role, f"the bucket “{bucket}”")
    return held


async def require_everywhere(user: AnyUser, role: Role) -> None:
    """Raises ``NotAllowed`` unless the user has this role, or more, in every bucket."""
    held = (await roles(user)).everywhere
    if held is None or held < role:
        raise NotAllowed(role, "every bucket")


async def require_create(user: AnyUser) -> None:
    """Raises ``NotAllowed`` unless the user may create buckets."""
    if not (await roles(user)).may_create:
        raise NotAllowed(Role.ADMIN, "every bucket")


def _higher(one: Role | None, other: Role | None) -> Role | None:
    if one is None or other is None:
        return one or other
    return max(one, other)
