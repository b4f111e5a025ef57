"""``manage.py prune_history [BUCKET…]``: remove old versions by the rules of each history."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from buckets.management.running import Progress, run
from buckets.objectstore import ObjectStoreError
from buckets.services import history


class Command(BaseCommand):
    help = (
        "Remove the versions that the keep rules of a bucket's history no longer keep, and data without versions that is older than an "
        "hour. The site does this by itself from time to time; any number of processes may do it at once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("buckets", nargs="*", metavar="bucket", help="a bucket's name; without one, all histories and archives")

    def handle(self, *args: Any, **options: Any) -> None:
        failed = run(lambda: self._prune_all(options["buckets"]))
        if failed:
            raise CommandError(f"These histories could not be pruned: {', '.join(failed)}.")

    async def _prune_all(self, names: list[str]) -> list[str]:
        """One after the other; gives those in which it failed."""
        failed: list[str] = []
        buckets = names or sorted(await history.histories())
        progress = Progress(self.stderr)
        for number, bucket in enumerate(buckets):
            try:
                pruned = await history.prune(None, bucket)
                self.stdout.write(f"{bucket}: removed {pruned.versions:,} versions, and the data of {pruned.data:,} uploads")
            except ObjectStoreError as error:
                failed.append(bucket)
                self.stderr.write(f"{bucket}: {error}")
            progress.tell(f"{number + 1:,} of {len(buckets):,} histories")
        progress.end(f"{len(buckets):,} of {len(buckets):,} histories")
        return failed
