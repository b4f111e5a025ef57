"""Python imports this at its start where this folder is on its path. On SIGUSR2 the process writes down which asyncio tasks it has."""

import asyncio
import os
import signal
from pathlib import Path
from types import FrameType


def _tell(number: int, frame: FrameType | None) -> None:
    told = Path(os.environ["NATS_FILES_DATA"]) / "tasks"
    unfinished = told.with_suffix(".part")
    unfinished.write_text("\n".join(sorted(_name(task) for task in asyncio.all_tasks())))
    unfinished.rename(told)


def _name(task: "asyncio.Task[object]") -> str:
    return getattr(task.get_coro(), "__qualname__", "?")


signal.signal(signal.SIGUSR2, _tell)
