"""A small picture of an image: upright, without anything that was stored beside its pixels, and bounded in all that it may cost."""

import io

from PIL import AvifImagePlugin, Image

from .model import Failed, Picture

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP")
# Of what is decoded, so of a JPEG after its decoder has made it smaller: some 200 MB, a quarter of what a worker may have.
MAX_PIXELS = 50_000_000
MAX_SIDE = 65_535
QUALITY = 78

UNREADABLE = Failed("This image cannot be read.")
TOO_LARGE = Failed("This image has too many pixels.")

Image.MAX_IMAGE_PIXELS = None  # there is a limit here already
AvifImagePlugin.DEFAULT_MAX_THREADS = 1


def make_thumbnail(data: bytes, box: int) -> Picture | Failed:
    """A WebP of at most ``box`` times ``box`` pixels, of the first frame where there are many; never larger than the image itself.

    Takes PNG, JPEG, WebP, GIF, AVIF and BMP, whatever the file is called. ``Failed`` for all else, what is damaged, and what is too large.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            image.draft("RGB", (2 * box, 2 * box))
            if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
                return TOO_LARGE
            return _encoded(_small(image, box))
    except MemoryError:
        return TOO_LARGE
    except Exception:  # what its readers say of hostile bytes is of any kind
        return UNREADABLE


def _small(image: Image.Image, box: int) -> Image.Image:
    """Made smaller before it is turned and its colours are changed: that takes memory for each pixel."""
    orientation = image.getexif().get(0x0112, 1)
    if image.mode in ("P", "1"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif image.mode == "I;16":
        image = image.point(lambda level: level / 256).convert("L")
    image.thumbnail((box, box), Image.Resampling.LANCZOS, reducing_gap=2.0)
    colours = "RGBA" if image.has_transparency_data else "RGB"
    small = image if image.mode == colours else image.convert(colours)
    turned = _TURNS.get(orientation)
    return small if turned is None else small.transpose(turned)


# What the EXIF tag of the orientation asks for.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _encoded(small: Image.Image) -> Picture:
    clean = Image.new(small.mode, small.size)
    clean.paste(small)  # the pixels and nothing else: no place where it was taken, no profile, no comment
    file = io.BytesIO()
    clean.save(file, "WEBP", quality=QUALITY, method=3)
    return Picture(clean.width, clean.height, file.getvalue())
