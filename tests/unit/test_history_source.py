"""The sources of a history, by which a server tells one bucket of a name from the next."""

from buckets.objectstore.history.config import source_of


def test_no_two_copyings_have_the_same_source() -> None:
    transforms = [str(source_of("b", 1, copying).get("subject_transforms")) for copying in range(1000)]
    assert len(set(transforms)) == 1000
    assert max(map(len, transforms)) < 200


def test_the_first_has_no_transform() -> None:
    assert source_of("b", 7, 0) == {"name": "OBJ_b", "opt_start_seq": 7}
