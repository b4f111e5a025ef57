"""The site keeps its indexes in its data folder, so that it starts quickly."""

from pathlib import Path

from buckets.objectstore import ObjectStore
from buckets.services import runtime


async def test_the_folder_is_in_the_data_folder() -> None:
    from nats_files import settings

    assert settings.INDEX_FOLDER == settings.DATA_FOLDER / "index"


async def test_a_closed_store_leaves_its_indexes_there(site: ObjectStore, bucket: str, index_folder: Path) -> None:
    await site.put(bucket, "a", b"data")
    assert await (await site.live(bucket)).wait_ready(10)
    await runtime.close_store()
    assert [path.name for path in index_folder.iterdir()] == [f"{bucket}.index"]
    live = await (await runtime.store()).live(bucket)
    assert await live.wait_ready(10)
    assert live.loaded == 0
    assert live.index.get("a") is not None
