"""Measure the running site beside its peers: ``python -m bench``."""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from tests.natsserver import NatsServer

from . import engine, listing, memory, transfers
from .overhttp import OverHttp
from .payload import Payload
from .peers import peers
from .report import Results
from .site import Site

RESULTS = Path(__file__).with_name("RESULTS.md")
PARTS = ("transfers", "engine", "memory", "listing")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--mib", type=int, default=512, help="size of the object that is carried in and out (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="how often, every client in turn (%(default)s)")
    parser.add_argument("--memory-mib", type=int, default=2048, help="size of the object while memory is watched (%(default)s)")
    parser.add_argument("--slow-seconds", type=float, default=45, help="how long a slow reader reads (%(default)s)")
    parser.add_argument("--objects", type=int, default=100_000, help="how many objects are listed (%(default)s)")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part (may be repeated)")
    parser.add_argument("--write", action="store_true", help=f"write the result to bench/{RESULTS.name}")
    return parser.parse_args()


def run(arguments: argparse.Namespace, server: NatsServer, site: Site) -> Results:
    parts = arguments.only or PARTS
    results = Results(Payload(arguments.mib), arguments.rounds)
    if "memory" in parts:  # first: nothing else has filled the process's memory yet
        print(f"memory of the web process, {arguments.memory_mib:,} MiB")
        results.growths = memory.measure(site, arguments.memory_mib, arguments.slow_seconds)
    if "transfers" in parts:
        print(f"{arguments.mib:,} MiB in and out, {arguments.rounds} rounds")
        results.speeds = transfers.measure([OverHttp(site), *peers(server.url)], results.payload, arguments.rounds)
    if "engine" in parts:
        print(f"{arguments.mib:,} MiB in and out by the engine itself, {arguments.rounds} rounds")
        results.engine = transfers.measure(engine.clients(server.url), results.payload, arguments.rounds)
    if "listing" in parts:
        print(f"a bucket of {arguments.objects:,} objects")
        results.listed = listing.measure(site, server.url, arguments.objects)
    return results


def main() -> int:
    arguments = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the server and the site end with us
    server = NatsServer()
    try:
        server.start()
        with tempfile.TemporaryDirectory(prefix="nats-files-bench-") as folder, Site(server.url, Path(folder)) as site:
            results = run(arguments, server, site)
    finally:
        server.remove()
    text = results.markdown()
    print(f"\n{text}")
    if arguments.write:
        RESULTS.write_text(text)
    shortfalls = list(engine.shortfalls(results.engine))
    print(*shortfalls, sep="\n")
    return 0 if transfers.all_right([*results.speeds, *results.engine]) and not shortfalls else 1


if __name__ == "__main__":
    sys.exit(main())
