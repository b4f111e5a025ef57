"""Any bytes, as they are."""

from .model import Hex

WIDTH = 16


def render_hex(data: bytes, cut: bool) -> Hex:
    return Hex([_row(at, data[at : at + WIDTH]) for at in range(0, len(data), WIDTH)], cut)


def _row(at: int, part: bytes) -> tuple[str, str, str]:
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in part)
    return f"{at:08x}", part.hex(" "), text
