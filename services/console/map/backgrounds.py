"""The detailed background of the map. `MAP_PMTILES` names the file, in the format PMTiles.

The format is described at https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md.
"""

import html
import os
import re
import stat
import struct
import zlib
from dataclasses import asdict, dataclass
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, Field, ValidationError

MAGIC, VERSION = b"PMTiles", 3
# fields of the header: magic and version; offset and length of four sections, and three counts; flags, types and zooms;
# bounds; centre
HEADER = struct.Struct("<7sB11Q6B4iB2i")
FIRST_BYTES = 16_384  # a PMTiles reader first requests this many bytes, with the header and the root directory
MOST_METADATA = 1_048_576
DEEPEST = 24
DEGREE = 10_000_000
TAG = re.compile(r"<[^>]*>")
# layers of Protomaps; services/console/static/map/background.js has a style for each
PROTOMAPS = frozenset({"earth", "water", "roads"})


class BackgroundFault(StrEnum):
    """The reasons why a file cannot be the background."""

    UNREADABLE = "unreadable"
    NOT_PMTILES = "not_pmtiles"
    OTHER_VERSION = "other_version"
    TILE_TYPE = "tile_type"
    COMPRESSION = "compression"
    DAMAGED = "damaged"
    NO_LAYERS = "no_layers"


class BadBackground(Exception):
    """The file cannot be the background."""

    def __init__(self, fault: BackgroundFault) -> None:
        super().__init__(fault)
        self.fault = fault


class TileType(IntEnum):
    VECTOR = 1
    PNG = 2
    JPEG = 3
    WEBP = 4


class Compression(IntEnum):
    """The compressions that the browser's reader can decompress."""

    UNKNOWN = 0  # a file of unknown compression is read as an uncompressed file
    NONE = 1
    GZIP = 2


class VectorLayer(BaseModel):
    id: str = Field(min_length=1, max_length=100)


class Metadata(BaseModel):
    attribution: str | None = Field(default=None, max_length=2000)
    vector_layers: list[VectorLayer] = Field(default=[], max_length=100)


@dataclass(frozen=True, slots=True)
class ArchiveHeader:
    sections: tuple[tuple[int, int], ...]  # (offset, length) of root directory, metadata, leaf directories, tiles
    compression: int
    tile_compression: int
    tile_type: int
    zooms: tuple[int, int]
    bounds: tuple[float, float, float, float]  # west, south, east, north

    @classmethod
    def read(cls, content: bytes) -> Self:
        if not content.startswith(MAGIC):
            # a file of version 2 begins with "PM" and the number 2
            raise BadBackground(
                BackgroundFault.OTHER_VERSION if content.startswith(b"PM\x02\x00") else BackgroundFault.NOT_PMTILES
            )
        if content[len(MAGIC) : len(MAGIC) + 1] not in (b"", bytes([VERSION])):
            raise BadBackground(BackgroundFault.OTHER_VERSION)
        if len(content) < HEADER.size:
            raise BadBackground(BackgroundFault.DAMAGED)
        fields = HEADER.unpack(content)
        west, south, east, north = (degrees / DEGREE for degrees in fields[19:23])
        sections = tuple(zip(fields[2:10:2], fields[3:10:2], strict=True))
        return cls(sections, fields[14], fields[15], fields[16], fields[17:19], (west, south, east, north))

    def check(self, size: int) -> None:
        """Raises BadBackground if a browser cannot read a file with this header and this `size`."""
        if self.tile_type not in set(TileType):
            raise BadBackground(BackgroundFault.TILE_TYPE)
        if not {self.compression, self.tile_compression} <= set(Compression):
            raise BadBackground(BackgroundFault.COMPRESSION)
        (root, root_length), *_ = self.sections
        is_whole = root_length > 0 and all(offset + length <= size for offset, length in self.sections)
        (lowest, highest), (west, south, east, north) = self.zooms, self.bounds
        is_area = west < east and south < north
        if not (is_whole and root + root_length <= FIRST_BYTES and lowest <= highest <= DEEPEST and is_area):
            raise BadBackground(BackgroundFault.DAMAGED)


@dataclass(frozen=True, slots=True)
class Background:
    """`attribution` is HTML without tags."""

    is_vector: bool
    has_names: bool  # true for layers of Protomaps; layers of other vector tiles are drawn as lines
    layers: list[str]
    zooms: tuple[int, int]
    bounds: tuple[float, float, float, float]
    attribution: str

    def described(self) -> dict[str, Any]:
        return asdict(self)


def look(path: Path | None) -> Background | BackgroundFault | None:
    """Returns the background, the reason why the file is unusable, or None if no file is configured."""
    try:
        return None if path is None else read(path)
    except BadBackground as bad:
        return bad.fault


def drawable(path: Path | None) -> dict[str, Any] | None:
    """Returns None if there is no usable file."""
    background = look(path)
    return background.described() if isinstance(background, Background) else None


def read(path: Path) -> Background:
    """Raises BadBackground."""
    size = usable_stat(path).st_size
    try:
        with path.open("rb") as file:
            header = ArchiveHeader.read(file.read(HEADER.size))
            header.check(size)
            offset, length = header.sections[1]
            file.seek(offset)
            content = file.read(min(length, MOST_METADATA + 1))
    except OSError as error:
        raise BadBackground(BackgroundFault.UNREADABLE) from error
    metadata = metadata_in(content, is_gzip=header.compression == Compression.GZIP)
    layers = [layer.id for layer in metadata.vector_layers]
    is_vector = header.tile_type == TileType.VECTOR
    if is_vector and not layers:
        raise BadBackground(BackgroundFault.NO_LAYERS)
    attribution = html.escape(html.unescape(TAG.sub("", metadata.attribution or "")).strip())
    has_names = is_vector and set(layers) >= PROTOMAPS
    return Background(is_vector, has_names, layers, header.zooms, header.bounds, attribution)


def usable_stat(path: Path) -> os.stat_result:
    """Raises BadBackground unless the file is PMTiles, so that the console serves no other file."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # reading a pipe would wait for ever
            raise BadBackground(BackgroundFault.UNREADABLE)
        with path.open("rb") as file:
            ArchiveHeader.read(file.read(HEADER.size))
    except OSError as error:
        raise BadBackground(BackgroundFault.UNREADABLE) from error
    return status


def metadata_in(content: bytes, *, is_gzip: bool) -> Metadata:
    """Reads the metadata. Raises BadBackground for metadata that are too large, damaged, or not the expected JSON."""
    try:
        plain = zlib.decompressobj(wbits=31).decompress(content, MOST_METADATA + 1) if is_gzip else content
        if len(plain) > MOST_METADATA:
            raise BadBackground(BackgroundFault.DAMAGED)
        return Metadata.model_validate_json(plain or b"{}")
    except (zlib.error, ValidationError) as error:
        raise BadBackground(BackgroundFault.DAMAGED) from error
