"""Reads the size of a picture. With the size, a page reserves the space of a picture that is not loaded yet.

The format is described at https://developers.google.com/speed/webp/docs/riff_container.
"""

from pathlib import Path

HEADER_BYTES = 30


class NotWebp(ValueError):
    """A picture of the manual is not a WebP file that Chromium writes."""


def size(file: Path) -> tuple[int, int]:
    """The width and height of a WebP file."""
    with file.open("rb") as picture:
        header = picture.read(HEADER_BYTES)
    form, kind = header[8:12], header[12:16]
    if form == b"WEBP" and kind == b"VP8X":
        return _number(header[24:27]) + 1, _number(header[27:30]) + 1
    if form == b"WEBP" and kind == b"VP8 ":
        return _number(header[26:28]) & 0x3FFF, _number(header[28:30]) & 0x3FFF
    raise NotWebp


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "little")
