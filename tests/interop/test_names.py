"""Odd names mean the same object to both."""

import base64

import pytest
from nats.aio.client import Client

from buckets.objectstore import ObjectStore
from tests.store.helpers import ODD_NAMES, pieces, read

from .nats_js import NatsJs
from .peers import Peer, Refused

LATIN_1 = "Übersicht.txt"


def beyond_latin_1(name: str) -> bool:
    return not name.isascii() and not all(ord(character) < 256 for character in name)


@pytest.mark.parametrize("name", [*ODD_NAMES, LATIN_1])
async def test_an_odd_name_of_its_is_the_same_to_us(store: ObjectStore, bucket: str, peer: Peer, name: str) -> None:
    if peer.facts.latin_1 and beyond_latin_1(name):
        with pytest.raises(Refused, match="Invalid character"):
            await peer.put(bucket, name, b"theirs")
        return
    await peer.put(bucket, name, b"theirs")
    assert await read(store, bucket, name) == b"theirs"
    assert [info.name for info in await store.list(bucket)] == [name]
    await store.put(bucket, name, pieces(b"ours"))
    assert await peer.get(bucket, name) == b"ours"
    await store.delete(bucket, name)
    assert await peer.list(bucket) == []


@pytest.mark.parametrize("name", [*ODD_NAMES, LATIN_1])
async def test_an_odd_name_of_ours_is_the_same_to_it(store: ObjectStore, bucket: str, peer: Peer, name: str) -> None:
    await store.put(bucket, name, pieces(b"ours"))
    assert [seen.name for seen in await peer.list(bucket)] == [name]
    if peer.facts.latin_1 and not name.isascii():
        with pytest.raises(Refused):
            await peer.get(bucket, name)
        return
    assert await peer.get(bucket, name) == b"ours"
    await peer.delete(bucket, name)
    assert await store.list(bucket) == []


async def test_nats_js_keeps_names_beyond_ascii_where_others_do_not_look(
    store: ObjectStore, bucket: str, nats_js: NatsJs, foreign: Client
) -> None:
    """It calls ``btoa`` on the name. We look there too, and write where the object is."""
    live = await store.live(bucket)
    await live.wait_ready(10)
    await nats_js.put(bucket, LATIN_1, b"theirs")
    stored = await foreign.jetstream().get_last_msg(f"OBJ_{bucket}", f"$O.{bucket}.M.>")
    assert stored.subject == f"$O.{bucket}.M.{base64.urlsafe_b64encode(LATIN_1.encode('latin-1')).decode()}"
    assert await read(store, bucket, LATIN_1) == b"theirs"
    await store.put(bucket, LATIN_1, pieces(b"ours"))
    assert await nats_js.get(bucket, LATIN_1) == b"ours"
    found = live.index.get(LATIN_1)
    assert found is not None
    assert found.problem is None
    await store.delete(bucket, LATIN_1)
    assert await nats_js.list(bucket) == []
    assert live.index.get(LATIN_1) is None
