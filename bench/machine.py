"""What the figures were measured on: no names, no addresses, no paths."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

from tests.natsserver import binary

LIBRARIES = ("django", "uvicorn", "nats-py", "natsrpy", "copyparty")


def description() -> list[tuple[str, str]]:
    facts = [
        ("CPU", f"{_cpu()}, {os.cpu_count()} cores"),
        ("Memory", f"{psutil.virtual_memory().total / 2**30:.0f} GiB"),
        ("System", f"{_system()}, {platform.machine()}"),
        ("Python", platform.python_version()),
        ("nats-server", _output(binary(), "--version").removeprefix("nats-server:").strip()),
        ("Libraries", ", ".join(f"{name} {version(name)}" for name in LIBRARIES)),
    ]
    node = _output("node", "--version")
    return [*facts, ("Node.js", node.removeprefix("v"))] if node else facts


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return _output("sysctl", "-n", "machdep.cpu.brand_string") or platform.processor() or "unknown"


def _system() -> str:
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, Linux {'.'.join(platform.release().split('.')[:2])}"
    except (OSError, KeyError):
        return f"{platform.system()} {platform.release()}"


def _output(*command: str) -> str:
    """What the command prints, "" when it is not there."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout.strip()
    except OSError:
        return ""
