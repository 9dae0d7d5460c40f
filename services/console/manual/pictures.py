"""The size of a picture, so that a page reserves the room for a picture that is not loaded yet.

The format is described at https://developers.google.com/speed/webp/docs/riff_container.
"""


class NotWebp(ValueError):
    """A picture of the manual is not a WebP file that Chromium writes."""


def size(content: bytes) -> tuple[int, int]:
    """The width and height of a WebP file."""
    form, kind = content[8:12], content[12:16]
    if form == b"WEBP" and kind == b"VP8X":
        return _number(content[24:27]) + 1, _number(content[27:30]) + 1
    if form == b"WEBP" and kind == b"VP8 ":
        return _number(content[26:28]) & 0x3FFF, _number(content[28:30]) & 0x3FFF
    raise NotWebp


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "little")
