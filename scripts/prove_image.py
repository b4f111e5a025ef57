"""Proves the Dockerfile where there is no container engine: ``python3 -m scripts.prove_image [FOLDER]``, as root, with debootstrap.

Its instructions are run one by one in clean roots (a Debian with Python in place of the image that it begins with). What its CMD says is
started as its USER, without privileges, with a root that cannot be written and a network of its own; its health check is asked, and the
site is used there, stopped and started again. FOLDER keeps the Debian for the next time.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from . import dockerfile
from .dockerfile import Stage
from .roots import PATH, Root, Served, make_base

HERE = Path(__file__).parent.parent
READY_SECONDS, STOP_SECONDS = 60, 30
BUILD_TOOLS = ("gcc", "cc", "make", "ld", "as", "rustc", "cargo", "pip", "git", "curl")
USE = (Path(__file__).parent / "use_site.py").read_text()


class Image:
    """What came of building: the last stage's root, and how it is run."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.environment = {"PATH": PATH}
        self.workdir, self.user = "/", "root"
        self.volumes: list[str] = []

    def run(self, command: list[str]) -> None:
        self.root.run(command, self.environment, self.workdir)


def main(*arguments: str) -> None:
    needs("root", os.getuid() == 0)
    for tool in ("debootstrap", "unshare", "nsenter", "setpriv", "ip"):
        needs(tool, shutil.which(tool) is not None)
    stages = dockerfile.read((HERE / "Dockerfile").read_text())
    with tempfile.TemporaryDirectory(prefix="nats-files-image-") as work:
        base = Path(arguments[0]) if arguments else Path(work) / "base"
        if not (base / "usr/local/python").exists():
            timed("a Debian with Python", lambda: make_base(base))
        image = build(stages, Root(base), Path(work))
        prove(stages[-1], image, Path(work))
    say("proven")


def build(stages: list[Stage], base: Root, work: Path) -> Image:
    made: dict[str, Image] = {}
    for number, stage in enumerate(stages):
        image = Image(Root.copy_of(base, work / f"stage-{number}"))
        for step in stage.steps:
            timed(f"{step.keyword} {step.text}"[:100], partial(follow, step, image, made))
        made[stage.name] = image
    return image


def follow(step: dockerfile.Step, image: Image, made: dict[str, Image]) -> None:
    """Do what one instruction says."""
    match step.keyword:
        case "RUN":
            image.run(["/bin/sh", "-c", step.text])
        case "ENV":
            image.environment |= step.variables(image.environment)
        case "WORKDIR":
            image.workdir = step.text
            image.root.inside(step.text).mkdir(parents=True, exist_ok=True)
        case "USER":
            image.user = step.text
        case "VOLUME":
            image.volumes.append(step.text)
        case "COPY":
            copy(step.words({}), image, made)


def copy(words: list[str], image: Image, made: dict[str, Image]) -> None:
    """From this folder, less what .dockerignore leaves out, or from an earlier stage."""
    source_root = HERE
    if words[0].startswith("--from="):
        stage = made[words.pop(0).removeprefix("--from=")]
        source_root, words[0] = stage.root.folder, words[0].lstrip("/")
    *sources, target = words
    folder = image.root.inside(target if target.startswith("/") else f"{image.workdir}/{target}")
    for source in sources:
        path = source_root / source
        if path.is_dir():
            left_out = shutil.ignore_patterns("__pycache__") if source_root == HERE else None
            shutil.copytree(path, folder, symlinks=True, dirs_exist_ok=True, ignore=left_out)
        else:
            if target.endswith("/"):
                folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder)


def prove(stage: Stage, image: Image, work: Path) -> None:
    health, command = stage.last("HEALTHCHECK").command(), stage.last("CMD").command()
    needs("a plain user", image.user != "root")
    needs("no build tools", not [tool for tool in BUILD_TOOLS if found(image, tool)])
    with running(image, command, work) as site:
        timed("healthy", lambda: until(lambda: site.run(health).returncode == 0, site))
        needs("a user of its own, without capabilities", site.status("Uid").split()[0] != "0" and int(site.status("CapEff"), 16) == 0)
        for path in ("/app/x", "/x", "/home/x", "/usr/x"):
            needs(f"{path} that cannot be written", site.run(["touch", path]).returncode != 0)
        timed("a bucket, 5 MB up and down, a page", lambda: use(site))
        needs("nothing made at the start that the image brings", not (work / "data/static").exists())
        timed("stopped", lambda: stop(site))
    with running(image, command, work) as site:
        timed("healthy again, on its data", lambda: until(lambda: site.run(health).returncode == 0, site))
        timed("used again", lambda: use(site))
    say(f"size of /app: {size(image.root.inside('/app')):,.0f} MB, of them dependencies: {size(image.root.inside('/app/venv')):,.0f} MB")


@contextlib.contextmanager
def running(image: Image, command: list[str], work: Path) -> Iterator[Served]:
    data = work / "data"
    if not data.exists():
        subprocess.run(["cp", "-a", str(image.root.inside(image.volumes[0])), str(data)], check=True)
    environment = image.environment | {"NATS_FILES_ADMIN_PASSWORD": "a password of the proof"}
    volumes = {image.volumes[0]: data}
    site = image.root.serve(command, environment, image.workdir, user=image.user, volumes=volumes, log=work / "log")
    try:
        yield site
    except BaseException:
        say((work / "log").read_text()[-3000:])
        raise
    finally:
        site.end()


def use(site: Served) -> None:
    token = site.run(["python", "manage.py", "create_token", "admin"])
    needs(f"a token {token.stderr}", token.returncode == 0)
    done = site.run(["python", "-c", USE, token.stdout.split()[-1]])
    needs(f"a site that can be used: {done.stderr}", done.returncode == 0)


def stop(site: Served) -> None:
    """As a container engine does: SIGTERM to its first process."""
    site.signal(signal.SIGTERM)
    needs("an end in time", site.process.wait(STOP_SECONDS) == 0)


def found(image: Image, tool: str) -> bool:
    """Whether the final root has it where commands are looked for; what the Debian base itself brings counts too."""
    return any(image.root.inside(f"{folder}/{tool}").exists() for folder in image.environment["PATH"].split(":"))


def size(folder: Path) -> float:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()) / 1e6


def until(condition: Callable[[], bool], site: Served) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not condition():
        needs("a running process", site.process.poll() is None)
        needs("a healthy site in time", time.monotonic() < deadline)


def timed(what: str, act: Callable[[], None]) -> None:
    started = time.monotonic()
    act()
    say(f"{time.monotonic() - started:6.1f} s  {what}")


def needs(what: str, there: bool) -> None:
    if not there:
        raise SystemExit(f"not proven: needs {what}")


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
