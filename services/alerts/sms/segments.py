"""Splits an SMS into segments in the way in which networks count and bill them (3GPP TS 23.038 and 23.040)."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from gsm0338 import Codec


class Encoding(StrEnum):
    """GSM-7 contains Latin letters. A single character that GSM-7 lacks makes the network send the SMS in UCS-2."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


# A part of a longer SMS has less room, because it also carries its position.
ALONE = {Encoding.GSM7: 160, Encoding.UCS2: 70}
JOINED = {Encoding.GSM7: 153, Encoding.UCS2: 67}


@dataclass(frozen=True, slots=True)
class Segments:
    """GSM-7 is counted in septets, UCS-2 in UTF-16 code units."""

    encoding: Encoding
    texts: tuple[str, ...]
    units: int

    @property
    def text(self) -> str:
        return "".join(self.texts)

    @property
    def space(self) -> int:
        count = len(self.texts)
        return ALONE[self.encoding] if count == 1 else count * JOINED[self.encoding]


def segments_of(text: str) -> Segments:
    encoding = Encoding.UCS2 if any(septets(character) is None for character in text) else Encoding.GSM7
    sizes = [units(character, encoding) for character in text]
    if sum(sizes) <= ALONE[encoding]:
        return Segments(encoding, (text,), sum(sizes))
    texts, used = [""], 0
    for character, size in zip(text, sizes, strict=True):
        if used + size > JOINED[encoding]:  # A character must not be divided, so it moves to the next segment.
            texts.append("")
            used = 0
        texts[-1] += character
        used += size
    return Segments(encoding, tuple(texts), sum(sizes))


def units(character: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM7:
        return septets(character) or 0
    return len(character.encode("utf-16-le")) // 2


@cache
def septets(character: str) -> int | None:
    """Returns 2 for € and other characters of the extension table, and otherwise 1.

    Returns None for a character that GSM-7 lacks.
    """
    try:
        encoded, _ = codec().encode(character)
    except UnicodeEncodeError:
        return None
    return len(encoded)


@cache
def codec() -> Codec:
    return Codec()
