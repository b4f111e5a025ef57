"""What this process of the site is, and is doing."""

import os
import platform
import resource
import socket
import sys
import time
from pathlib import Path

from ..health.model import ProcessFacts
from ..metrics import instruments
from ..metrics.instruments import Direction
from ..version import VERSION
from . import draining, looplag
from .slots import slots

STATM = Path("/proc/self/statm")
_started = time.monotonic()


def facts() -> ProcessFacts:
    return ProcessFacts(
        version=VERSION,
        python=platform.python_version(),
        host=socket.gethostname(),
        pid=os.getpid(),
        up=time.monotonic() - _started,
        memory=memory(),
        lag=looplag.longest(),
        transfers={direction: _running(direction) for direction in Direction},
        waiting=slots().waiting,
        requests=int(instruments.value("nats_files_http_requests_running")),
        pages=int(instruments.value("nats_files_websockets_open")),
        stopping=draining.is_draining(),
    )


def _running(direction: Direction) -> int:
    return int(instruments.REGISTRY.get_sample_value("nats_files_transfers_running", {"direction": direction}) or 0)


def memory() -> int:
    """Bytes that the process has in memory; where the system does not tell, the most it ever had."""
    try:
        return int(STATM.read_text().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
