"""The permissions that docs/deployment.md says the site needs of NATS, as it says them."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "deployment.md"
PASSWORD, INBOX_PREFIX = "site", "_INBOX_files"
USER = "files"
OWN = ("uploads", "folders", "turns")
_OF_STREAMS = re.compile(r'^ +"(\$JS\.API\.(?:STREAM|DIRECT|CONSUMER)[A-Z.]+)\.\*(\.\*)?".*\n', re.MULTILINE)
_ALLOWED = re.compile(r'^\s+"(\S+)"\s+#', re.MULTILINE)


@dataclass(frozen=True)
class Permissions:
    """``text``: the configuration to copy."""

    text: str

    @property
    def publish(self) -> list[str]:
        return _ALLOWED.findall(self._part("publish"))

    @property
    def subscribe(self) -> list[str]:
        return _ALLOWED.findall(self._part("subscribe"))

    def without_publishing(self, subject: str) -> "Permissions":
        publish, middle, subscribe = self.text.partition("subscribe {")
        return replace(self, text=replace(self, text=publish).without(subject).text + middle + subscribe)

    def without(self, subject: str) -> "Permissions":
        kept = [line for line in self.text.splitlines(keepends=True) if f'"{subject}"' not in line]
        return replace(self, text="".join(kept))

    def narrowed(self, bucket: str) -> "Permissions":
        """For one bucket only, as the page says: in place of each "*" that stands for a stream, the names of the streams."""
        streams = [f"{prefix}{bucket}" for prefix in ("OBJ_", "HISTORY_OBJ_")] + [f"KV_nats-files-{name}" for name in OWN]

        def spelled(found: re.Match[str]) -> str:
            return "".join(f'              "{found[1]}.{stream}{found[2] or ""}"  # one of them\n' for stream in streams)

        text = _OF_STREAMS.sub(spelled, self.text)
        return replace(self, text=text.replace('"$O.*.', f'"$O.{bucket}.').replace("DELETED.*", f"DELETED.OBJ_{bucket}"))

    def configuration(self) -> str:
        """For a server on which others who do not log in may do everything in the same account, and which tells what everybody sends."""
        text = self.text.replace('"choose one"', f'"{PASSWORD}"').replace("users: [", "users: [ { user: foreign, password: foreign }", 1)
        return f"{text}\nno_auth_user: foreign\ntrace: true\nmax_traced_msg_len: 16\n"

    def _part(self, kind: str) -> str:
        return self.text.partition(f"{kind} {{")[2].partition("]")[0]


def read(name: str) -> Permissions:
    """The block of this name."""
    return Permissions(PAGE.read_text().partition(f"<!-- permissions: {name} -->\n```\n")[2].partition("\n```")[0] + "\n")


def matches(pattern: str, subject: str) -> bool:
    """Whether a subject, or the subject of a subscription with its wildcards, is within a pattern, as NATS sees it."""
    wanted, given = pattern.split("."), subject.split(".")
    for number, token in enumerate(wanted):
        if token == ">":
            return len(given) > number
        if number >= len(given) or (token != "*" and token != given[number]) or given[number] == ">":
            return False
    return len(wanted) == len(given)
