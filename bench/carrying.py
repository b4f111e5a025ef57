"""One large payload, and many small files, in and out: over HTTP, and directly against the server."""

from collections.abc import Sequence

from . import engine
from .engine import CountingSocket, Engine
from .payload import Files, Payload
from .peers import NatsPy, NatsRpy, peers, peers_of_files
from .plaindisk import Copyparty
from .report import Goal, Section, speeds_section
from .site import Site
from .transfers import Peer, Speeds, measure, ratio
from .web import TOGETHER, FilesOverHttp, FilesTogether, OverHttp

STREAMS = 8
BROWSER = 4
FILES_A_SECOND = 200
SAME = 0.95  # two figures that differ by less are the same on a machine that does other things too


def large(site: Site, disk: Copyparty, url: str, mib: int, rounds: int) -> list[Section]:
    payload = Payload(mib)
    web: list[Peer[Payload]] = [OverHttp(site), OverHttp(site, STREAMS), OverHttp(disk), OverHttp(disk, STREAMS)]
    clients: list[Peer[Payload]] = [*web, *engine.clients(url), *peers(url)]
    found = {each.label: each for each in measure(clients, payload.warm_up(), payload, rounds)}
    ours, eight, core = found[OverHttp(site).label], found[OverHttp(site, STREAMS).label], found[Engine.label]
    how = f"MB/s, median of {rounds} rounds in turns (each round in brackets); every download compared with what went in."
    over_http = speeds_section(
        f"{mib:,} MiB in and out",
        [
            how,
            "“Ratio”: NATS Files, over HTTP with the server behind it, in one stream, is so many times as fast.",
            "All but the two web servers work directly on the NATS server. At once means that each has an equal share.",
        ],
        [each for each in found.values() if each is not core],
        _goals_over_http(ours, eight, found),
        [CountingSocket.label],
    )
    direct = speeds_section(
        f"{mib:,} MiB in and out by the engine itself, without HTTP",
        [
            how,
            "From and to memory; “ratio”: the engine is so many times as fast.",
            "The socket sends the requests that the engine sends for an object, and only counts the bytes that come.",
        ],
        [core, *(found[each.label] for each in clients if each.label not in (core.label, *(peer.label for peer in web)))],
        _goals_of_engine(core, found),
        [CountingSocket.label],
    )
    return [over_http, direct]


def _goals_over_http(ours: Speeds, eight: Speeds, found: dict[str, Speeds]) -> list[Goal]:
    py, rust, socket = found[NatsPy.label], found[NatsRpy.label], found[CountingSocket.label]
    return [
        Goal.at_least("upload over HTTP, beside nats-py's own put", ratio(ours.put, py.put), 6),
        Goal.at_least("upload over HTTP, beside natsrpy's put", ratio(ours.put, rust.put), 1.2),
        Goal.at_least("download over HTTP, beside nats-py's own get", ratio(ours.get, py.get), 5),
        Goal.at_least("download over HTTP, beside natsrpy's get", ratio(ours.get, rust.get), 1.2),
        Goal.at_least("download over HTTP, beside a socket that only counts", ratio(ours.get, socket.get), 0.6),
        Goal.at_least(f"{STREAMS} uploads at once in sum, beside one", ratio(eight.put, ours.put), SAME),
        Goal.at_least(f"{STREAMS} downloads at once in sum, beside one", ratio(eight.get, ours.get), SAME),
    ]


def _goals_of_engine(core: Speeds, found: dict[str, Speeds]) -> list[Goal]:
    rust, socket = found[NatsRpy.label], found[CountingSocket.label]
    return [
        Goal.at_least("the engine's put, beside natsrpy's", ratio(core.put, rust.put), 1),
        Goal.at_least("the engine's get, beside natsrpy's", ratio(core.get, rust.get), 1),
        Goal.at_least("the engine's get, beside a socket that only counts", ratio(core.get, socket.get), 0.5),
    ]


def small(site: Site, disk: Copyparty, url: str, count: int, rounds: int) -> list[Section]:
    files = Files(count, 4096)
    single = {**site.headers, "Content-Type": "application/octet-stream"}
    web: Sequence[Peer[Files]] = [
        FilesTogether(site, f"{site.label}, as its page sends them", BROWSER, site.browser_headers()),
        FilesOverHttp(site, f"{site.label}, {BROWSER} requests at once", BROWSER, single),
        FilesOverHttp(site, f"{site.label}, {2 * BROWSER} requests at once", 2 * BROWSER, single),
        FilesOverHttp(disk, f"{disk.label}, {BROWSER} requests at once", BROWSER, {}),
    ]
    found = measure([*web, *peers_of_files(url)], files.warm_up(), files, rounds)
    words = [
        f"Files a second, median of {rounds} rounds in turns (each round in brackets); every file compared with what went in.",
        f"As its page sends them: with a session and its CSRF token, {TOGETHER} files in each of {BROWSER} requests at once.",
        "They are got one by one.",
    ]
    goal = Goal.at_least(f"files of {files.size:,} bytes as the page sends them", found[0].put, FILES_A_SECOND, " a second")
    return [speeds_section(f"{count:,} files of {files.size:,} bytes", words, found, [goal])]
