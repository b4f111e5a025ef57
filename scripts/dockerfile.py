"""Reads a Dockerfile: its stages, each with its instructions in order. Pure; as much of the format as ours uses."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template

KNOWN = ("FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD")


class DockerfileError(Exception):
    """``str(error)`` says in one line what is not understood."""


@dataclass(frozen=True)
class Step:
    """One instruction: ``keyword`` in capitals, and all that follows it as one line."""

    keyword: str
    text: str

    def words(self, environment: Mapping[str, str]) -> list[str]:
        """The text as words, variables replaced."""
        return [Template(word).safe_substitute(environment) for word in shlex.split(self.text)]

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Of an ENV: name=value, as often as they like."""
        return dict(word.split("=", 1) for word in self.words(environment))

    def command(self) -> list[str]:
        """Of a CMD, also of the one in a HEALTHCHECK: its JSON array."""
        found = re.search(r"(?:^|CMD )(\[.*\])$", self.text)
        if found is None:
            raise DockerfileError(f"{self.keyword} has no command as a JSON array: {self.text}")
        return [str(word) for word in json.loads(found[1])]


@dataclass(frozen=True)
class Stage:
    base: str
    name: str
    steps: tuple[Step, ...]

    def last(self, keyword: str) -> Step:
        found = [step for step in self.steps if step.keyword == keyword]
        if not found:
            raise DockerfileError(f"The stage from {self.base} has no {keyword}.")
        return found[-1]


def read(text: str) -> list[Stage]:
    """The stages in order. Raises ``DockerfileError`` for an instruction that is not one of ``KNOWN``."""
    stages: list[Stage] = []
    for step in map(_step, _lines(text)):
        if step.keyword == "FROM":
            base, _, name = step.text.partition(" AS ")
            stages.append(Stage(base, name, ()))
        elif not stages:
            raise DockerfileError(f"{step.keyword} comes before the first FROM.")
        else:
            stages[-1] = Stage(stages[-1].base, stages[-1].name, (*stages[-1].steps, step))
    return stages


def sources(stages: list[Stage]) -> list[str]:
    """What is copied from the folder of the Dockerfile."""
    copies = [step.text.split() for stage in stages for step in stage.steps if step.keyword == "COPY"]
    return [source for words in copies if not words[0].startswith("--from=") for source in words[:-1]]


def _lines(text: str) -> list[str]:
    """The instructions, a line each, without comments."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [line.strip() for line in joined.splitlines() if line.strip()]


def _step(line: str) -> Step:
    keyword, _, text = line.partition(" ")
    if keyword not in KNOWN:
        raise DockerfileError(f"{keyword} is not an instruction that is understood here.")
    return Step(keyword, text.strip())
