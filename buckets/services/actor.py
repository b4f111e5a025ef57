"""Who acts: a user, or (None) the operator at the machine, who runs a management command and may do everything."""

from typing import TypeAlias

from ..access import AnyUser, Role, require
from . import audit

Actor: TypeAlias = AnyUser | None
OPERATOR = "manage.py"


async def authorise(actor: Actor, bucket: str, role: Role) -> None:
    """Raises ``NotVisible`` and ``NotAllowed``."""
    if actor is not None:
        await require(actor, bucket, role)


def record(act: str, actor: Actor, bucket: str, **facts: str | int) -> None:
    """As ``audit.record``."""
    audit.note(act, user=OPERATOR if actor is None else actor.get_username(), bucket=bucket, **facts)
