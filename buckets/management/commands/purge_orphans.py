"""``manage.py purge_orphans [BUCKET…]``: remove chunks of uploads whose writer died."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from buckets.management.running import Progress, run, shown, span
from buckets.objectstore import ObjectStoreError
from buckets.services import repair


class Command(BaseCommand):
    help = "Remove data that no object refers to: what uploads left behind whose writer died. Objects and uploads in progress are safe."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("buckets", nargs="*", metavar="bucket", help="a bucket's name; without one, all buckets")
        parser.add_argument("--dry-run", action="store_true", help="only tell what would be removed")
        parser.add_argument(
            "--older-than",
            type=span,
            default=repair.HOUR,
            metavar="SPAN",
            help="only what is older: 90s, 15m, 12h, 7d. Longer than an upload may pause. Default: 1h",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        failed = run(lambda: self._purge_all(options["buckets"], options["older_than"], options["dry_run"]))
        if failed:
            raise CommandError(f"These buckets could not be done: {', '.join(failed)}.")

    async def _purge_all(self, names: list[str], older_than: float, dry_run: bool) -> list[str]:
        """One after the other; gives those in which it failed."""
        failed: list[str] = []
        buckets = names or await repair.repairable()
        progress = Progress(self.stderr)
        for number, bucket in enumerate(buckets):
            try:
                await (self._find(bucket, older_than) if dry_run else self._purge(bucket, older_than))
            except ObjectStoreError as error:
                failed.append(bucket)
                self.stderr.write(f"{bucket}: {error}")
            progress.tell(f"{number + 1:,} of {len(buckets):,} buckets")
        progress.end(f"{len(buckets):,} of {len(buckets):,} buckets")
        return failed

    async def _find(self, bucket: str, older_than: float) -> None:
        for orphan in await repair.find_orphans(None, bucket, older_than=older_than):
            doubt = f"; kept, as it may belong to {shown(orphan.doubt)}, whose metadata is broken" if orphan.doubt is not None else ""
            self.stdout.write(f"{bucket}: {orphan.nuid}, {orphan.chunks:,} chunks, last written {orphan.time:%Y-%m-%d %H:%M:%S} UTC{doubt}")

    async def _purge(self, bucket: str, older_than: float) -> None:
        purged = await repair.purge_orphans(None, bucket, older_than=older_than)
        if purged.nuids:
            self.stdout.write(f"{bucket}: removed {purged.chunks:,} chunks of {purged.nuids:,} unfinished uploads")
        if purged.doubtful:
            self.stdout.write(f"{bucket}: kept {purged.doubtful:,} that may belong to objects with broken metadata (see --dry-run)")
