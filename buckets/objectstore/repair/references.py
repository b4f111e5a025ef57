"""What a bucket's metadata refers to: read once, kept small, and caught up with what is written meanwhile."""

from array import array
from bisect import bisect_left

from ..metadata import parse_reference
from ..stream.consumer import Delivery
from ..stream.listing import read_each
from ..stream.streams import Streams
from ..transport.jetstream import JetStream

CATCH_UPS = 2


class Nuids:
    """A set of nuids that takes eight bytes for each.

    One of a million may be taken for another's once in ten million times; one that was added is always there.
    """

    PILES = 1024

    def __init__(self) -> None:
        self._piles = [array("q") for _ in range(self.PILES)]
        self._unsorted: set[int] = set()

    def add(self, nuid: str) -> None:
        number = hash(nuid)
        pile = number % self.PILES
        self._piles[pile].append(number)
        self._unsorted.add(pile)

    def __contains__(self, nuid: str) -> bool:
        number = hash(nuid)
        pile = number % self.PILES
        if pile in self._unsorted:
            self._unsorted.discard(pile)
            self._piles[pile] = array("q", sorted(self._piles[pile]))
        numbers = self._piles[pile]
        place = bisect_left(numbers, number)
        return place < len(numbers) and numbers[place] == number


class References:
    """Of one bucket. What was replaced while this was reading counts too: it errs on the side of keeping."""

    def __init__(self, js: JetStream, streams: Streams, bucket: str) -> None:
        self._js = js
        self._streams = streams
        self._bucket = bucket
        self._nuids = Nuids()
        self._broken = (0, "")
        self._upto = 0

    def __contains__(self, nuid: str) -> bool:
        return nuid in self._nuids

    def doubt(self, sequence: int) -> str | None:
        """An object whose metadata does not say which chunks it has, and that chunks up to ``sequence`` may belong to: metadata comes
        after its chunks."""
        revision, name = self._broken
        return name if revision > sequence else None

    async def read(self, last_sequence: int) -> None:
        """All that there is. ``last_sequence``: the stream's, of any moment before. To be caught up with: a rename moves a reference from
        one subject to another, and one reading might see neither; but then it is a message that is newer."""
        await read_each(self._js, self._bucket, self._take)
        self._upto = last_sequence

    async def catch_up(self) -> None:
        """What was written since, each message once; a single request where nothing was. Twice, for the same reason."""
        for _ in range(CATCH_UPS):
            last = (await self._streams.status(self._bucket)).stream.last_seq
            if last <= self._upto:
                return
            await read_each(self._js, self._bucket, self._take, after=self._upto)
            self._upto = last

    def _take(self, token: str, raw: bytes, delivery: Delivery) -> None:
        nuid, broken = parse_reference(token, raw)
        if nuid:
            self._nuids.add(nuid)
        elif broken is not None:
            self._broken = max(self._broken, (delivery.stream, broken))
