"""The settings of a bucket in a cluster of three servers: what it grants, and what it refuses when it is tried."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from pytest_django import Settings

from buckets.objectstore import BucketConfig, ConnectOptions, ObjectStore
from buckets.services import background, runtime
from tests.cluster import Cluster

from .browsers import submit
from .test_settings_pages import as_it_is, browsers, confirm, fields, said

__all__ = ["browsers"]


@pytest.fixture
async def clustered(settings: Settings, transactional_db: None, cluster: Cluster) -> AsyncIterator[ObjectStore]:
    settings.NATS = ConnectOptions(servers=cluster.urls, reconnect_wait=0.1)
    yield await runtime.store()
    await background.close()
    await runtime.close_store()


async def test_copies_and_placement_are_granted_or_refused_with_the_reason(
    browsers: dict[str, httpx.AsyncClient], clustered: ObjectStore
) -> None:
    """One test of many steps: the cluster takes seconds to start."""
    admin = browsers["admin"]
    new = {"name": "five", "description": "", "ttl": "", "limit": "", "replicas": "5", "storage": "file"}
    answer = await submit(admin, "/buckets/new", list(new.items()))
    assert answer.status_code == 400
    assert "not enough NATS servers" in answer.text
    assert await clustered.buckets() == []
    await clustered.create_bucket(BucketConfig("one"))
    await clustered.put("one", "x", b"a" * 5000)
    before = await clustered.bucket("one")
    refused: list[dict[str, str]] = [{"replicas": "5"}, {"tags": "none-has-this"}, {"cluster": "elsewhere"}]
    for changes in refused:
        question = await submit(admin, "/buckets/one/settings", fields(description="x", **changes))
        assert question.status_code == 200  # only the servers know
        answer = await confirm(admin, question)
        assert answer.status_code == 400
        assert "not enough NATS servers" in answer.text
        assert as_it_is(await clustered.bucket("one")) == as_it_is(before)
    both = await submit(admin, "/buckets/one/settings", fields(replicas="3", cluster="test"))
    assert (both.status_code, "make one change after the other" in both.text) == (400, True)
    steps: list[tuple[dict[str, str], tuple[str, ...]]] = [
        ({"replicas": "3"}, ("KiB more on the servers", "The bucket goes on working when 1 server fails.")),
        ({"replicas": "3", "cluster": "test"}, ("All of its data moves to servers that match",)),
    ]
    for wanted, effects in steps:
        question = await submit(admin, "/buckets/one/settings", fields(**wanted))
        assert [words for words in effects if words not in said(question)] == []
        await changed(admin, wanted)
    config = (await clustered.bucket("one")).config
    assert (config.replicas, config.placement.cluster) == (3, "test")
    with_history = await submit(admin, "/buckets/one/settings/history", [("switch", "on"), ("history_replicas", "5"), ("confirm", "yes")])
    assert with_history.status_code == 400
    assert "not enough NATS servers" in with_history.text
    assert await clustered.history.status("one") is None


async def changed(admin: httpx.AsyncClient, wanted: dict[str, str]) -> None:
    """As soon as the servers have done with what was before."""
    async with asyncio.timeout(60):
        while (answer := await submit(admin, "/buckets/one/settings", [*fields(**wanted), ("confirm", "yes")])).status_code == 503:
            await asyncio.sleep(0.1)
    assert answer.status_code == 302, said(answer)
