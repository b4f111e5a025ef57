"""Runs a command that never outlives the process that started it, not even when that is killed with SIGKILL.

``python guard.py PARENT COMMAND ARGUMENT…`` with standard input from a pipe that the parent holds open. On Linux the kernel ends the
command with its parent (``prctl``, PR_SET_PDEATHSIG). Elsewhere a small watcher does, when the pipe closes.

It replaces itself with the command, so the parent has the command's own process id. Standard library only: it must start fast.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
MAX_DESCRIPTORS = 256
WATCHED = "NATS_FILES_WATCHED"  # set: use the watcher on Linux too


def main(parent: int, command: list[str]) -> None:
    if sys.platform == "linux" and WATCHED not in os.environ:
        die_with_parent()
    else:
        start_watcher()
    if os.getppid() != parent:
        sys.exit("The parent ended before the command began.")
    os.execv(command[0], command)  # noqa: S606 - the embedded server's own path


def die_with_parent() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def start_watcher() -> None:
    """Fork a process that ends this one, which is about to become the command, when standard input closes."""
    watched = os.getpid()
    if os.fork() != 0:
        return
    os.closerange(1, MAX_DESCRIPTORS)  # its lock and its output are the command's alone
    while os.read(0, 1024):
        pass
    if os.getppid() == watched:
        os.kill(watched, signal.SIGTERM)
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
