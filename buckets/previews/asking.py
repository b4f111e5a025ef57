"""Asking workers for previews: so many at once, each for so long, in threads of their own. The event loop never waits for a parser."""

import asyncio
import atexit
import json
import os
import subprocess
import sys
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from .model import HEAD, Answer, Asked, Failed, from_json

SECONDS = 3.0
ROOT = Path(__file__).parent.parent.parent
# No more than Python needs: what the site is configured with is none of the worker's business.
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "LANG", "LC_ALL")

SLOW = Failed("Making a preview of this file takes too long.")
BUSY = Failed("Many previews are being made at the moment. Reload the page in a moment.")
BROKEN = Failed("No preview could be made of this file.")

_idle: deque["_Worker"] = deque()


class Lane:
    """Who waits for the same workers: so many at once, so many in all."""

    def __init__(self, name: str, at_once: int, most: int) -> None:
        self.threads = ThreadPoolExecutor(at_once, thread_name_prefix=name)
        self.most = most
        self.waiting = 0


PREVIEWS = Lane("previews", at_once=2, most=32)
# Many are wanted at a time: no preview waits behind them, and half of the machine is left.
THUMBNAILS = Lane("thumbnails", at_once=max(1, min(4, (os.cpu_count() or 1) // 2)), most=256)


async def ask(asked: Asked, payload: bytes | bytearray, lane: Lane = PREVIEWS) -> Answer:
    """The answer of a worker; ``Failed`` when it takes longer than 3 seconds, breaks, or too many wait. Never raises for the content."""
    if lane.waiting >= lane.most:
        return BUSY
    lane.waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(lane.threads, _ask, asked, payload)
    finally:
        lane.waiting -= 1


def _ask(asked: Asked, payload: bytes | bytearray) -> Answer:
    worker = _next()
    answer = worker.ask(asked, payload)
    if answer is None:
        worker.kill()
        return SLOW if worker.late else BROKEN
    _idle.append(worker)
    return answer


def _next() -> "_Worker":
    """An idle one that still lives, else a new one."""
    while _idle:
        worker = _idle.pop()
        if worker.alive:
            return worker
        worker.kill()
    return _Worker()


class _Worker:
    """One process. It ends with this one: then its standard input does."""

    def __init__(self) -> None:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {"PYTHONUTF8": "1"}
        command = [sys.executable, "-m", f"{__package__}.worker"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.late = False

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, asked: Asked, payload: bytes | bytearray) -> Answer | None:
        """None: it is broken, or was too ``late``."""
        timer = threading.Timer(SECONDS, self._give_up)
        timer.start()
        try:
            return self._exchange(asked, payload)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        finally:
            timer.cancel()

    def _exchange(self, asked: Asked, payload: bytes | bytearray) -> Answer | None:
        fields = json.dumps(asdict(asked)).encode()
        sink, source = self._process.stdin, self._process.stdout
        assert sink is not None
        assert source is not None
        sink.write(HEAD.pack(len(fields), len(payload)) + fields)
        sink.write(payload)
        sink.flush()
        head = source.read(HEAD.size)
        if len(head) < HEAD.size:
            return None
        length, behind = HEAD.unpack(head)
        return from_json(json.loads(source.read(length)), source.read(behind))

    def _give_up(self) -> None:
        self.late = True
        self._process.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what it did not take any more
                    continue


@atexit.register
def _end() -> None:
    while _idle:
        _idle.pop().kill()
