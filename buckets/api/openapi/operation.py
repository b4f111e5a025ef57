"""What a handler of the API says of itself, in a decorator at its head."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

T = TypeVar("T", bound=Callable[..., Any])
OPERATIONS = "operations"
ANY = ""


@dataclass(frozen=True, slots=True)
class Binary:
    """Content that is no JSON; ``what`` is in it."""

    what: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """``kind`` is a type that ``schema.Schemas`` knows. ``example``: what may stand there; where it is optional, too, the page shows it."""

    name: str
    what: str
    kind: Any = str
    where: Literal["query", "header", "path"] = "query"
    required: bool = False
    example: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """One that an answer has."""

    name: str
    what: str


@dataclass(frozen=True, slots=True)
class Body:
    """``content``: a type, or ``Binary``, for each media type. ``example``: such a body in JSON."""

    content: Mapping[str, Any]
    required: bool = True
    example: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A success. ``content`` as a body's; empty: an answer without one."""

    what: str
    content: Mapping[str, Any] = field(default_factory=dict)
    headers: Sequence[Header] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """``role``: who may, in words, as docs/api.md has it; ``errors``: the codes of failures beyond those that every request can have, with
    the status where ``errors.STATUS`` does not have it; ``text``: more than the summary, perhaps ""; ``named``: it is about one object,
    whose name is in ``?name=`` where the path does not have it."""

    summary: str
    role: str
    answers: Mapping[int, Answer]
    parameters: Sequence[Parameter] = ()
    body: Body | None = None
    errors: Sequence[str | tuple[int, str]] = ()
    text: str = ""
    named: bool = False


def operation(
    summary: str,
    *,
    role: str,
    answers: Mapping[int, Answer],
    parameters: Sequence[Parameter] = (),
    body: Body | None = None,
    errors: Sequence[str | tuple[int, str]] = (),
    text: str = "",
    named: bool = False,
    method: str = ANY,
) -> Callable[[T], T]:
    """Describe a handler; ``method``: only as what answers this one, for handlers of several."""

    def described(handler: T) -> T:
        found = {method: Operation(summary, role, answers, parameters, body, errors, text, named), **getattr(handler, OPERATIONS, {})}
        setattr(handler, OPERATIONS, found)
        return handler

    return described


def operations_of(handler: Callable[..., Any], method: str) -> Operation | None:
    """What ``handler`` says of itself as the answer to ``method``; None if nothing."""
    found: Mapping[str, Operation] = getattr(handler, OPERATIONS, {})
    return found.get(method, found.get(ANY))
