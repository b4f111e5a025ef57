"""Reads a compose file as Docker Compose does: as much of that as ours use."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
_VARIABLE = re.compile(r"\$(?:(\$)|\{([A-Z_]+)(?:(:-|:\?)([^}]*))?\})")


class VariableMissing(Exception):
    """``str(error)`` is what the file says to whoever has not set it."""


@dataclass(frozen=True)
class Service:
    """One service: ``configs`` are the texts of its configuration files by the path that they have in it."""

    name: str
    image: str
    environment: Mapping[str, str]
    configs: Mapping[str, str]
    fields: Mapping[str, Any]


def read(file: str, variables: Mapping[str, str]) -> dict[str, Service]:
    """The services of ``file`` by name, with ``variables`` (what stands in .env) in their places. Raises ``VariableMissing``."""
    document = _filled(yaml.safe_load((ROOT / file).read_text()), variables)
    texts = {name: _text(config) for name, config in document.get("configs", {}).items()}
    return {name: _service(name, fields, texts) for name, fields in document["services"].items()}


def variables(file: str) -> dict[str, str]:
    """What ``file`` asks for, each with what follows it there: ``:-default``, ``:?what is missing``, or nothing."""
    document = yaml.safe_load((ROOT / file).read_text())
    return {found[2]: (found[3] or "") + (found[4] or "") for found in _VARIABLE.finditer(str(document)) if found[2]}


def _service(name: str, fields: Mapping[str, Any], texts: Mapping[str, str]) -> Service:
    environment = {key: str(value) for key, value in fields.get("environment", {}).items()}
    configs = {config["target"]: texts[config["source"]] for config in fields.get("configs", [])}
    return Service(name, fields["image"], environment, configs, fields)


def _text(config: Mapping[str, str]) -> str:
    return config["content"] if "content" in config else (ROOT / config["file"]).read_text()


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, variables) for inner in value]
    return _VARIABLE.sub(lambda found: _value(found, variables), value) if isinstance(value, str) else value


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    dollar, name, kind, rest = found.groups()
    if dollar:
        return "$"
    value = variables.get(name, "")
    if not value and kind == ":?":
        raise VariableMissing(f"{name}: {rest}")
    return value or (rest if kind == ":-" else "")
