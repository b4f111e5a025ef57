"""Measure the running site beside its peers: ``python -m bench``."""

import argparse
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.natsserver import NatsServer

from . import busy, carrying, dashboard, index, listing, live, memory, ranges, scrolling
from .plaindisk import Copyparty
from .report import Results, Section
from .site import Site

RESULTS = Path(__file__).with_name("RESULTS.md")
QUICK = {
    "mib": 128,
    "rounds": 1,
    "files": 200,
    "range_gib": 0.5,
    "memory_mib": 256,
    "crowd_mib": 16,
    "slow_seconds": 3.0,
    "objects": 10_000,
    "busy_seconds": 4.0,
    "index_objects": 20_000,
    "dashboard_seconds": 5.0,
    "dashboards": 50,
}


@dataclass(frozen=True)
class Run:
    sizes: argparse.Namespace
    server: NatsServer
    site: Site
    disk: Copyparty


PARTS: Mapping[str, Callable[[Run], list[Section]]] = {
    "transfers": lambda run: carrying.large(run.site, run.disk, run.server.url, run.sizes.mib, run.sizes.rounds),
    "files": lambda run: carrying.small(run.site, run.disk, run.server.url, run.sizes.files, run.sizes.rounds),
    "ranges": lambda run: ranges.measure(run.site, run.disk, run.server.url, run.sizes.range_gib),
    "memory": lambda run: memory.measure(run.site, run.server.url, run.sizes.memory_mib, run.sizes.crowd_mib, run.sizes.slow_seconds),
    "busy": lambda run: busy.measure(run.site, run.server.url, run.sizes.objects, run.sizes.busy_seconds),
    "listing": lambda run: listing.measure(run.site, run.server.url, run.sizes.objects),
    "scrolling": lambda run: scrolling.measure(run.site, run.server.url, run.sizes.objects),
    "dashboard": lambda run: dashboard.measure(run.site, run.server.url, run.sizes.dashboard_seconds, run.sizes.dashboards),
    "live": lambda run: live.measure(run.sizes.objects, min(run.sizes.rounds, 2)),
    "index": lambda run: index.measure(run.sizes.index_objects, index.FOLDERS),
}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run?")
    parser.add_argument("--mib", type=int, default=1024, help="size of what is carried in and out (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="how often, every client in turn (%(default)s)")
    parser.add_argument("--files", type=int, default=2000, help="how many small files (%(default)s)")
    parser.add_argument("--range-gib", type=float, default=10, help="size of the object that ranges are read of (%(default)s)")
    parser.add_argument("--memory-mib", type=int, default=1024, help="size of the object while memory is watched (%(default)s)")
    parser.add_argument("--crowd-mib", type=int, default=64, help="size of each of 50 at once (%(default)s)")
    parser.add_argument("--slow-seconds", type=float, default=20, help="how long a slow reader reads (%(default)s)")
    parser.add_argument("--objects", type=int, default=100_000, help="how many objects are listed (%(default)s)")
    parser.add_argument("--busy-seconds", type=float, default=20, help="how long they are listed beside transfers (%(default)s)")
    parser.add_argument("--index-objects", type=int, default=1_000_000, help="how many objects the index is filled with (%(default)s)")
    parser.add_argument("--dashboard-seconds", type=float, default=60, help="how long a dashboard is watched (%(default)s)")
    parser.add_argument("--dashboards", type=int, default=500, help="how many are open at once (%(default)s)")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part (may be repeated)")
    parser.add_argument("--write", action="store_true", help=f"write the result to bench/{RESULTS.name}")
    if parser.parse_known_args()[0].quick:
        parser.set_defaults(**QUICK)
    return parser.parse_args()


def measure(run: Run) -> Results:
    results = Results()
    for name, part in PARTS.items():
        if name in (run.sizes.only or PARTS):
            start = time.monotonic()
            print(f"{name}:", flush=True)
            try:
                results.sections += part(run)
            except Exception as error:  # a part that fails is a result, and the others are measured
                traceback.print_exc()
                results.sections.append(Section(f"“{name}” failed", [], (), (), failures=[f"{type(error).__name__}: {error}"[:300]]))
            print(f"  took {time.monotonic() - start:.0f} s", flush=True)
    return results


def main() -> int:
    arguments = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers end with us
    server = NatsServer()
    try:
        server.start()
        with tempfile.TemporaryDirectory(prefix="nats-files-bench-") as name:
            folder = Path(name)
            with Site(server.url, folder) as site, Copyparty(folder) as disk:
                results = measure(Run(arguments, server, site, disk))
    finally:
        server.remove()
    text = results.markdown()
    print(f"\n{text}")
    if arguments.write:
        RESULTS.write_text(text)
    return 0 if results.good else 1


if __name__ == "__main__":
    sys.exit(main())
