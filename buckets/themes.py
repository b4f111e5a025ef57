"""The themes of the pages."""

from django.http import HttpRequest

SYSTEM = "system"
THEMES = (SYSTEM, "light", "dark")
COOKIE = "theme"


def theme_of(request: HttpRequest) -> str:
    """The one that the reader chose, else the system's."""
    chosen = request.COOKIES.get(COOKIE, SYSTEM)
    return chosen if chosen in THEMES else SYSTEM


def following(theme: str) -> str:
    """The one that the switch goes to from this one."""
    return THEMES[(THEMES.index(theme) + 1) % len(THEMES)]
