"""Thumbnails from hostile and odd images: bounded, upright, and with nothing of what was stored beside the pixels."""

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from buckets.previews import THUMBNAILS, Asked, Failed, Kind, Picture, ask, plan
from buckets.previews.thumbnails import TOO_LARGE, UNREADABLE, make_thumbnail

LEFT, RIGHT = (200, 30, 30), (30, 30, 200)


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def halves(width: int = 800, height: int = 400, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), LEFT)
    image.paste(RIGHT, (width // 2, 0, width, height))
    return image.convert(mode)


def seen(data: bytes, box: int = 256) -> Image.Image:
    made = make_thumbnail(data, box)
    assert isinstance(made, Picture), made
    image = Image.open(io.BytesIO(made.data))
    assert (image.format, image.size) == ("WEBP", (made.width, made.height))
    return image


def near(image: Image.Image, at: tuple[int, int], colour: tuple[int, ...]) -> bool:
    found = image.convert("RGB").getpixel(at)
    assert isinstance(found, tuple)
    return all(abs(one - other) < 40 for one, other in zip(found, colour, strict=True))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP"])
def test_every_kind_of_image_is_made_small(form: str) -> None:
    image = seen(encoded(halves(), form))
    assert image.size == (256, 128)
    assert near(image, (20, 64), LEFT)
    assert near(image, (235, 64), RIGHT)


@pytest.mark.parametrize("mode", ["CMYK", "L", "1", "P", "LA", "RGBA", "I;16"])
def test_every_colour_mode_is_understood(mode: str) -> None:
    image = halves().convert("I").point(lambda level: level * 256).convert("I;16") if mode == "I;16" else halves(mode=mode)
    made = seen(encoded(image, "JPEG" if mode == "CMYK" else "PNG"))
    assert made.size == (256, 128)
    if mode in ("CMYK", "P", "RGBA"):
        assert near(made, (20, 64), LEFT)


def test_what_is_transparent_stays_so() -> None:
    image = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    assert seen(encoded(image, "PNG")).convert("RGBA").getpixel((50, 50)) == (0, 0, 0, 0)


def test_a_small_image_is_not_blown_up_and_a_thin_one_keeps_a_pixel() -> None:
    assert seen(encoded(halves(10, 6), "PNG")).size == (10, 6)
    assert seen(encoded(halves(5000, 2), "PNG")).size == (256, 1)


@pytest.mark.parametrize(("orientation", "red"), [(1, (5, 64)), (3, (250, 64)), (6, (64, 5)), (8, (64, 250))])
def test_it_is_turned_as_the_camera_was_held(orientation: int, red: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = seen(encoded(halves(), "JPEG", exif=exif))
    assert image.size == ((256, 128) if orientation in (1, 3) else (128, 256))
    assert near(image, red, LEFT)


def test_nothing_but_pixels_is_kept() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    data = encoded(halves(), "JPEG", exif=exif, comment=b"a secret word", icc_profile=b"a secret profile" * 20)
    made = make_thumbnail(data, 256)
    assert isinstance(made, Picture)
    assert b"secret" in data
    assert not any(word in made.data for word in (b"secret", b"EXIF", b"ICCP", b"XMP "))


def test_of_an_animation_it_is_the_first_frame() -> None:
    frames = [Image.new("RGB", (300, 300), LEFT), *(Image.new("RGB", (300, 300), RIGHT) for _ in range(20))]
    for form in ("GIF", "WEBP"):
        image = seen(encoded(frames[0], form, save_all=True, append_images=frames[1:]))
        assert near(image, (50, 50), LEFT)
        assert getattr(image, "n_frames", 1) == 1


def png(width: int, height: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (2**31 - 1, 1), (1, 2**31 - 1), (70_000, 2)])
def test_an_image_of_too_many_pixels_is_refused_before_it_is_read(width: int, height: int) -> None:
    assert make_thumbnail(png(width, height, b""), 256) in (TOO_LARGE, UNREADABLE)


@pytest.mark.parametrize(
    "data",
    [b"", b"just text", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff", b"BM"],
)
def test_what_is_no_image_of_these_kinds_has_none(data: bytes) -> None:
    assert make_thumbnail(data, 256) == UNREADABLE
    assert make_thumbnail(encoded(halves(), "TIFF"), 256) == UNREADABLE


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP"])
def test_a_damaged_image_is_an_answer_and_never_an_error(form: str) -> None:
    data = encoded(halves(), form)
    for cut in range(0, len(data) // 2, max(1, len(data) // 80)):
        assert isinstance(make_thumbnail(data[:cut], 64), Failed)
    for at in range(0, len(data), max(1, len(data) // 60)):
        assert isinstance(make_thumbnail(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :], 64), Picture | Failed)


async def test_a_worker_makes_it_and_hands_its_bytes_back() -> None:
    data = encoded(halves(), "JPEG")
    made = await ask(Asked(Kind.THUMBNAIL, "", len(data), box=512), data, THUMBNAILS)
    assert isinstance(made, Picture)
    assert Image.open(io.BytesIO(made.data)).size == (512, 256)
    assert await ask(Asked(Kind.THUMBNAIL, "", 5, box=512), b"nothing", THUMBNAILS) == UNREADABLE


async def test_a_bomb_ends_in_an_answer_and_the_worker_goes_on() -> None:
    """Within the limit of pixels, but with rows that take a long time, or much memory, to unpack."""
    bomb = png(7000, 7000, bytes((7000 * 3 + 1) * 7000))
    assert len(bomb) < 200_000
    assert isinstance(await ask(Asked(Kind.THUMBNAIL, "", len(bomb), box=256), bomb, THUMBNAILS), Picture | Failed)
    small = encoded(halves(), "PNG")
    assert isinstance(await ask(Asked(Kind.THUMBNAIL, "", len(small), box=256), small, THUMBNAILS), Picture)


@pytest.mark.parametrize(
    ("name", "media_type", "size", "expected"),
    [
        ("a.png", "image/png", 1, True),
        ("a.png", "image/png", 0, False),
        ("a.png", "image/png", 32 * 1024 * 1024 + 1, False),
        ("a.svg", "image/svg+xml", 1, False),
        ("a.ico", "image/x-icon", 1, False),
        ("a.pdf", "application/pdf", 1, False),
    ],
)
def test_only_images_of_a_bounded_size_have_one(name: str, media_type: str, size: int, expected: bool) -> None:
    assert plan(name, "", media_type).has_thumbnail(size) is expected
