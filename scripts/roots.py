"""A folder as the root of processes, with namespaces of their own, by unshare, mount and chroot: what a container engine does."""

import os
import shlex
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

NAMESPACES = ("--mount", "--pid", "--fork", "--kill-child", "--propagation", "private")
DEBIAN, PACKAGES = "bookworm", "python3,python3-venv,ca-certificates,util-linux"
STAND_IN = "/usr/local/python"
PATH = f"{STAND_IN}/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# From this machine, for the steps that install: how names and registries are reached.
LENT = ("/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs")


def make_base(folder: Path) -> None:
    """A Debian with nothing but Python and pip, as python:*-slim is one."""
    debootstrap = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", DEBIAN, str(folder)]
    subprocess.run(["unshare", "--mount", "--propagation", "private", *debootstrap], check=True, stdout=subprocess.DEVNULL)
    Root(folder).run(["python3", "-m", "venv", STAND_IN], {"PATH": PATH}, "/")


class Root:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def copy_of(cls, other: "Root", folder: Path) -> "Root":
        subprocess.run(["cp", "-a", str(other.folder), str(folder)], check=True)
        return cls(folder)

    def inside(self, path: str) -> Path:
        return self.folder / path.lstrip("/")

    def run(self, command: Sequence[str], environment: Mapping[str, str], workdir: str) -> None:
        """As root, with this machine's network and everything writable: a RUN. Raises ``CalledProcessError``."""
        lent = [path for path in LENT if Path(path).exists()]
        for path in lent:
            place = self.inside(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            if Path(path).is_dir():
                place.mkdir(exist_ok=True)
            else:
                place.touch()
        mounts = [f"mount --bind {path} {self.inside(path)}" for path in lent]
        mounts += [f"mount --rbind /dev {self.inside('dev')}", f"mount -t proc proc {self.inside('proc')}"]
        script = " && ".join([*mounts, shlex.join(["exec", *self._chroot(command, environment, workdir, "root")])])
        subprocess.run(["unshare", *NAMESPACES, "sh", "-c", script], check=True)

    def serve(
        self, command: Sequence[str], environment: Mapping[str, str], workdir: str, *, user: str, volumes: Mapping[str, Path], log: Path
    ) -> "Served":
        """As ``user`` without any privilege, on a network of its own (loopback only); only ``volumes`` and /tmp can be written."""
        root = self.folder
        mounts = [
            f"mount --bind {root} {root}",
            f"mount -o remount,bind,ro {root}",
            f"mount --rbind /dev {self.inside('dev')}",
            f"mount -t proc proc {self.inside('proc')}",
            f"mount -t tmpfs -o mode=1777 tmpfs {self.inside('tmp')}",
            *(f"mount --bind {folder} {self.inside(path)}" for path, folder in volumes.items()),
            "ip link set lo up",
        ]
        script = " && ".join([*mounts, shlex.join(["exec", *self._chroot(command, environment, workdir, user)])])
        with log.open("ab") as output:
            process = subprocess.Popen(["unshare", "--net", *NAMESPACES, "sh", "-c", script], stdout=output, stderr=output)
        return Served(self, process, environment, workdir, user)

    def _chroot(self, command: Sequence[str], environment: Mapping[str, str], workdir: str, user: str) -> list[str]:
        variables = [f"{name}={value}" for name, value in environment.items()]
        plain = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs", "--inh-caps=-all"]
        drop = [] if user == "root" else [*plain, "--bounding-set=-all"]
        change = ["sh", "-c", 'cd "$0" && exec "$@"', workdir]
        return ["chroot", str(self.folder), *drop, "env", "-i", *variables, *change, *command]


class Served:
    """A process that serves from a root. ``run`` joins it there."""

    def __init__(self, root: Root, process: subprocess.Popen[bytes], environment: Mapping[str, str], workdir: str, user: str) -> None:
        self._root, self.process, self._environment, self._workdir, self._user = root, process, environment, workdir, user

    @property
    def pid(self) -> int:
        """Of the process itself: the one child of unshare."""
        deadline = time.monotonic() + 10
        while True:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            if children:
                return int(children[0])
            if time.monotonic() > deadline:
                raise RuntimeError("it has not started")
            time.sleep(0.02)

    def run(self, command: Sequence[str], *, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """As a container engine's exec: the same user, environment and folder."""
        join = ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--net"]
        inside = self._root._chroot(command, self._environment, self._workdir, self._user)
        return subprocess.run([*join, *inside], capture_output=True, text=True, timeout=timeout, check=False)

    def status(self, field: str) -> str:
        """A line of /proc/…/status."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(line.split(maxsplit=1)[1] for line in lines if line.startswith(f"{field}:"))

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def end(self) -> None:
        self.process.kill()
        self.process.wait(20)
