"""``manage.py purge_deleted BUCKET``: remove what the bucket keeps of deleted objects."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from buckets.management.running import Progress, run, span
from buckets.services import repair


class Command(BaseCommand):
    help = "Remove the markers that deleted objects leave in a bucket. The versions in its history, if it has one, stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("bucket")
        parser.add_argument("--older-than", type=span, default=0.0, metavar="SPAN", help="only what was deleted before: 90s, 15m, 12h, 7d")

    def handle(self, *args: Any, **options: Any) -> None:
        removed = run(lambda: self._purge(options["bucket"], options["older_than"]))
        self.stdout.write(f"{options['bucket']}: removed {removed:,} deletion markers")

    async def _purge(self, bucket: str, older_than: float) -> int:
        progress = Progress(self.stderr)

        def tell(done: int, of: int) -> None:
            (progress.end if done == of else progress.tell)(f"{done:,} of {of:,} deletion markers")

        return await repair.purge_deleted(None, bucket, older_than=older_than, on_progress=tell)
