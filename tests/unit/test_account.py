"""What JetStream says of an account, whatever it leaves out."""

from buckets.objectstore import account

LIMITS = {"max_memory": 100, "max_storage": -1, "max_streams": 10, "max_consumers": -1}


def test_an_account_without_tiers_is_one() -> None:
    answer = {
        "memory": 1,
        "storage": 2,
        "streams": 3,
        "consumers": 4,
        "limits": LIMITS,
        "api": {"level": 4, "total": 9, "errors": 1},
        "domain": "hub",
    }
    found = account.read(answer)
    (tier,) = found.tiers
    assert (tier.name, tier.memory, tier.storage, tier.streams, tier.consumers) == ("", 1, 2, 3, 4)
    assert (tier.max_memory, tier.max_storage, tier.max_streams, tier.max_consumers) == (100, None, 10, None)
    assert (found.domain, found.level, found.requests, found.errors) == ("hub", 4, 9, 1)


def test_tiers_are_told_apart() -> None:
    answer = {"memory": 9, "tiers": {"R3": {"storage": 5, "limits": LIMITS}, "R1": {"storage": 7}}, "limits": {}}
    assert [(tier.name, tier.storage, tier.max_memory) for tier in account.read(answer).tiers] == [("R1", 7, None), ("R3", 5, 100)]


def test_what_is_odd_is_as_if_it_were_not_there() -> None:
    found = account.read({"memory": "many", "limits": [], "api": None, "tiers": 3})
    assert (found.tiers[0].memory, found.tiers[0].max_memory, found.level) == (0, None, 0)
