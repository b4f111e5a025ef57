"""The process is about to stop: what moves comes to its end, and nothing new begins."""

from .errors import Stopping

_draining = False


def begin() -> None:
    global _draining
    _draining = True


def end() -> None:
    """It goes on after all (in tests)."""
    global _draining
    _draining = False


def is_draining() -> bool:
    return _draining


def check() -> None:
    """Raises ``Stopping``."""
    if _draining:
        raise Stopping
