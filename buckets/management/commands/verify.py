"""``manage.py verify BUCKET [NAME…]``: read objects in full and compare them with their digests."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from buckets.management.running import Progress, run, shown
from buckets.objectstore import Verified
from buckets.services import repair


class Command(BaseCommand):
    help = "Read every object of a bucket, or those named, and compare them with their digests. Fails when one is damaged."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("bucket")
        parser.add_argument("names", nargs="*", metavar="name", help="an object's name; without one, all objects")

    def handle(self, *args: Any, **options: Any) -> None:
        objects, damaged = run(lambda: self._verify(options["bucket"], options["names"] or None, options["verbosity"]))
        if damaged:
            raise CommandError(f"{damaged:,} of {objects:,} objects are damaged.")
        self.stdout.write(f"All of {objects:,} objects are as they should be.")

    async def _verify(self, bucket: str, names: list[str] | None, verbosity: int) -> tuple[int, int]:
        progress = Progress(self.stderr)
        objects = damaged = read = 0
        line = "There are no objects."
        async for result in repair.verify(None, bucket, names):
            objects += 1
            read += result.size
            damaged += not result.ok
            line = f"{objects:,} of {result.total:,} objects, {read:,} bytes read, {damaged:,} damaged"
            self._tell(result, verbosity)
            progress.tell(line)
        progress.end(line)
        return objects, damaged

    def _tell(self, result: Verified, verbosity: int) -> None:
        if result.problem is not None:
            self.stdout.write(f"damaged: {shown(result.name)}: {result.problem}")
        elif verbosity > 1:
            self.stdout.write(f"ok: {shown(result.name)}" + (f" ({result.remark})" if result.remark else ""))
