"""What dashboards are told costs little, whatever they ask for."""

from buckets import feed
from buckets.feed import Asked, Filter, changes_message
from buckets.objectstore import Activity
from buckets.services.turns import Moment, Seen, Turn


def test_a_turn_keeps_so_many_answers_however_many_are_asked_for() -> None:
    turn, seen = Turn(Moment.now()), Seen(frozenset({"b"}), {"b": Activity()})
    for number in range(10 * feed.MOST_SAID):
        changes_message(turn, None, seen, Asked(1, Filter(words=f"w{number}")))
    assert len(turn.said) <= feed.MOST_SAID
    assert set(turn.past) == {"b"}
