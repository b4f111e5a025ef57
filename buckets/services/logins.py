"""Log-in attempts: so few for one name and from one address that nobody gets anywhere by trying passwords."""

from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from django.contrib.auth.forms import UsernameField
from django.db.models import Count, Min, Q
from django.utils import timezone

from ..models import LoginAttempt
from .audit import note
from .errors import TooManyAttempts

WINDOW = timedelta(minutes=5)
PER_NAME, PER_ADDRESS = 10, 50


def begin(name: str, address: str) -> LoginAttempt:
    """Count an attempt, before the password is looked at: many at the same time are not more than one after the other.

    Raises ``TooManyAttempts``; such a one does not count.
    """
    now = timezone.now()
    LoginAttempt.objects.filter(at__lte=now - WINDOW).delete()
    attempt = LoginAttempt.objects.create(name=_account(name), address=_network(address), at=now)
    for same, limit in ((Q(name=attempt.name), PER_NAME), (Q(address=attempt.address), PER_ADDRESS)):
        found = LoginAttempt.objects.filter(same).aggregate(count=Count("pk"), oldest=Min("at"))
        if found["count"] > limit:
            attempt.delete()
            note("login.refuse", name=attempt.name, address=address)
            raise TooManyAttempts(max(1, round((found["oldest"] + WINDOW - now).total_seconds())))
    return attempt


def end(attempt: LoginAttempt, address: str, *, signed_in: bool) -> None:
    """What became of it. Only the failures go on counting."""
    if signed_in:
        attempt.delete()
    else:
        note("login.failure", name=attempt.name, address=address)


def _account(name: str) -> str:
    """``name`` as the log-in form reads it: there are many ways to write one."""
    read = UsernameField(max_length=LoginAttempt.MAX_NAME).to_python(name) or ""
    return read.replace("\0", "")[: LoginAttempt.MAX_NAME]


def _network(address: str) -> str:
    """An IPv6 address stands for its /64, which is one customer's; behind a proxy see ``BEHIND_PROXY``."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64)
    return str(parsed)
