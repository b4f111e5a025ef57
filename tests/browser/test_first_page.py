"""The first page is light: what it takes of script and style comes compressed, and only what it needs."""

from pathlib import Path

from nats_files.compressed import joined

from .conftest import Window

STATIC = Path(__file__).parents[2] / "static"
MOST = 100_000
LOADED = """() => performance.getEntriesByType('resource').filter((each) => /\\.(js|css)$/.test(new URL(each.name).pathname))
  .map((each) => [new URL(each.name).pathname.replace(/^.*static.[0-9a-f]+/, ''), each.encodedBodySize])"""


async def test_script_and_style_of_the_files_page_are_small(window: Window, bucket: str) -> None:
    await window.open_bucket(bucket)
    await window.page.wait_for_load_state("networkidle")
    loaded: list[tuple[str, int]] = await window.page.evaluate(LOADED)
    assert {name for name, _ in loaded} >= {"/js/app.js", "/js/listing.js", "/css/app.css", "/vendor/htmx/htmx.min.js"}
    assert [name for name, _ in loaded if name.endswith(".css")] == ["/css/app.css"]
    assert sum(size for _, size in loaded) <= MOST, sorted(loaded, key=lambda each: -each[1])[:20]


def test_the_style_is_one_sheet_with_everything_in_its_layer() -> None:
    text = joined(STATIC / "css/app.css").decode()
    assert "@import" not in text
    assert text.index("@layer reset, base, layout, components, state;") < text.index("@layer reset {")
    for sheet in (STATIC / "css/components").glob("*.css"):
        assert f"@layer components {{\n{sheet.read_text()}}}" in text
    assert 'url("../vendor/inter/' in text
