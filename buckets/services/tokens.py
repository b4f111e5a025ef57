"""API tokens: 256 random bits, shown once, stored as their SHA-256."""

import hashlib
import secrets
from datetime import datetime

from django.contrib.auth.models import User
from django.utils import timezone

from ..models import ApiToken

PREFIX = "nf_"
MAX_TOKEN = 200


async def issue(user: User, *, name: str = "", expires: datetime | None = None) -> str:
    """Make a token with the user's rights and give it back: it cannot be read again. ``expires`` None: never."""
    token = PREFIX + secrets.token_urlsafe(32)
    await ApiToken.objects.acreate(user=user, name=name, digest=_digest(token), expires=expires)
    return token


async def find_user(token: str) -> User | None:
    """The active user that ``token`` stands for; None for one that is unknown, revoked or expired. Notes its use, once a minute."""
    if len(token) > MAX_TOKEN:
        return None
    found = await ApiToken.objects.select_related("user").filter(digest=_digest(token)).afirst()
    if found is None or found.expired or not found.user.is_active:
        return None
    await _note_use(found)
    return found.user


async def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used is None or now - token.last_used >= ApiToken.LAST_USED_EVERY:
        await ApiToken.objects.filter(pk=token.pk).aupdate(last_used=now)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
